// Why numbers are what they are: the explanation of a day's, with its history and records.

import { optional } from './answers.js';
import { askable, explanation, following } from './data.js';
import { h, swap } from './dom.js';
import { button, stateMark, table } from './marks.js';
import { REPORTS_ID, nameOf, written } from './services.js';
import { current, moment, number, t } from './words.js';

/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./marks.js').Panel} Panel */
/** @typedef {import('./services.js').Kpi} Kpi */
/** @typedef {{when: string | null, was: number | null, is: number | null, cause: string}} Change */
/** @typedef {{user?: string, userName?: string | null, time?: string, template: string, departments: string, [column: string]: string | number | null | undefined}} Record */
/**
 * @typedef {object} Explanation
 * @property {Record[]} data
 * @property {{sentence: string, state: string, value: number | null, history: Change[], columns: {name: string}[], totalRows: number, nextPage: string | null, definition: {meaning: string}}} meta
 */

/** Explanations that are asked for together. */
const AT_ONCE = 3;
/** Records of a page. */
const RECORDS = 100;
/** Columns of the records of reports, and of others what comes first of them. */
const COLUMNS = ['time', 'user', 'template', 'departments', 'report'];
/** What records have that is not shown: the day is that of the page, and the history says where they are from. */
const HIDDEN = ['set', 'item', 'userName', 'day', 'origin', 'knownAt'];

/** @type {{[cause: string]: string}} */
const CAUSES = {
  push: 'causePush', collection: 'causeCollection', withdrawal: 'causeWithdrawal', forgetting: 'causeForgetting', repair: 'causeRepair',
  figures: 'causeFigures', definition: 'causeDefinition', coverage: 'causeCoverage', unknown: 'causeUnknown', more: 'causeMore',
};

/** A cause in the page's language. @param {string} cause @returns {string} */
export function causeInWords(cause) {
  const whole = CAUSES[cause];
  if (whole) return t(whole);
  const [word, id, , file] = cause.split(' ');
  if (word === 'import' && id && file) return t('causeImport', id, file);
  if (word === 'unimport' && id) return t('causeUnimport', id);
  if (cause.startsWith('withdrawal by ')) return t('causeWithdrawalBy', causeInWords(cause.slice(14)));
  return cause;
}

/** @param {string} causes */
export const causesInWords = (causes) => causes.split(', ').map(causeInWords).join(current() === 'zh' ? '、' : ', ');

/**
 * The explanation of each number of a day, with its history and, for who may see them, the records of the main one.
 * @param {Panel} at
 * @param {Panel} records
 * @param {Page} page
 * @param {string} day
 */
export async function explain(at, records, page, day) {
  const { session, signal, view } = page;
  const zone = session.timeZone;
  const ofReports = view.service === REPORTS_ID;
  const mayRead = ofReports ? session.scopes.includes('records') : view.of.records;
  /** @type {{[name: string]: string}} */
  const ofRecords = mayRead ? { pageSize: String(RECORDS), names: 'true' } : { pageSize: '1' };
  const kpis = askable(view).filter(({ explained }) => explained);
  const main = Math.max(0, kpis.indexOf(view.of.main));
  const paths = kpis.map(({ metric }, place) => explanation(view, day, { metric, lang: current(), ...(place === main ? ofRecords : { pageSize: '1' }) }));
  /** @type {(Explanation | null)[]} */
  const found = [];
  for (let place = 0; place < paths.length; place += AT_ONCE) { // an app may ask some times a second
    found.push(...await Promise.all(paths.slice(place, place + AT_ONCE).map((path) => optional(path, signal))));
  }
  if (signal.aborted || !found.length || found.some((one) => one === null)) return;
  const all = /** @type {Explanation[]} */ (found);
  swap(at.body, ...all.map(({ meta }) => h('p', {}, stateMark(meta.state, true), ' ', meta.sentence)), historyOf(all, kpis, zone),
    session.departments && h('p', { class: 'sub' }, t('noHistory')));
  if (!ofReports && !mayRead) return;
  const title = ofReports ? t('records') : t('recordsBy', nameOf(/** @type {Kpi} */ (kpis[main])));
  if (mayRead) await drawRecords(records, page, title, paths[main] ?? '');
  else records.head(title, [t('noRecords')]);
  records.section.hidden = false;
}

/** The page of records that is shown, which stays when the numbers are read anew. */
const shown = { path: '', page: 0 };

/** A page of the records of a day. @param {Panel} at @param {Page} page @param {string} title @param {string} first the address of the first page */
async function drawRecords(at, page, title, first) {
  const { session, signal } = page;
  if (shown.path !== first) Object.assign(shown, { path: first, page: 0 });
  let place = 0;
  /** @type {Explanation | null} */
  let found = await optional(first, signal);
  for (; found?.meta.nextPage && place < shown.page; place++) found = await optional(following(first, found.meta.nextPage), signal);
  if (signal.aborted || !found) return;
  shown.page = place;
  const { data, meta } = found;
  const begin = place * RECORDS;
  /** @param {number} by @param {string} name @param {string} key @param {boolean} more */
  const turn = (by, name, key, more) => more && button(name, () => {
    shown.page += by;
    drawRecords(at, page, title, first).catch((error) => page.fail(error));
  }, { class: 'link', 'data-key': key });
  const hadFocus = at.section.contains(document.activeElement);
  at.head(title, [meta.totalRows ? t('recordsOf', number(begin + 1), number(begin + data.length), number(meta.totalRows)) : t('noneOf')],
    turn(-1, `‹ ${t('previousPage')}`, 'records-previous', place > 0), turn(1, `${t('nextPage')} ›`, 'records-next', Boolean(meta.nextPage)));
  const columns = columnsOf(page.view.service, found);
  swap(at.body, data.length > 0 && table(title, columns.map((name) => (COLUMNS.includes(name) ? t(name === 'departments' ? 'department' : name) : name)),
    data.map((one) => columns.map((name) => cell(one, name, session.timeZone)))));
  const region = /** @type {HTMLElement | null} */ (at.body.querySelector('.scroll'));
  if (hadFocus && !at.section.contains(document.activeElement)) region?.focus({ preventScroll: true });
}

/** The columns of records that are shown: of reports always the same, of other services those that have something. @param {string} service @param {Explanation} found */
function columnsOf(service, { data, meta }) {
  if (service === REPORTS_ID) return COLUMNS;
  const there = meta.columns.map(({ name }) => name).filter((name) => !HIDDEN.includes(name) && data.some((one) => (one[name] ?? '') !== ''));
  return [...COLUMNS.filter((name) => there.includes(name)), ...there.filter((name) => !COLUMNS.includes(name))];
}

/** @param {Record} one @param {string} name @param {string} zone */
function cell(one, name, zone) {
  if (name === 'time') return moment(one.time ?? null, zone);
  if (name === 'user') return person(one);
  return String(one[name] ?? '');
}

/** A person by name, where one is kept, and id. @param {Record} one */
const person = (one) => (one.userName ? h('span', {}, h('bdi', {}, one.userName), ' ', h('span', { class: 'quiet' }, one.user)) : one.user);

/** @param {Explanation[]} all @param {Kpi[]} kpis whose they are @param {string} zone */
function historyOf(all, kpis, zone) {
  const lines = all.flatMap(({ meta }, at) => meta.history.map((change) => ({ change, kpi: /** @type {Kpi} */ (kpis[at]) })));
  lines.sort((one, other) => ((other.change.when ?? '') < (one.change.when ?? '') ? -1 : 1));
  if (!lines.length) return null;
  return h('div', { class: 'history' }, h('h3', {}, t('history')),
    table(t('history'), [t('when'), t('kpi'), t('was'), t('is'), t('cause')],
      lines.map(({ change, kpi }) => [moment(change.when, zone), nameOf(kpi), written(kpi, change.was), written(kpi, change.is), causesInWords(change.cause)])));
}

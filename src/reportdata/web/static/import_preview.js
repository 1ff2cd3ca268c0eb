// What an import would do, as the dry run of the command line says it.

import { h } from './dom.js';
import { fieldName, formName, inPage, kindName } from './import_choices.js';
import { number, t } from './words.js';

/** @typedef {import('./dom.js').Child} Child */

const DAYS = 31;
const LINES = 20;
/** @type {Record<string, string>} */
const KPIS = { 4100: 'reports', 4101: 'senders', 4102: 'commenters' };
/** @type {Record<string, string>} */
const WHY = { name: 'whyName', own: 'whyOwn', general: 'whyGeneral', shared: 'whyShared', given: 'whyGiven' };

/** Like 2024-01-05. @param {string} day */
export const dashed = (day) => `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;

/** @param {string[]} days in their order */
const span = (days) =>
  days.length === 0 ? '' : [...new Set([dashed(days[0] ?? ''), dashed(days.at(-1) ?? '')])].join(' – ');

/** @param {string} id */
const kpiName = (id) => (KPIS[id] ? t(KPIS[id]) : id);

/** @param {string[]} kinds */
const kindNames = (kinds) => kinds.map(kindName).join(', ');

/** Words of the program, in the language that was asked for. @param {string} text */
const told = (text) => h('bdi', {}, inPage(text));

/** @param {string} title @param {Child[]} lines @param {string} [look] */
function listOf(title, lines, look = '') {
  if (lines.length === 0) return null;
  return h('section', { class: `part ${look}` }, h('h3', {}, title), h('ul', { class: 'said-list' },
    ...lines.slice(0, LINES).map((line) => h('li', {}, line)),
    lines.length > LINES && h('li', {}, t('someMore', number(lines.length - LINES)))));
}

/**
 * What is refused, and how to mend it.
 * @param {{failures?: string[], hints?: string[]}} result
 */
export const drawRefused = ({ failures = [], hints = [] }) =>
  failures.length === 0 ? null : h('section', { class: 'part refused', role: 'alert' },
    h('h3', {}, t('refusedTitle')),
    h('ul', { class: 'said-list' }, ...failures.slice(0, LINES).map((failure, at) =>
      h('li', {}, told(failure), hints[at] && h('p', { class: 'hint' }, told(hints[at] ?? ''))))),
    h('p', {}, t('refusedHow')));

/** @param {any} file */
function drawFile(file) {
  const form = file.format === null ? t('emptyFile') : [formName(file.format), file.encoding].filter(Boolean).join(', ');
  const counts = t('readCounts', number(file.read), number(file.new), number(file.alreadyKnown), number(file.skipped));
  return h('section', { class: 'part' },
    h('h3', {}, h('bdi', {}, file.file), ' ', h('span', { class: 'quiet' }, form)),
    h('p', {}, counts, file.leftOut > 0 && ` · ${t('leftOut', number(file.leftOut))}`),
    h('p', {}, ...(file.days.length ? [t('newDays', ''), h('span', { class: 'nowrap' }, span(file.days))] : [t('noNewDays')])),
    ...file.tables.map((/** @type {any} */ one) => drawColumns(file.file, one)));
}

/** @param {string} file @param {any} table */
function drawColumns(file, table) {
  const caption = `${t('columnsOf', file)} · ${kindName(table.kind)}`;
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h('table', { class: 'plain columns' },
      h('caption', {}, kindName(table.kind)),
      h('thead', {}, h('tr', {}, ...['field', 'column', 'why'].map((head) => h('th', { scope: 'col' }, t(head))))),
      h('tbody', {}, ...table.columns.map((/** @type {any} */ one) => h('tr', {},
        h('th', { scope: 'row' }, fieldName(one.field)),
        h('td', {}, h('bdi', {}, one.column)),
        h('td', {}, t(WHY[one.why] ?? 'whyName')))))));
}

/** @param {any} result */
function drawChanges({ changes, failures, observed, read }) {
  if (changes.length === 0 && read === 0) return null; // all is refused, or empty
  if (failures.length) return h('section', { class: 'part' }, h('h3', {}, t('numbersTitle')), h('p', {}, t('changeLater')));
  const unchanged = t(observed.length ? 'noKnownChange' : 'noChange');
  if (changes.length === 0) return h('section', { class: 'part' }, h('h3', {}, t('numbersTitle')), h('p', {}, unchanged));
  const kpis = [...new Set(changes.flatMap((/** @type {any} */ one) => [...Object.keys(one.before), ...Object.keys(one.after)]))].sort();
  const shown = changes.slice(0, DAYS);
  /** @param {any} change @param {string} kpi */
  const cell = (change, kpi) => {
    const [before, after] = [change.before[kpi], change.after[kpi]];
    if (before === after) return number(after);
    return h('span', {}, h('span', { class: 'quiet' }, h('span', { class: 'aloud' }, `${t('before')} `), number(before)),
      h('span', { 'aria-hidden': 'true' }, ' → '), h('span', { class: 'aloud' }, `, ${t('after')} `), h('b', {}, number(after)));
  };
  return h('section', { class: 'part' }, h('h3', {}, t('numbersTitle')),
    h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('numbersTitle') },
      h('table', { class: 'plain numbers' },
        h('caption', { class: 'aloud' }, t('numbersTitle')),
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('date')), ...kpis.map((kpi) => h('th', { scope: 'col' }, kpiName(kpi))))),
        h('tbody', {}, ...shown.map((/** @type {any} */ change) =>
          h('tr', {}, h('th', { scope: 'row' }, dashed(change.statDate)), ...kpis.map((kpi) => h('td', {}, cell(change, kpi)))))))),
    changes.length > shown.length && h('p', { class: 'quiet' }, t('moreDays', number(changes.length - shown.length))));
}

/** A preview. @param {HTMLElement} place @param {any} result */
export function drawPreview(place, result) {
  const parts = [
    drawRefused(result),
    h('p', { class: 'counts' }, t('readCounts', number(result.read), number(result.new), number(result.alreadyKnown), number(result.skipped))),
    drawChanges(result),
    listOf(t('unknownTitle'), [
      ...(result.failures.length ? [] : result.unknown).map((/** @type {any} */ one) => t('staysUnknown', kpiName(one.kpiId), number(one.days), kindNames(one.notObserved))),
    ]),
    listOf(t('notes'), [
      ...result.observed.map((/** @type {any} */ one) => t('observed', kindName(one.kind), dashed(one.firstDay), dashed(one.lastDay))),
      ...result.notes.map(told),
    ]),
    listOf(t('skippedTitle'), (result.skippedRecords ?? []).map(told)),
    ...result.files.map(drawFile),
  ];
  place.replaceChildren(...parts.filter((part) => part !== null));
}

/** Whether there is something to import, and nothing is refused. @param {any} result */
export const importable = (result) => result.failures.length === 0 && result.files.length > 0;

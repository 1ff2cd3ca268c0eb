// The document's own table of the range: as it stands, it can be copied into a sheet.

import { askable, knownIn, stateOfAll } from './data.js';
import { h, swap } from './dom.js';
import { button, stateMark } from './marks.js';
import { nameOf, written } from './services.js';
import { addressesOfDays } from './view.js';
import { number, periodName, t, weekdayName } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./data.js').Row} Row */
/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./marks.js').Panel} Panel */

const FEW = 10;
/** Whether the page is being drawn for paper. */
const PAPER = matchMedia('print');
const NAMES = { day: 'daily', week: 'weekly', month: 'monthly' };
/** The columns of DingTalk's document, whose names are Chinese. */
const HEADS = ['统计日期', '组织ID'];

/** The rows of the range as they are sorted. @param {Page} page @param {Overview} found @returns {Row[]} */
function sorted(page, found) {
  const { sort } = page.view;
  const name = sort.replace(/^-/, '');
  const turn = sort.startsWith('-') ? -1 : 1;
  /** @param {Row} row */
  const value = (row) => (name === 'period' ? row.periodStart : row[name] ?? null);
  const known = found.points.flatMap(({ row }) => row ?? []);
  return known.sort((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1; // what is not known comes last
    return a < b ? -turn : a > b ? turn : one.periodStart < other.periodStart ? -1 : 1;
  });
}

/** A day as the document writes it. @param {Page} page @param {Row} row */
const dateOf = (page, row) => (page.view.by === 'day' ? row.periodStart.replaceAll('-', '') : row.period);

/** @param {Panel} at @param {Page} page @param {Overview} found */
export function drawDaily(at, page, found) {
  const { session, view } = page;
  const list = sorted(page, found);
  let whole = page.kept.has('daily');
  const said = h('span', { class: 'said', role: 'status' });
  const draw = () => {
    at.head(
      t(NAMES[view.by]),
      [session.organisationName ?? session.organisation, view.of.counted ? '' : ` · ${t('official')}`],
      said,
      list.length > FEW && button(whole ? t('showFew') : t('allRows', number(list.length)), () => {
        whole = page.keep('daily');
        draw();
      }, { class: 'link', 'data-key': 'daily-all', 'aria-expanded': String(whole) }),
      button(t('copy'), async () => {
        said.textContent = (await copied(page, list)) ? t('copied', number(list.length)) : t('notCopied');
      }, { class: 'link', 'data-key': 'daily-copy' }),
    );
    swap(at.body, list.length ? rowsOf(page, list, knownIn(view, found.points), whole ? list.length : FEW) : h('p', { class: 'quiet' }, t('emptyRange')));
  };
  draw();
}

/** The table of rows. Those beyond a number are on paper only, and made when it is printed. @param {Page} page @param {Row[]} list @param {string[]} known the numbers that count for the state @param {number} few */
function rowsOf(page, list, known, few) {
  const { session, signal, view } = page;
  const addressOf = addressesOfDays(view);
  const kpis = askable(view);
  const columns = ['period', 'corp', ...kpis.map(({ metric }) => metric), 'state'];
  /** @type {Record<string, string>} */
  const names = { period: t('statDate'), corp: t('corpId'), state: t('state'), ...Object.fromEntries(kpis.map((kpi) => [kpi.metric, nameOf(kpi)])) };
  /** @param {string} column */
  const head = (column) => {
    const name = names[column] ?? column;
    if (column === 'corp' || column === 'state') return h('th', { scope: 'col', class: column === 'state' ? 'of-state' : column }, name);
    const order = view.sort === column ? 'ascending' : view.sort === `-${column}` ? 'descending' : 'none';
    const arrow = { ascending: ' ↑', descending: ' ↓', none: '' }[order];
    return h('th', { scope: 'col', 'aria-sort': order, class: column },
      h('button', {
        type: 'button', class: 'sort', 'data-key': `sort-${column}`, title: t('sortBy', name),
        onclick: () => page.show({ sort: order === 'descending' ? column : `-${column}` }),
      }, ...wrapping(name), arrow));
  };
  /** @param {Row} row @param {boolean} printed */
  const line = (row, printed) => {
    const text = dateOf(page, row);
    const name = view.by === 'day' ? weekdayName(row.periodStart) : periodName(view.by, row.periodStart);
    const link = view.by === 'day'
      ? h('a', { href: addressOf(row.periodStart), 'data-day': row.periodStart, 'data-key': `row-${text}` }, text)
      : text;
    return h('tr', { class: printed ? 'printed' : null },
      h('th', { scope: 'row' }, link, h('span', { class: 'quiet weekday' }, ` ${name}`), h('span', { class: 'narrow' }, stateMark(stateOfAll(row, known), true))),
      h('td', { class: 'corp' }, session.organisation),
      ...kpis.map((kpi) => h('td', { 'data-kpi': kpi.metric }, written(kpi, row[kpi.metric]))),
      h('td', { class: 'of-state' }, stateMark(stateOfAll(row, known))));
  };
  const body = h('tbody', {}, ...list.slice(0, few).map((row) => line(row, false)));
  if (list.length > few) {
    const others = () => {
      if (body.isConnected && body.rows.length === few) body.append(...list.slice(few).map((row) => line(row, true)));
    };
    addEventListener('beforeprint', others, { signal });
    PAPER.addEventListener('change', others, { signal });
  }
  return h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t(NAMES[view.by]) },
    h('table', { class: `plain daily${kpis.length > 3 ? ' wide-rows' : ''}` },
      h('caption', { class: 'aloud' }, t(NAMES[view.by])),
      h('thead', {}, h('tr', {}, ...columns.map(head))),
      body));
}

/** A heading that breaks between its words, of which Chinese shows none: 发送日志 and 用户数. @param {string} name */
function wrapping(name) {
  const at = name.search(/(日志数|用户数)$/);
  return at > 0 ? [name.slice(0, at), h('wbr'), name.slice(at)] : [name];
}

/** Text that a sheet would take for a formula. @param {string} text */
const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replace(/[\t\r\n]+/g, ' ');

/** @param {Page} page @param {Row[]} list */
export function tabbed(page, list) {
  const lines = list.map((row) => [dateOf(page, row), harmless(page.session.organisation), ...askable(page.view).map(({ metric }) => row[metric] ?? '')]);
  return [[...HEADS, ...askable(page.view).map(({ names }) => names[0])], ...lines].map((cells) => cells.join('\t')).join('\n');
}

/** @param {Page} page @param {Row[]} list @returns {Promise<boolean>} */
async function copied(page, list) {
  const text = tabbed(page, list);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // without TLS the clipboard takes only what is selected
    const field = h('textarea', { class: 'aloud', 'aria-hidden': 'true', tabindex: -1 });
    field.value = text;
    document.body.append(field);
    const focused = document.activeElement;
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

// A year of days, as a grid of links.

import { askable, stateOf } from './data.js';
import { add, between, since } from './days.js';
import { h, swap } from './dom.js';
import { kindOfDay } from './holidays.js';
import { stateMark, table, tableSwitch } from './marks.js';
import { kpiChoice, nameOf, withUnit, written } from './services.js';
import { addressesOfDays, chosen } from './view.js';
import { dayAndWeekday, long, monthName, t, weekdayName } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./marks.js').Panel} Panel */

const STEPS = 4;

/** @param {Panel} at @param {Page} page @param {Overview} found */
export function drawCalendar(at, page, found) {
  const { view } = page;
  const shown = view.tables.includes('calendar');
  const [kpis, kpi] = [askable(view), chosen(view)];
  at.head(
    t('calendar'),
    [`${t('pastYear')} · ${t('calendarMarks')}`],
    kpis.length > 1 && kpiChoice(kpis, view.kpi, 'calendar-kpi', (kpi) => page.show({ kpi })),
    tableSwitch(at, shown, () => page.turn('calendar')),
  );
  const days = between(found.yearFrom, page.today);
  const addressOf = addressesOfDays(view);
  if (shown) {
    const all = [...days].reverse();
    swap(at.body, table(t('calendar'), [t('statDate'), nameOf(kpi), t('state'), ''], all.map((day) => {
      const row = found.days.get(day);
      const value = row?.[view.kpi] ?? null;
      return [h('a', { href: addressOf(day), 'data-day': day }, `${day} ${weekdayName(day)}`), written(kpi, value),
        stateMark(row && value !== null ? stateOf(row, view.kpi) : 'missing'), kindOfDay(day, found.free)];
    })));
    return;
  }
  const old = at.body.querySelector('.year');
  const kept = old ? old.scrollLeft : null;
  const year = grid(days, page, found);
  swap(at.body, year, legend());
  year.scrollLeft = kept ?? year.scrollWidth;
}

/** The steps of colour: a value's place among all that are not zero. @param {number[]} values */
function scale(values) {
  const sorted = values.filter((value) => value > 0).sort((one, other) => one - other);
  const limits = Array.from({ length: STEPS - 1 }, (_, at) => sorted[Math.floor((sorted.length * (at + 1)) / STEPS)] ?? Infinity);
  /** @param {number} value */
  return (value) => (value === 0 ? 0 : 1 + limits.filter((limit) => value >= limit).length);
}

/** @param {string[]} days @param {Page} page @param {Overview} found */
function grid(days, page, found) {
  const { view, today } = page;
  const [number, kpi] = [chosen(view), view.kpi];
  const addressOf = addressesOfDays(view);
  const step = scale(days.map((day) => found.days.get(day)?.[kpi] ?? 0));
  const first = days[0] ?? today;
  const weeks = Math.ceil(days.length / 7);
  /** @type {HTMLTableCellElement[]} */
  const months = [];
  let named = '';
  let span = 0;
  for (let week = 0; week < weeks; week++) {
    const month = add(first, week * 7 + 6).slice(0, 7);
    if (month !== named) {
      named = month;
      span = 0;
      months.push(h('th', { scope: 'col', class: 'month' }, monthName(`${month}-01`)));
    }
    span += 1;
    const head = months.at(-1);
    if (head) head.colSpan = span;
  }
  for (const head of months) if (head.colSpan < 2) head.replaceChildren(h('span', { class: 'aloud' }, head.textContent));
  /** @param {number} week @param {number} of */
  const cell = (week, of) => {
    const day = add(first, week * 7 + of);
    if (day > today) return h('td', { role: 'gridcell' });
    const row = found.days.get(day);
    const value = row?.[kpi] ?? null;
    const state = row && value !== null ? stateOf(row, kpi) : 'missing';
    const special = found.free.special.get(day);
    const said = [dayAndWeekday(day, long), kindOfDay(day, found.free),
      value === null ? '' : withUnit(number, value), t(state)].filter(Boolean).join(' ');
    const shape = value === null ? 'unknown' : `step${step(value)}${['provisional', 'partial', 'damaged'].includes(state) ? ' hatched' : ''}`;
    return h('td', { role: 'gridcell' }, h('a', {
      href: addressOf(day), 'data-day': day, 'data-key': `day-${day}`, tabindex: day === today ? 0 : -1,
      class: `${shape}${special ? ` ${special.kind}` : ''}`, 'aria-label': said, title: said,
    }));
  };
  const lines = [1, 2, 3, 4, 5, 6, 7].map((of) =>
    h('tr', { role: 'row' }, h('th', { scope: 'row', role: 'rowheader' }, h('span', { class: of % 2 ? '' : 'aloud' }, weekdayName(add(first, of - 1)))),
      ...Array.from({ length: weeks }, (_, week) => cell(week, of - 1))));
  const made = h('table', { class: 'days', role: 'grid', 'aria-label': `${t('calendar')}, ${nameOf(number)}. ${t('calendarKeys')}` },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, h('td', { role: 'gridcell', class: 'corner' }), ...months)), h('tbody', { role: 'rowgroup' }, ...lines));
  for (const head of months) head.setAttribute('role', 'columnheader');
  made.addEventListener('keydown', (event) => walk(event, made, first, today));
  return h('div', { class: 'year' }, made);
}

/** @param {KeyboardEvent} event @param {HTMLElement} made @param {string} first @param {string} last */
function walk(event, made, first, last) {
  const from = event.target instanceof HTMLElement ? event.target.dataset.day : undefined;
  if (!from) return;
  const ends = { Home: first, End: last };
  const steps = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1, PageUp: -28, PageDown: 28 };
  let to = '';
  if (event.key in ends) to = ends[/** @type {keyof typeof ends} */ (event.key)];
  else if (event.key in steps) to = add(from, steps[/** @type {keyof typeof steps} */ (event.key)]);
  else return;
  event.preventDefault();
  if (since(to, first) < 0 || since(to, last) > 0) return;
  const next = /** @type {HTMLElement | null} */ (made.querySelector(`a[data-day="${to}"]`));
  if (!next) return;
  for (const link of made.querySelectorAll('a[tabindex="0"]')) link.setAttribute('tabindex', '-1');
  next.tabIndex = 0;
  next.focus();
}

function legend() {
  return h('p', { class: 'legend', 'aria-hidden': 'true' }, t('less'),
    ...Array.from({ length: STEPS + 1 }, (_, step) => h('span', { class: `swatch step${step}` })), t('moreWord'),
    h('span', { class: 'mark' }, h('span', { class: 'swatch unknown' }), t('missing')),
    h('span', { class: 'mark' }, h('span', { class: 'swatch hatched step1' }), t('uncertain')));
}

// The numbers of a view, from the public API.

import { STATISTICS, about, covering, remembered, watch } from './answers.js';
import { add, addMonths, begin, monday } from './days.js';
import { holidays } from './holidays.js';
import { before, points } from './periods.js';
import { REPORTS_ID } from './services.js';
import { days as daysOf } from './view.js';

/** @typedef {import('./view.js').View} View */
/**
 * @typedef {object} Cell what every row has
 * @property {string} period
 * @property {string} periodStart
 * @property {string} periodEnd
 * @property {string} state
 * @property {string | null} states
 * @property {string | null} asOf
 * @property {number} coveredDays
 * @property {number} days
 * @property {string} [department]
 * @property {string} [topDepartment]
 * @property {string} [template]
 * @property {number} [hour]
 */
/** @typedef {Cell & Record<string, any>} Row a cell with its numbers by their names */
/** @typedef {import('./answers.js').Coverage} Coverage */
/** @typedef {import('./holidays.js').Holidays} Holidays */
/** @typedef {import('./periods.js').Point} Point */

/** Weeks before a day that are looked through for one to compare it with. */
const WEEKS = 8;

/** The parameters of a view's service and filters. @param {View} view @returns {URLSearchParams} */
function filters(view) {
  const query = new URLSearchParams();
  if (view.service !== REPORTS_ID) query.set('service', view.service);
  for (const name of view.departments) query.append('department', name);
  if (view.departments.length) query.set('children', 'true');
  for (const name of view.templates) query.append('template', name);
  return query;
}

/** The numbers that can be asked for with a view's filters, by another grouping, too. @param {View} view @param {string} [way] */
export const askable = (view, way) => view.of.kpis.filter(({ groupings }) =>
  (!view.departments.length || groupings.includes('department')) && (!view.templates.length || groupings.includes('template')) && (!way || groupings.includes(way)));

/** @param {View} view @param {string} way */
const metricsOf = (view, way) => askable(view, way).map(({ metric }) => metric).join(',');

/** The address of the explanation of a number of a day. @param {View} view @param {string} day @param {Record<string, string>} more */
export function explanation(view, day, more) {
  const query = filters(view);
  for (const [name, value] of Object.entries({ from: day, to: day, ...more })) query.set(name, value);
  return `${STATISTICS}/explain?${query}`;
}

/**
 * @param {View} view
 * @param {string} from
 * @param {string} to
 * @param {Record<string, string>} [more]
 */
export function question(view, from, to, more = {}) {
  const query = filters(view);
  if (view.service !== REPORTS_ID) query.set('metrics', metricsOf(view, ''));
  query.set('from', from);
  query.set('to', to);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return `${STATISTICS}?${query}`;
}

/**
 * The page after one, relative to this document as all addresses are; empty after the last.
 * @param {string} path
 * @param {string | null} nextPage as the server names it, with a base path where it has one
 * @returns {string}
 */
export const following = (path, nextPage) =>
  nextPage ? path.replace(/\?.*/, '') + new URL(nextPage, location.href).search : '';

/**
 * All rows of an answer, of however many pages.
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<Row[]>}
 */
export async function rows(path, signal) {
  /** @type {Row[]} */
  const found = [];
  for (let at = path; at; ) {
    const answer = await remembered(at, signal);
    found.push(...answer.data);
    at = following(path, answer.meta.nextPage);
  }
  return found;
}

/** How certain a number of a row is. @param {Row} row @param {string} kpi @returns {string} */
export function stateOf(row, kpi) {
  for (const part of (row.states ?? '').split(',')) {
    const [name, state] = part.split('=');
    if (name === kpi) return state ?? row.state;
  }
  return row.state;
}

/** From the most certain on. */
const STATES = ['final', 'provisional', 'partial', 'damaged', 'missing'];

/** How certain the numbers of a row are together: as the least certain of them is. @param {Row} row @param {string[]} metrics @returns {string} */
export const stateOfAll = (row, metrics) =>
  STATES[Math.max(0, ...metrics.map((metric) => STATES.indexOf((row[metric] ?? null) === null ? 'missing' : stateOf(row, metric))))] ?? row.state;

/** The numbers of which a range has some: what is never known says nothing of its days. @param {View} view @param {Point[]} points */
export function knownIn(view, points) {
  const all = askable(view).map(({ metric }) => metric);
  const some = all.filter((metric) => points.some(({ row }) => (row?.[metric] ?? null) !== null));
  return some.length ? some : all;
}

/**
 * The day that a day is compared with: the same weekday of the last week in which it was as much a working day.
 * @param {string} day
 * @param {Map<string, Row>} known
 * @param {Holidays} free
 * @param {string} kpi
 * @returns {Row | null}
 */
export function comparable(day, known, free, kpi) {
  for (let week = 1; week <= WEEKS; week++) {
    const other = known.get(add(day, -7 * week));
    if (other && (other[kpi] ?? null) !== null && free.works(other.periodStart) === free.works(day)) return other;
  }
  return null;
}

/**
 * @typedef {object} Overview
 * @property {Coverage} coverage
 * @property {Holidays} free
 * @property {Map<string, Row>} days every known day that the page needs
 * @property {string} from
 * @property {string} to
 * @property {string} yearFrom
 * @property {Point[]} points
 * @property {Point[]} before
 * @property {string} newest the newest known day before today, or empty
 */

/**
 * What is seen first.
 * @param {View} view
 * @param {string} today
 * @param {AbortSignal} signal
 * @returns {Promise<Overview>}
 */
export async function overview(view, today, signal) {
  const range = daysOf(view, today);
  const to = range.to > today ? today : range.to;
  const from = range.from > to ? to : range.from;
  const yearFrom = monday(add(today, -364));
  const earlier = before(view.by, from, to);
  const first = [yearFrom, earlier.from, add(from, -7 * WEEKS)].sort()[0] ?? yearFrom;
  const watched = question(view, first, today, { by: 'day' });
  about(view.service);
  watch(watched);
  const [said, free, daily, own, theirs] = await Promise.all([
    covering(signal),
    holidays(first, today, signal),
    rows(watched, signal),
    view.by === 'day' ? null : rows(question(view, from, to, { by: view.by }), signal),
    view.by === 'day' ? null : rows(question(view, earlier.from, earlier.to, { by: view.by }), signal),
  ]);
  const known = new Map(daily.map((row) => [row.periodStart, row]));
  const newest = [...known.keys()].filter((day) => day < today).sort().at(-1) ?? '';
  return {
    coverage: said,
    free,
    days: known,
    from,
    to,
    yearFrom,
    points: points(view.by, from, to, own ?? daily),
    before: points(view.by, earlier.from, earlier.to, theirs ?? daily),
    newest,
  };
}

/**
 * This week and this month up to a day, each with the same days of the one before.
 * @param {View} view
 * @param {string} day
 * @param {AbortSignal} signal
 * @returns {Promise<{name: 'week' | 'month', now: Row | null, then: Row | null}[]>}
 */
export function toDate(view, day, signal) {
  /** @param {string} from @param {string} to */
  const whole = async (from, to) => (await rows(question(view, from, to), signal))[0] ?? null;
  /** @param {'week' | 'month'} name @param {string} earlier */
  const both = async (name, earlier) => {
    const [now, then] = await Promise.all([whole(begin(name, day), day), whole(begin(name, earlier), earlier)]);
    return { name, now, then };
  };
  return Promise.all([both('week', add(day, -7)), both('month', addMonths(day, -1))]);
}

/** @typedef {{name: string, row: Row, below: {name: string, row: Row}[]}} Ranked */

/**
 * Departments by their name, those below others under them. Only the number that is shown is asked for: of a year, all
 * three take three times as long.
 * @param {View} view
 * @param {string} from
 * @param {string} to
 * @param {AbortSignal} signal
 * @returns {Promise<Ranked[]>}
 */
export async function departments(view, from, to, signal) {
  /** @param {'department' | 'topDepartment'} by */
  const asked = (by) => rows(question(view, from, to, { by, metrics: view.kpi }), signal);
  // What is below a chosen department is a part of it: then each name stands for itself.
  if (view.departments.length) return (await asked('department')).map((row) => ({ name: row.department ?? '', row, below: [] }));
  const [tops, all] = await Promise.all([asked('topDepartment'), asked('department')]);
  /** @type {Map<string, {name: string, row: Row}[]>} */
  const below = new Map();
  for (const row of all) {
    const name = row.department ?? '';
    const top = name.split('/')[0] ?? '';
    below.set(top, [...(below.get(top) ?? []), { name, row }]);
  }
  return tops.map((row) => {
    const name = row.topDepartment ?? '';
    const own = below.get(name) ?? [];
    return { name, row, below: own.length === 1 && own[0]?.name === name ? [] : own };
  });
}

/** @param {View} view @param {string} from @param {string} to @param {AbortSignal} signal @returns {Promise<Ranked[]>} */
export async function templates(view, from, to, signal) {
  const found = await rows(question(view, from, to, { by: 'template', metrics: view.kpi }), signal);
  return found.map((row) => ({ name: row.template ?? '', row, below: [] }));
}

/** The table has all numbers, the picture one. @param {View} view @param {string} from @param {string} to @param {AbortSignal} signal @returns {Promise<Row[]>} */
export const hours = (view, from, to, signal) =>
  rows(question(view, from, to, { by: 'hour', metrics: view.tables.includes('hours') ? metricsOf(view, 'hour') : view.kpi }), signal);

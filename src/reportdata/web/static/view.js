// What is shown, as it stands in the address: whoever opens the address sees the same.

import { RANGES, isDay, named } from './days.js';
import { REPORTS, REPORTS_ID } from './services.js';

/** @typedef {'day' | 'week' | 'month'} By */
/** @typedef {import('./services.js').Service} Service */
/**
 * @typedef {object} View
 * @property {string} page empty for a service's own, or `overview` for all services together
 * @property {string} service its id
 * @property {Service} of the service; that of reports until another one is known
 * @property {string} range a name of RANGES, or empty when the days are given
 * @property {string} from
 * @property {string} to
 * @property {By} by
 * @property {string} kpi the number that is chosen, or empty for the main one
 * @property {string[]} departments
 * @property {string[]} templates
 * @property {string} sort a column, with a - before one that descends
 * @property {string} day the day that is opened, or empty
 * @property {string[]} tables panels that show their table
 */

/** @type {By[]} */
export const PERIODS = ['day', 'week', 'month'];
export const OVERVIEW = 'overview';
/** What numbers may be called in an address. */
const METRIC = /^\w{1,40}$/;

/**
 * @template {string} T
 * @param {string | null} given
 * @param {readonly T[]} known
 * @param {T} usual
 * @returns {T}
 */
const oneOf = (given, known, usual) => known.find((found) => found === given) ?? usual;

/** The view of an address. @param {string} search @returns {View} */
export function read(search) {
  const query = new URLSearchParams(search);
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? ''];
  const free = isDay(from) && isDay(to) && from <= to;
  const sort = query.get('sort') ?? '';
  const day = query.get('day') ?? '';
  const kpi = query.get('kpi') ?? '';
  return {
    page: query.get('view') === OVERVIEW ? OVERVIEW : '',
    service: query.get('service') || REPORTS_ID,
    of: REPORTS,
    range: free ? '' : oneOf(query.get('range'), RANGES, '30d'),
    from: free ? from : '',
    to: free ? to : '',
    by: oneOf(query.get('by'), PERIODS, 'day'),
    kpi: METRIC.test(kpi) ? kpi : '',
    departments: query.getAll('department').filter(Boolean),
    templates: query.getAll('template').filter(Boolean),
    sort: METRIC.test(sort.replace(/^-/, '')) ? sort : '-period',
    day: isDay(day) ? day : '',
    tables: (query.get('tables') ?? '').split(',').filter(Boolean),
  };
}

/** A view of a service, without what that one does not have. @param {View} view @param {Service} of @returns {View} */
export function fitted(view, of) {
  const metrics = of.kpis.map(({ metric }) => metric);
  const sort = view.sort.replace(/^-/, '');
  /** @param {'department' | 'template'} way @param {string[]} names */
  const kept = (way, names) => (of.kpis.some(({ groupings }) => groupings.includes(way)) ? names : []);
  return {
    ...view, of, service: of.id, kpi: metrics.includes(view.kpi) ? view.kpi : of.main.metric,
    sort: sort === 'period' || metrics.includes(sort) ? view.sort : '-period',
    departments: kept('department', view.departments), templates: kept('template', view.templates),
  };
}

/** The chosen number. @param {View} view */
export const chosen = ({ of, kpi }) => of.kpis.find(({ metric }) => metric === kpi) ?? of.main;

/** The address of a view, relative to the page. @param {View} view @returns {string} */
export function address(view) {
  const query = new URLSearchParams();
  if (view.page) return `?view=${view.page}`;
  if (view.service !== REPORTS_ID) query.set('service', view.service);
  if (!view.range) {
    query.set('from', view.from);
    query.set('to', view.to);
  } else if (view.range !== '30d') query.set('range', view.range);
  if (view.by !== 'day') query.set('by', view.by);
  if (view.kpi && view.kpi !== view.of.main.metric) query.set('kpi', view.kpi);
  for (const name of view.departments) query.append('department', name);
  for (const name of view.templates) query.append('template', name);
  if (view.sort !== '-period') query.set('sort', view.sort);
  if (view.tables.length) query.set('tables', view.tables.join(','));
  if (view.day) query.set('day', view.day);
  const text = query.toString();
  return text ? `?${text}` : './';
}

/** The addresses of days in a view, for who needs many. @param {View} view @returns {(day: string) => string} */
export function addressesOfDays(view) {
  const others = address({ ...view, day: '' });
  const before = others === './' ? '?' : `${others}&`;
  return (day) => `${before}day=${day}`;
}

/** The days of a view. @param {View} view @param {string} today */
export const days = (view, today) => (view.range ? named(view.range, today) : { from: view.from, to: view.to });

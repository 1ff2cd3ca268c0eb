// One day, opened: its numbers, how certain they are and why, and where they come from.

import { askable, comparable, departments, hours, question, rows, stateOf, templates } from './data.js';
import { add } from './days.js';
import { h, swap } from './dom.js';
import { kindOfDay } from './holidays.js';
import { button, loading, looked, panel, stateMark } from './marks.js';
import { drawHours, drawRanked } from './ranked.js';
import { difference, nameOf, unitOf, written } from './services.js';
import { address, chosen } from './view.js';
import { explain } from './why.js';
import { dayAndWeekday, long, short, t } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./main.js').Page} Page */

/** @param {HTMLElement} place @param {Page} page @param {Overview} found */
export async function drawDay(place, page, found) {
  const { session, signal, today, view } = page;
  const day = view.day;
  const row = found.days.get(day) ?? (await rows(question(view, day, day, { by: 'day' }), signal))[0] ?? null;
  const title = h('h1', { tabindex: -1, id: 'day-title', 'data-key': 'day-title' }, dayAndWeekday(day, long));
  const kind = kindOfDay(day, found.free);
  /** @param {string} to @param {string} name @param {string} key */
  const link = (to, name, key) => h('a', { class: 'chip', href: address({ ...view, day: to }), 'data-day': to, 'data-key': key }, name);
  const head = h('div', { class: 'dayhead' },
    h('a', { class: 'chip', href: address({ ...view, day: '' }), 'data-patch': JSON.stringify({ day: '' }), 'data-key': 'back' }, `← ${t('back')}`),
    link(add(day, -1), `‹ ${t('previousDay')}`, 'previous'),
    day < today && link(add(day, 1), `${t('nextDay')} ›`, 'next'),
    h('div', { class: 'daytitle' }, title, kind && h('p', { class: 'sub' }, kind)));
  if (!row) {
    swap(place, head, h('section', { class: 'panel' }, h('p', { class: 'big' }, stateMark('missing')), h('p', {}, t(day > today ? 'dayFuture' : view.of.counted ? 'dayUnknown' : 'dayNotBrought')),
      day <= today && view.of.counted && session.scopes.includes('import') && h('p', {}, h('a', { class: 'chip', href: 'import', 'data-key': 'bring-day' }, t('bring')))));
    return;
  }
  const kpis = askable(view);
  /** @param {string} metric @returns {string} */
  const state = (metric) => (row[metric] === null ? 'missing' : stateOf(row, metric));
  const cards = h('div', { class: `cards${kpis.length > 4 ? ' many' : ''}` }, ...kpis.map((kpi) => {
    const value = row[kpi.metric];
    const other = value === null ? null : comparable(day, found.days, found.free, kpi.metric);
    const change = other && value !== null
      ? t('against', difference(kpi, value - (other[kpi.metric] ?? 0)), dayAndWeekday(other.periodStart))
      : t(value === null ? 'missingMeans' : 'incomparable');
    return h('article', { class: 'card', 'data-kpi': kpi.metric }, h('h2', {}, nameOf(kpi)),
      h('p', { class: 'number' }, written(kpi, value), h('span', { class: 'unit' }, ` ${unitOf(kpi)}`)),
      h('p', { class: 'standing' }, stateMark(state(kpi.metric)), ' ', value !== null && looked(row, session.timeZone)),
      h('p', { class: 'change' }, change));
  }));
  const why = panel('why');
  why.section.dataset.waits = '';
  why.head(t('explanation'), []);
  swap(why.body, ...kpis.map((kpi) => h('p', {}, h('b', {}, nameOf(kpi)), ' ', written(kpi, row[kpi.metric]), ' ',
    stateMark(state(kpi.metric)), ' ', h('span', { class: 'quiet' }, t(`${state(kpi.metric)}Means`)))));
  const records = panel('records');
  records.section.hidden = true;
  const parts = { departments: panel('day-departments'), templates: panel('day-templates'), hours: panel('day-hours') };
  for (const part of Object.values(parts)) swap(part.body, loading());
  parts.departments.head(t('departments'), [short(day)]);
  parts.templates.head(t('templates'), [short(day)]);
  parts.hours.head(t('hours'), [short(day)]);
  const ways = chosen(view).groupings;
  parts.departments.section.hidden = !ways.includes('department');
  parts.templates.section.hidden = !ways.includes('template');
  parts.hours.section.hidden = !ways.includes('hour');
  swap(place, head, cards, why.section, ways.length > 0 && h('div', { class: 'pair' }, parts.departments.section, h('div', { class: 'stack' }, parts.templates.section, parts.hours.section)), records.section);

  /** @template T @param {import('./marks.js').Panel} at @param {Promise<T>} asked @param {(value: T) => void} draw */
  const fill = (at, asked, draw) =>
    asked.then(draw, (error) => {
      if (!signal.aborted) swap(at.body, h('p', { class: 'wrong' }, t('noPart')), button(t('again'), () => page.refresh(), { class: 'chip' }));
      page.note(error);
    });
  await Promise.all([
    explain(why, records, page, day).catch((error) => page.note(error)).finally(() => delete why.section.dataset.waits),
    ways.includes('department') && fill(parts.departments, departments(view, day, day, signal), (list) => drawRanked(parts.departments, page, 'departments', list, short(day))),
    ways.includes('template') && fill(parts.templates, templates(view, day, day, signal), (list) => drawRanked(parts.templates, page, 'templates', list, short(day))),
    ways.includes('hour') && fill(parts.hours, hours(view, day, day, signal), (list) => drawHours(parts.hours, page, list, short(day))),
  ]);
}

// One day, opened: its numbers, how certain they are and why, and where they come from.

import { comparable, departments, hours, question, rows, stateOf, templates } from './data.js';
import { add } from './days.js';
import { h, swap } from './dom.js';
import { button, loading, panel, stateMark } from './marks.js';
import { drawHours, drawRanked } from './ranked.js';
import { kindOfDay } from './trend.js';
import { KPIS, address } from './view.js';
import { explain } from './why.js';
import { dayAndWeekday, long, moment, number, short, signed, t } from './words.js';

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
    swap(place, head, h('section', { class: 'panel' }, h('p', { class: 'big' }, stateMark('missing')), h('p', {}, t(day > today ? 'dayFuture' : 'dayUnknown'))));
    return;
  }
  const cards = h('div', { class: 'cards' }, ...KPIS.map((kpi) => {
    const state = row[kpi] === null ? 'missing' : stateOf(row, kpi);
    const other = row[kpi] === null ? null : comparable(day, found.days, found.free, kpi);
    const change = other && row[kpi] !== null
      ? t('against', signed(row[kpi] - (other[kpi] ?? 0)), dayAndWeekday(other.periodStart))
      : t('incomparable');
    return h('article', { class: 'card', 'data-kpi': kpi }, h('h2', {}, t(kpi)),
      h('p', { class: 'number' }, number(row[kpi]), h('span', { class: 'unit' }, ` ${t(`${kpi}Unit`)}`)),
      h('p', { class: 'standing' }, stateMark(state), ' ', row.asOf && h('span', { class: 'quiet' }, t('asOf', moment(row.asOf, session.timeZone)))),
      h('p', { class: 'change' }, change));
  }));
  const why = panel('why');
  why.section.dataset.waits = '';
  why.head(t('explanation'), []);
  swap(why.body, ...KPIS.map((kpi) => {
    const state = row[kpi] === null ? 'missing' : stateOf(row, kpi);
    return h('p', {}, h('b', {}, t(kpi)), ' ', number(row[kpi]), ' ', stateMark(state), ' ', h('span', { class: 'quiet' }, t(`${state}Means`)));
  }));
  const records = panel('records');
  records.section.hidden = true;
  const parts = { departments: panel('day-departments'), templates: panel('day-templates'), hours: panel('day-hours') };
  for (const part of Object.values(parts)) swap(part.body, loading());
  parts.departments.head(t('departments'), [short(day)]);
  parts.templates.head(t('templates'), [short(day)]);
  parts.hours.head(t('hours'), [short(day)]);
  swap(place, head, cards, why.section, h('div', { class: 'pair' }, parts.departments.section, h('div', { class: 'stack' }, parts.templates.section, parts.hours.section)), records.section);

  /** @template T @param {import('./marks.js').Panel} at @param {Promise<T>} asked @param {(value: T) => void} draw */
  const fill = (at, asked, draw) =>
    asked.then(draw, (error) => {
      if (!signal.aborted) swap(at.body, h('p', { class: 'wrong' }, t('noPart')), button(t('again'), () => page.refresh(), { class: 'chip' }));
      page.note(error);
    });
  await Promise.all([
    explain(why, records, page, day).catch((error) => page.note(error)).finally(() => delete why.section.dataset.waits),
    fill(parts.departments, departments(view, day, day, signal), (list) => drawRanked(parts.departments, page, 'departments', list, short(day))),
    fill(parts.templates, templates(view, day, day, signal), (list) => drawRanked(parts.templates, page, 'templates', list, short(day))),
    fill(parts.hours, hours(view, day, day, signal), (list) => drawHours(parts.hours, page, list, short(day))),
  ]);
}

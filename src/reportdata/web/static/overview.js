// What is seen: the panels of the overview, a day that is opened, or where to begin.

import { drawCalendar } from './calendar.js';
import { drawCards } from './cards.js';
import { drawChanges } from './changes.js';
import { drawDaily } from './daily.js';
import { departments, hours, templates } from './data.js';
import { drawDay } from './day.js';
import { byId, h, swap } from './dom.js';
import { button, command, loading, panel } from './marks.js';
import { drawHours, drawRanked } from './ranked.js';
import { meaning } from './sign_in.js';
import { drawTrend } from './trend.js';
import { nameOf } from './services.js';
import { chosen } from './view.js';
import { long, sentences, t } from './words.js';

/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./view.js').View} View */

/** The panels of the overview, which stay while what is in them changes. */
export function frame() {
  const made = {
    cards: h('div', { class: 'cards' }),
    trend: panel('trend'),
    calendar: panel('calendar'),
    departments: panel('departments'),
    daily: panel('daily'),
    changes: panel('changes'),
    templates: panel('templates'),
    hours: panel('hours'),
    pair: h('div', { class: 'pair' }),
    opened: h('div', { class: 'opened' }),
    controls: h('div', { class: 'controls' }),
    whole: h('div', { class: 'whole' }),
    printed: h('p', { class: 'printed-head' }),
  };
  swap(made.pair, made.departments.section, h('div', { class: 'stack' }, made.templates.section, made.hours.section));
  swap(made.whole, made.cards, made.trend.section, made.calendar.section,
    made.pair,
    made.daily.section, made.changes.section);
  made.changes.section.hidden = true;
  swap(byId('main'), made.printed, made.controls, made.whole, made.opened);
  return made;
}

/** @typedef {ReturnType<typeof frame>} Frame */

/**
 * Draw what was found: the overview, a day, or that there is nothing yet.
 * @param {Frame} places
 * @param {Page} at
 * @param {Overview} found
 * @param {boolean} moved whether something else is looked at than before
 */
export async function drawFound(places, at, found, moved) {
  const { session, view } = at;
  const opened = view.day !== '';
  const empty = found.coverage.meta.coveredDays === 0;
  places.controls.hidden = opened || empty;
  places.whole.hidden = opened || empty;
  places.opened.hidden = !(opened || empty);
  if (empty) {
    drawEmpty(places.opened, at, session.scopes.includes('import'));
    return;
  }
  if (opened) {
    const drawing = drawDay(places.opened, at, found);
    if (moved) {
      scrollTo(0, 0);
      byId('main').querySelector('h1')?.focus({ preventScroll: true });
    }
    await drawing;
    return;
  }
  places.opened.replaceChildren();
  drawCards(places.cards, at, found);
  drawTrend(places.trend, at, found);
  drawCalendar(places.calendar, at, found);
  drawDaily(places.daily, at, found);
  drawChanges(places.changes, at).catch((error) => at.note(error));
  drawNothing(at, found);
  const sub = view.range ? t(view.range) : `${found.from} – ${found.to}`;
  /** @template T @param {import('./marks.js').Panel} place @param {string} name @param {Promise<T>} asked @param {(value: T) => void} done */
  const fill = (place, name, asked, done) => {
    place.section.dataset.waits = '';
    const end = () => at.signal.aborted || delete place.section.dataset.waits;
    void asked.then((value) => at.signal.aborted || done(value), (error) => {
      if (at.signal.aborted) return;
      place.head(t(name), []);
      swap(place.body, h('p', { class: 'wrong' }, sentences(t('noPart'), meaning(error))), button(t('again'), () => at.refresh(), { class: 'chip' }));
      at.note(error);
    }).finally(end);
  };
  drawPlaces(places, view);
  const ways = chosen(view).groupings;
  if (ways.includes('department')) fill(places.departments, 'departments', departments(view, found.from, found.to, at.signal), (list) => drawRanked(places.departments, at, 'departments', list, sub));
  if (ways.includes('template')) fill(places.templates, 'templates', templates(view, found.from, found.to, at.signal), (list) => drawRanked(places.templates, at, 'templates', list, sub));
  if (ways.includes('hour')) fill(places.hours, 'hours', hours(view, found.from, found.to, at.signal), (list) => drawHours(places.hours, at, list, sub));
}

/** Leave out what the chosen number cannot be told apart by. @param {Frame} places @param {View} view */
function drawPlaces(places, view) {
  const ways = chosen(view).groupings;
  places.departments.section.hidden = !ways.includes('department');
  places.templates.section.hidden = !ways.includes('template');
  places.hours.section.hidden = !ways.includes('hour');
  places.pair.hidden = ways.length === 0;
  places.pair.classList.toggle('alone', !ways.includes('department') || ways.length === 1);
}

/** Room for what is being read for the first time, so that nothing moves when it comes. @param {Frame} places @param {View} view */
export function drawLoading(places, view) {
  drawPlaces(places, view);
  places.whole.hidden = false;
  places.opened.hidden = true;
  swap(places.cards, ...view.of.kpis.map((kpi) => h('div', { class: 'blank' }, h('h2', {}, nameOf(kpi)), loading())));
  for (const name of /** @type {const} */ (['trend', 'calendar', 'departments', 'daily', 'templates', 'hours'])) {
    places[name].head(t(name), []);
    swap(places[name].body, loading());
  }
}

/** Nothing could be read yet: say why, and what to do. @param {Frame} places @param {unknown} error @param {() => void} again */
export function drawUnread(places, error, again) {
  places.whole.hidden = true;
  places.opened.hidden = false;
  swap(places.opened, h('section', { class: 'panel empty', role: 'alert' }, h('h1', {}, t('notRead')), h('p', {}, meaning(error)),
    h('p', {}, button(t('again'), again, { class: 'chip', 'data-key': 'again' }))));
}

/** Where nothing is known of the range, say what is, and lead there. @param {Page} at @param {Overview} found */
function drawNothing(at, found) {
  if (found.points.some(({ row }) => row !== null)) return;
  const pieces = found.coverage.data;
  const [first, last] = [pieces[0], pieces.at(-1)];
  if (!first || !last) return;
  at.warn(sentences(t('emptyRange'), t('emptyRangeHow', long(first.from), long(last.to))), ' ',
    button(t('showThose'), () => at.show({ range: '', from: first.from, to: last.to }), { class: 'link' }));
}

/** @param {HTMLElement} place @param {Page} at @param {boolean} brings whether files may be brought */
function drawEmpty(place, { session, view: { of } }, brings) {
  if (!of.counted) {
    swap(place, h('section', { class: 'panel empty' }, h('h1', {}, t('empty')), h('p', {}, t('emptyOfficial')),
      command(`reportdata mirror --corp ${session.organisation} --service ${of.id} --from 20260901`), command('reportdata figures import figures.csv')));
    return;
  }
  swap(place, h('section', { class: 'panel empty' }, h('h1', {}, t('empty')), h('p', {}, t('emptyHow')),
    brings && h('p', {}, h('a', { href: 'import', class: 'chip', 'data-key': 'bring' }, t('bring'))),
    h('pre', { tabindex: 0, class: 'command' }, h('code', {}, 'reportdata import 日志.xlsx\nreportdata source add …\nreportdata collect'))));
}

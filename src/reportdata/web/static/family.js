// All services together: what is known of each, with its newest number; and that a service is not to be seen.

import { json } from './api.js';
import { sparkline, SPARK } from './cards.js';
import { toService } from './chrome.js';
import { add } from './days.js';
import { h, swap } from './dom.js';
import { loading, stateMark } from './marks.js';
import { kpiOf, nameOf, services, unitOf, written } from './services.js';
import { address } from './view.js';
import { dayAndWeekday, moment, t } from './words.js';

/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./services.js').Service} Service */
/**
 * @typedef {object} Newest
 * @property {string} service
 * @property {string} metric
 * @property {string} origin
 * @property {string} day
 * @property {number} value
 * @property {string} state
 * @property {string | null} asOf
 * @property {{day: string, value: number, state: string}[]} days
 */

/**
 * Draw what a view has in place of a service's page.
 * @param {HTMLElement} place
 * @param {Page} page
 * @param {boolean} moved whether something else is looked at than before
 */
export async function drawInstead(place, page, moved) {
  if (page.view.page) await drawFamily(place, page);
  else drawForbidden(place, page.view.service);
  if (page.signal.aborted || !moved) return;
  scrollTo(0, 0);
  place.querySelector('h1')?.focus({ preventScroll: true });
}

/** @param {HTMLElement} place @param {Page} page */
async function drawFamily(place, page) {
  const { signal, view } = page;
  if (!place.querySelector('.family')) swap(place, h('div', { class: 'family' }, loading()));
  /** @type {[Service[], {data: Newest[], meta: {damaged: string[]}}]} */
  const [listed, { data, meta }] = await Promise.all([services(signal), json('v1/services/overview', { signal })]);
  if (signal.aborted) return;
  const newest = new Map(data.map((one) => [one.service, one]));
  const found = listed.filter(({ id }) => newest.has(id));
  const damaged = listed.filter(({ id }) => meta.damaged.includes(id));
  const others = listed.filter((of) => !found.includes(of) && !damaged.includes(of));
  /** @param {Service} of @param {Record<string, unknown>} [more] */
  const link = (of, more = {}) => {
    const patch = toService(of.id);
    return h('a', { href: address({ ...view, ...patch, of }), 'data-patch': JSON.stringify(patch), 'data-key': `service-${of.id}`, ...more }, nameOf(of));
  };
  swap(place, h('div', { class: 'family' },
    h('h1', { tabindex: -1 }, t('allServices')),
    h('p', { class: 'sub' }, t('familySub')),
    found.length > 0 && h('ul', { class: 'cards many' }, ...found.map((of) => h('li', {}, card(of, /** @type {Newest} */ (newest.get(of.id)), link(of), page)))),
    names('damaged-services', damaged, 'damagedServices', link),
    names('nothing-title', others, 'nothingKnown', link)));
}

/**
 * A panel with the names of services; none without services.
 * @param {string} id @param {Service[]} of @param {string} title @param {(of: Service) => Node} link
 */
function names(id, of, title, link) {
  return of.length > 0 && h('section', { class: 'panel', 'aria-labelledby': id },
    h('h2', { id }, t(title)),
    h('ul', { class: 'names' }, ...of.map((one) => h('li', {}, link(one)))));
}

/** @param {Service} of @param {Newest} newest @param {Node} link @param {Page} page */
function card(of, newest, link, { session, today }) {
  const kpi = kpiOf(of, newest.metric) ?? of.main;
  const values = new Map(newest.days.map(({ day, value }) => [day, value]));
  const old = newest.day < add(today, -SPARK) ? 'old' : '';
  return h('article', { class: 'card', 'data-service': of.id },
    h('h2', {}, link),
    h('p', { class: 'sub' }, nameOf(kpi)),
    h('div', { class: 'figure' },
      h('p', { class: 'number' }, written(kpi, newest.value), h('span', { class: 'unit' }, ` ${unitOf(kpi)}`)),
      sparkline(Array.from({ length: SPARK }, (_, at) => values.get(add(newest.day, at - SPARK + 1)) ?? null))),
    h('p', { class: `standing ${old}` }, stateMark(newest.state), ' ', h('span', { class: 'quiet' }, dayAndWeekday(newest.day, old ? (day) => day : undefined))),
    h('p', { class: 'sub' }, `${t(newest.origin)} · ${t('asOf', moment(newest.asOf, session.timeZone))}`));
}

/** @param {HTMLElement} place @param {string} id */
function drawForbidden(place, id) {
  swap(place, h('section', { class: 'panel empty', role: 'alert' },
    h('h1', { tabindex: -1 }, t('notYours')), h('p', {}, t('notYoursHow', id)),
    h('p', {}, h('a', { href: '?view=overview', class: 'chip', 'data-key': 'to-all' }, t('allServices')))));
}

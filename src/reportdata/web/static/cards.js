// The numbers of the newest day, today's so far, and this week and month against the last.

import { askable, comparable, stateOf, toDate } from './data.js';
import { add, month, monday, since } from './days.js';
import { h, s, swap } from './dom.js';
import { looked, stateMark } from './marks.js';
import { difference, nameOf, unitOf, written } from './services.js';
import { address } from './view.js';
import { dayAndWeekday, short, t, weekdayName } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./data.js').Row} Row */
/** @typedef {import('./services.js').Kpi} Kpi */
/** @typedef {import('./main.js').Page} Page */

/**
 * @param {HTMLElement} place
 * @param {Page} page
 * @param {Overview} found
 */
export function drawCards(place, page, found) {
  const day = found.newest || page.today;
  const row = found.days.get(day) ?? null;
  const cards = askable(page.view).map((kpi) => card(kpi, day, row, page, found));
  place.classList.toggle('many', cards.length > 4);
  swap(place, ...cards.map((made) => made.element));
  if (!cards.some((made) => made.hasSpans)) return;
  /** @param {Awaited<ReturnType<typeof toDate>>} spans */
  const fill = (spans) => {
    for (const made of cards) made.spans(spans);
  };
  toDate(page.view, day, page.signal).then(fill, () => fill([]));
}

/** @param {string} day @param {string} today */
function dayName(day, today) {
  const named = day === today ? t('today') : day === add(today, -1) ? t('yesterday') : '';
  return named ? `${named} ${short(day)}` : dayAndWeekday(day);
}

/**
 * @param {Kpi} kpi
 * @param {string} day
 * @param {Row | null} row
 * @param {Page} page
 * @param {Overview} found
 */
function card(kpi, day, row, page, found) {
  const { today, session, view } = page;
  const zone = session.timeZone;
  const { metric } = kpi;
  const value = row?.[metric] ?? null;
  const state = row && value !== null ? stateOf(row, metric) : 'missing';
  const ever = [...found.days.values()].some((one) => (one[metric] ?? null) !== null);
  const hasSpans = ever && kpi.several !== null && kpi.several !== 'last';
  const list = h('dl', { class: 'spans' });
  const sofar = found.days.get(today);
  /** How certain a number is, unless nothing can change it. @param {Row | null} of */
  const doubt = (of) => {
    const certainty = of && (of[metric] ?? null) !== null ? stateOf(of, metric) : 'final';
    return certainty !== 'final' && h('span', {}, ' ', stateMark(certainty, true));
  };
  /** @param {string} key @param {Row | null} of @param {string} then @param {Row | null} other @param {string} more */
  const line = (key, of, then, other, more) => [
    h('dt', {}, t(key)),
    h('dd', {}, h('b', {}, written(kpi, of?.[metric])), doubt(of), ' ', h('span', { class: 'quiet' }, then, doubt(other), more)),
  ];
  const now =
    day === today || !view.of.counted || !ever
      ? []
      : [
          h('dt', {}, t('todaySoFar')),
          sofar && sofar[metric] !== null
            ? h('dd', {}, h('b', {}, written(kpi, sofar[metric])), ' ', stateMark(stateOf(sofar, metric)), ' ',
                looked(sofar, zone, today))
            : h('dd', { class: 'quiet' }, t('notYet')),
        ];
  const awaited = hasSpans ? [h('dt', {}, t('weekToDate')), h('dd', {}, '…'), h('dt', {}, t('monthToDate')), h('dd', {}, '…')] : [];
  swap(list, ...now, ...awaited);
  const element = h(
    'article',
    { class: 'card', 'data-kpi': metric },
    h('h2', {}, nameOf(kpi), h('span', { class: 'quiet' }, ` · ${dayName(day, today)}`)),
    h(
      'div',
      { class: 'figure' },
      h('p', { class: 'number' },
        h('a', { href: address({ ...view, day }), 'data-day': day, 'data-key': `card-${metric}` }, written(kpi, value)),
        h('span', { class: 'unit' }, ` ${unitOf(kpi)}`)),
      sparkline(Array.from({ length: SPARK }, (_, at) => found.days.get(add(day, at - SPARK + 1))?.[metric] ?? null)),
    ),
    h('p', { class: 'standing' }, stateMark(state), ' ',
      row && value !== null && looked(row, zone)),
    h('p', { class: 'change' }, change(kpi, day, value, found)),
    list.hasChildNodes() && list,
  );
  return {
    element,
    hasSpans,
    /** @param {Awaited<ReturnType<typeof toDate>>} spans */
    spans(spans) {
      if (!hasSpans) return;
      const lines = spans.flatMap(({ name, now: own, then }) => {
        const key = name === 'week'
          ? monday(day) === monday(today) ? 'weekToDate' : 'weekOfDay'
          : month(day) === month(today) ? 'monthToDate' : 'monthOfDay';
        const [mine, theirs] = [own?.[metric] ?? null, then?.[metric] ?? null];
        const more = mine !== null && theirs !== null ? ` ${difference(kpi, mine - theirs)}` : '';
        return line(key, own, t(name === 'week' ? 'thenWeek' : 'thenMonth', written(kpi, theirs)), then, more);
      });
      swap(list, ...now, ...lines);
    },
  };
}

/**
 * @param {Kpi} kpi
 * @param {string} day
 * @param {number | null} value
 * @param {Overview} found
 */
function change(kpi, day, value, found) {
  if (value === null) return t('missingMeans');
  const other = comparable(day, found.days, found.free, kpi.metric);
  if (!other) return t('incomparable');
  const then = other.periodStart;
  const name = since(day, then) === 7
    ? t('lastWeekday', weekdayName(then))
    : dayAndWeekday(then);
  const more = value - (other[kpi.metric] ?? 0);
  return more === 0 ? t('usual', 0, name) : t('against', difference(kpi, more), name);
}

/** Days of a sparkline. */
export const SPARK = 30;

/** A line of the days up to the last one, of which only the form is read. @param {(number | null)[]} values */
export function sparkline(values) {
  const [width, height, count] = [132, 36, values.length];
  const most = Math.max(...values.map((value) => value ?? 0)) || 1;
  /** @param {number} at @param {number} value */
  const place = (at, value) =>
    `${((at * (width - 6)) / (count - 1) + 3).toFixed(1)} ${(height - 3 - (value * (height - 6)) / most).toFixed(1)}`;
  let path = '';
  values.forEach((value, at) => {
    if (value !== null) path += `${at > 0 && values[at - 1] !== null ? 'L' : 'M'}${place(at, value)}`;
  });
  const last = values.at(-1);
  const end = last !== null && last !== undefined ? place(count - 1, last).split(' ') : null;
  return s(
    'svg',
    { class: 'spark', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': t('sparkline') },
    s('path', { d: path }),
    end && s('circle', { cx: end[0], cy: end[1], r: 2.5 }),
  );
}

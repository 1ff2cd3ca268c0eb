// The three numbers of the newest day, today's so far, and this week and month against the last.

import { comparable, stateOf, toDate } from './data.js';
import { add, month, monday, since } from './days.js';
import { h, s, swap } from './dom.js';
import { stateMark } from './marks.js';
import { KPIS, address } from './view.js';
import { dayAndWeekday, moment, number, short, signed, t, weekdayName } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./data.js').Row} Row */
/** @typedef {import('./view.js').Kpi} Kpi */
/** @typedef {import('./main.js').Page} Page */

/**
 * @param {HTMLElement} place
 * @param {Page} page
 * @param {Overview} found
 */
export function drawCards(place, page, found) {
  const day = found.newest || page.today;
  const row = found.days.get(day) ?? null;
  const cards = KPIS.map((kpi) => card(kpi, day, row, page, found));
  swap(place, ...cards.map((made) => made.element));
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
  const value = row?.[kpi] ?? null;
  const state = row && value !== null ? stateOf(row, kpi) : 'missing';
  const list = h('dl', { class: 'spans' });
  const sofar = found.days.get(today);
  /** @param {string} key @param {Row | null | undefined} of @param {string} then */
  const line = (key, of, then) => [
    h('dt', {}, t(key)),
    h('dd', {}, h('b', {}, number(of?.[kpi])), ' ', h('span', { class: 'quiet' }, then)),
  ];
  const now =
    day === today
      ? []
      : [
          h('dt', {}, t('todaySoFar')),
          sofar && sofar[kpi] !== null
            ? h('dd', {}, h('b', {}, number(sofar[kpi])), ' ', stateMark(stateOf(sofar, kpi)), ' ',
                sofar.asOf && h('span', { class: 'quiet' }, t('asOf', moment(sofar.asOf, zone, today))))
            : h('dd', { class: 'quiet' }, t('notYet')),
        ];
  swap(list, ...now, h('dt', {}, t('weekToDate')), h('dd', {}, '…'), h('dt', {}, t('monthToDate')), h('dd', {}, '…'));
  const element = h(
    'article',
    { class: 'card', 'data-kpi': kpi },
    h('h2', {}, t(kpi), h('span', { class: 'quiet' }, ` · ${dayName(day, today)}`)),
    h(
      'div',
      { class: 'figure' },
      h('p', { class: 'number' },
        h('a', { href: address({ ...view, day }), 'data-day': day, 'data-key': `card-${kpi}` }, number(value)),
        h('span', { class: 'unit' }, ` ${t(`${kpi}Unit`)}`)),
      sparkline(kpi, day, found),
    ),
    h('p', { class: 'standing' }, stateMark(state), ' ',
      row?.asOf ? h('span', { class: 'quiet' }, t('asOf', moment(row.asOf, zone))) : null),
    h('p', { class: 'change' }, change(kpi, day, value, found)),
    list,
  );
  return {
    element,
    /** @param {Awaited<ReturnType<typeof toDate>>} spans */
    spans(spans) {
      const lines = spans.flatMap(({ name, now: own, then }) => {
        const key = name === 'week'
          ? monday(day) === monday(today) ? 'weekToDate' : 'weekOfDay'
          : month(day) === month(today) ? 'monthToDate' : 'monthOfDay';
        const [mine, theirs] = [own?.[kpi] ?? null, then?.[kpi] ?? null];
        const difference = mine !== null && theirs !== null ? ` ${signed(mine - theirs)}` : '';
        return line(key, own, t(name === 'week' ? 'thenWeek' : 'thenMonth', number(theirs)) + difference);
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
  const other = value === null ? null : comparable(day, found.days, found.free, kpi);
  if (value === null || !other) return t('incomparable');
  const then = other.periodStart;
  const name = since(day, then) === 7
    ? t('lastWeekday', weekdayName(then))
    : dayAndWeekday(then);
  const difference = value - (other[kpi] ?? 0);
  return difference === 0 ? t('usual', 0, name) : t('against', signed(difference), name);
}

/**
 * @param {Kpi} kpi
 * @param {string} day
 * @param {Overview} found
 */
function sparkline(kpi, day, found) {
  const [width, height, count] = [132, 36, 30];
  const values = Array.from({ length: count }, (_, at) => found.days.get(add(day, at - count + 1))?.[kpi] ?? null);
  const most = Math.max(1, ...values.map((value) => value ?? 0));
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

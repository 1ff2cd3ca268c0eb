// The lines of the numbers over the range, drawn for a width.

import { askable, knownIn, stateOf, stateOfAll } from './data.js';
import { h, s, swap } from './dom.js';
import { kindOfDay } from './holidays.js';
import { looked, stateMark } from './marks.js';
import { nameOf, together, written } from './services.js';
import { chosen } from './view.js';
import { dayAndWeekday, monthName, periodName, t } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./data.js').Point} Point */
/** @typedef {import('./services.js').Kpi} Kpi */
/** @typedef {import('./main.js').Page} Page */

const EDGE = { top: 12, right: 14, bottom: 28, left: 44 };
/** How tall the mark is of days of which only some numbers are uncertain. */
const STRIP = 12;
export const UNCERTAIN = ['provisional', 'partial', 'damaged'];

/** The numbers that are drawn, the first of them with what was before. @param {Page} page */
export function seriesOf({ view }) {
  const known = askable(view);
  return together(view.of, chosen(view)).filter((kpi) => known.includes(kpi));
}

/** Whether weeks or months are asked for of numbers that these do not have. @param {Page} page */
export const isOfSingleDays = (page) => page.view.by !== 'day' && seriesOf(page).every(({ several }) => several === null);

/** The names of those that are drawn of which anything is known. @param {Page} page @param {Overview} found */
export function knownOf(page, found) {
  const known = knownIn(page.view, found.points);
  const drawn = seriesOf(page).map(({ metric }) => metric);
  const some = drawn.filter((metric) => known.includes(metric));
  return some.length ? some : drawn;
}

/** A round step, so that there are about four lines. @param {number} most @param {number} least the smallest step */
function stepOf(most, least) {
  const rough = Math.max(1, most / least / 4);
  const power = 10 ** Math.floor(Math.log10(rough));
  return least * Math.max(1, [1, 2, 2.5, 5, 10].map((times) => times * power).find((step) => step >= rough && step % 1 === 0) ?? 1);
}

/** Draws the lines into a place, to be followed by pointer and keys. @param {HTMLElement} place @param {Page} page @param {Overview} found @param {number} width */
export function plot(place, page, found, width) {
  const { points } = found;
  const height = width < 500 ? 220 : 270;
  const series = seriesOf(page);
  const known = knownOf(page, found);
  const first = /** @type {Kpi} */ (series[0]);
  const least = first.share ? 0.01 : 1;
  const most = Math.max(4 * least, ...[...points, ...found.before].flatMap(({ row }) => series.map(({ metric }) => row?.[metric] ?? 0)));
  const step = stepOf(most, least);
  const steps = Math.ceil(most / step - 1e-9);
  const top = steps * step;
  const inner = width - EDGE.left - EDGE.right;
  const gap = points.length > 1 ? inner / (points.length - 1) : inner;
  /** @param {number} at */
  const x = (at) => EDGE.left + (points.length > 1 ? at * gap : inner / 2);
  /** @param {number} value */
  const y = (value) => EDGE.top + (height - EDGE.top - EDGE.bottom) * (1 - value / top);
  const floor = y(0);
  /** @param {number} from @param {number} to @param {string} name @param {number} tall */
  const band = (from, to, name, tall) => {
    const left = Math.max(EDGE.left, x(from) - gap / 2);
    const right = Math.min(width - EDGE.right, x(to) + gap / 2);
    return s('rect', { class: name, x: left.toFixed(1), y: floor - tall, width: Math.max(0, right - left).toFixed(1), height: tall });
  };
  /** @param {(point: Point) => boolean} test @param {string} name @param {number} [tall] */
  const bands = (test, name, tall = floor - EDGE.top) => {
    const made = [];
    for (let at = 0; at < points.length; at++) {
      const from = at;
      while (at < points.length && test(/** @type {Point} */ (points[at]))) at++;
      if (at > from) made.push(band(from, at - 1, name, tall));
    }
    return made;
  };
  /** @param {Point[]} of @param {string} kpi @param {string} name */
  const line = (of, kpi, name) => {
    let path = '';
    /** @type {SVGElement[]} */
    const alone = [];
    of.slice(0, points.length).forEach(({ row }, at) => {
      const value = row?.[kpi] ?? null;
      if (value === null) return;
      const joined = at > 0 && (of[at - 1]?.row?.[kpi] ?? null) !== null;
      path += `${joined ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      if (!joined && (of[at + 1]?.row?.[kpi] ?? null) === null) {
        alone.push(s('circle', { class: `dot ${name}`, cx: x(at).toFixed(1), cy: y(value).toFixed(1), r: 3.5 }));
      }
    });
    return [s('path', { class: `line ${name}`, d: path }), ...alone];
  };
  const lines = [];
  for (let value = 0, at = 0; at <= steps; at++, value = at * step) {
    lines.push(
      s('line', { class: 'grid', x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
      s('text', { x: EDGE.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, written(first, value)),
    );
  }
  const works = page.view.by === 'day' && points.length <= 190;
  const cursor = s('line', { class: 'cursor', x1: 0, x2: 0, y1: EDGE.top, y2: floor });
  const drawing = s(
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    s('defs', {}, s('pattern', { id: 'hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      s('line', { class: 'hatch', x1: 0, y1: 0, x2: 0, y2: 6 }))),
    ...(works ? bands(({ start }) => !found.free.works(start), 'rest') : []),
    ...lines,
    ...bands(({ row }) => row !== null && UNCERTAIN.includes(stateOf(row, first.metric)), 'uncertain'),
    ...bands(({ row }) => row !== null && UNCERTAIN.includes(stateOfAll(row, known)) && !UNCERTAIN.includes(stateOf(row, first.metric)), 'uncertain', STRIP),
    ...line(found.before, first.metric, 'faint'),
    ...series.flatMap(({ metric }, at) => line(points, metric, `of-${at}`)).reverse(),
    ...labels(points, page.view.by, x, width, height),
    cursor,
  );
  const tip = h('div', { class: 'tip', hidden: true });
  const aloud = h('p', { class: 'aloud', 'aria-live': 'polite' });
  const area = h('div', { class: 'area', tabindex: 0, role: 'group', 'data-key': 'trend', 'aria-label': `${t('trend')}. ${t('trendKeys')}` }, drawing);
  const nothing = points.every(({ row }) => row === null || series.every(({ metric }) => (row[metric] ?? null) === null));
  swap(place, area, tip, aloud, nothing && h('p', { class: 'none' }, t(isOfSingleDays(page) ? 'singleDays' : 'emptyRange')));

  let at = -1;
  /** @param {number} to @param {boolean} [speaks] */
  const move = (to, speaks = false) => {
    at = Math.max(0, Math.min(points.length - 1, to));
    const point = points[at];
    if (!point) return;
    const left = x(at);
    cursor.setAttribute('x1', String(left));
    cursor.setAttribute('x2', String(left));
    cursor.classList.add('on');
    swap(tip, ...tipOf(point, page, found, known));
    tip.hidden = false;
    const wide = tip.offsetWidth;
    tip.style.left = `${Math.max(0, Math.min(width - wide, left + 14 + wide > width ? left - wide - 14 : left + 14))}px`;
    if (speaks) aloud.textContent = [...tip.children].map((part) => part.textContent).join(', ');
  };
  const leave = () => {
    tip.hidden = true;
    cursor.classList.remove('on');
  };
  const open = () => {
    const point = points[at];
    if (!point) return;
    if (page.view.by === 'day') page.show({ day: point.start });
    else page.show({ range: '', from: point.start, to: point.end, by: 'day' });
  };
  area.addEventListener('pointermove', (event) => move(Math.round((event.offsetX - EDGE.left) / gap)));
  area.addEventListener('pointerleave', leave);
  area.addEventListener('blur', leave);
  area.addEventListener('click', open);
  area.addEventListener('keydown', (event) => {
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: points.length - 1 };
    if (event.key in steps) move(at < 0 && event.key !== 'Home' ? points.length - 1 : steps[/** @type {keyof typeof steps} */ (event.key)], true);
    else if (event.key === 'Enter' && at >= 0) open();
    else if (event.key === 'Escape') leave();
    else return;
    event.preventDefault();
  });
}

/**
 * @param {Point[]} points
 * @param {string} by
 * @param {(at: number) => number} x
 * @param {number} width
 * @param {number} height
 */
function labels(points, by, x, width, height) {
  const room = 64;
  const every = Math.ceil((points.length * room) / (width - EDGE.left - EDGE.right));
  const months = by !== 'week' && points.length > 100;
  const made = [];
  let free = -Infinity;
  for (let at = points.length - 1; at >= 0; at--) {
    const { start } = /** @type {Point} */ (points[at]);
    const wanted = by === 'month' ? (points.length - 1 - at) % every === 0 : months ? start.endsWith('-01') : (points.length - 1 - at) % every === 0;
    if (!wanted || (free !== -Infinity && x(at) > free)) continue;
    free = x(at) - (months ? 40 : room * 0.8);
    const text = by === 'month' || months ? monthName(start) : `${Number(start.slice(5, 7))}/${Number(start.slice(8))}`;
    const anchor = x(at) > width - 30 ? 'end' : x(at) < 30 ? 'start' : 'middle';
    made.push(s('text', { x: anchor === 'end' ? width - 2 : x(at), y: height - 8, 'text-anchor': anchor }, text));
  }
  return made;
}

/** @param {Point} point @param {Page} page @param {Overview} found @param {string[]} known */
function tipOf({ start, row }, page, { free }, known) {
  const { view, session } = page;
  const kind = view.by === 'day' ? kindOfDay(start, free) : '';
  const title = view.by === 'day' ? dayAndWeekday(start) : periodName(view.by, start);
  return [
    h('strong', {}, title, kind && h('span', { class: 'quiet' }, ` ${kind}`)),
    ...(row
      ? seriesOf(page).map((kpi) => h('div', { class: 'entry' }, h('span', {}, nameOf(kpi)), h('b', {}, written(kpi, row[kpi.metric])), stateMark(stateOf(row, kpi.metric), true)))
      : []),
    row ? h('div', { class: 'quiet' }, stateMark(stateOfAll(row, known)), ' ', looked(row, session.timeZone)) : h('div', {}, stateMark('missing')),
  ];
}

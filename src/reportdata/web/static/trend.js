// The course of the numbers over the range, as one picture drawn for its width, or as a table.

import { askable, stateOfAll } from './data.js';
import { since } from './days.js';
import { h, s, swap } from './dom.js';
import { button, stateMark, table, tableSwitch } from './marks.js';
import { UNCERTAIN, isOfSingleDays, knownOf, plot, seriesOf } from './plot.js';
import { kpiChoice, nameOf, written } from './services.js';
import { PERIODS } from './view.js';
import { number, periodName, t, weekdayName } from './words.js';

/** @typedef {import('./data.js').Overview} Overview */
/** @typedef {import('./data.js').Point} Point */
/** @typedef {import('./services.js').Kpi} Kpi */
/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./marks.js').Panel} Panel */

/** @param {Panel} at @param {Page} page @param {Overview} found */
export function drawTrend(at, page, found) {
  const { view } = page;
  const shown = view.tables.includes('trend');
  const unknown = found.points.filter((point) => point.row === null).length;
  const faint = view.by === 'week' ? 'faintWeek' : view.by === 'month' ? 'faintMonth'
    : since(found.to, found.from) >= 182 ? 'faint364' : 'faint28';
  const series = seriesOf(page);
  const kpis = askable(view);
  const said = [t(faint)];
  if (shown && isOfSingleDays(page)) said.push(t('singleDays'));
  if (unknown && view.by === 'day') said.push(unknown === 1 ? t('gap') : t('gaps', number(unknown)));
  at.head(
    t('trend'),
    [said.join(' · ')],
    kpis.length > series.length && kpiChoice(kpis, view.kpi, 'trend-kpi', (kpi) => page.show({ kpi })),
    (view.by !== 'day' || kpis.some(({ several }) => several !== null)) && h(
      'div',
      { class: 'choice', role: 'group', 'aria-label': t('by') },
      ...PERIODS.map((by) =>
        button(t(`${by}Word`), () => page.show({ by }), { 'data-key': `by-${by}`, 'aria-pressed': String(view.by === by) }),
      ),
    ),
    tableSwitch(at, shown, () => page.turn('trend')),
  );
  if (shown) {
    swap(at.body, trendTable(page, found));
    return;
  }
  const place = h('div', { class: 'plot' });
  swap(at.body, place, key(found.points, series, knownOf(page, found)));
  let width = 0;
  const draw = () => {
    const wide = Math.floor(place.clientWidth);
    if (!wide || wide === width) return;
    width = wide;
    plot(place, page, found, wide);
  };
  draw();
  const watch = new ResizeObserver(draw);
  watch.observe(place);
  page.signal.addEventListener('abort', () => watch.disconnect());
}

/** What the lines and marks mean. @param {Point[]} points @param {Kpi[]} series @param {string[]} known */
function key(points, series, known) {
  const uncertain = points.some(({ row }) => row && UNCERTAIN.includes(stateOfAll(row, known)));
  /** @param {string} name @param {string} word */
  const line = (name, word) =>
    h('li', {}, s('svg', { width: 26, height: 10, 'aria-hidden': 'true' },
      s('path', { class: `line ${name}`, d: 'M0 5H26' })), ` ${word}`);
  return h(
    'ul',
    { class: 'key' },
    ...series.map((kpi, at) => line(`of-${at}`, nameOf(kpi))),
    series[0] && line('faint', t('faint', nameOf(series[0]))),
    uncertain && h('li', {}, h('span', { class: 'swatch hatched', 'aria-hidden': 'true' }), ` ${t('uncertain')}`),
  );
}

/** @param {Page} page @param {Overview} found */
function trendTable(page, found) {
  const { by } = page.view;
  const known = knownOf(page, found);
  const series = seriesOf(page);
  const first = /** @type {Kpi} */ (series[0]);
  return table(
    t('trend'),
    [t(by === 'day' ? 'statDate' : `${by}Word`), ...series.map((kpi) => nameOf(kpi)), t('faint', nameOf(first)), t('state')],
    found.points.map(({ start, row }, at) => [
      by === 'day' ? `${start} ${weekdayName(start)}` : periodName(by, start),
      ...series.map((kpi) => written(kpi, row?.[kpi.metric])),
      written(first, found.before[at]?.row?.[first.metric]),
      stateMark(row ? stateOfAll(row, known) : 'missing'),
    ]),
  );
}

// Departments and templates by how much came from each, and the hours of the day.

import { askable, stateOf } from './data.js';
import { h, s, swap } from './dom.js';
import { button, stateMark, table, tableSwitch } from './marks.js';
import { nameOf, withUnit, written } from './services.js';
import { address, chosen } from './view.js';
import { number, t } from './words.js';

/** @typedef {import('./data.js').Ranked} Ranked */
/** @typedef {import('./data.js').Row} Row */
/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./marks.js').Panel} Panel */

const FEW = 8;

/**
 * @param {Panel} at
 * @param {Page} page
 * @param {'departments' | 'templates'} kind
 * @param {Ranked[]} found
 * @param {string} sub
 */
export function drawRanked(at, page, kind, found, sub) {
  const { kpi } = page.view;
  const of = chosen(page.view);
  const list = [...found].sort((one, other) => (other.row[kpi] ?? -1) - (one.row[kpi] ?? -1));
  let whole = page.kept.has(kind);
  const draw = () => {
    const shown = whole ? list : list.slice(0, FEW);
    const toggle = list.length > FEW &&
      button(whole ? t('showFew') : t('showAll', number(list.length)), () => {
        whole = page.keep(kind);
        draw();
      }, { class: 'link', 'data-key': `${kind}-all`, 'aria-expanded': String(whole) });
    at.head(t(kind), [`${sub} · ${nameOf(of)}`], toggle);
    swap(at.body, list.length ? ranking(page, kind, shown, list, draw) : h('p', { class: 'quiet' }, t('emptyRange')),
      of.several !== 'sum' && of.metric !== 'reports' && list.length > 1 && h('p', { class: 'sub note' }, t('distinct')));
  };
  draw();
}

/**
 * @param {Page} page
 * @param {'departments' | 'templates'} kind
 * @param {Ranked[]} shown
 * @param {Ranked[]} all
 * @param {() => void} draw
 */
function ranking(page, kind, shown, all, draw) {
  const { kpi } = page.view;
  const name = nameOf(chosen(page.view));
  const most = Math.max(...all.map(({ row }) => row[kpi] ?? 0)) || 1;
  const folds = all.some(({ below }) => below.length > 0);
  const lines = shown.flatMap((found) => {
    const open = page.kept.has(`${kind} ${found.name}`) !== (found === all[0]); // the first is unfolded, unless it was folded
    const below = open ? [...found.below].sort((one, other) => (other.row[kpi] ?? -1) - (one.row[kpi] ?? -1)) : [];
    return [
      line(page, kind, found.name, found.row, most, found.below.length
        ? { open, turn: () => { page.keep(`${kind} ${found.name}`); draw(); } } : folds ? 'none' : null, ''),
      ...below.map(({ name, row }) => line(page, kind, name, row, most, null, found.name)),
    ];
  });
  return h('table', { class: 'ranked' },
    h('caption', { class: 'aloud' }, `${t(kind)}, ${name}`),
    h('colgroup', {}, ...['name', 'bars', 'value', 'how'].map((name) => h('col', { class: `of-${name}` }))),
    h('thead', { class: 'aloud' }, h('tr', {}, ...[t('name'), '', name, t('state')].map((head, at) => h(at === 1 ? 'td' : 'th', at === 1 ? {} : { scope: 'col' }, head)))),
    h('tbody', {}, ...lines));
}

/**
 * @param {Page} page
 * @param {'departments' | 'templates'} kind
 * @param {string} name
 * @param {Row} row
 * @param {number} most
 * @param {{open: boolean, turn: () => void} | 'none' | null} fold 'none' where others fold
 * @param {string} above
 */
function line(page, kind, name, row, most, fold, above) {
  const { view } = page;
  const value = row[view.kpi] ?? null;
  const bar = h('span', { class: `bar${above ? ' lower' : ''}` });
  bar.style.width = `${((value ?? 0) / most) * 100}%`;
  const shown = above ? (name === above ? t('itself') : name.slice(above.length + 1)) : name;
  const label = shown || t(kind === 'departments' ? 'noDepartment' : 'noTemplate');
  const link = name && name !== above
    ? h('a', { href: address({ ...view, [kind]: [name] }), 'data-key': `${kind}-${name}`, 'data-patch': JSON.stringify({ [kind]: [name] }), title: t('filterBy', name) }, h('bdi', {}, label))
    : h('span', {}, label);
  return h('tr', { class: above ? 'lower' : null },
    h('th', { scope: 'row' }, h('span', { class: 'named' },
      fold === 'none' ? h('span', { class: 'fold' }) : fold && button(fold.open ? '▾' : '▸', fold.turn, {
        class: 'fold', 'aria-expanded': String(fold.open), 'aria-label': t(fold.open ? 'fold' : 'unfold', label), 'data-key': `fold-${name}`,
      }), link)),
    h('td', { class: 'bars', 'aria-hidden': 'true' }, bar),
    h('td', { class: 'value' }, written(chosen(view), value)),
    h('td', { class: 'how' }, stateMark(value === null ? 'missing' : stateOf(row, view.kpi), true)));
}

/** @param {Panel} at @param {Page} page @param {Row[]} found @param {string} sub */
export function drawHours(at, page, found, sub) {
  const { kpi, tables } = page.view;
  const of = chosen(page.view);
  const shown = tables.includes('hours');
  at.head(t('hours'), [`${sub} · ${t('hoursSub')} · ${nameOf(of)}`], tableSwitch(at, shown, () => page.turn('hours')));
  if (!found.length) {
    swap(at.body, h('p', { class: 'quiet' }, t('emptyRange')));
    return;
  }
  if (shown) {
    const kpis = askable(page.view, 'hour');
    swap(at.body, table(t('hours'), [t('hour'), ...kpis.map((one) => nameOf(one))],
      found.map((row) => [clock(row.hour ?? 0), ...kpis.map((one) => written(one, row[one.metric]))])));
    return;
  }
  const most = Math.max(...found.map((row) => row[kpi] ?? 0)) || 1;
  const [width, height] = [Math.min(520, at.body.clientWidth || 480), 150]; // drawn for its width, so that words keep their size
  const step = width / 24;
  const bars = found.map((row) => {
    const tall = ((row[kpi] ?? 0) / most) * (height - 34);
    const x = (row.hour ?? 0) * step;
    return s('g', {},
      s('title', {}, `${clock(row.hour ?? 0)}  ${written(of, row[kpi])}`),
      s('rect', { class: 'touch', x, y: 0, width: step, height: height - 20 }),
      s('rect', { class: 'hourbar', x: x + 2, y: (height - 20 - tall).toFixed(1), width: step - 4, height: Math.max(row[kpi] ? 1 : 0, tall).toFixed(1), rx: 2 }));
  });
  const peak = found.reduce((best, row) => ((row[kpi] ?? 0) > (best[kpi] ?? 0) ? row : best));
  const named = [0, 6, 12, 18].map((hour) =>
    s('text', { x: hour * step + step / 2, y: height - 4, 'text-anchor': 'middle' }, String(hour)));
  swap(at.body, s('svg', { class: 'hourly', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${t('hours')}: ${clock(peak.hour ?? 0)} ${withUnit(of, peak[kpi] ?? 0)}` },
    s('line', { class: 'grid', x1: 0, x2: width, y1: height - 20, y2: height - 20 }),
    ...bars, ...named,
    (peak[kpi] ?? 0) > 0 && s('text', { x: Math.min(width - 16, Math.max(16, (peak.hour ?? 0) * step + step / 2)), y: 10, 'text-anchor': 'middle' }, written(of, peak[kpi]))));
}

/** @param {number} hour */
const clock = (hour) => `${String(hour).padStart(2, '0')}:00`;

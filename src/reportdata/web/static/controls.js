// The range, the filters, and what can be taken away.

import { call } from './api.js';
import { askable, question, rows } from './data.js';
import { RANGES, add, isDay } from './days.js';
import { h, swap } from './dom.js';
import { button } from './marks.js';
import { titleOf } from './services.js';
import { days } from './view.js';
import { current, t } from './words.js';

/** @typedef {import('./main.js').Page} Page */

/** What was last searched for, and the name that was last chosen: both stay when the lists are made anew. */
const searched = { departments: '', templates: '' };
let chosenLast = '';
/** Names that a list of filters shows at most. */
const MOST = 60;

/** @param {HTMLElement} place @param {Page} page */
export function drawControls(place, page) {
  const { view } = page;
  const open = place.querySelector('details[open]')?.getAttribute('data-name');
  const chosen = days(view, page.today);
  /** @param {string} way */
  const has = (way) => view.of.kpis.some(({ groupings }) => groupings.includes(way));
  const filtered = view.departments.length + view.templates.length > 0;
  swap(
    place,
    h('div', { class: 'chips', role: 'group', 'aria-label': t('range') },
      ...RANGES.map((range) => button(t(range), () => page.show({ range, from: '', to: '' }), {
        class: 'chip', 'data-key': `range-${range}`, 'aria-pressed': String(view.range === range),
      }))),
    h('div', { class: 'more' },
      menu('days', `${chosen.from} – ${chosen.to}`, () => freeDays(page, chosen), open),
      has('department') && menu('departments', `${t('department')}: ${named(view.departments)}`, (at) => names(page, 'departments', at), open),
      has('template') && menu('templates', `${t('template')}: ${named(view.templates)}`, (at) => names(page, 'templates', at), open),
      filtered && button(t('clear'), () => page.show({ departments: [], templates: [] }), { class: 'link', 'data-key': 'clear' }),
      h('span', { class: 'space' }),
      ...['csv', 'xlsx'].map((kind) => button(`${t('download')} ${kind.toUpperCase()}`, () => download(page, kind), { class: 'chip', 'data-key': `download-${kind}` })),
      button(t('print'), () => window.print(), { class: 'chip wide', 'data-key': 'print' })),
  );
  const row = place.querySelector('.chips');
  const pressed = /** @type {HTMLElement | null} */ (place.querySelector('.chips [aria-pressed="true"]'));
  if (row && pressed) row.scrollLeft = pressed.offsetLeft - row.clientWidth / 2 + pressed.offsetWidth / 2;
}

/** @param {string[]} chosen */
function named(chosen) {
  const [only] = chosen;
  return chosen.length === 0 ? t('all') : chosen.length === 1 ? only ?? '' : t('chosen', chosen.length);
}

/**
 * What opens below a chip.
 * @param {string} name
 * @param {string} label
 * @param {(place: HTMLElement) => Node} fill
 * @param {string | null | undefined} open
 */
function menu(name, label, fill, open) {
  const inside = h('div', { class: 'sheet' });
  const made = h('details', { class: 'menu', 'data-name': name, open: open === name },
    h('summary', { class: 'chip', 'data-key': `menu-${name}` }, h('bdi', {}, label)), inside);
  const filled = () => {
    if (made.open && !inside.hasChildNodes()) inside.append(fill(inside));
    if (!made.open) return;
    for (const other of made.parentElement?.querySelectorAll('details[open]') ?? []) {
      if (other !== made) /** @type {HTMLDetailsElement} */ (other).open = false;
    }
  };
  made.addEventListener('toggle', filled);
  made.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    made.open = false;
    made.querySelector('summary')?.focus();
  });
  if (made.open) filled();
  return made;
}

/** @param {Page} page @param {import('./days.js').Range} chosen */
function freeDays(page, chosen) {
  const said = h('p', { class: 'wrong', role: 'alert', id: 'days-wrong' });
  /** @param {string} name @param {string} value */
  const field = (name, value) =>
    h('input', { name, value, inputmode: 'numeric', autocomplete: 'off', placeholder: '2026-11-28', size: 11, required: true, 'data-key': `days-${name}`, 'aria-describedby': 'days-wrong' });
  const [from, to] = [field('from', chosen.from), field('to', chosen.to)];
  return h('form', {
    class: 'free',
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const [first, last] = [from.value.trim(), to.value.trim()];
      if (isDay(first) && isDay(last) && first <= last) page.show({ range: '', from: first, to: last });
      else said.textContent = t('badDays');
    },
  },
  h('label', {}, t('from'), ' ', from), h('label', {}, t('to'), ' ', to),
  h('button', { class: 'main', 'data-key': 'days-apply' }, t('apply')), said);
}

/**
 * The departments or templates of the past year, to choose from.
 * @param {Page} page
 * @param {'departments' | 'templates'} kind
 * @param {HTMLElement} place
 */
function names(page, kind, place) {
  const one = kind === 'departments' ? 'department' : 'template';
  const list = h('div', { class: 'list' }, t('loading'));
  const search = h('input', { type: 'search', placeholder: t('search'), 'aria-label': `${t('search')}: ${t(one)}`, 'data-key': `search-${kind}`, autocomplete: 'off', value: searched[kind] });
  const free = { ...page.view, departments: [], templates: [] };
  const metric = askable(free, one)[0]?.metric ?? '';
  const range = days(page.view, page.today);
  const from = [range.from, add(page.today, -364)].sort()[0] ?? range.from;
  rows(question(free, from, page.today, { by: one, metrics: metric, order: `-${metric}` }), page.signal).then(
    (found) => {
      const known = [...new Set([...page.view[kind], ...found.map((row) => row[one] ?? '')])].filter(Boolean);
      const draw = () => {
        searched[kind] = search.value;
        const wanted = search.value.trim().toLowerCase();
        const fitting = known.filter((name) => name.toLowerCase().includes(wanted));
        swap(list, ...fitting.slice(0, MOST).map((name) => choice(page, kind, name)),
          fitting.length === 0 && t('nothingFound'),
          fitting.length > MOST && h('p', { class: 'quiet' }, t('more', fitting.length - MOST)));
      };
      search.addEventListener('input', draw);
      draw();
      if (document.activeElement !== document.body) return;
      for (const box of list.querySelectorAll('input')) if (box.dataset.key === chosenLast) box.focus();
    },
    () => swap(list, t('noPart')),
  );
  place.append(search);
  return list;
}

/** @param {Page} page @param {'departments' | 'templates'} kind @param {string} name */
function choice(page, kind, name) {
  const chosen = page.view[kind];
  const box = h('input', {
    type: 'checkbox', checked: chosen.includes(name), 'data-key': `${kind}:${name}`,
    onchange: () => {
      chosenLast = `${kind}:${name}`;
      page.show({ [kind]: box.checked ? [...chosen, name] : chosen.filter((other) => other !== name) });
    },
  });
  return h('label', { class: 'choose' }, box, ' ', h('bdi', {}, name));
}

/** Save the rows that are shown as a file. @param {Page} page @param {string} kind */
async function download(page, kind) {
  const { view } = page;
  const range = days(view, page.today);
  const to = range.to > page.today ? page.today : range.to;
  const order = view.sort;
  page.say(t('downloading'));
  try {
    const answer = await call(question(view, range.from, to, { by: view.by, order, format: kind, ...(kind === 'xlsx' && { lang: current() }) }));
    const address = URL.createObjectURL(await answer.blob());
    const link = h('a', { href: address, download: `${titleOf(view.of)} ${range.from} ${to}.${kind}` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    page.say('');
  } catch (error) {
    page.fail(error);
  }
}

// Small pieces that several panels have: states, panels, tables.

import { h, s, swap } from './dom.js';
import { theme, turnTheme } from './theme.js';
import { moment, t } from './words.js';

/** @typedef {import('./dom.js').Child} Child */

/** The shape of each state, so that colour is not needed to tell them apart. @type {Record<string, string>} */
const SHAPES = {
  final: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2z',
  provisional: 'M8 2a6 6 0 0 0 0 12z',
  partial: 'M8 2a6 6 0 0 1 6 6H8z',
  damaged: 'M4 4l8 8M12 4l-8 8',
  missing: '',
};

/** A state as its shape and its word. @param {string} state @param {boolean} [quiet] without the word, which is then read aloud only */
export function stateMark(state, quiet = false) {
  const icon = s(
    'svg',
    { viewBox: '0 0 16 16', width: 13, height: 13, 'aria-hidden': 'true', class: 'shape' },
    s('circle', { cx: 8, cy: 8, r: 6 }),
    s('path', { d: SHAPES[state] ?? '' }),
  );
  const word = h('span', { class: quiet ? 'aloud' : null }, t(state));
  return h('span', { class: `state ${state}`, title: t(`${state}Means`) }, icon, word);
}

/**
 * When a row's numbers were looked at; nothing where that is not told because some of them never were.
 * @param {import('./data.js').Row} row
 * @param {string} zone
 * @param {string} [day] the day whose times need no date
 */
export const looked = (row, zone, day) =>
  (row.asOf || !(row.states ?? '').includes('=missing')) && h('span', { class: 'quiet' }, t('asOf', moment(row.asOf, zone, day)));

/**
 * A panel with its head; what is in it is replaced, the panel stays.
 * @param {string} id
 */
export function panel(id) {
  const body = h('div', { class: 'body' });
  const title = h('h2', { id: `${id}-title` });
  const sub = h('p', { class: 'sub' });
  const actions = h('div', { class: 'actions' });
  const section = h(
    'section',
    { class: 'panel', id, 'aria-labelledby': `${id}-title` },
    h('header', {}, h('div', { class: 'titles' }, title, sub), actions),
    body,
  );
  return {
    section,
    body,
    /** @param {string} name @param {Child[]} what @param {...Child} does */
    head(name, what, ...does) {
      if (title.textContent !== name) title.textContent = name;
      swap(sub, ...what);
      swap(actions, ...does);
    },
  };
}

/** @typedef {ReturnType<typeof panel>} Panel */

/** What stands where something is being read. */
export const loading = () => h('p', { class: 'quiet loading' }, t('loading'));

/** A command to be copied, in lines that break between its options. @param {string} text */
export const command = (text) => h('pre', { tabindex: 0, class: 'command' }, h('code', {}, text.replace(/ (?=--(?!corp))/g, ' \\\n  ')));

/** @param {string} text @param {() => void} act @param {Record<string, unknown>} [more] */
export const button = (text, act, more = {}) => h('button', { type: 'button', onclick: act, ...more }, text);

/** What turns to the next theme. @param {() => void} then */
export const themeSwitch = (then) => button(t(theme()), () => {
  turnTheme();
  then();
}, { class: 'link', 'aria-label': t('theme', t(theme())), title: t('theme', t(theme())), 'data-key': 'theme' });

/**
 * A table for people and screen readers.
 * @param {string} caption
 * @param {string[]} heads
 * @param {Child[][]} lines the first cell of each is its head
 */
export function table(caption, heads, lines) {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    h(
      'table',
      { class: 'plain' },
      h('caption', { class: 'aloud' }, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head) => h('th', { scope: 'col' }, head)))),
      h(
        'tbody',
        {},
        ...lines.map(([first, ...others]) =>
          h('tr', {}, h('th', { scope: 'row' }, first), ...others.map((cell) => h('td', {}, cell))),
        ),
      ),
    ),
  );
}

/**
 * The switch between a picture and its table, which the key T is, too.
 * @param {Panel} at
 * @param {boolean} shown
 * @param {() => void} turn
 */
export function tableSwitch(at, shown, turn) {
  at.section.onkeydown = (event) => {
    const field = event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key.toLowerCase() !== 't' || field || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    made.focus({ preventScroll: true }); // what had the focus goes away
    turn();
  };
  const made = button(t('table'), turn, {
    'data-key': `${at.section.id}-table`, 'aria-pressed': String(shown), class: 'link', 'aria-keyshortcuts': 't',
  });
  return made;
}

// The imports that were made, and their undoing.

import { h, swap } from './dom.js';
import { dashed } from './import_preview.js';
import { button } from './marks.js';
import { moment, number, t } from './words.js';

/** @typedef {import('./import_calls.js').Listed} Listed */

/** @param {number} size */
export const sizeText = (size) =>
  size < 1024 ? `${size} B` : size < 1024 * 1024 ? `${(size / 1024).toFixed(1)} kB` : `${(size / 1024 / 1024).toFixed(1)} MB`;

/** @param {number} at @param {string} zone */
const time = (at, zone) => moment(new Date(at).toISOString(), zone);

/**
 * @param {HTMLElement} place
 * @param {Listed[]} imports
 * @param {string} zone
 * @param {string} asked the import whose undoing is asked about, or empty
 * @param {{ask: (id: string) => void, undo: (id: string) => void, busy: boolean}} does
 */
export function drawImports(place, imports, zone, asked, does) {
  if (imports.length === 0) {
    swap(place, h('p', { class: 'quiet' }, t('noImports')));
    return;
  }
  /** @param {Listed} one */
  const act = (one) => {
    if (one.takenBackAt !== null) return h('span', { class: 'quiet' }, t('undone', time(one.takenBackAt, zone)));
    if (!one.reversible) return h('span', { class: 'quiet' }, t('notReversible'));
    if (asked !== one.import) {
      return button(t('undo'), () => does.ask(one.import), {
        class: 'link', 'data-key': `undo-${one.import}`, 'aria-label': t('undoOf', time(one.at, zone)), disabled: does.busy,
      });
    }
    return null;
  };
  /** @param {Listed} one */
  const question = (one) => h('p', { class: 'sure' }, h('span', {}, t('undoSure', number(one.added))), ' ',
    button(t('undoYes'), () => does.undo(one.import), { class: 'chip danger', 'data-key': 'undo-yes' }), ' ',
    button(t('undoNo'), () => does.ask(''), { class: 'link', 'data-key': 'undo-no' }));
  swap(place, h('ul', { class: 'imports' }, ...imports.map((one) => h('li', { 'data-import': one.import },
    h('b', { class: 'at' }, time(one.at, zone)),
    h('span', { class: 'days-of' }, one.firstDay && one.lastDay ? [...new Set([dashed(one.firstDay), dashed(one.lastDay)])].join(' – ') : '–'),
    h('span', {}, t('listedCounts', number(one.read), number(one.added))),
    h('span', { class: 'quiet' }, one.files.length ? one.files.map((file) => sizeText(file.size)).join(', ') : t('wasInterrupted')),
    h('span', { class: 'act' }, act(one)),
    asked === one.import && one.takenBackAt === null && question(one)))));
}

// The list of calls, in groups, with a field to find one.

import { h, swap } from './dom.js';
import { tagName, title } from './meanings.js';
import { t } from './words.js';

/** @typedef {import('./calls.js').Call} Call */

let searched = '';

/** Whether there is no room for the list beside the call. */
export const isNarrow = () => matchMedia('(max-width: 1000px)').matches;

/** @param {HTMLElement} place @param {Call[]} calls @param {Call} chosen @param {(call: Call) => void} choose */
export function drawCalls(place, calls, chosen, choose) {
  const wanted = searched.trim().toLowerCase();
  const fitting = calls.filter((one) => `${title(one)} ${one.path} ${one.id} ${one.summary}`.toLowerCase().includes(wanted));
  const tags = [...new Set(fitting.map((one) => one.tag))];
  const search = h('input', { type: 'search', value: searched, 'aria-label': t('findCall'), placeholder: t('findCall'), 'data-key': 'find', autocomplete: 'off' });
  search.addEventListener('input', () => {
    searched = search.value;
    drawCalls(place, calls, chosen, choose);
    const found = /** @type {HTMLInputElement | null} */ (place.querySelector('[type=search]'));
    found?.setSelectionRange(searched.length, searched.length);
  });
  const open = place.querySelector('details')?.open ?? !isNarrow();
  place.setAttribute('aria-label', t('allCalls'));
  swap(place, h('details', { open, class: 'fold-list' },
    h('summary', { 'data-key': 'calls' }, t('allCalls'), ' ', h('span', { class: 'sub' }, title(chosen))),
    search,
    fitting.length === 0 && h('p', { class: 'quiet' }, t('noCalls')),
    ...tags.map((tag) => h('div', {}, h('h3', {}, tagName(tag)),
      h('ul', {}, ...fitting.filter((one) => one.tag === tag).map((one) => link(one, one === chosen, () => {
        const list = place.querySelector('details');
        if (list && isNarrow()) list.open = false;
        choose(one);
      })))))));
}

/** @param {Call} call @param {boolean} isChosen @param {() => void} choose */
const link = (call, isChosen, choose) =>
  h('li', {}, h('a', {
    href: `?call=${encodeURIComponent(call.id)}`, 'data-key': `call-${call.id}`, 'aria-current': isChosen ? 'page' : null,
    onclick: (/** @type {MouseEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      choose();
    },
  }, title(call), h('span', { class: 'sub' }, `${call.method} /${call.path}`)));

// What stands beside a request, in tabs: its document, its errors, and its code.

import { byId, h, swap } from './dom.js';
import { drawCode, drawDocument, drawErrors } from './manual.js';
import { button } from './marks.js';
import { t } from './words.js';

export const TABS = /** @type {const} */ (['document', 'errors', 'code']);

/** @typedef {{tab: (typeof TABS)[number], tongue: import('./quoting.js').Tongue}} Shown the tab, and the language of the code */
/**
 * @typedef {object} Does
 * @property {() => void} turn another tab or language was chosen
 * @property {(way: import('./mistakes.js').Way, expected: import('./answer.js').Expected) => void} attempt an error is wanted
 */

/**
 * @param {HTMLElement} place
 * @param {Shown} shown is changed when something else is chosen
 * @param {import('./calls.js').Call} call
 * @param {import('./request_form.js').Filled} filled
 * @param {Does} does
 */
export function drawTabs(place, shown, call, filled, does) {
  const { tab } = shown;
  const body = h('div', { id: 'beside-body', role: 'tabpanel', 'aria-labelledby': `tab-${tab}`, class: 'beside-body' });
  /** @param {Partial<Shown>} change */
  const turn = (change) => {
    Object.assign(shown, change);
    does.turn();
  };
  if (tab === 'document') drawDocument(body, call);
  else if (tab === 'errors') {
    drawErrors(body, call, (way, expected) => {
      for (const one of body.querySelectorAll('[data-pressed]')) one.removeAttribute('data-pressed');
      document.activeElement?.setAttribute('data-pressed', '');
      does.attempt(way, expected);
    });
  } else drawCode(body, call, filled, shown.tongue, (tongue) => turn({ tongue }));
  place.setAttribute('aria-label', t('beside'));
  swap(place, h('div', { class: 'tabs', role: 'tablist', 'aria-label': t('beside') }, ...TABS.map((name, at) => button(t(name), () => turn({ tab: name }), {
    id: `tab-${name}`, role: 'tab', 'aria-selected': String(name === tab), 'aria-controls': 'beside-body', tabindex: name === tab ? 0 : -1, 'data-key': `tab-${name}`,
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
      if (!step) return;
      const next = TABS[(at + step) % TABS.length] ?? name;
      turn({ tab: next });
      byId(`tab-${next}`).focus();
    },
  }))), body);
}

// The line above all panels: what is being done, and what went wrong.

import { byId, swap } from './dom.js';

const status = byId('status');

/** @param {string} text */
export function say(text) {
  status.className = '';
  swap(status, text);
}

/** @param {...import('./dom.js').Child} what */
export function warn(...what) {
  status.className = 'warning';
  swap(status, ...what);
}

// What the import page knows: who is signed in, the upload with its files, and what is being done with them.

import { reason } from './import_calls.js';
import { meaning } from './sign_in.js';

/** @typedef {{name: string, size: number, file: File | null, state: 'sending' | 'here' | 'wrong', why: string}} Brought */

const KEPT = 'reportdata.upload';

export const state = {
  /** @type {import('./api.js').Session | null} */
  session: null,
  upload: '',
  /** @type {Brought[]} */
  files: [],
  /** What a person said of the files. @type {Record<string, any>} */
  given: {},
  /** What was asked for last. @type {import('./import_calls.js').Run | null} */
  latest: null,
  /** @type {import('./import_calls.js').Listed[]} */
  imports: [],
  /** The import whose undoing is asked about, or empty. */
  asked: '',
  /** Aborted when something else is begun. */
  working: new AbortController(),
  /** Whether the choices are unfolded. */
  choosing: false,
  /** Says what went wrong. @type {(error: unknown) => void} */
  fail: () => undefined,
};

/** What went wrong, in words. @param {unknown} error */
export const explained = (error) => reason(error) || meaning(error);

/** Begin something else. */
export function begin() {
  state.working.abort();
  state.working = new AbortController();
}

/** Remember the upload, so that the page can be loaded again. @param {string} id */
export function keep(id) {
  state.upload = id;
  try {
    if (id) sessionStorage.setItem(KEPT, id);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // a browser that keeps nothing
  }
}

export function kept() {
  try {
    return sessionStorage.getItem(KEPT) ?? '';
  } catch {
    return '';
  }
}

/** Forget what was brought. */
export function reset() {
  state.files = [];
  state.given = {};
  state.latest = null;
  state.choosing = false;
  keep('');
}

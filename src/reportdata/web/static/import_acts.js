// What the import page can do: send files, look at them, import them, take an import back.

import { Problem } from './api.js';
import { byId } from './dom.js';
import { LARGEST, MOST_FILES, drop, goesOn, listed, run, send, undo } from './import_calls.js';
import { said } from './import_choices.js';
import { draw, drawFiles, showProgress } from './import_parts.js';
import { begin, explained, keep, reset, state } from './import_state.js';
import { say } from './status.js';
import { t } from './words.js';

/** @typedef {import('./import_calls.js').Run} Run */
/** @typedef {import('./import_state.js').Brought} Brought */

/** Take in files: send them, and look. @param {File[]} chosen */
export async function add(chosen) {
  if (chosen.length === 0 || !state.session || (goesOn(state.latest) && state.latest?.what !== 'preview')) return;
  if (state.latest && state.latest.what !== 'preview') reset();
  state.asked = '';
  begin();
  say('');
  const names = new Set(chosen.map((file) => file.name));
  state.files = state.files.filter((one) => !names.has(one.name));
  for (const file of chosen) state.files.push({ name: file.name, size: file.size, file, state: 'sending', why: '' });
  state.latest = null;
  draw();
  try {
    await sendAll();
    if (state.files.some((one) => one.state === 'here')) await look();
  } catch (error) {
    state.fail(error);
  }
}

/** Send what is not sent yet. */
async function sendAll() {
  for (const one of state.files) {
    if (one.state !== 'sending' || !one.file) continue;
    try {
      if (state.files.length > MOST_FILES) throw new Problem(400, 'Import.TooManyFiles', '');
      if (state.files.reduce((sum, other) => sum + other.size, 0) > LARGEST) throw new Problem(413, 'Import.TooLarge', '');
      await one.file.slice(0, 1).arrayBuffer().catch(() => {
        throw new Problem(400, 'Unreadable', t('unreadableFile'));
      });
      keep((await send(one.file, state.upload)).upload);
      one.state = 'here';
    } catch (error) {
      if (error instanceof Problem && (error.status === 401 || error.code === 'Import.UnknownUpload')) throw error;
      one.state = 'wrong';
      one.why = error instanceof Problem && error.code === 'Unreadable' ? error.message : explained(error);
    }
    drawFiles();
  }
}

/** Do something that goes on for a while. @param {Run['what']} what @param {(told: (run: Run) => void) => Promise<Run>} work */
export async function doing(what, work) {
  begin();
  const { signal } = state.working;
  say('');
  /** @param {Run} now */
  const told = (now) => {
    if (signal.aborted) return;
    state.latest = now;
    showProgress(now);
  };
  state.latest = { what, state: 'waiting', step: '', done: 0, total: 0, result: null, error: null };
  draw();
  try {
    const ended = await work(told);
    if (signal.aborted) return;
    state.latest = ended;
    if (what !== 'preview') state.imports = await listed();
    draw();
  } catch (error) {
    if (signal.aborted) return;
    state.latest = null;
    draw();
    throw error;
  }
}

export async function look() {
  const form = byId('main').querySelector('#choices form');
  if (form instanceof HTMLFormElement) state.given = said(form);
  try {
    await again(() => doing('preview', (told) => run(state.upload, 'preview', state.given, told, state.working.signal)));
  } catch (error) {
    state.fail(error);
  }
}

export async function bringIn() {
  try {
    await again(() => doing('import', (told) => run(state.upload, 'import', state.given, told, state.working.signal)));
    if (state.latest?.state === 'done') {
      state.files = [];
      keep('');
      state.given = {};
      draw();
    }
    byId('main').querySelector('h1')?.focus({ preventScroll: true });
  } catch (error) {
    state.fail(error);
  }
}

/** Do something with the upload; where a server knows nothing of it, as another one does, the files are sent once more. @param {() => Promise<void>} act */
async function again(act) {
  try {
    await act();
  } catch (error) {
    const known = state.files.every((one) => one.file !== null);
    if (!(error instanceof Problem) || error.code !== 'Import.UnknownUpload' || !known) throw error;
    keep('');
    for (const one of state.files) if (one.state === 'here') one.state = 'sending';
    await sendAll();
    await act();
  }
}

/** @param {string} id */
export async function takeBack(id) {
  state.asked = '';
  try {
    if (state.upload) drop(state.upload).catch(() => undefined);
    reset();
    await doing('undo', (told) => undo(id, told, state.working.signal));
    byId('main').querySelector('h1')?.focus({ preventScroll: true });
  } catch (error) {
    state.fail(error);
  }
}

/** Remove a file. @param {Brought} one */
export async function take(one) {
  state.files = state.files.filter((other) => other !== one);
  begin();
  try {
    if (one.state === 'here') await drop(state.upload, one.name);
    if (state.files.some((other) => other.state === 'here')) await look();
    else await startOver();
  } catch (error) {
    state.fail(error);
  }
}

export async function startOver() {
  begin();
  if (state.upload) drop(state.upload).catch(() => undefined);
  reset();
  say('');
  draw();
  /** @type {HTMLElement | null} */ (byId('main').querySelector('[data-key=choose]'))?.focus();
}

// Calls that bring files: each is asked for until it has ended.

import { Problem, call, json } from './api.js';
import { current, t } from './words.js';

/**
 * @typedef {object} Run
 * @property {'preview' | 'import' | 'undo'} what
 * @property {'waiting' | 'running' | 'done' | 'failed' | 'interrupted'} state
 * @property {string} step
 * @property {number} done
 * @property {number} total
 * @property {any} result
 * @property {{message: string, hint: string} | null} error
 */
/** @typedef {{upload: string, files: {name: string, size: number}[], run: Run | null}} Upload */
/**
 * @typedef {object} Listed
 * @property {string} import
 * @property {number} at
 * @property {{digest: string, size: number}[]} files
 * @property {number} read
 * @property {number} added
 * @property {string | null} firstDay
 * @property {string | null} lastDay
 * @property {boolean} reversible
 * @property {number | null} takenBackAt
 */

const IMPORTS = 'v1/imports';
const UPLOADS = `${IMPORTS}/uploads`;
export const MOST_FILES = 20;
export const LARGEST = 256 * 1024 * 1024;

/** What a failed call means to who brings files; nothing where it means what it means everywhere. @param {unknown} error */
export function reason(error) {
  if (!(error instanceof Problem)) return '';
  /** @type {Record<string, string>} */
  const said = {
    'Import.UnknownUpload': t('gone'),
    'Import.Running': t('runningElsewhere'),
    'Import.TooManyFiles': t('tooMany', MOST_FILES),
    'Import.TooLarge': t('tooLarge', LARGEST >> 20),
    'ServiceUnavailable.NoRoom': t('noRoom'),
    'ServiceUnavailable.TooManyImports': t('queueFull'),
  };
  if (error.status === 413) return t('tooLarge', LARGEST >> 20);
  if (error.code === 'InvalidParameter' && error.message.startsWith('name:')) return t('badName');
  return said[error.code] ?? '';
}

/**
 * The answer, asked for again while another process of the server ends a preview of the same files.
 * @param {string} path
 * @param {RequestInit} options
 */
async function patiently(path, options) {
  for (let turn = 1; ; turn++) {
    try {
      return await json(path, options);
    } catch (error) {
      if (turn === 20 || !(error instanceof Problem) || error.code !== 'Import.Running') throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** Send a file. @param {File} file @param {string} upload the upload that gets it, or empty @returns {Promise<Upload>} */
export function send(file, upload) {
  const query = new URLSearchParams({ name: file.name, modified: String(Math.max(0, Math.trunc(file.lastModified))) });
  if (upload) query.set('upload', upload);
  return patiently(`${UPLOADS}?${query}`, { method: 'POST', body: file, headers: { 'content-type': 'application/octet-stream' } });
}

/** @param {string} upload @returns {Promise<Upload>} */
export const standing = (upload) => json(`${UPLOADS}/${upload}`);

/** @param {string} upload @param {string} [name] */
export const drop = (upload, name) =>
  call(`${UPLOADS}/${upload}${name === undefined ? '' : `?${new URLSearchParams({ name })}`}`, { method: 'DELETE' });

/** @returns {Promise<Listed[]>} */
export const listed = async () => (await json(IMPORTS)).imports;

/** @param {Run | null} run */
export const goesOn = (run) => run !== null && (run.state === 'waiting' || run.state === 'running');

/**
 * How a run ended. A server that does not answer is asked again: the run goes on.
 * @param {string} path
 * @param {(run: Run) => void} told
 * @param {AbortSignal} signal
 * @returns {Promise<Run>}
 */
async function ended(path, told, signal) {
  for (let turn = 0; ; turn++) {
    await new Promise((resolve) => setTimeout(resolve, turn < 20 ? 250 : 1000));
    signal.throwIfAborted();
    try {
      /** @type {Upload} */
      const found = await json(path, { signal });
      if (!found.run) throw new Problem(404, 'Import.UnknownUpload', '');
      if (!goesOn(found.run)) return found.run;
      told(found.run);
    } catch (error) {
      if (!(error instanceof Problem) || (error.status !== 0 && error.status < 500) || turn > 600) throw error;
    }
  }
}

/**
 * Preview or import, and wait for it.
 * @param {string} upload
 * @param {'preview' | 'import'} what
 * @param {Record<string, unknown>} said
 * @param {(run: Run) => void} told
 * @param {AbortSignal} signal
 */
export async function run(upload, what, said, told, signal) {
  const path = `${UPLOADS}/${upload}`;
  const headers = { 'content-type': 'application/json' };
  const begun = await patiently(`${path}/${what}`, { method: 'POST', body: JSON.stringify({ ...said, lang: current() }), headers, signal });
  return goesOn(begun.run) ? ended(path, told, signal) : begun.run;
}

/** Wait for a run that goes on. @param {string} upload @param {(run: Run) => void} told @param {AbortSignal} signal */
export const follow = (upload, told, signal) => ended(`${UPLOADS}/${upload}`, told, signal);

/** Take an import back, and wait for it. @param {string} id @param {(run: Run) => void} told @param {AbortSignal} signal */
export async function undo(id, told, signal) {
  const path = `${IMPORTS}/${id}/undo`;
  await json(`${path}?lang=${current()}`, { method: 'POST', signal });
  return ended(path, told, signal);
}

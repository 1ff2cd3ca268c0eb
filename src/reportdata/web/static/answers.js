// Answers of the public API, remembered until the server says that something changed.

import { call, json, Problem } from './api.js';
import { REPORTS_ID } from './services.js';

/** @typedef {{from: string, to: string, days: number, state: string}} Piece */
/** @typedef {{data: Piece[], meta: {newestDay: string | null, newestFinalDay: string | null, coveredDays: number, timeZone: string}}} Coverage */

export const STATISTICS = 'v1/statistics';
const COVERAGE = `${STATISTICS}/coverage`;

/** @type {Map<string, Promise<any>>} */
let answers = new Map();
let tag = '';
/** @type {Coverage | null} */
let covered = null;
/** The service whose answers are remembered. */
let service = REPORTS_ID;
/** The question for the days that are shown, by whose answer changes are noticed. */
let watched = '';

/** Forget everything, as when somebody else signs in. */
export function forget() {
  answers = new Map();
  tag = '';
  covered = null;
  watched = '';
}

/** Remember answers about a service, and about no other. @param {string} id */
export function about(id) {
  if (id !== service) forget();
  service = id;
}

const coverage = () => (service === REPORTS_ID ? COVERAGE : `${COVERAGE}?${new URLSearchParams({ service })}`);

/** Notice changes by the answer to a question. @param {string} path */
export function watch(path) {
  watched = path;
}

/** @param {string} path @param {AbortSignal} signal @returns {Promise<any>} */
export function remembered(path, signal) {
  const known = answers;
  const found = known.get(path);
  if (found) return found;
  const asked = json(path, { signal });
  known.set(path, asked);
  asked.catch(() => known.delete(path));
  return asked;
}

/**
 * What an optional call says; null where the server or this session has no such call.
 * @param {string} path
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function optional(path, signal) {
  try {
    return await remembered(path, signal);
  } catch (error) {
    if (error instanceof Problem && [403, 404].includes(error.status)) return null;
    throw error;
  }
}

/** What is said of the days, without the moment of asking. @param {Coverage | null} found */
const standing = (found) => found && JSON.stringify([found.data, found.meta.newestDay, found.meta.newestFinalDay, found.meta.coveredDays]);

/**
 * Whether what is shown may have changed since the last time; then all is asked for again. The server's version changes
 * with whatever it stores, so the changes that were committed since are asked for, and then the days are compared: a
 * number may be looked at again, and be the same.
 * @param {AbortSignal} signal
 * @param {(signal: AbortSignal) => Promise<number>} follow how many numbers changed since that was last asked
 * @returns {Promise<boolean>}
 */
export async function changed(signal, follow) {
  const answer = await call(coverage(), { signal, headers: tag ? { 'if-none-match': tag } : {} });
  if (answer.status === 304) return false;
  /** @type {Coverage} */
  const found = await answer.json();
  const [same, known] = [standing(found) === standing(covered), answers.get(watched)];
  if (await follow(signal) === 0 && same && known) {
    const [now, before] = await Promise.all([json(watched, { signal }), known]);
    if (JSON.stringify(now.data) === JSON.stringify(before.data)) {
      tag = answer.headers.get('etag') ?? '';
      return false;
    }
  }
  tag = answer.headers.get('etag') ?? '';
  covered = found;
  answers = new Map();
  return true;
}

/** What is covered. @param {AbortSignal} signal @returns {Promise<Coverage>} */
export async function covering(signal) {
  if (covered) return covered;
  const answer = await call(coverage(), { signal });
  tag = answer.headers.get('etag') ?? '';
  covered = /** @type {Coverage} */ (await answer.json());
  return covered;
}

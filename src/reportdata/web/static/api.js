// Calls of the public API. The session is a cookie that no script can read; a key that was typed in is never kept.

/**
 * @typedef {object} Session
 * @property {string} kind
 * @property {string} name
 * @property {string} organisation
 * @property {string | null} organisationName
 * @property {string} timeZone
 * @property {string[]} scopes
 * @property {string[]} services ids of those that may be asked about
 * @property {string[] | null} departments
 * @property {string | null} expiresAt
 */

/** What a call came to when it was not answered as it should be. */
export class Problem extends Error {
  /** @param {number} status 0 when there was no answer @param {string} code @param {string} message @param {number} wait */
  constructor(status, code, message, wait = 0) {
    super(message);
    this.status = status;
    this.code = code;
    /** Seconds after which to call again; 0 when nobody said. */
    this.wait = wait;
  }
}

const PATIENCE = 4;

/** @param {number} ms @param {AbortSignal | undefined} signal */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/**
 * The answer to one request.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
async function once(path, options = {}) {
  /** @type {Response} */
  let answer;
  try {
    answer = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem(0, 'Unreachable', String(error));
  }
  if (answer.ok || answer.status === 304) return answer;
  /** @type {{code?: string, message?: string}} */
  let said = {};
  try {
    said = await answer.json();
  } catch {
    // a proxy's own page
  }
  throw new Problem(answer.status, said.code ?? '', said.message ?? answer.statusText, Number(answer.headers.get('retry-after')) || 0);
}

/** @param {unknown} error */
const passes = (error) =>
  error instanceof Problem && (error.status === 503 || error.status === 429 || /QpsLimit/.test(error.code));

/**
 * The answer, asked for again while the server is busy.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function call(path, options = {}) {
  for (let turn = 1; ; turn++) {
    try {
      return await once(path, options);
    } catch (error) {
      if (turn >= PATIENCE || !passes(error)) throw error;
      const wait = /** @type {Problem} */ (error).wait || turn;
      await pause(wait * 1000 * (0.8 + 0.4 * Math.random()), options.signal ?? undefined);
    }
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export const json = async (path, options) => (await call(path, options)).json();

const KEPT = 'reportdata.signed-in';
const SESSION = 'v1/session';

/** Whether somebody signed in here before: then it is worth asking who. @param {boolean} [now] */
export function wasSignedIn(now) {
  try {
    if (now === true) localStorage.setItem(KEPT, '1');
    if (now === false) localStorage.removeItem(KEPT);
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return true; // a browser that keeps nothing
  }
}

/** @param {Record<string, string>} proof app key and secret, or the secret of a link @returns {Promise<Session>} */
export async function signIn(proof) {
  const answer = await once(SESSION, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(proof),
  });
  wasSignedIn(true);
  return answer.json();
}

/** @returns {Promise<Session>} */
export const session = () => json(SESSION);

export async function signOut() {
  wasSignedIn(false);
  await once(SESSION, { method: 'DELETE' });
}

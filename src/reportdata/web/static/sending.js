// A request as it is made, sent, and answered. What is shown of it is what was sent.

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {Record<string, string>} Values what stands in the form, by the names of parameters */
/** @typedef {'token' | 'session' | 'none'} As how a caller shows who it is */
/**
 * @typedef {object} Made a request
 * @property {string} method
 * @property {string} path relative to the server, with its parameters
 * @property {[string, string][]} headers
 * @property {string | File | null} body
 * @property {boolean} withSession whether the browser adds the cookie of its session
 */
/**
 * @typedef {object} Exchange a request and its answer
 * @property {Made} made
 * @property {number} status 0 when there was no answer
 * @property {string} reason
 * @property {[string, string][]} headers
 * @property {string | null} text the body, if it is text
 * @property {Blob} blob
 * @property {number} ms
 */

export const TOKEN_HEADER = 'x-acs-dingtalk-access-token';
const TEXTUAL = /^(application\/(json|yaml)|text\/)/;

/** Whether what a field holds may stand nowhere but in the request. @param {string} name */
export const isSecret = (name) => /secret$|^link$|^password$/i.test(name);

/** Text that can be sent: halves of characters that came alone are replaced. @param {string} text */
const whole = (text) => text.replace(/\p{Cs}/gu, '\ufffd');

/** @param {string} text */
export const escaped = (text) => encodeURIComponent(whole(text)).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * The values of a parameter: one, or those on the lines of a field that may be repeated.
 * @param {import('./calls.js').Parameter} parameter
 * @param {Values} values
 */
export function given(parameter, values) {
  const text = values[parameter.name] ?? '';
  if (parameter.schema.type !== 'array') return text === '' ? [] : [text];
  return text.split('\n').map((line) => line.trim()).filter(Boolean);
}

/** The path of a call with its values; headers and body are not in it. @param {Call} call @param {Values} values */
export function pathOf(call, values) {
  const path = call.path.replace(/\{(\w+)\}/g, (_, name) => escaped(values[name] ?? ''));
  const query = call.parameters
    .filter((one) => one.place === 'query')
    .flatMap((one) => given(one, values).map((value) => `${escaped(one.name)}=${escaped(value)}`));
  return query.length ? `${path}?${query.join('&')}` : path;
}

/**
 * @param {Call} call
 * @param {Values} values
 * @param {string | File | null} body
 * @param {As} as
 * @param {string} token
 * @returns {Made}
 */
export function made(call, values, body, as, token) {
  /** @type {[string, string][]} */
  const headers = call.parameters
    .filter((one) => one.place === 'header')
    .flatMap((one) => given(one, values).map((value) => /** @type {[string, string]} */ ([one.name, whole(value)])));
  if (as === 'token' && token) headers.push([TOKEN_HEADER, token]);
  if (body !== null) headers.push(['content-type', call.bodyType]);
  return { method: call.method, path: pathOf(call, values), headers, body, withSession: as === 'session' };
}

/** Send a request and wait for all of its answer. @param {Made} request @returns {Promise<Exchange>} */
export async function send(request) {
  const began = performance.now();
  try {
    const answer = await fetch(request.path, {
      method: request.method,
      headers: request.headers,
      body: request.body,
      credentials: request.withSession ? 'same-origin' : 'omit',
      cache: 'no-store',
      redirect: 'manual',
    });
    const blob = await answer.blob();
    const ms = performance.now() - began;
    const type = answer.headers.get('content-type') ?? '';
    const text = TEXTUAL.test(type) || blob.size === 0 ? await blob.text() : null;
    return { made: request, status: answer.status, reason: answer.statusText, headers: [...answer.headers], text, blob, ms };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { made: request, status: 0, reason, headers: [], text: null, blob: new Blob(), ms: performance.now() - began };
  }
}

/** What an answer calls its error; nothing for a good one. @param {Exchange} exchange */
export function codeOf(exchange) {
  const body = jsonIn(exchange);
  if (exchange.status >= 400) return String(body?.code ?? '');
  return body?.errcode ? String(body.errcode) : '';
}

/** The object in an answer, if it is one. @param {Exchange} exchange @returns {Record<string, any> | null} */
export function jsonIn(exchange) {
  try {
    const found = JSON.parse(exchange.text ?? '');
    return typeof found === 'object' ? found : null;
  } catch {
    return null;
  }
}

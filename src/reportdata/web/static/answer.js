// A request and its answer, as they went over the wire.

import { h, swap } from './dom.js';
import { button } from './marks.js';
import { shownHeader } from './mistakes.js';
import { UNCOVERED, reason } from './reasons.js';
import { codeOf, isSecret, jsonIn } from './sending.js';
import { current, number, t } from './words.js';

/** @typedef {import('./sending.js').Exchange} Exchange */
/** @typedef {{code: string, needs: string}} Expected the error that was to be brought about; no code for a day of which nothing is known */

/** Characters of a body that are shown; the whole can be saved. */
const MOST = 200_000;

/** @param {HTMLElement} place @param {Exchange} exchange @param {Expected | null} expected @param {number} sent requests that were sent @param {() => void} back */
export function drawAnswer(place, exchange, expected, sent, back) {
  const { status } = exchange;
  const code = codeOf(exchange);
  const state = exchange.headers.find(([name]) => name === 'x-reportdata-state')?.[1];
  const empty = status === 200 && state === 'missing';
  const why = empty ? UNCOVERED : code ? reason(status, code) : null;
  const good = status >= 200 && status < 400 && !code;
  swap(place,
    h('h2', { id: 'answer-title', tabindex: -1 }, t('answer')),
    h('p', { class: `outcome ${good ? 'good' : 'bad'}` },
      h('b', {}, status === 0 ? t('noAnswer') : `${status} ${exchange.reason || phrase(status)}`), ' ',
      code && h('code', {}, code), ' ',
      h('span', { class: 'sub' }, `${number(Math.round(exchange.ms))} ms · ${number(exchange.blob.size)} B${sent > 1 ? ` · ${t('requestsSent', number(sent))}` : ''}`)),
    expected && h('p', { class: code === expected.code ? 'came' : 'missed' }, code === expected.code ? t(code ? 'asExpected' : 'asAnswered') : t('notAsExpected', expected.code), code !== expected.code && expected.needs ? ` ${t(expected.needs)}` : ''),
    status === 0 && h('p', { class: 'wrong' }, t('unreachableFirst')),
    why && h('p', { class: 'why' }, why[current() === 'zh' ? 0 : 1]),
    expected && button(t('backToErrors'), back, { class: 'link', 'data-key': 'back' }),
    part('requestHead', requestText(exchange), true),
    status !== 0 && part('answerHead', exchange.headers.map(([name, value]) => `${name}: ${value}`).join('\n'), false),
    status !== 0 && bodyPart(exchange));
}

/** What a status is called where the server does not say, as with HTTP/2. @param {number} status */
const phrase = (status) => ({ 200: 'OK', 204: 'No Content', 304: 'Not Modified' })[status] ?? '';

/** @param {Exchange} exchange */
function requestText({ made }) {
  const headers = made.headers.map(([name, value]) => `${name}: ${shownHeader(name, value)}`);
  if (made.withSession) headers.push('cookie: reportdata_session=…');
  const { pathname } = new URL(made.path, document.baseURI);
  const query = made.path.includes('?') ? `?${made.path.split('?')[1]?.split('&').map(hiddenPair).join('&')}` : '';
  const line = `${made.method} ${cut(pathname + query)} HTTP`;
  return [line, ...headers, ...(made.body ? ['', typeof made.body === 'string' ? cut(hiddenBody(made.body)) : `${made.body.name} (${number(made.body.size)} B)`] : [])].join('\n');
}

/** @param {string} text */
const cut = (text) => (text.length > 2_000 ? `${text.slice(0, 300)}… (${number(text.length)})` : text);

/** @param {string} pair */
const hiddenPair = (pair) => (isSecret(pair.split('=')[0] ?? '') ? `${pair.split('=')[0]}=…` : pair);

/** A body without the secrets that it sent. @param {string} body */
const hiddenBody = (body) => body.replace(/("(?:appSecret|link|[a-z]*secret)"\s*:\s*")(?:[^"\\]|\\.)*/gi, '$1…');

/** A body that was answered, with a token cut short. What is saved has all of it. @param {string} body */
const withoutTokens = (body) => body.replace(/("access_?token"\s*:\s*"[^"]{0,6})[^"]*/gi, '$1…');

/** @param {string} name @param {string} text @param {boolean} open */
const part = (name, text, open) =>
  h('details', { class: 'part', open, 'data-part': name }, h('summary', {}, t(name)), h('pre', { tabindex: 0, role: 'region', 'aria-label': t(name) }, h('code', {}, text)));

/** @param {Exchange} exchange */
function bodyPart(exchange) {
  const { text, blob } = exchange;
  if (blob.size === 0) return h('p', { class: 'quiet' }, t('noBody'));
  const found = jsonIn(exchange);
  const whole = text === null ? t('binary', exchange.headers.find(([name]) => name === 'content-type')?.[1] ?? '') : found ? JSON.stringify(found, null, 2) : text;
  const hidden = withoutTokens(whole);
  const shown = hidden.length > MOST ? `${hidden.slice(0, MOST)}\n…` : hidden;
  return h('details', { class: 'part', open: true, 'data-part': 'body' },
    h('summary', {}, t('body')),
    h('pre', { tabindex: 0, role: 'region', 'aria-label': t('body') }, h('code', {}, shown)),
    h('div', { class: 'more' }, button(t('saveBody'), () => save(exchange), { class: 'chip', 'data-key': 'save-body' })));
}

/** @param {Exchange} exchange */
function save({ blob, made }) {
  const address = URL.createObjectURL(blob);
  const kinds = /** @type {Record<string, string>} */ ({ 'application/json': 'json', 'text/csv': 'csv', 'application/vnd.apache.parquet': 'parquet' });
  const kind = kinds[blob.type.split(';')[0] ?? ''] ?? (blob.type.includes('sheet') ? 'xlsx' : 'bin');
  h('a', { href: address, download: `${made.path.split('?')[0]?.split('/').at(-1)}.${kind}` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

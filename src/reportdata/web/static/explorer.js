// The explorer: a call is chosen, filled in, sent, and seen as it went over the wire, with its document beside it.

import { Access } from './access.js';
import { drawAnswer } from './answer.js';
import { session as askSession, wasSignedIn } from './api.js';
import { carryOut } from './attempts.js';
import { drawTabs } from './beside.js';
import { drawCalls, isNarrow } from './call_list.js';
import { calls as readCalls } from './calls.js';
import { add, today } from './days.js';
import { byId, h, swap } from './dom.js';
import { addressOf, read } from './explorer_address.js';
import { EXPLORER_WORDS } from './explorer_phrases.js';
import { button, themeSwitch } from './marks.js';
import { beginning, firstBody, title } from './meanings.js';
import { WORDS } from './phrases.js';
import { drawForm } from './request_form.js';
import { isSecret, made, pathOf, send } from './sending.js';
import { current, speak, t } from './words.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./request_form.js').Filled} Filled */
/** @typedef {import('./sending.js').Exchange} Exchange */
/** @typedef {import('./answer.js').Expected} Expected */

Object.assign(WORDS, EXPLORER_WORDS);

const yesterday = () => add(today('Asia/Shanghai'), -1);

const main = byId('main');
const place = {
  list: h('nav', { class: 'panel calls' }),
  head: h('div', { class: 'call-head' }),
  access: h('section', { class: 'panel access' }),
  form: h('form', { class: 'panel request', id: 'request', novalidate: true }),
  answer: h('section', { class: 'panel answer', id: 'answer', 'aria-labelledby': 'answer-title' }),
  beside: h('section', { class: 'panel beside' }),
};
/** @type {Call[]} */
let calls = [];
/** @type {Call | undefined} */
let chosen;
/** @type {Map<string, Filled>} */
const filled = new Map();
/** @type {import('./beside.js').Shown} */
const shownBeside = { tab: 'document', tongue: 'sh' };
/** @type {{exchange: Exchange, expected: Expected | null, sent: number} | null} */
let last = null;
let busy = false;

const access = new Access(place.access, () => drawRequestLine());

/** @param {Call} call @returns {Filled} */
function filledOf(call) {
  const known = filled.get(call.id) ?? { values: beginning(call, yesterday()), body: firstBody(call) };
  filled.set(call.id, known);
  return known;
}

/** What the address says; values of its call go before those that a form begins with. */
function readAddress() {
  const said = read(location.search, calls);
  Object.assign(shownBeside, said.beside);
  chosen = said.call;
  if (chosen) Object.assign(filledOf(chosen).values, said.values);
}

/** @param {boolean} [anew] whether it is another place to come back to */
function remember(anew = false) {
  const call = /** @type {Call} */ (chosen);
  history[anew ? 'pushState' : 'replaceState'](null, '', addressOf(call, shownBeside, filledOf(call).values, yesterday()));
}

/** @param {Call} call */
function choose(call) {
  chosen = call;
  last = null;
  remember(true);
  draw();
  byId('call-title').focus({ preventScroll: true });
  if (isNarrow()) byId('call-title').scrollIntoView();
}

function draw() {
  const call = chosen;
  if (!call) return;
  document.title = `${title(call)} · ${t('explorer')}`;
  drawList();
  swap(place.head, h('h1', { id: 'call-title', tabindex: -1 }, title(call)),
    h('p', { class: 'address' }, h('b', {}, call.method), ' ', h('code', {}, `/${call.path}`)));
  access.draw(call);
  drawRequest(call);
  drawBeside();
  place.answer.hidden = last === null;
  if (last) drawLast(last);
}

/** @param {NonNullable<typeof last>} shown */
function drawLast({ exchange: found, expected, sent }) {
  drawAnswer(place.answer, found, expected, sent, () => {
    const pressed = /** @type {HTMLElement | null} */ (place.beside.querySelector('[data-pressed]'));
    (pressed ?? byId(`tab-${shownBeside.tab}`)).focus();
  });
}

function drawList() {
  drawCalls(place.list, calls, /** @type {Call} */ (chosen), choose);
}

/** @param {Call} call */
function drawRequest(call) {
  const fields = h('div', { class: 'fields' });
  drawForm(fields, call, filledOf(call), () => {
    remember();
    drawRequestLine();
    if (shownBeside.tab === 'code') drawBeside();
  });
  const writes = call.method !== 'GET' && call.id !== 'getAccessToken';
  swap(place.form, h('h2', {}, t('request')), fields, writes && h('p', { class: 'writes' }, t('writes')),
    h('p', { class: 'line' }, h('code', { id: 'request-line' })),
    h('div', { class: 'more' }, h('button', { class: 'main', id: 'send', 'data-key': 'send' }, t('send')), h('span', { class: 'sub', id: 'send-said', role: 'status' })));
  drawRequestLine();
}

function drawRequestLine() {
  if (!chosen) return;
  const shown = { ...filledOf(chosen).values };
  for (const name of Object.keys(shown)) if (isSecret(name) && shown[name]) shown[name] = '…';
  const path = pathOf(chosen, shown);
  byId('request-line').textContent = `${chosen.method} ${new URL('.', document.baseURI).pathname}${path}`;
  byId('send-said').textContent = '';
}

function drawBeside() {
  const call = /** @type {Call} */ (chosen);
  drawTabs(place.beside, shownBeside, call, filledOf(call), {
    turn() {
      remember();
      drawBeside();
    },
    attempt: (way, expected) => void attempt(call, way, expected),
  });
}

/** @param {string} text */
function saySending(text) {
  byId('send-said').textContent = text;
}

/** Send what stands in the form. */
async function sendForm() {
  const call = /** @type {Call} */ (chosen);
  const as = access.as(call);
  if (as === 'token' && !access.isTokenGood) {
    saySending(t('noTokenYet'));
    /** @type {HTMLElement | null} */ (place.access.querySelector('[name=key]'))?.focus();
    return;
  }
  const { values, body } = filledOf(call);
  await exchange(call, null, async () => ({ found: await send(made(call, values, body, as, access.token)), sent: 1 }));
}

/** @param {Call} call @param {import('./mistakes.js').Way} way @param {Expected} expected */
async function attempt(call, way, expected) {
  const { values, body } = filledOf(call);
  const plan = way({ call, values, body, as: access.as(call), token: access.isTokenGood ? access.token : '' });
  await exchange(call, expected, () => carryOut(plan, expected.code));
}

/** @param {Call} call @param {Expected | null} expected @param {() => Promise<{found: Exchange, sent: number}>} sending */
async function exchange(call, expected, sending) {
  if (busy) return;
  busy = true;
  main.setAttribute('aria-busy', 'true');
  saySending(t('sending'));
  const { found, sent } = await sending();
  busy = false;
  main.removeAttribute('aria-busy');
  if (call !== chosen) return;
  saySending('');
  last = { exchange: found, expected, sent };
  place.answer.hidden = false;
  drawLast(last);
  const heading = byId('answer-title');
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: 'nearest' });
  if (call.tag === 'sessions') await readSession();
}

/** What stands around everything. */
function chrome() {
  document.documentElement.lang = current() === 'zh' ? 'zh-CN' : 'en';
  document.title = t('explorer');
  byId('skip').textContent = t('skip');
  byId('brand').textContent = t('explorer');
  swap(byId('tools'), h('a', { class: 'link', href: './', 'data-key': 'dashboard' }, t('toDashboard')),
    button(t('otherLanguage'), () => {
      speak(current() === 'zh' ? 'en' : 'zh');
      chrome();
      draw();
    }, { class: 'link', lang: current() === 'zh' ? 'en' : 'zh-CN', 'data-key': 'language' }),
    themeSwitch(chrome));
}

/** Whose the dashboard's session is, where there may be one. */
async function readSession() {
  try {
    access.session = wasSignedIn() ? await askSession() : null;
  } catch {
    access.session = null;
  }
  if (chosen) access.draw(chosen);
}

async function start() {
  chrome();
  swap(main, h('p', { class: 'quiet' }, t('loading')));
  try {
    calls = await readCalls();
  } catch {
    swap(main, h('section', { class: 'panel' }, h('p', { class: 'wrong' }, t('noDescription')), button(t('again'), () => void start(), { class: 'chip' })));
    return;
  }
  readAddress();
  swap(main, place.list, h('div', { class: 'middle' }, place.head, place.access, place.form, place.answer), place.beside);
  draw();
  await readSession();
}

place.form.addEventListener('submit', (event) => {
  event.preventDefault();
  void sendForm();
});
addEventListener('popstate', () => {
  last = null;
  readAddress();
  draw();
});
void start();

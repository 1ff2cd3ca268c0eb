// The page for bringing files: what is brought, what it would do, what was imported.

import { Problem, session as askSession, signIn, signOut, wasSignedIn } from './api.js';
import { byId, h, swap } from './dom.js';
import * as acts from './import_acts.js';
import { follow, goesOn, listed, standing } from './import_calls.js';
import { draw, frame, isShown, leave } from './import_parts.js';
import { prepare } from './import_phrases.js';
import { explained, keep, kept, reset, state } from './import_state.js';
import { button, command, themeSwitch } from './marks.js';
import { drawSignIn, meaning } from './sign_in.js';
import { say, warn } from './status.js';
import { current, speak, t } from './words.js';

/** @typedef {import('./api.js').Session} Session */

const main = byId('main');

/** @param {unknown} error */
function failed(error) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  if (error instanceof Problem && error.status === 401) {
    wasSignedIn(false);
    signedOut(t('sessionEnded'));
    return;
  }
  if (error instanceof Problem && error.code === 'Import.UnknownUpload') keep('');
  warn(explained(error));
}

/** @param {string} why */
function signedOut(why) {
  state.working.abort();
  state.session = null;
  leave();
  reset();
  say('');
  chrome();
  drawSignIn(main, why, (found) => void signedIn(found));
  main.querySelector('input')?.focus();
}

/** @param {Session} found */
async function signedIn(found) {
  state.session = found;
  chrome();
  if (!found.scopes.includes('import')) {
    const add = `reportdata link add --corp ${found.organisation} --name 人事部 --import`;
    swap(main, h('section', { class: 'panel empty' }, h('h1', {}, t('bring')), h('p', {}, t('mayNot')),
      command(add), found.departments && h('p', {}, t('someDepartments')),
      h('p', {}, h('a', { href: './' }, t('toDashboard')))));
    return;
  }
  const parts = frame(acts);
  try {
    state.imports = await listed();
    await resume();
    draw();
  } catch (error) {
    swap(parts.imports.body, h('p', { class: 'wrong' }, explained(error)), button(t('again'), () => void signedIn(found)));
    if (error instanceof Problem && error.status === 401) failed(error);
  }
}

/** Go on with what this tab had begun. */
async function resume() {
  if (!state.upload) keep(kept());
  if (!state.upload || state.files.length) return;
  try {
    const there = await standing(state.upload);
    state.files = there.files.map(({ name, size }) => ({ name, size, file: null, state: 'here', why: '' }));
    state.latest = there.run;
    if (state.latest && goesOn(state.latest)) {
      const { what } = state.latest;
      void acts.doing(what, (told) => follow(there.upload, told, state.working.signal)).catch(failed);
    }
  } catch {
    keep('');
  }
}

/** What stands around everything. */
function chrome() {
  document.documentElement.lang = current() === 'zh' ? 'zh-CN' : 'en';
  document.title = `${t('bring')} · ${t('title')}`;
  byId('skip').textContent = t('skip');
  byId('brand').textContent = t('title');
  swap(byId('organisation'), h('bdi', {}, state.session ? state.session.organisationName ?? state.session.organisation : ''));
  swap(byId('tools'), h('a', { class: 'link', href: './', 'data-key': 'dashboard' }, t('dashboard')),
    button(t('otherLanguage'), () => {
      speak(current() === 'zh' ? 'en' : 'zh');
      if (state.session) {
        leave();
        void signedIn(state.session);
      } else signedOut('');
      /** @type {HTMLElement | null} */ (document.querySelector('[data-key=language]'))?.focus();
    }, { class: 'link', lang: current() === 'zh' ? 'en' : 'zh-CN', 'data-key': 'language' }),
    themeSwitch(chrome),
    state.session && button(t('signOut'), () => {
      signOut().catch(() => undefined);
      signedOut(t('signedOut'));
    }, { class: 'link', 'data-key': 'sign-out' }));
}

/** Files may be dropped anywhere on the page. */
function takeDrops() {
  /** @param {DragEvent} event */
  const brings = (event) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    document.body.classList.add('dragging');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) document.body.classList.remove('dragging');
  });
  document.addEventListener('drop', (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    document.body.classList.remove('dragging');
    if (isShown()) void acts.add([...(event.dataTransfer?.files ?? [])]);
  });
}

async function start() {
  prepare();
  state.fail = failed;
  chrome();
  takeDrops();
  const secret = () => new URLSearchParams(location.hash.slice(1)).get('link');
  addEventListener('hashchange', () => secret() && location.reload());
  const link = secret();
  try {
    if (link) {
      history.replaceState(null, '', location.pathname + location.search); // a secret stays in no history
      await signedIn(await signIn({ link }));
    } else if (wasSignedIn()) await signedIn(await askSession());
    else signedOut('');
  } catch (error) {
    const known = error instanceof Problem && [400, 401, 403, 404].includes(error.status);
    if (known) wasSignedIn(false);
    signedOut(known ? t(link ? 'linkEnded' : 'sessionEnded') : meaning(error));
  }
}

void start();

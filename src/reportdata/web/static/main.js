// The page: who is signed in, what is shown, and when it is read anew.

import { Problem, session as askSession, signIn, signOut, wasSignedIn } from './api.js';
import { drawControls } from './controls.js';
import { changed, forget } from './answers.js';
import { overview } from './data.js';
import { today as todayIn } from './days.js';
import { byId, h, swap } from './dom.js';
import { button, themeSwitch } from './marks.js';
import { drawFound, drawLoading, drawUnread, frame } from './overview.js';
import { drawSignIn, meaning } from './sign_in.js';
import { say, warn } from './status.js';
import { address, days, read } from './view.js';
import { follow as followChanges, forgetStory } from './changes.js';
import { current, moment, short, speak, t } from './words.js';

/** @typedef {import('./api.js').Session} Session */
/** @typedef {import('./view.js').View} View */
/**
 * @typedef {object} Page what the parts of the page are given
 * @property {View} view
 * @property {Session} session
 * @property {string} today
 * @property {AbortSignal} signal aborted when something else is shown
 * @property {Set<string>} kept what was unfolded
 * @property {(patch: Partial<View>) => void} show
 * @property {(name: string) => void} turn a panel between picture and table
 * @property {(name: string) => boolean} keep turn something folded
 * @property {() => void} refresh
 * @property {(text: string) => void} say
 * @property {(...what: import('./dom.js').Child[]) => void} warn
 * @property {(error: unknown) => void} fail
 * @property {(error: unknown) => void} note a part that failed
 */

/** Milliseconds between two looks at the server. */
const EVERY = 20_000;

const main = byId('main');
/** @type {Session | null} */
let session = null;
let view = read(location.search);
/** @type {Set<string>} */
const kept = new Set();
let shown = new AbortController();
let drawnAt = '';
/** The day that it was when the page last looked. */
let lastDay = '';
/** Whether the server did not answer the last time. */
let unreachable = false;
/** @type {import('./overview.js').Frame | null} */
let parts = null;

/** @param {Partial<View>} patch */
function show(patch) {
  const before = view.day;
  view = { ...view, ...patch };
  history.pushState(null, '', address(view));
  void draw(before !== view.day);
}

/** @returns {Page} */
function page() {
  const known = /** @type {Session} */ (session);
  return {
    view, session: known, today: todayIn(known.timeZone), signal: shown.signal, kept, show, say, warn,
    turn: (name) => show({ tables: view.tables.includes(name) ? view.tables.filter((other) => other !== name) : [...view.tables, name] }),
    keep(name) {
      if (!kept.delete(name)) kept.add(name);
      return kept.has(name);
    },
    refresh: () => void draw(),
    fail: failed,
    note(error) {
      if (error instanceof Problem && error.status === 401) failed(error);
    },
  };
}

/** Say what went wrong, and what to do. @param {unknown} error */
function failed(error) {
  if (shown.signal.aborted && error instanceof DOMException) return;
  unreachable = error instanceof Problem && error.status === 0;
  if (error instanceof Problem && error.status === 401) {
    wasSignedIn(false);
    signedOut(t('sessionEnded'));
  } else {
    const text = unreachable && drawnAt ? t('unreachable', moment(drawnAt, session?.timeZone ?? 'UTC')) : meaning(error);
    if (!drawnAt && parts) drawUnread(parts, error, () => void draw());
    else warn(text, ' ', button(t('again'), () => void draw(), { class: 'link' }));
  }
  main.removeAttribute('aria-busy');
}

/**
 * Show the view.
 * @param {boolean} [moved] whether something else is looked at than before
 * @param {boolean} [quiet] whether nobody asked for it
 */
async function draw(moved = false, quiet = false) {
  shown.abort();
  shown = new AbortController();
  if (!session) return;
  parts ??= frame();
  const at = page();
  const { signal } = shown;
  lastDay = at.today;
  if (!quiet) main.setAttribute('aria-busy', 'true');
  document.title = view.day ? `${short(view.day)} · ${t('title')}` : t('title');
  drawControls(parts.controls, at);
  const range = days(view, at.today);
  swap(parts.printed, t('printedFor', at.session.organisationName ?? at.session.organisation, range.from, range.to));
  if (!drawnAt) drawLoading(parts);
  try {
    const found = await overview(view, at.today, signal);
    if (signal.aborted) return;
    say('');
    await drawFound(parts, at, found, moved);
    drawnAt = new Date().toISOString();
    unreachable = false;
    main.removeAttribute('aria-busy');
  } catch (error) {
    if (!signal.aborted) failed(error);
  }
}

/** @param {string} why */
function signedOut(why) {
  shown.abort();
  session = null;
  parts = null;
  drawnAt = '';
  forget();
  forgetStory();
  kept.clear();
  say('');
  chrome();
  drawSignIn(main, why, signedIn);
  main.querySelector('input')?.focus();
}

/** @param {Session} found */
function signedIn(found) {
  session = found;
  forget();
  forgetStory();
  chrome();
  void draw();
}

/** What stands around everything: names, the language, the way out. */
function chrome() {
  document.documentElement.lang = current() === 'zh' ? 'zh-CN' : 'en';
  document.title = t('title');
  byId('skip').textContent = t('skip');
  byId('brand').textContent = t('title');
  const name = session ? session.organisationName ?? session.organisation : '';
  const limited = session?.departments ? ` · ${t('limitedTo', session.departments.join(', '))}` : '';
  swap(byId('organisation'), h('bdi', {}, name + limited));
  swap(byId('tools'),
    session?.scopes.includes('import') && h('a', { href: 'import', class: 'link', 'data-key': 'bring' }, t('bring')),
    h('a', { class: 'link', href: 'explorer', 'data-key': 'explorer' }, t('explorer')),
    button(t('otherLanguage'), () => {
      speak(current() === 'zh' ? 'en' : 'zh');
      chrome();
      if (!session) drawSignIn(main, '', signedIn);
      else {
        parts = null;
        drawnAt = '';
        void draw();
      }
    }, { class: 'link', lang: current() === 'zh' ? 'en' : 'zh-CN', 'data-key': 'language' }),
    themeSwitch(chrome),
    session && button(t('signOut'), () => {
      signOut().catch(() => undefined);
      signedOut(t('signedOut'));
    }, { class: 'link', 'data-key': 'sign-out' }));
}

/** Look whether something changed, and then read it anew without a jump. */
async function look() {
  if (!session || document.hidden) return;
  const { signal } = shown;
  try {
    const day = todayIn(session.timeZone);
    const different = await changed(signal, followChanges);
    if (different || unreachable || day !== lastDay) {
      await draw(false, true);
    }
  } catch (error) {
    if (!signal.aborted) failed(error);
  }
}

/** Links of the page change the view and load no page. @param {MouseEvent} event */
function follow(event) {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (!link || (link.dataset.day === undefined && link.dataset.patch === undefined)) return;
  event.preventDefault();
  show(link.dataset.patch !== undefined ? JSON.parse(link.dataset.patch) : { day: link.dataset.day ?? '' });
}

/** The secret of a view link, which is in the address where no server is sent it. */
const secretOfLink = () => new URLSearchParams(location.hash.slice(1)).get('link');

async function start() {
  chrome();
  document.addEventListener('click', follow);
  addEventListener('popstate', () => {
    const before = view.day;
    view = read(location.search);
    void draw(before !== view.day);
  });
  document.addEventListener('visibilitychange', () => void look());
  setInterval(() => void look(), EVERY);
  const link = secretOfLink();
  addEventListener('hashchange', () => secretOfLink() && location.reload()); // a link that is opened where the page is
  if (link) {
    history.replaceState(null, '', location.pathname + location.search); // a secret stays in no history
    try {
      signedIn(await signIn({ link }));
    } catch (error) {
      signedOut(error instanceof Problem && [400, 401, 403].includes(error.status) ? t('linkEnded') : meaning(error));
    }
    return;
  }
  if (!wasSignedIn()) {
    signedOut('');
    return;
  }
  try {
    signedIn(await askSession());
  } catch (error) {
    if (error instanceof Problem && [401, 404].includes(error.status)) {
      wasSignedIn(false);
      signedOut(t('sessionEnded'));
    } else signedOut(meaning(error));
  }
}

void start();

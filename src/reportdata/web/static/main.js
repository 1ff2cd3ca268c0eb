// The page: who is signed in, what is shown, and when it is read anew.

import { Problem, signOut, wasSignedIn } from './api.js';
import { drawControls } from './controls.js';
import { changed, forget } from './answers.js';
import { overview } from './data.js';
import { today as todayIn } from './days.js';
import { TO_ALL, drawChrome, followLinks } from './chrome.js';
import { byId, swap } from './dom.js';
import { button } from './marks.js';
import { drawFound, drawLoading, drawUnread, frame } from './overview.js';
import { REPORTS, forgetServices, service, servicesChanged, titleOf } from './services.js';
import { arrive, drawSignIn, meaning } from './sign_in.js';
import { say, warn } from './status.js';
import { address, days, fitted, read } from './view.js';
import { follow as followChanges, forgetStory } from './changes.js';
import { moment, short, t } from './words.js';

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
  go({ ...view, ...patch });
  history.pushState(null, '', address(view));
}

/** Look at something else. @param {View} to */
function go(to) {
  const before = view;
  view = to;
  const another = before.page !== to.page || before.service !== to.service;
  if (another) begin();
  void draw(another || before.day !== to.day);
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
  const { signal } = shown;
  if (!quiet) main.setAttribute('aria-busy', 'true');
  try {
    if (await known(session, signal) && !view.page) await drawService(moved, signal);
    else if (!signal.aborted) await drawOthers(moved, signal);
  } catch (error) {
    if (!signal.aborted) failed(error);
  }
}

/** The service of the view, with what is called its own; false where this session may not see it. @param {Session} of @param {AbortSignal} signal */
async function known(of, signal) {
  const found = view.service === REPORTS.id ? REPORTS : await service(view.service, signal);
  if (signal.aborted) return false;
  if (found) view = fitted(view, found);
  const may = of.services.includes(view.service) || !of.services.length;
  chrome();
  return found !== null && may;
}

/** All services together, or that one is not to be seen. @param {boolean} moved @param {AbortSignal} signal */
async function drawOthers(moved, signal) {
  const { drawInstead } = await import('./family.js');
  if (signal.aborted) return;
  begin();
  const at = page();
  lastDay = at.today;
  await drawInstead(main, at, moved);
  if (!signal.aborted) shownNow();
}

/** That all was read. */
function shownNow() {
  drawnAt = new Date().toISOString();
  unreachable = false;
  main.removeAttribute('aria-busy');
}

/** The page of a service. @param {boolean} moved @param {AbortSignal} signal */
async function drawService(moved, signal) {
  parts ??= frame();
  const at = page();
  lastDay = at.today;
  document.title = view.day ? `${short(view.day)} · ${titleOf(view.of)}` : titleOf(view.of);
  drawControls(parts.controls, at);
  const range = days(view, at.today);
  swap(parts.printed, t('printedFor', at.session.organisationName ?? at.session.organisation, range.from, range.to));
  if (!drawnAt) drawLoading(parts, view);
  const found = await overview(view, at.today, signal);
  if (signal.aborted) return;
  say('');
  await drawFound(parts, at, found, moved);
  shownNow();
  // What led here is gone: who goes by keys goes on from here.
  if (moved && !view.day && document.activeElement === document.body) main.focus({ preventScroll: true });
}

/** @param {string} why */
function signedOut(why) {
  shown.abort();
  session = null;
  begin();
  forget();
  forgetStory();
  forgetServices();
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
  forgetServices();
  if (!found.services.includes(REPORTS.id) && found.services.length && view.service === REPORTS.id && !view.page) {
    view = { ...view, ...TO_ALL }; // whoever may see no reports begins with what there is
    history.replaceState(null, '', address(view));
  }
  chrome();
  void draw();
}

/** What stands around everything. */
const chrome = () => drawChrome(session, view, {
  spoken() {
    chrome();
    if (!session) drawSignIn(main, '', signedIn);
    else {
      begin();
      void draw();
    }
  },
  left() {
    signOut().catch(() => undefined);
    signedOut(t('signedOut'));
  },
});

/** Show nothing of what was shown before. */
function begin() {
  parts = null;
  drawnAt = '';
}

/** Look whether something changed, and then read it anew without a jump. */
async function look() {
  if (!session || document.hidden) return;
  const { signal } = shown;
  try {
    const day = todayIn(session.timeZone);
    const different = view.page ? await servicesChanged(signal) : await changed(signal, followChanges);
    if (different || unreachable || day !== lastDay) {
      await draw(false, true);
    }
  } catch (error) {
    if (!signal.aborted) failed(error);
  }
}

function start() {
  chrome();
  followLinks(show);
  addEventListener('popstate', () => {
    go(read(location.search));
  });
  document.addEventListener('visibilitychange', () => void look());
  setInterval(() => void look(), EVERY);
  void arrive(signedIn, signedOut);
}

start();

// The page for bringing files: what is brought, what it would do, what was imported.

import { Problem, session as askSession, signIn, signOut, wasSignedIn } from './api.js';
import { byId, h, swap } from './dom.js';
import { prepare } from './import_phrases.js';
import { LARGEST, MOST_FILES, drop, follow, goesOn, listed, reason, run, send, standing, undo } from './import_calls.js';
import { drawChoices, said } from './import_choices.js';
import { drawImports, sizeText } from './import_list.js';
import { dashed, drawPreview, drawRefused, importable } from './import_preview.js';
import { button, panel, themeSwitch } from './marks.js';
import { drawSignIn, meaning } from './sign_in.js';
import { current, number, speak, t } from './words.js';

/** @typedef {import('./api.js').Session} Session */
/** @typedef {import('./import_calls.js').Run} Run */
/** @typedef {{name: string, size: number, file: File | null, state: 'sending' | 'here' | 'wrong', why: string}} Brought */

const KEPT = 'reportdata.upload';
const main = byId('main');
const status = byId('status');
/** @type {Session | null} */
let session = null;
let upload = '';
/** @type {Brought[]} */
let files = [];
/** @type {Record<string, any>} */
let given = {};
/** @type {Run | null} */
let latest = null;
/** @type {import('./import_calls.js').Listed[]} */
let imports = [];
let asked = '';
let working = new AbortController();
let choosing = false;
/** @type {ReturnType<typeof frame> | null} */
let parts = null;

/** @param {string} text @param {boolean} [wrong] */
function say(text, wrong = false) {
  status.className = wrong ? 'warning' : '';
  swap(status, text);
}

/** @param {unknown} error */
const explained = (error) => reason(error) || meaning(error);

/** @param {unknown} error */
function failed(error) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  if (error instanceof Problem && error.status === 401) {
    wasSignedIn(false);
    signedOut(t('sessionEnded'));
    return;
  }
  if (error instanceof Problem && error.code === 'Import.UnknownUpload') upload = keep('');
  say(explained(error), true);
}

/** Remember the upload, so that the page can be loaded again. @param {string} id */
function keep(id) {
  try {
    if (id) sessionStorage.setItem(KEPT, id);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // a browser that keeps nothing
  }
  return id;
}

function kept() {
  try {
    return sessionStorage.getItem(KEPT) ?? '';
  } catch {
    return '';
  }
}

function frame() {
  const chooser = h('input', { type: 'file', multiple: true, hidden: true, id: 'chooser', 'aria-label': t('chooseFiles') });
  chooser.addEventListener('change', () => {
    void add([...(chooser.files ?? [])]);
    chooser.value = '';
  });
  const zone = h('div', { class: 'drop', id: 'drop' },
    h('p', { class: 'big' }, t('dropHere')),
    h('p', { class: 'quiet' }, t('dropOr')),
    button(t('chooseFiles'), () => chooser.click(), { class: 'main', 'data-key': 'choose', 'aria-describedby': 'drop-what' }), chooser,
    h('p', { class: 'quiet', id: 'drop-what' }, t('dropWhat', MOST_FILES, LARGEST >> 20)),
    h('p', { class: 'quiet' }, t('dropSafe')));
  const made = { zone, files: panel('files'), preview: panel('preview'), imports: panel('imports') };
  const progress = h('div', { class: 'progress', id: 'progress', 'aria-live': 'polite' });
  const found = h('div', { id: 'found' });
  const choices = h('details', { class: 'choices', id: 'choices' });
  const acts = h('div', { class: 'acts' });
  made.preview.body.append(progress, found, choices, acts);
  choices.addEventListener('toggle', () => {
    choosing = choices.open;
  });
  swap(main, h('h1', { tabindex: -1 }, t('bring')), zone, made.files.section, made.preview.section, made.imports.section);
  return { ...made, progress, found, choices, acts };
}

/** @param {string} step */
function stepText(step) {
  const [what] = step.split(' · ');
  if (!what) return '';
  if (what.startsWith('reading ')) return t('stepReading', what.slice(8));
  if (what.startsWith('computing')) return t('stepComputing');
  if (what === 'adding' || what.startsWith('replacing') || what.startsWith('writing')) return t('stepAdding');
  return what.startsWith('waiting') ? t('stepWaiting') : what;
}

/** @param {Run | null} going @param {string} label */
function showProgress(going, label) {
  if (!parts) return;
  if (!going) {
    swap(parts.progress);
    return;
  }
  const known = going.total > 0;
  let bar = parts.progress.querySelector('progress');
  if (!bar) {
    bar = h('progress', { 'aria-label': label });
    swap(parts.progress, h('p', { id: 'going' }, label), bar, h('p', { class: 'quiet', id: 'step' }),
      going.what === 'preview' ? null : h('p', { class: 'quiet' }, t('closeable')));
  }
  if (known) {
    bar.max = going.total;
    bar.value = Math.min(going.done, going.total);
  } else bar.removeAttribute('value');
  byId('step').textContent = stepText(going.step);
}

const LABELS = { preview: 'previewing', import: 'importing', undo: 'undoing' };

function draw() {
  if (!session || !parts) return;
  const { preview, acts } = parts;
  const going = goesOn(latest);
  drawFiles();
  const shows = latest !== null;
  preview.section.hidden = !shows;
  parts.imports.head(t('importsTitle'), []);
  drawImports(parts.imports.body, imports, session.timeZone, asked, {
    busy: going,
    ask(id) {
      asked = id;
      draw();
      const key = id ? 'undo-yes' : '';
      if (key) /** @type {HTMLElement | null} */ (parts?.imports.body.querySelector(`[data-key=${key}]`))?.focus();
    },
    undo: (id) => void takeBack(id),
  });
  if (!latest) return;
  const what = latest.what;
  preview.head(t(what === 'preview' ? 'preview' : what === 'import' ? 'doImport' : 'undo'), what === 'preview' && !going ? [t('nothingAdded')] : []);
  if (going) {
    showProgress(latest, t(LABELS[what]));
    swap(acts, what === 'preview' && button(t('startOver'), () => void startOver(), { class: 'link' }));
    parts.choices.hidden = true;
    parts.found.hidden = what !== 'preview';
    return;
  }
  showProgress(null, '');
  parts.found.hidden = false;
  parts.choices.hidden = what !== 'preview';
  if (what === 'preview') drawPreviewed(latest);
  else drawDone(latest);
}

/** @param {Run} ended */
function drawPreviewed(ended) {
  if (!parts) return;
  if (ended.state === 'done') drawPreview(parts.found, ended.result);
  else swap(parts.found, problemOf(ended));
  swap(parts.choices, h('summary', { 'data-key': 'choices' }, t('choicesTitle')), drawChoices(given, () => void look()));
  parts.choices.open = choosing;
  swap(parts.acts,
    button(t('doImport'), () => void bringIn(), {
      class: 'main', 'data-key': 'import', disabled: ended.state !== 'done' || !importable(ended.result),
    }),
    button(t('startOver'), () => void startOver(), { class: 'link', 'data-key': 'start-over' }));
}

/** @param {Run} ended */
function problemOf(ended) {
  const hint = ended.state === 'interrupted' ? t('interrupted') : ended.error?.hint;
  return h('section', { class: 'part refused', role: 'alert' }, h('h3', {}, t('runFailed')),
    ended.error && h('p', {}, h('bdi', { lang: 'en' }, ended.error.message)), hint && h('p', { class: 'hint' }, hint));
}

/** What came of an import or an undoing. @param {Run} ended */
function drawDone(ended) {
  if (!parts) return;
  const { result } = ended;
  const more = button(t('bringMore'), () => void startOver(), { class: 'link', 'data-key': 'more' });
  if (ended.state !== 'done') {
    const again = ended.what === 'import' && upload && files.length > 0;
    swap(parts.found, problemOf(ended));
    swap(parts.acts, again && button(t('lookAgain'), () => void look(), { class: 'chip', 'data-key': 'look-again' }), more);
    return;
  }
  if (ended.what === 'undo') {
    swap(parts.found, h('p', { role: 'status' }, t('undoneNow', number(result.factsRemoved), number(result.factsKept))));
    swap(parts.acts, more);
    return;
  }
  const days = result.daysTouched;
  const [first, last] = days.length ? [dashed(days[0]), dashed(days.at(-1))] : ['', ''];
  swap(parts.found,
    h('p', { role: 'status', id: 'imported', class: 'good' }, t('imported', number(result.added), number(result.alreadyKnown), number(result.skipped))),
    days.length > 0 && h('p', {}, t('importedDays', number(days.length), first, last)),
    drawRefused(result));
  swap(parts.acts,
    h('a', { class: 'main', href: first ? `./?from=${first}&to=${last}` : './', 'data-key': 'to-dashboard' }, t('toDashboard')), more);
}

function drawFiles() {
  if (!parts) return;
  const { section, body } = parts.files;
  section.hidden = files.length === 0;
  parts.files.head(t('filesBrought'), []);
  swap(body, h('ul', { class: 'brought' }, ...files.map((one) => h('li', {},
    h('bdi', { class: 'file-name' }, one.name), h('span', { class: 'quiet' }, sizeText(one.size)),
    h('span', { class: one.state === 'wrong' ? 'wrong' : 'quiet' },
      one.state === 'sending' ? t('sending') : one.state === 'here' ? t('sent') : t('notSent', one.why)),
    button(t('remove'), () => void take(one), { class: 'link', 'aria-label': t('removeFile', one.name), disabled: goesOn(latest) && latest?.what !== 'preview' })))));
}

/** Take in files: send them, and look. @param {File[]} chosen */
async function add(chosen) {
  if (chosen.length === 0 || !session || (goesOn(latest) && latest?.what !== 'preview')) return;
  if (latest && latest.what !== 'preview') reset();
  asked = '';
  working.abort();
  working = new AbortController();
  say('');
  const names = new Set(chosen.map((file) => file.name));
  files = files.filter((one) => !names.has(one.name));
  for (const file of chosen) files.push({ name: file.name, size: file.size, file, state: 'sending', why: '' });
  latest = null;
  draw();
  try {
    await sendAll();
    if (files.some((one) => one.state === 'here')) await look();
  } catch (error) {
    failed(error);
  }
}

/** Send what is not sent yet. */
async function sendAll() {
  for (const one of files) {
    if (one.state !== 'sending' || !one.file) continue;
    try {
      if (files.length > MOST_FILES) throw new Problem(400, 'Import.TooManyFiles', '');
      if (files.reduce((sum, other) => sum + other.size, 0) > LARGEST) throw new Problem(413, 'Import.TooLarge', '');
      await one.file.slice(0, 1).arrayBuffer().catch(() => {
        throw new Problem(400, 'Unreadable', t('unreadableFile'));
      });
      upload = keep((await send(one.file, upload)).upload);
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
async function doing(what, work) {
  working.abort();
  working = new AbortController();
  const { signal } = working;
  say('');
  /** @param {Run} now */
  const told = (now) => {
    if (signal.aborted) return;
    latest = now;
    showProgress(now, t(LABELS[now.what]));
  };
  latest = { what, state: 'waiting', step: '', done: 0, total: 0, result: null, error: null };
  draw();
  try {
    const ended = await work(told);
    if (signal.aborted) return;
    latest = ended;
    if (what !== 'preview') imports = await listed();
    draw();
  } catch (error) {
    if (signal.aborted) return;
    latest = null;
    draw();
    throw error;
  }
}

async function look() {
  const form = main.querySelector('#choices form');
  if (form instanceof HTMLFormElement) given = said(form);
  try {
    await again(() => doing('preview', (told) => run(upload, 'preview', given, told, working.signal)));
  } catch (error) {
    failed(error);
  }
}

async function bringIn() {
  try {
    await again(() => doing('import', (told) => run(upload, 'import', given, told, working.signal)));
    if (latest?.state === 'done') {
      files = [];
      upload = keep('');
      given = {};
      draw();
    }
    main.querySelector('h1')?.focus({ preventScroll: true });
  } catch (error) {
    failed(error);
  }
}

/** Do something with the upload; where a server knows nothing of it, as another one does, the files are sent once more. @param {() => Promise<void>} act */
async function again(act) {
  try {
    await act();
  } catch (error) {
    const known = files.every((one) => one.file !== null);
    if (!(error instanceof Problem) || error.code !== 'Import.UnknownUpload' || !known) throw error;
    upload = keep('');
    for (const one of files) if (one.state === 'here') one.state = 'sending';
    await sendAll();
    await act();
  }
}

/** @param {string} id */
async function takeBack(id) {
  asked = '';
  try {
    if (upload) drop(upload).catch(() => undefined);
    reset();
    await doing('undo', (told) => undo(id, told, working.signal));
    main.querySelector('h1')?.focus({ preventScroll: true });
  } catch (error) {
    failed(error);
  }
}

/** Remove a file. @param {Brought} one */
async function take(one) {
  files = files.filter((other) => other !== one);
  working.abort();
  working = new AbortController();
  try {
    if (one.state === 'here') await drop(upload, one.name);
    if (files.some((other) => other.state === 'here')) await look();
    else await startOver();
  } catch (error) {
    failed(error);
  }
}

function reset() {
  files = [];
  given = {};
  latest = null;
  choosing = false;
  upload = keep('');
}

async function startOver() {
  working.abort();
  working = new AbortController();
  if (upload) drop(upload).catch(() => undefined);
  reset();
  say('');
  draw();
  /** @type {HTMLElement | null} */ (main.querySelector('[data-key=choose]'))?.focus();
}

/** @param {string} why */
function signedOut(why) {
  working.abort();
  session = null;
  parts = null;
  reset();
  say('');
  chrome();
  drawSignIn(main, why, (found) => void signedIn(found));
  main.querySelector('input')?.focus();
}

/** @param {Session} found */
async function signedIn(found) {
  session = found;
  chrome();
  if (!found.scopes.includes('import')) {
    const command = `reportdata link add --corp ${found.organisation} --name 人事部 --import`;
    swap(main, h('section', { class: 'panel empty' }, h('h1', {}, t('bring')), h('p', {}, t('mayNot')),
      h('pre', { tabindex: 0, class: 'command' }, h('code', {}, command)), found.departments && h('p', {}, t('someDepartments')),
      h('p', {}, h('a', { href: './' }, t('toDashboard')))));
    return;
  }
  parts = frame();
  parts.preview.section.hidden = true;
  parts.files.section.hidden = true;
  parts.imports.head(t('importsTitle'), []);
  swap(parts.imports.body, h('p', { class: 'quiet' }, t('loading')));
  try {
    imports = await listed();
    await resume();
    draw();
  } catch (error) {
    swap(parts.imports.body, h('p', { class: 'wrong' }, explained(error)), button(t('again'), () => void signedIn(found)));
    if (error instanceof Problem && error.status === 401) failed(error);
  }
}

/** Go on with what this tab had begun. */
async function resume() {
  if (!upload) upload = kept();
  if (!upload || files.length) return;
  try {
    const there = await standing(upload);
    files = there.files.map(({ name, size }) => ({ name, size, file: null, state: 'here', why: '' }));
    latest = there.run;
    if (latest && goesOn(latest)) {
      const { what } = latest;
      void doing(what, (told) => follow(there.upload, told, working.signal)).catch(failed);
    }
  } catch {
    upload = keep('');
  }
}

/** What stands around everything. */
function chrome() {
  document.documentElement.lang = current() === 'zh' ? 'zh-CN' : 'en';
  document.title = `${t('bring')} · ${t('title')}`;
  byId('skip').textContent = t('skip');
  byId('brand').textContent = t('title');
  swap(byId('organisation'), h('bdi', {}, session ? session.organisationName ?? session.organisation : ''));
  swap(byId('tools'), h('a', { class: 'link', href: './', 'data-key': 'dashboard' }, t('dashboard')),
    button(t('otherLanguage'), () => {
      speak(current() === 'zh' ? 'en' : 'zh');
      if (session) {
        parts = null;
        void signedIn(session);
      } else signedOut('');
      /** @type {HTMLElement | null} */ (document.querySelector('[data-key=language]'))?.focus();
    }, { class: 'link', lang: current() === 'zh' ? 'en' : 'zh-CN', 'data-key': 'language' }),
    themeSwitch(chrome),
    session && button(t('signOut'), () => {
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
    if (parts) void add([...(event.dataTransfer?.files ?? [])]);
  });
}

async function start() {
  prepare();
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

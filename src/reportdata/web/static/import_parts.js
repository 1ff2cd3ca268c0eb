// What the import page shows of what is brought, what would be done with it, and what was done.

import { byId, h, swap } from './dom.js';
import { LARGEST, MOST_FILES, goesOn } from './import_calls.js';
import { drawChoices } from './import_choices.js';
import { drawImports, sizeText } from './import_list.js';
import { dashed, drawPreview, drawRefused, importable } from './import_preview.js';
import { state } from './import_state.js';
import { button, loading, panel } from './marks.js';
import { number, t } from './words.js';

/** @typedef {import('./import_calls.js').Run} Run */
/** @typedef {import('./import_state.js').Brought} Brought */
/**
 * @typedef {object} Does what the page can do
 * @property {(chosen: File[]) => Promise<void>} add
 * @property {() => Promise<void>} look
 * @property {() => Promise<void>} bringIn
 * @property {() => Promise<void>} startOver
 * @property {(id: string) => Promise<void>} takeBack
 * @property {(one: Brought) => Promise<void>} take
 */

const LABELS = { preview: 'previewing', import: 'importing', undo: 'undoing' };

/** @type {ReturnType<typeof made> | null} */
let parts = null;
/** @type {Does} */
let does;

/** Show nothing of it, as when nobody is signed in. */
export function leave() {
  parts = null;
}

/** Whether the page shows it. */
export const isShown = () => parts !== null;

function made() {
  const chooser = h('input', { type: 'file', multiple: true, hidden: true, id: 'chooser', 'aria-label': t('chooseFiles') });
  chooser.addEventListener('change', () => {
    void does.add([...(chooser.files ?? [])]);
    chooser.value = '';
  });
  const zone = h('div', { class: 'drop', id: 'drop' },
    h('p', { class: 'big' }, t('dropHere')),
    h('p', { class: 'quiet' }, t('dropOr')),
    button(t('chooseFiles'), () => chooser.click(), { class: 'main', 'data-key': 'choose', 'aria-describedby': 'drop-what' }), chooser,
    h('p', { class: 'quiet', id: 'drop-what' }, t('dropWhat', MOST_FILES, LARGEST >> 20)),
    h('p', { class: 'quiet' }, t('dropSafe')));
  const panels = { zone, files: panel('files'), preview: panel('preview'), imports: panel('imports') };
  const progress = h('div', { class: 'progress', id: 'progress', 'aria-live': 'polite' });
  const found = h('div', { id: 'found' });
  const choices = h('details', { class: 'choices', id: 'choices' });
  const acts = h('div', { class: 'acts' });
  panels.preview.body.append(progress, found, choices, acts);
  choices.addEventListener('toggle', () => {
    state.choosing = choices.open;
  });
  swap(byId('main'), h('h1', { tabindex: -1 }, t('bring')), zone, panels.files.section, panels.preview.section, panels.imports.section);
  return { ...panels, progress, found, choices, acts };
}

/** Make the page anew. @param {Does} acts what it can do */
export function frame(acts) {
  does = acts;
  parts = made();
  parts.preview.section.hidden = true;
  parts.files.section.hidden = true;
  parts.imports.head(t('importsTitle'), []);
  swap(parts.imports.body, loading());
  return parts;
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

/** @param {Run | null} going */
export function showProgress(going) {
  if (!parts) return;
  if (!going) {
    swap(parts.progress);
    return;
  }
  const label = t(LABELS[going.what]);
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

/** Draw all of it as it stands. */
export function draw() {
  if (!state.session || !parts) return;
  const { preview, acts } = parts;
  const going = goesOn(state.latest);
  drawFiles();
  const shows = state.latest !== null;
  preview.section.hidden = !shows;
  parts.imports.head(t('importsTitle'), []);
  drawImports(parts.imports.body, state.imports, state.session.timeZone, state.asked, {
    busy: going,
    ask(id) {
      state.asked = id;
      draw();
      const key = id ? 'undo-yes' : '';
      if (key) /** @type {HTMLElement | null} */ (parts?.imports.body.querySelector(`[data-key=${key}]`))?.focus();
    },
    undo: (id) => void does.takeBack(id),
  });
  if (!state.latest) return;
  const what = state.latest.what;
  preview.head(t(what === 'preview' ? 'preview' : what === 'import' ? 'doImport' : 'undo'), what === 'preview' && !going ? [t('nothingAdded')] : []);
  if (going) {
    showProgress(state.latest);
    swap(acts, what === 'preview' && button(t('startOver'), () => void does.startOver(), { class: 'link' }));
    parts.choices.hidden = true;
    parts.found.hidden = what !== 'preview';
    return;
  }
  showProgress(null);
  parts.found.hidden = false;
  parts.choices.hidden = what !== 'preview';
  if (what === 'preview') drawPreviewed(state.latest);
  else drawDone(state.latest);
}

/** @param {Run} ended */
function drawPreviewed(ended) {
  if (!parts) return;
  if (ended.state === 'done') drawPreview(parts.found, ended.result);
  else swap(parts.found, problemOf(ended));
  swap(parts.choices, h('summary', { 'data-key': 'choices' }, t('choicesTitle')), drawChoices(state.given, () => void does.look()));
  parts.choices.open = state.choosing;
  swap(parts.acts,
    button(t('doImport'), () => void does.bringIn(), {
      class: 'main', 'data-key': 'import', disabled: ended.state !== 'done' || !importable(ended.result),
    }),
    button(t('startOver'), () => void does.startOver(), { class: 'link', 'data-key': 'start-over' }));
}

/** @param {Run} ended */
function problemOf(ended) {
  const hint = ended.state === 'interrupted' ? t('interrupted') : ended.error?.hint;
  return h('section', { class: 'part refused', role: 'alert' }, h('h3', {}, t('runFailed')),
    ended.error && h('p', {}, h('bdi', {}, ended.error.message)), hint && h('p', { class: 'hint' }, hint));
}

/** What came of an import or an undoing. @param {Run} ended */
function drawDone(ended) {
  if (!parts) return;
  const { result } = ended;
  const more = button(t('bringMore'), () => void does.startOver(), { class: 'link', 'data-key': 'more' });
  if (ended.state !== 'done') {
    const again = ended.what === 'import' && state.upload && state.files.length > 0;
    swap(parts.found, problemOf(ended));
    swap(parts.acts, again && button(t('lookAgain'), () => void does.look(), { class: 'chip', 'data-key': 'look-again' }), more);
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

export function drawFiles() {
  if (!parts) return;
  const { section, body } = parts.files;
  section.hidden = state.files.length === 0;
  parts.files.head(t('filesBrought'), []);
  swap(body, h('ul', { class: 'brought' }, ...state.files.map((one) => h('li', {},
    h('bdi', { class: 'file-name' }, one.name), h('span', { class: 'quiet' }, sizeText(one.size)),
    h('span', { class: one.state === 'wrong' ? 'wrong' : 'quiet' },
      one.state === 'sending' ? t('sending') : one.state === 'here' ? t('sent') : t('notSent', one.why)),
    button(t('remove'), () => void does.take(one), { class: 'link', 'aria-label': t('removeFile', one.name), disabled: goesOn(state.latest) && state.latest?.what !== 'preview' })))));
}

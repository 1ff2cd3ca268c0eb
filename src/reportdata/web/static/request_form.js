// The form of a call: its parameters and its body.

import { typeOf } from './calls.js';
import { h, swap } from './dom.js';
import { isFile, isNeeded, meaning } from './meanings.js';
import { isSecret } from './sending.js';
import { t } from './words.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./calls.js').Parameter} Parameter */
/** @typedef {import('./sending.js').Values} Values */
/** @typedef {{values: Values, body: string | File | null}} Filled */

/** @param {Filled} filled */
const textOf = ({ body }) => (typeof body === 'string' ? body : '');

/** What may be written into a parameter, if there are few words. @param {Parameter} parameter @returns {string[]} */
const words = (parameter) => (parameter.schema.enum ?? []).map(String);

/**
 * Draw the form of a call; it calls `changed` while somebody writes.
 * @param {HTMLElement} place
 * @param {Call} call
 * @param {Filled} filled what stands in it, which it changes
 * @param {() => void} changed
 */
export function drawForm(place, call, filled, changed) {
  const needed = call.parameters.filter((one) => isNeeded(call, one));
  const others = call.parameters.filter((one) => !isNeeded(call, one));
  const draw = (/** @type {Parameter} */ one) => field(call, one, filled, changed);
  const shown = others.length > 6 ? others.filter((one) => filled.values[one.name]) : others;
  const folded = others.filter((one) => !shown.includes(one));
  swap(place,
    ...needed.map(draw), ...shown.map(draw),
    folded.length > 0 && h('details', { class: 'others' }, h('summary', {}, t('moreParameters', folded.length)), ...folded.map(draw)),
    call.bodyType && (isFile(call) ? fileField(call, filled, changed) : bodyField(call, filled, changed)),
    call.parameters.length === 0 && !call.bodyType && h('p', { class: 'quiet' }, t('noParameters')));
}

/** @param {Call} call @param {Parameter} one @param {Filled} filled @param {() => void} changed */
function field(call, one, filled, changed) {
  const id = `field-${one.name}`;
  const listed = words(one);
  const properties = {
    id, name: one.name, 'data-key': id, autocomplete: 'off', spellcheck: 'false', autocapitalize: 'off',
    'aria-describedby': `${id}-means`, 'aria-required': isNeeded(call, one) ? 'true' : null,
    oninput: (/** @type {Event} */ event) => {
      filled.values[one.name] = /** @type {HTMLInputElement} */ (event.target).value;
      changed();
    },
  };
  const value = filled.values[one.name] ?? '';
  /** @type {HTMLElement} */
  let input;
  if (listed.length) {
    input = h('select', properties, h('option', { value: '' }, '–'), ...listed.map((word) => h('option', { value: word, selected: word === value }, word)));
  } else if (one.schema.type === 'array') {
    const area = h('textarea', { ...properties, rows: 2 });
    area.value = value;
    input = area;
  } else {
    input = h('input', { ...properties, value, class: isSecret(one.name) ? 'secret' : null, inputmode: one.schema.type === 'integer' ? 'numeric' : null, placeholder: one.example || null });
  }
  return h('div', { class: 'field' },
    h('label', { for: id }, h('code', {}, one.name), ' ', isNeeded(call, one) && h('span', { class: 'must' }, t('required')),
      h('span', { class: 'sub' }, ` ${t(`in-${one.place}`)} · ${typeOf(one.schema)}`)),
    input,
    h('p', { class: 'sub', id: `${id}-means` }, meaning(call, one)));
}

/** @param {Call} call @param {Filled} filled @param {() => void} changed */
function fileField(call, filled, changed) {
  const input = h('input', { id: 'field-body', type: 'file', 'data-key': 'field-body', 'aria-required': 'true' });
  input.addEventListener('change', () => {
    filled.body = input.files?.[0] ?? null;
    const name = call.parameters.find((one) => one.name === 'name');
    const field = /** @type {HTMLInputElement | null} */ (document.getElementById('field-name'));
    if (name && field && filled.body) {
      field.value = filled.body.name;
      filled.values.name = filled.body.name;
    }
    changed();
  });
  return h('div', { class: 'field' },
    h('label', { for: 'field-body' }, h('code', {}, t('file')), ' ', h('span', { class: 'must' }, t('required')), h('span', { class: 'sub' }, ` ${call.bodyType}`)), input);
}

/** @param {Call} call @param {Filled} filled @param {() => void} changed */
function bodyField(call, filled, changed) {
  const area = h('textarea', {
    id: 'field-body', 'data-key': 'field-body', class: 'body-text', rows: Math.min(14, textOf(filled).split('\n').length + 1), spellcheck: 'false', autocomplete: 'off',
    'aria-describedby': 'field-body-means',
    oninput: () => {
      filled.body = area.value;
      changed();
    },
  });
  area.value = textOf(filled);
  const samples = call.bodies.length > 1
    ? h('div', { class: 'more' }, ...call.bodies.map((sample) => h('button', {
      type: 'button', class: 'chip', 'data-key': `sample-${sample.title}`,
      onclick: () => {
        filled.body = JSON.stringify(sample.value, null, 2);
        area.value = filled.body;
        changed();
      },
    }, t('sampleOf', sample.title)))) : null;
  return h('div', { class: 'field' },
    h('label', { for: 'field-body' }, h('code', {}, t('body')), ' ', h('span', { class: 'must' }, t('required')), h('span', { class: 'sub' }, ` ${call.bodyType}`)),
    area, samples, h('p', { class: 'sub', id: 'field-body-means' }, t('bodyMeans')));
}

// What a person can say of files that cannot be told from them.

import { h } from './dom.js';
import { current, t } from './words.js';

const KINDS = ['sent', 'commented', 'withdrawn'];
const FORMS = ['csv', 'sheet', 'jsonl', 'parquet', 'dingtalk'];
const FIELDS = [
  'user_id', 'user_name', 'sent_at', 'commented_at', 'withdrawn_at', 'report_id', 'template', 'departments', 'corp_id',
];

/** @param {string} kind */
export const kindName = (kind) => (KINDS.includes(kind) ? t(`kind${kind[0]?.toUpperCase()}${kind.slice(1)}`) : kind);

/** @param {string} field */
export const fieldName = (field) => (FIELDS.includes(field) ? t(`f_${field}`) : field);

/** @param {string} form */
export const formName = (form) => (FORMS.includes(form) ? t(`form_${form}`) : form);

/** The options of the command line that are fields of the form. @type {Record<string, string>} */
const OPTIONS = {
  kind: 'kindOf', sheet: 'sheetOf', 'times-in': 'timesIn', 'exported-at': 'exportedAt', from: 'firstDay', to: 'lastDay',
  format: 'formOf', 'skip-bad': 'skipBad',
};

/**
 * Words of the program with the names of the form's fields in place of the options of the command line.
 * @param {string} text
 */
export function inPage(text) {
  /** @param {string} field @param {string} [value] */
  const named = (field, value) => t('fieldNamed', value === undefined ? field : t('fieldValue', field, value));
  const told = text
    .replace(/--column (?:'(\w+)=([^']*)'|(\w+)=([^\s;,；，]+))/g, (_, field, heading, other, bare) =>
      named(fieldName(field ?? other), (heading ?? bare) === 'HEADING' ? undefined : heading ?? bare))
    .replace(/--kind (sent|commented|withdrawn)\b/g, (_, kind) => named(t('kindOf'), kindName(kind)))
    .replace(/--([a-z]+(?:-[a-z]+)?)(?![\w-])/g, (whole, option) => (OPTIONS[option] ? named(t(OPTIONS[option])) : whole))
    .replace(/ ?\((sent|commented|withdrawn)\)/g, (_, kind) => t('ofKind', kindName(kind)))
    .replace(/([：:] ?)kind(?=[：:])/, (_, colon) => colon + named(t('kindOf')));
  return current() === 'zh' ? told.replace(/ (?=「)|(?<=[」）]) /g, '') : told;
}

/** What a form says, as the API takes it; nothing of what is empty. @param {HTMLFormElement} form */
export function said(form) {
  /** @type {Record<string, unknown>} */
  const found = {};
  /** @type {Record<string, string>} */
  const columns = {};
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim();
    if (!text) continue;
    if (name.startsWith('columns.')) columns[name.slice(8)] = text;
    else found[name] = name === 'skipBad' ? true : text;
  }
  if (Object.keys(columns).length) found.columns = columns;
  return found;
}

/**
 * @param {Record<string, any>} given what was said before
 * @param {() => void} again
 */
export function drawChoices(given, again) {
  /** @param {string} label @param {string} option @param {HTMLElement} input */
  const row = (label, option, input) =>
    h('label', {}, h('span', {}, label, ' ', h('code', {}, `--${option}`)), input);
  /** @param {string} name @param {string} [placeholder] */
  const text = (name, placeholder = '') =>
    h('input', { name, value: given[name] ?? '', placeholder, autocomplete: 'off', spellcheck: 'false', 'data-key': name });
  /** @param {string} name @param {[string, string][]} options */
  const choose = (name, options) =>
    h('select', { name, 'data-key': name }, h('option', { value: '' }, t('byFile')),
      ...options.map(([value, label]) => h('option', { value, selected: given[name] === value }, label)));
  const columns = given.columns ?? {};
  const form = h('form', {
    class: 'choices-form',
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      again();
    },
  },
  h('p', { class: 'quiet wide-cell' }, t('choicesHow')),
  row(t('kindOf'), 'kind', choose('kind', KINDS.map((kind) => [kind, kindName(kind)]))),
  row(t('sheetOf'), 'sheet', text('sheet')),
  row(t('timesIn'), 'times-in', text('timesIn', 'Asia/Shanghai')),
  row(t('exportedAt'), 'exported-at', text('exportedAt', '2026-11-28 18:00')),
  row(t('firstDay'), 'from', text('from', '20261101')),
  row(t('lastDay'), 'to', text('to', '20261130')),
  row(t('formOf'), 'format', choose('format', FORMS.map((form) => [form, formName(form)]))),
  h('label', { class: 'choose' },
    h('input', { type: 'checkbox', name: 'skipBad', checked: given.skipBad === true, 'data-key': 'skipBad' }),
    h('span', {}, t('skipBad'), ' ', h('code', {}, '--skip-bad'))),
  h('fieldset', { class: 'wide-cell' }, h('legend', {}, t('columnsTitle'), ' ', h('code', {}, '--column')),
    h('div', { class: 'choices-form' }, ...FIELDS.map((field) =>
      h('label', {}, h('span', {}, fieldName(field), ' ', h('code', {}, field)),
        h('input', { name: `columns.${field}`, value: columns[field] ?? '', autocomplete: 'off', spellcheck: 'false', 'data-key': `columns.${field}` }))))),
  h('button', { class: 'chip', 'data-key': 'look-again' }, t('lookAgain')));
  return form;
}

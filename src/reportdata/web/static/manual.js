// What stands beside the form: the document of a call, its errors to be brought about, and programs that make it.

import { fields, typeOf } from './calls.js';
import { TONGUES, program, task } from './code.js';
import { h, swap } from './dom.js';
import { button, table } from './marks.js';
import { about, described, isNeeded, meaning, title } from './meanings.js';
import { mistake, uncovered } from './mistakes.js';
import { KEY, SECRET } from './parts.js';
import { UNCOVERED, reason } from './reasons.js';
import { current, t } from './words.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./calls.js').Fault} Fault */
/** @typedef {import('./mistakes.js').Mistake} Mistake */
/** @typedef {import('./quoting.js').Tongue} Tongue */

/** @param {readonly [string, string] | null} pair */
const inWords = (pair) => pair?.[current() === 'zh' ? 0 : 1] ?? '';

/** The document of a call. @param {HTMLElement} place @param {Call} call */
export function drawDocument(place, call) {
  const told = fields(call.answer);
  const sample = call.samples[0]?.value;
  swap(place,
    h('h2', {}, title(call)),
    h('p', {}, about(call)),
    h('h3', {}, t('request')),
    h('pre', { tabindex: 0, role: 'region', 'aria-label': t('request') }, h('code', {}, `${call.method} /${call.path}`)),
    call.parameters.length > 0 && h('h3', {}, t('parameters')),
    call.parameters.length > 0 && table(t('parameters'), [t('name'), t('required'), t('meaning')],
      call.parameters.map((one) => [named(one.name, `${t(`in-${one.place}`)} · ${typeOf(one.schema)}`), isNeeded(call, one) ? t('yes') : t('no'), meaning(call, one)])),
    told.length > 0 && h('h3', {}, t('answerFields')),
    told.length > 0 && table(t('answerFields'), [t('name'), t('meaning')],
      told.map((one) => [named(one.name, one.type), fieldMeaning(one.name, one.description)])),
    sample !== undefined && h('h3', {}, t('sampleAnswer')),
    sample !== undefined && h('pre', { tabindex: 0, role: 'region', 'aria-label': t('sampleAnswer') }, h('code', {}, JSON.stringify(sample, null, 2))),
    h('h3', {}, t('errorCodes')),
    table(t('errorCodes'), [t('code'), t('meaning')],
      call.faults.map((fault) => [named(fault.code, String(fault.status)),
        h('div', {}, h('p', {}, String(fault.body.message ?? fault.body.errmsg ?? '')), h('p', { class: 'sub' }, inWords(reason(fault.status, fault.code))))])));
}

/** @param {string} name @param {string} sub */
const named = (name, sub) => h('div', {}, h('code', {}, name), h('span', { class: 'sub block' }, sub));

/** @param {string} name @param {string} description */
function fieldMeaning(name, description) {
  const last = name.split('.').at(-1) ?? '';
  return described(description) || (`field-${last}` in FIELDS ? inWords(FIELDS[`field-${last}`] ?? null) : '');
}

/** What fields of answers mean where the description does not say. @type {Record<string, readonly [string, string]>} */
const FIELDS = {
  'field-unit': ['单位', 'the unit'],
  'field-period': ['周期', 'the period'],
  'field-kpiId': ['指标编号', 'the number’s id'],
  'field-kpiName': ['指标名称', 'the number’s name'],
  'field-kpiCaliber': ['统计口径', 'what is counted'],
  'field-stat_date': ['统计日期', 'the day'],
  'field-corp_id': ['组织ID', 'the organisation'],
  'field-accessToken': ['accessToken', 'the token'],
  'field-expireIn': ['有效期，秒', 'seconds for which it holds'],
  'field-state': ['确定程度', 'how certain the numbers are'],
  'field-asOf': ['截至时刻', 'when it was last looked at'],
  'field-coveredDays': ['采集过的天数', 'days that were collected'],
  'field-days': ['总天数', 'days of the period'],
  'field-periodStart': ['时段第一天', 'the first day of the period'],
  'field-periodEnd': ['时段最后一天', 'the last day of the period'],
  'field-added': ['收下的条数', 'records that were taken'],
  'field-refused': ['不合格的条数', 'records that were refused'],
  'field-hasMore': ['是否还有下一页', 'whether there are more'],
  'field-nextToken': ['下一页从哪里开始', 'where the next page begins'],
  'field-deptName': ['部门名称；没有写部门的为空', 'the department; empty for none'],
};

/**
 * The errors of a call, each with what brings it about.
 * @param {HTMLElement} place
 * @param {Call} call
 * @param {(way: import('./mistakes.js').Way, expected: import('./answer.js').Expected) => void} attempt
 */
export function drawErrors(place, call, attempt) {
  const unknown = uncovered(call);
  swap(place,
    h('p', { class: 'quiet' }, t('errorsWhy')),
    h('ul', { class: 'faults' },
      unknown && h('li', { 'data-code': 'uncovered' }, h('div', { class: 'fault-head' }, h('b', {}, t('uncoveredDay')), ' ', h('span', { class: 'sub' }, '200')),
        h('p', {}, inWords(UNCOVERED)),
        button(t('bringAbout'), () => attempt(unknown, { code: '', needs: '' }), { class: 'chip', 'data-key': 'try-uncovered' })),
      ...unique(call.faults).map((fault) => faultItem(call, fault, attempt))));
}

/** Errors by status and code, each once. @param {Fault[]} faults */
const unique = (faults) => [...new Map(faults.map((fault) => [`${fault.status} ${fault.code}`, fault])).values()];

/** @param {Call} call @param {Fault} fault @param {(way: import('./mistakes.js').Way, expected: import('./answer.js').Expected) => void} attempt */
function faultItem(call, fault, attempt) {
  const { way, needs, command } = mistake(call, fault);
  const key = `${fault.status} ${fault.code}`;
  return h('li', { 'data-code': key },
    h('div', { class: 'fault-head' }, h('code', {}, fault.code), ' ', h('span', { class: 'sub' }, String(fault.status))),
    h('p', {}, inWords(reason(fault.status, fault.code))),
    needs && h('p', { class: 'sub' }, t(needs)),
    command && h('pre', { tabindex: 0, role: 'region', 'aria-label': t('command') }, h('code', {}, command)),
    way ? button(t('bringAbout'), () => attempt(way, { code: fault.code, needs }), { class: 'chip', 'data-key': `try-${key}` })
      : h('details', { class: 'part' }, h('summary', {}, t('looksLike')), h('pre', { tabindex: 0, role: 'region', 'aria-label': t('looksLike') }, h('code', {}, JSON.stringify(fault.body, null, 2)))));
}

/**
 * Programs that make a call, one language at a time.
 * @param {HTMLElement} place
 * @param {Call} call
 * @param {import('./request_form.js').Filled} filled
 * @param {Tongue} tongue
 * @param {(tongue: Tongue) => void} choose
 */
export function drawCode(place, call, filled, tongue, choose) {
  const wanted = task(call, filled.values, filled.body, new URL('.', document.baseURI).href.replace(/\/$/, ''));
  const made = program(tongue, wanted);
  const copied = h('span', { class: 'sub', role: 'status' });
  const variables = [...new Set(made.text.match(/REPORTDATA_[A-Z_]+/g) ?? [])];
  swap(place,
    h('div', { class: 'chips', role: 'group', 'aria-label': t('language') }, ...TONGUES.map(([one, name]) =>
      button(name, () => choose(one), { class: 'chip', 'aria-pressed': String(one === tongue), 'data-key': `tongue-${one}`, 'data-tongue': one }))),
    h('p', { class: 'sub' }, t(made.official ? 'official' : 'plainHttp'), ' ', variables.length > 0 && t('fromEnvironment', variables.join(', '))),
    made.install && commands(t('install'), made.install, 'install'),
    h('div', { class: 'code-head' }, h('b', {}, made.file), ' ', button(t('copy'), () => {
      navigator.clipboard?.writeText(made.text).then(() => { copied.textContent = t('copied'); }, () => { copied.textContent = t('notCopied'); });
    }, { class: 'link', 'data-key': 'copy' }), copied),
    h('pre', { class: 'program', tabindex: 0, role: 'region', 'aria-label': made.file }, h('code', { id: 'program', 'data-file': made.file, 'data-official': String(made.official) }, made.text)),
    commands(t('run'), [...(variables.includes(KEY) ? [`export ${KEY}=…`] : []), ...(variables.includes(SECRET) ? [`export ${SECRET}=…`] : []), made.run].join('\n'), 'run', made.run),
    wanted.protocol === 'https' && h('p', { class: 'sub' }, t('privateCa')));
}

/** @param {string} name @param {string} text @param {string} id @param {string} [exact] the commands alone */
const commands = (name, text, id, exact = text) =>
  h('div', { class: 'commands' }, h('p', { class: 'sub' }, name), h('pre', { tabindex: 0, role: 'region', 'aria-label': name }, h('code', { id, 'data-commands': exact }, text)));

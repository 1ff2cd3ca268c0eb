// Ready programs for a call, in the languages of the contract's document and for a shell. Secrets are never in them: they
// are read from the environment.

import { HTTP_COMPILED } from './http_compiled.js';
import { HTTP_SCRIPTS } from './http_scripts.js';
import { isFile } from './meanings.js';
import { KEY, SECRET, upper } from './parts.js';
import { SDK_COMPILED } from './sdk_compiled.js';
import { SDK_SCRIPTS } from './sdk_scripts.js';
import { escaped, given, pathOf } from './sending.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./quoting.js').Part} Part */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {{name: string, value: string, number: boolean}} Argument */
/** @typedef {{service: string, name: string, path: string[], request: Argument[] | null}} Client a method of the official clients */
/**
 * @typedef {object} Task what a program is to do
 * @property {string} server the server's address without a slash at its end
 * @property {string} protocol
 * @property {string} endpoint as the official clients have it
 * @property {string} method
 * @property {Part[]} url
 * @property {[string, Part[]][]} headers besides the token
 * @property {Part[] | null} body
 * @property {string} file the name of a file that is the body, or nothing
 * @property {boolean} withToken
 * @property {Client | null} client
 */
/** @typedef {{file: string, install: string, run: string, text: string, official: boolean}} Program */

/** @type {Partial<Record<Tongue, (task: Task, client: Client) => import('./parts.js').Made>>} */
const SDK = { ...SDK_SCRIPTS, ...SDK_COMPILED };
/** @type {Partial<Record<Tongue, (task: Task) => import('./parts.js').Made>>} */
const HTTP = { ...HTTP_SCRIPTS, ...HTTP_COMPILED };
const SESSION = 'REPORTDATA_SESSION';
/** Fields that programs take from the environment. @type {Record<string, string>} */
const HIDDEN = { appKey: KEY, appkey: KEY, corpid: KEY, appSecret: SECRET, appsecret: SECRET, corpsecret: SECRET, link: 'REPORTDATA_LINK' };
const MARK = '\u0000';

/** The languages, in the order of the document's. @type {[Tongue, string][]} */
export const TONGUES = [
  ['sh', 'curl'], ['java', 'Java'], ['ts', 'TypeScript'], ['python', 'Python'], ['go', 'Go'], ['php', 'PHP'], ['cs', 'C#'], ['cpp', 'C++'],
];

/** Paths of `datacenter_1_0` that the official clients have a method for. */
const PUBLISHED = new RegExp(`^((${[
  'todoUser', 'calendar', 'healtheUser', 'employeeType', 'checkin', 'attendance', 'redEnvelopeRecive', 'redEnvelopeSend', 'groupLive', 'circle', 'drive',
  'document', 'mail', 'telMeeting', 'vedioMeeting', 'dingRecive', 'dingSend', 'groupMessage', 'singleMessager', 'onlineUser', 'activeUser', 'report',
  'approval', 'blackboard'].join('|')})Data|yyd(${[
  'Active', 'App', 'Calendar', 'DingMsg', 'GroupMsg', 'Log', 'Meeting', 'Notice', 'SingleMsg', 'ToatlMsg', 'Todo', 'Total'].join('|')})(Day|Week|Month)Datas|yyd(App|Total)StdDatas|statisticDatas/anHmd)$`);
/** Paths whose methods have other names than the rule gives. @type {Record<string, string>} */
const OTHERWISE = { todoUserData: 'Todo', healtheUserData: 'Health', singleMessagerData: 'SingleMessage', 'statisticDatas/anHmd': 'Anhmd' };

/** The method of the official clients for a path, or nothing. @param {string} path */
export function methodOf(path) {
  const [, name = ''] = /^v1\.0\/datacenter\/(.+)$/.exec(path) ?? [];
  if (PUBLISHED.test(name)) return `Query${OTHERWISE[name] ?? upper(name.replace(/Datas?$/, ''))}StatisticalData`;
  if (path === 'v1.0/exclusive/data/report/dept/{dataId}') return 'GetDingReportDeptSummary';
  return path === 'v1.0/exclusive/datas/{dataId}/reports/organizations' ? 'GetDingReportSummary' : '';
}

/** @param {Call} call @param {import('./sending.js').Values} values @returns {Client | null} */
function clientOf(call, values) {
  const name = methodOf(call.path);
  if (!name || values.clientToken) return null;
  const asked = call.parameters.filter((one) => one.place === 'query' && one.name !== 'clientToken');
  const request = asked.filter((one) => given(one, values).length)
    .map((one) => ({ name: one.name, value: values[one.name] ?? '', number: one.schema.type === 'integer' }));
  if (request.some((one) => one.number && !/^\d{1,15}$/.test(one.value))) return null;
  const path = call.parameters.filter((one) => one.place === 'path').map((one) => values[one.name] ?? '');
  return { service: `${call.path.split('/')[1]}_1_0`, name, path, request: asked.length ? request : null };
}

/**
 * @param {Call} call
 * @param {import('./sending.js').Values} values
 * @param {string | File | null} body
 * @param {string} server
 * @returns {Task}
 */
export function task(call, values, body, server) {
  const withToken = call.security.includes('token');
  /** @type {[string, Part[]][]} */
  const headers = call.parameters.filter((one) => one.place === 'header')
    .flatMap((one) => given(one, values).map((value) => /** @type {[string, Part[]]} */ ([one.name, [value]])));
  if (call.bodyType) headers.push(['content-type', [call.bodyType]]);
  if (!withToken && call.security.includes('session')) headers.push(['cookie', ['reportdata_session=', { variable: SESSION }]]);
  const address = new URL(server);
  return {
    server, method: call.method, headers, withToken,
    protocol: address.protocol.replace(':', ''),
    endpoint: address.host + address.pathname.replace(/\/$/, ''),
    url: urlOf(call, values, server),
    body: typeof body === 'string' ? bodyOf(call, body) : null,
    file: isFile(call) ? (body instanceof File ? body.name : 'reports.xlsx') : '',
    client: clientOf(call, values),
  };
}

/** @param {Call} call @param {import('./sending.js').Values} values @param {string} server @returns {Part[]} */
function urlOf(call, values, server) {
  if (call.id !== 'getToken') return [`${server}/${pathOf(call, values)}`];
  const [key, secret] = values.corpid && !values.appkey ? ['corpid', 'corpsecret'] : ['appkey', 'appsecret'];
  return [`${server}/${call.path}?${escaped(key)}=`, { variable: KEY }, `&${escaped(secret)}=`, { variable: SECRET }];
}

/** The body, with variables for what is secret. @param {Call} call @param {string} body @returns {Part[]} */
function bodyOf(call, body) {
  if (!['getAccessToken', 'beginSession'].includes(call.id)) return [body];
  let fields;
  try {
    fields = JSON.parse(body);
  } catch {
    // it is no JSON yet, and may hold a secret
  }
  const names = typeof fields?.link === 'string' ? ['link'] : ['appKey', 'appSecret'];
  const text = JSON.stringify(Object.fromEntries(names.map((name) => [name, MARK + name + MARK])));
  return text.split(JSON.stringify(MARK).slice(1, -1)).map((part, at) => (at % 2 ? { variable: HIDDEN[part] ?? '' } : part));
}

/** The program of a language. @param {Tongue} tongue @param {Task} wanted @returns {Program} */
export function program(tongue, wanted) {
  const official = SDK[tongue];
  const { client } = wanted;
  // The C# client takes no path as a part of the endpoint.
  const able = client && official && !(tongue === 'cs' && wanted.endpoint.includes('/')) ? official(wanted, client) : null;
  const made = able ?? /** @type {(task: Task) => import('./parts.js').Made} */ (HTTP[tongue])(wanted);
  return { ...made, text: `${made.text.trim()}\n`, official: able !== null };
}

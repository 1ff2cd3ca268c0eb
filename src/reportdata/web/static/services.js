// The services whose numbers pages show: what these are called, and what can be asked about them.

import { call } from './api.js';
import { h } from './dom.js';
import { WORDS } from './phrases.js';
import { current, number, percent, signed, t } from './words.js';

/**
 * @typedef {object} Kpi
 * @property {string} metric its name in rows and questions
 * @property {readonly [string, string]} names in Chinese, as DingTalk has it, and in English
 * @property {readonly [string, string]} units
 * @property {boolean} share whether it is a part of a whole, written in per cent
 * @property {string | null} several what it is of several days; null when it is of single days alone
 * @property {string[]} groupings department, template, hour
 * @property {boolean} explained
 */
/**
 * @typedef {object} Service
 * @property {string} id
 * @property {readonly [string, string]} names
 * @property {boolean} counted whether its numbers are counted from facts, and not DingTalk's own
 * @property {Kpi[]} kpis
 * @property {Kpi} main
 * @property {boolean} records whether this session may be told of single people; of reports, its scopes say it
 * @property {string | null} newest the newest day of which something may be known
 */

export const REPORTS_ID = 'reportData';
const PATH = 'v1/services';
/** Numbers that one picture shows at most. */
const MOST = 3;

/** @param {'reports' | 'senders' | 'commenters'} metric @returns {Kpi} */
const own = (metric) => ({
  metric, names: WORDS[metric] ?? ['', ''], units: WORDS[`${metric}Unit`] ?? ['', ''], share: false, several: 'counted',
  groupings: ['department', 'template', 'hour'], explained: true,
});

const KPIS = [own('reports'), own('senders'), own('commenters')];
/** The service of reports, which is known without asking. @type {Service} */
export const REPORTS = { id: REPORTS_ID, names: ['日志', 'Reports'], counted: true, kpis: KPIS, main: /** @type {Kpi} */ (KPIS[0]), records: false, newest: null };

/** Units in English; the names say what is counted. @type {Record<string, string>} */
const UNITS = { 人: 'people', 次: 'times', 人次: 'times', 分钟: 'minutes' };

/** @type {Map<string, Service>} */
let known = new Map([[REPORTS_ID, REPORTS]]);
let tag = '';

/** Know of no service but that of reports, as when somebody else signs in. */
export function forgetServices() {
  known = new Map([[REPORTS_ID, REPORTS]]);
  tag = '';
}

/** All services that this session may see, as the server lists them. @param {AbortSignal} signal @returns {Promise<Service[]>} */
export async function services(signal) {
  const answer = await call(PATH, { signal });
  /** @type {{data: any[]}} */
  const { data } = await answer.json();
  tag = answer.headers.get('etag') ?? '';
  const found = data.map(read);
  known = new Map([[REPORTS_ID, REPORTS], ...found.map((one) => /** @type {const} */ ([one.id, one]))]);
  return found;
}

/** Whether anything may have changed since the services were listed. @param {AbortSignal} signal */
export const servicesChanged = async (signal) =>
  (await call(PATH, { signal, headers: tag ? { 'if-none-match': tag } : {} })).status !== 304;

/** The service of that id; null when this session may not see it. @param {string} id @param {AbortSignal} signal @returns {Promise<Service | null>} */
export async function service(id, signal) {
  if (!known.has(id)) await services(signal);
  return known.get(id) ?? null;
}

/** @param {any} told @returns {Service} */
function read(told) {
  const kpis = told.kpis.map((/** @type {any} */ kpi) => ({
    metric: kpi.metric, names: [kpi.kpiName, kpi.kpiNameEn], units: [kpi.unit, UNITS[kpi.unit] ?? ''], share: kpi.isRatio && !kpi.unit,
    several: kpi.several, groupings: kpi.groupings, explained: kpi.isExplained,
  }));
  if (told.service === REPORTS_ID) return { ...REPORTS, newest: told.newestDay };
  return {
    id: told.service, names: [told.name, told.nameEn], counted: told.origin === 'computed', kpis, records: told.records, newest: told.newestDay,
    main: kpis.find((/** @type {Kpi} */ kpi) => kpi.metric === told.main) ?? kpis[0],
  };
}

const language = () => (current() === 'zh' ? 0 : 1);

/** What a service or a number is called. @param {{names: readonly [string, string]}} of */
export const nameOf = (of) => of.names[language()];

/** @param {Kpi} kpi */
export const unitOf = (kpi) => kpi.units[language()];

/** What stands above a service's page. @param {Service} of */
export const titleOf = (of) => (of.id === REPORTS_ID ? t('title') : t('titleOf', nameOf(of)));

/** A number as people read it. @param {Kpi} kpi @param {number | null | undefined} value */
export const written = (kpi, value) => (kpi.share && value !== null && value !== undefined ? percent(value) : number(value));

/** A number with its unit. @param {Kpi} kpi @param {number} value */
export const withUnit = (kpi, value) => `${written(kpi, value)} ${unitOf(kpi)}`.trimEnd();

/** A difference with its sign. @param {Kpi} kpi @param {number} value */
export const difference = (kpi, value) => (kpi.share ? t('points', signed(Math.round(value * 10_000) / 100)) : signed(Math.round(value * 1e6) / 1e6));

/** The KPI of a name in rows. @param {Service} of @param {string} metric */
export const kpiOf = (of, metric) => of.kpis.find((kpi) => kpi.metric === metric);

/**
 * The numbers of one picture: all of a service that has few and no shares, else the chosen one with others of its unit.
 * @param {Service} of
 * @param {Kpi} chosen
 */
export function together(of, chosen) {
  if (of.kpis.length <= MOST && !of.kpis.some((kpi) => kpi.share)) return of.kpis;
  const alike = of.kpis.filter((kpi) => kpi !== chosen && !kpi.share && !chosen.share && kpi.units[0] === chosen.units[0] && kpi.several === chosen.several);
  return [chosen, ...alike.slice(0, MOST - 1)];
}

/**
 * The choice between numbers.
 * @param {Kpi[]} kpis
 * @param {string} chosen
 * @param {string} key
 * @param {(kpi: string) => void} then
 */
export const kpiChoice = (kpis, chosen, key, then) => h('select', {
  'aria-label': t('kpi'), 'data-key': key,
  onchange: (/** @type {Event} */ event) => then(/** @type {HTMLSelectElement} */ (event.target).value),
}, ...kpis.map((kpi) => h('option', { value: kpi.metric, selected: kpi.metric === chosen }, nameOf(kpi))));

// What the page says, in Chinese and English, and how it writes numbers, days and times.

import { today as dayIn } from './days.js';
import { WORDS } from './phrases.js';

/** @typedef {'zh' | 'en'} Language */

const KEPT = 'reportdata.language';

/** @returns {Language} */
function preferred() {
  const asked = new URLSearchParams(location.search).get('lang') ?? read();
  if (asked === 'zh' || asked === 'en') return asked;
  return navigator.languages.some((name) => name.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

function read() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** @type {Language} */
let language = preferred();

export const current = () => language;

/** @param {Language} chosen */
export function speak(chosen) {
  language = chosen;
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // a browser that keeps nothing
  }
}

/**
 * A phrase with its places filled in.
 * @param {string} key
 * @param {...(string | number)} values
 */
export function t(key, ...values) {
  const found = WORDS[key];
  if (!found) throw new Error(`no phrase ${key}`);
  return found[language === 'zh' ? 0 : 1].replace(/\{(\d)\}/g, (_, at) => String(values[Number(at)]));
}

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {string} key @param {Intl.DateTimeFormatOptions} options */
function format(key, options) {
  const whole = `${language} ${key}`;
  let found = formats.get(whole);
  if (!found) {
    found = new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-GB', options);
    formats.set(whole, found);
  }
  return found;
}

/** @param {string} day */
const at = (day) => new Date(`${day}T00:00:00Z`);

/** @param {number | null | undefined} value */
export const number = (value) =>
  value === null || value === undefined ? '–' : value.toLocaleString(language === 'zh' ? 'zh-CN' : 'en');

/** A difference with its sign. @param {number} value */
export const signed = (value) => (value > 0 ? `+${number(value)}` : value < 0 ? `−${number(-value)}` : '±0');

/** Like 11月27日. @param {string} day */
export const short = (day) => format('short', { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(at(day));

/** Like 周五. @param {string} day */
export const weekdayName = (day) => format('weekday', { weekday: 'short', timeZone: 'UTC' }).format(at(day));

/** Like 2026年11月27日. @param {string} day */
export const long = (day) =>
  format('long', { year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' }).format(at(day));

/** Like 11月. @param {string} day */
export const monthName = (day) => format('month', { month: 'short', timeZone: 'UTC' }).format(at(day));

/** A moment in the organisation's time zone, short; without its day when that is `day`. @param {string | null} at @param {string} zone @param {string} [day] */
export function moment(at, zone, day) {
  if (!at) return t('unknownTime');
  const when = new Date(at);
  const clock = format(`clock ${zone}`, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: zone }).format(when);
  if (day && day === dayIn(zone, when)) return clock;
  return `${format(`date ${zone}`, { month: 'short', day: 'numeric', timeZone: zone }).format(when)} ${clock}`;
}

/** The name of a week, month or day. @param {string} by @param {string} start */
export function periodName(by, start) {
  if (by === 'month') return format('ym', { year: 'numeric', month: 'long', timeZone: 'UTC' }).format(at(start));
  return by === 'week' ? t('weekOf', short(start)) : short(start);
}

// What the page says, in Chinese and English, and how it writes numbers, days and times.

import { today as dayIn, weekday } from './days.js';
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

/** Sentences one after the other. @param {...string} texts */
export const sentences = (...texts) => texts.join(language === 'zh' ? '' : ' ');

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();
/** To make one takes longer than to write many numbers with it. */
const NUMBERS = { zh: new Intl.NumberFormat('zh-CN'), en: new Intl.NumberFormat('en') };

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
  value === null || value === undefined ? '–' : NUMBERS[language].format(value);

/** @type {Intl.NumberFormat | null} */
let percents = null;

/** A part of a whole in per cent, which is written alike in both languages. @param {number} value */
export function percent(value) {
  percents ??= new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });
  return percents.format(value);
}

/** A difference with its sign. @param {number} value */
export const signed = (value) => (value > 0 ? `+${number(value)}` : value < 0 ? `−${number(-value)}` : '±0');

/** Like 11月27日. @param {string} day */
export const short = (day) => format('short', { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(at(day));

/** Names of weekdays and months that were written, by language: a year of days needs few of them. @type {Map<string, string>} */
const written = new Map();

/** @param {string} key @param {Intl.DateTimeFormatOptions} options @param {string} day */
function name(key, options, day) {
  const whole = `${language} ${key}`;
  let found = written.get(whole);
  if (found === undefined) {
    found = format(key.split(' ')[0] ?? '', { ...options, timeZone: 'UTC' }).format(at(day));
    written.set(whole, found);
  }
  return found;
}

/** Like 周五. @param {string} day */
export const weekdayName = (day) => name(`weekday ${weekday(day)}`, { weekday: 'short' }, day);

/** Like 2026年11月27日. @param {string} day */
export function long(day) {
  const [year, , date] = day.split('-').map(Number);
  if (language === 'zh') return `${year}年${Number(day.slice(5, 7))}月${date}日`;
  return `${date} ${name(`month-name ${day.slice(5, 7)}`, { month: 'long' }, day)} ${year}`;
}

/** Like 11月27日 周五, or Fri 27 Nov. @param {string} day @param {(day: string) => string} [as] how the day is written */
export const dayAndWeekday = (day, as = short) =>
  language === 'zh' ? `${as(day)} ${weekdayName(day)}` : `${weekdayName(day)} ${as(day)}`;

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

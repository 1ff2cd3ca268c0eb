// Days of the calendar as texts like 2026-11-28. Arithmetic is in UTC, where every day has 24 hours.

const MS = 86_400_000;

/** @typedef {{from: string, to: string}} Range */

/** The ranges that have a name, in the order in which they are offered. */
export const RANGES = ['today', 'yesterday', '7d', '30d', 'week', 'month', 'lastMonth', 'quarter', 'year'];

/** @param {string} day @returns {number} */
const time = (day) => Date.parse(`${day}T00:00:00Z`);

/** @param {number} at @returns {string} */
const text = (at) => new Date(at).toISOString().slice(0, 10);

/** Whether a text is a day that exists and that facts may have. @param {string} day */
export const isDay = (day) =>
  /^20\d\d-\d\d-\d\d$/.test(day) && !Number.isNaN(time(day)) && text(time(day)) === day;

/** @param {string} day @param {number} count @returns {string} */
export const add = (day, count) => text(time(day) + count * MS);

/** How many days one is after another. @param {string} day @param {string} other */
export const since = (day, other) => Math.round((time(day) - time(other)) / MS);

/** 1 for Monday to 7 for Sunday. @param {string} day */
export const weekday = (day) => new Date(time(day)).getUTCDay() || 7;

/** @param {string} day */
export const monday = (day) => add(day, 1 - weekday(day));

/** @param {string} day */
export const month = (day) => `${day.slice(0, 7)}-01`;

/** The same day of another month, or its last day. @param {string} day @param {number} count */
export function addMonths(day, count) {
  const at = new Date(time(month(day)));
  at.setUTCMonth(at.getUTCMonth() + count);
  const first = text(at.getTime());
  const end = new Date(at);
  end.setUTCMonth(end.getUTCMonth() + 1);
  const last = add(text(end.getTime()), -1);
  const same = `${first.slice(0, 8)}${day.slice(8)}`;
  return same < last ? same : last;
}

/** All days of a range. @param {string} from @param {string} to @returns {string[]} */
export function between(from, to) {
  const days = [];
  for (let day = from; day <= to; day = add(day, 1)) days.push(day);
  return days;
}

/** The day it is in a time zone. @param {string} zone @param {Date} [now] @returns {string} */
export function today(zone, now = new Date()) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', calendar: 'gregory', numberingSystem: 'latn',
  }).formatToParts(now);
  /** @param {string} type */
  const part = (type) => parts.find((found) => found.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** The days of a range that has a name. @param {string} name @param {string} now @returns {Range} */
export function named(name, now) {
  switch (name) {
    case 'today': return { from: now, to: now };
    case 'yesterday': return { from: add(now, -1), to: add(now, -1) };
    case '7d': return { from: add(now, -6), to: now };
    case 'week': return { from: monday(now), to: now };
    case 'month': return { from: month(now), to: now };
    case 'lastMonth': return { from: addMonths(month(now), -1), to: add(month(now), -1) };
    case 'quarter': return { from: addMonths(month(now), -((Number(now.slice(5, 7)) - 1) % 3)), to: now };
    case 'year': return { from: `${now.slice(0, 4)}-01-01`, to: now };
    default: return { from: add(now, -29), to: now };
  }
}

/** The begin of the day, week or month that a day is in. @param {string} by @param {string} day */
export const begin = (by, day) => (by === 'week' ? monday(day) : by === 'month' ? month(day) : day);

/** The begin of the next one. @param {string} by @param {string} day */
export const next = (by, day) =>
  by === 'week' ? add(monday(day), 7) : by === 'month' ? addMonths(month(day), 1) : add(day, 1);

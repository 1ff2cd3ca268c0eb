// The periods of a range, and of the range that it is compared with.

import { add, addMonths, next, since } from './days.js';

/** @typedef {import('./data.js').Row} Row */
/** @typedef {{start: string, end: string, row: Row | null}} Point */

/**
 * The periods of a range in their order, with what is known of each.
 * @param {string} by
 * @param {string} from
 * @param {string} to
 * @param {Row[]} found
 * @returns {Point[]}
 */
export function points(by, from, to, found) {
  const known = new Map(found.map((row) => [row.periodStart, row]));
  const all = [];
  for (let start = from; start <= to; start = next(by, start)) {
    const last = add(next(by, start), -1);
    all.push({ start, end: last < to ? last : to, row: known.get(start) ?? null });
  }
  return all;
}

/**
 * The range that a range is compared with, in which each period lies under its own weekday, week or month.
 * @param {string} by
 * @param {string} from
 * @param {string} to
 */
export function before(by, from, to) {
  if (by === 'month') return { from: addMonths(from, -12), to: addMonths(to, -12) };
  const step = by === 'week' || since(to, from) >= 182 ? 364 : 28;
  return { from: add(from, -step), to: add(to, -step) };
}

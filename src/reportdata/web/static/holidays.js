// Which days people work on.

import { json } from './api.js';
import { weekday } from './days.js';
import { t } from './words.js';

/** @typedef {{date: string, kind: 'holiday' | 'workday', name: string, nameEn: string}} Special */

/** Holidays and moved working days by their day. */
export class Holidays {
  /** @param {Special[]} special */
  constructor(special) {
    this.special = new Map(special.map((day) => [day.date, day]));
  }

  /** Whether people work on a day. @param {string} day */
  works(day) {
    const special = this.special.get(day);
    return special ? special.kind === 'workday' : weekday(day) <= 5;
  }
}

/** @param {string} from @param {string} to @param {AbortSignal} signal */
export async function holidays(from, to, signal) {
  // Whole years, so that the answer can be kept.
  const path = `v1/calendar?from=${from.slice(0, 4)}-01-01&to=${to.slice(0, 4)}-12-31`;
  const answer = await json(path, { signal, cache: 'default' });
  return new Holidays(answer.data);
}

/** What kind of day it is, in words. @param {string} day @param {Holidays} free */
export function kindOfDay(day, free) {
  const special = free.special.get(day);
  const zh = document.documentElement.lang.startsWith('zh');
  if (special) return t(`${special.kind}Day`, zh ? special.name : special.nameEn);
  return weekday(day) > 5 ? t('restDay') : '';
}

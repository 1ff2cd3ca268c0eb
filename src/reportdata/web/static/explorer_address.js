// What the explorer shows, as it stands in its address: whoever opens the address sees the same. No secret is in it.

import { TABS } from './beside.js';
import { TONGUES } from './code.js';
import { beginning } from './meanings.js';
import { isSecret } from './sending.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./beside.js').Shown} Shown */

/**
 * The call of an address, the values of its form that are given, and what stands beside it.
 * @param {string} search
 * @param {Call[]} calls
 * @returns {{call: Call | undefined, values: Record<string, string>, beside: Shown}}
 */
export function read(search, calls) {
  const query = new URLSearchParams(search);
  const call = calls.find((one) => one.id === query.get('call')) ?? calls[0];
  /** @type {Record<string, string>} */
  const values = {};
  for (const one of call?.parameters ?? []) {
    const value = query.get(`p.${one.name}`);
    if (value !== null && !isSecret(one.name)) values[one.name] = value;
  }
  const beside = {
    tab: TABS.find((one) => one === query.get('tab')) ?? 'document',
    tongue: TONGUES.find(([one]) => one === query.get('code'))?.[0] ?? 'sh',
  };
  return { call, values, beside };
}

/**
 * The address of what is shown.
 * @param {Call} call
 * @param {Shown} beside
 * @param {Record<string, string>} values
 * @param {string} day the day with which forms begin
 */
export function addressOf(call, { tab, tongue }, values, day) {
  const query = new URLSearchParams({ call: call.id });
  if (tab !== 'document') query.set('tab', tab);
  if (tab === 'code' && tongue !== 'sh') query.set('code', tongue);
  const first = beginning(call, day);
  for (const [name, value] of Object.entries(values)) {
    if (value !== (first[name] ?? '') && !isSecret(name)) query.set(`p.${name}`, value);
  }
  return `?${query}`;
}

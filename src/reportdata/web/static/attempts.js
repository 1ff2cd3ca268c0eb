// Requests that bring an error about, sent one after the other or many at once.

import { codeOf, send } from './sending.js';

/** @typedef {import('./sending.js').Exchange} Exchange */
/** @typedef {{found: Exchange, sent: number}} Outcome the answer that counts, and how many requests were sent */

/** Requests that are sent at once to use a rate up, and how often that is tried. */
const BURST = 40;
const BURSTS = 12;

/** @param {import('./mistakes.js').Plan} plan @param {string} code the error that is to come @returns {Promise<Outcome>} */
export async function carryOut(plan, code) {
  const [first] = plan.steps;
  if (plan.burst && first) return burst(first, code);
  const crumb = plan.cookie && `; path=${new URL(plan.cookie, document.baseURI).pathname}; SameSite=Strict`;
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not there without TLS
  if (crumb) document.cookie = `reportdata_session=practice; max-age=30${crumb}`;
  let found;
  for (const step of plan.steps) found = await send(step);
  // biome-ignore lint/suspicious/noDocumentCookie: as above
  if (crumb) document.cookie = `reportdata_session=; max-age=0${crumb}`;
  return { found: /** @type {Exchange} */ (found), sent: plan.steps.length };
}

/** Send many at once until one is refused. @param {import('./sending.js').Made} request @param {string} code */
async function burst(request, code) {
  let found = await send(request);
  let sent = 1;
  for (let turn = 0; turn < BURSTS && codeOf(found) !== code; turn++) {
    if (found.status !== 200 && found.status !== 204) break;
    const all = await Promise.all(Array.from({ length: BURST }, () => send(request)));
    sent += all.length;
    found = all.find((one) => codeOf(one) === code) ?? found;
  }
  return { found, sent };
}

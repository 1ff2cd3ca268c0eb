// What changed since the last visit. The server's cursor is followed from answer to answer and from visit to visit, so that
// nothing is missed and nothing is told twice.

import { Problem, json } from './api.js';
import { following } from './data.js';
import { add } from './days.js';
import { h, swap } from './dom.js';
import { table } from './marks.js';
import { REPORTS_ID, kpiOf, nameOf, written } from './services.js';
import { address } from './view.js';
import { causesInWords } from './why.js';
import { dayAndWeekday, moment, number, short, t } from './words.js';

/** @typedef {import('./main.js').Page} Page */
/** @typedef {import('./marks.js').Panel} Panel */
/** @typedef {{day: string, metric: string, state: string} & import('./why.js').Change} ChangeOfDay */
/** @typedef {{since: string, at: string}} Seen a cursor, or a moment or day; and when this browser was shown it */
/** @typedef {{organisation: string, service: string, from: string, cursor: string, found: ChangeOfDay[]}} Story */

const FEW = 12;
const SEEN = 'reportdata.seen';

/** What was told since the page was opened; null until then, and where it is told to nobody. @type {Story | null} */
let story = null;

/** Where the browser keeps what it was shown of an organisation's service. @param {{organisation: string, service: string}} of */
const place = ({ organisation, service }) => `${SEEN} ${organisation}${service === REPORTS_ID ? '' : ` ${service}`}`;

/** How far this browser was shown the changes of an organisation's service. @param {{organisation: string, service: string}} of @returns {Seen | null} */
function seen(of) {
  try {
    const kept = localStorage.getItem(place(of)) ?? '';
    return kept.startsWith('{') ? JSON.parse(kept) : kept ? { since: kept, at: kept } : null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** @param {Story} known */
function keep(known) {
  try {
    localStorage.setItem(place(known), JSON.stringify({ since: known.cursor, at: new Date().toISOString() }));
  } catch {
    // a browser that keeps nothing
  }
}

/**
 * All changes after a cursor or moment, page by page, and the cursor after them.
 * @param {string} service
 * @param {string} since
 * @param {AbortSignal} signal
 */
async function changesSince(service, since, signal) {
  /** @type {ChangeOfDay[]} */
  const found = [];
  const first = `v1/statistics/changes?${new URLSearchParams({ ...(service === REPORTS_ID ? {} : { service }), since, pageSize: '1000' })}`;
  let cursor = '';
  for (let at = first; at; ) {
    /** @type {{data: ChangeOfDay[], meta: {nextPage: string | null, nextSince: string | null}}} */
    const page = await json(at, { signal });
    found.push(...page.data);
    cursor = page.meta.nextSince ?? cursor;
    at = following(first, page.meta.nextPage);
  }
  return { found, cursor };
}

/** What was told up to now, begun where the last visit ended. @param {Page} page @returns {Promise<Story | null>} */
async function storyOf({ session: { organisation }, signal, today, view: { service } }) {
  if (story?.organisation === organisation && story.service === service) return story;
  const [last, yesterday] = [seen({ organisation, service }), add(today, -1)];
  const begun = { organisation, service, from: last?.at ?? yesterday };
  try {
    story = { ...begun, ...(await changesSince(service, last?.since ?? yesterday, signal)) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if ([403, 404].includes(error.status)) return null;
    if (error.status !== 400 || !last) throw error;
    // The cursor is of another store, as after a backup was restored.
    story = { organisation, service, from: yesterday, ...(await changesSince(service, yesterday, signal)) };
  }
  keep(story);
  return story;
}

/** A number that changed again is one change: from what was seen to what is now. @param {Story} known @param {ChangeOfDay} one */
function join(known, one) {
  const before = known.found.findIndex(({ day, metric }) => day === one.day && metric === one.metric);
  const [first] = before < 0 ? [] : known.found.splice(before, 1);
  if (!first) known.found.push(one);
  else if (first.was !== one.is) {
    known.found.push({ ...one, was: first.was, cause: [...new Set([...first.cause.split(', '), ...one.cause.split(', ')])].join(', ') });
  }
}

/** How many numbers changed since this was last asked; 0 where nobody can tell. @param {AbortSignal} signal */
export async function follow(signal) {
  const known = story;
  if (!known) return 0;
  try {
    const { found, cursor } = await changesSince(known.service, known.cursor, signal);
    for (const one of found) join(known, one);
    known.cursor = cursor;
    keep(known);
    return found.length;
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 400) throw error;
    story = null; // begin anew
    return 1;
  }
}

/** Begin anew, as when somebody else signs in. */
export function forgetStory() {
  story = null;
}

/** What changed since the last visit. @param {Panel} at @param {Page} page */
export async function drawChanges(at, page) {
  const { session, signal, view } = page;
  if (session.departments) {
    at.head(t('changes'), []);
    swap(at.body, h('p', { class: 'quiet' }, t('changesWhole')));
    return;
  }
  const told = await storyOf(page);
  if (signal.aborted) return;
  at.section.hidden = told === null;
  if (!told) return;
  const { found, from } = told;
  const whole = page.kept.has('changes');
  const news = found.filter((one) => one.was === null).length; // not a change of what somebody has seen
  const list = found.filter((one) => one.was !== null).sort((one, other) => ((one.when ?? '') < (other.when ?? '') ? 1 : -1));
  const shown = whole ? list : list.slice(0, FEW);
  const name = from.length === 10 ? short(from) : moment(from, session.timeZone);
  at.head(t('changes'), [t('changesSince', name)], list.length > FEW && h('button', {
    type: 'button', class: 'link', 'data-key': 'changes-all', 'aria-expanded': String(whole),
    onclick: () => {
      page.keep('changes');
      void drawChanges(at, page);
    },
  }, whole ? t('showFew') : t('allRows', number(list.length))));
  swap(at.body, list.length ? table(t('changes'), [t('day'), t('kpi'), t('was'), t('is'), t('when'), t('cause')],
    shown.map((one) => ({ one, kpi: kpiOf(view.of, one.metric) })).map(({ one, kpi }) => [
      h('a', { href: address({ ...view, day: one.day }), 'data-day': one.day, 'data-key': `change-${one.day}-${one.metric}` }, dayAndWeekday(one.day)),
      kpi ? nameOf(kpi) : one.metric, kpi ? written(kpi, one.was) : number(one.was), kpi ? written(kpi, one.is) : number(one.is), moment(one.when, session.timeZone), causesInWords(one.cause)])) : h('p', { class: 'quiet' }, t('changesNone')),
    news > 0 && h('p', { class: 'sub note' }, t('changesNews', number(news))));
}

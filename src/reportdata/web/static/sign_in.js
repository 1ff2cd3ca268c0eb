// Signing in, with app key and secret or by a view link.

import { Problem, session as askSession, signIn, wasSignedIn } from './api.js';
import { h, swap } from './dom.js';
import { command } from './marks.js';
import { t } from './words.js';

/** @typedef {import('./api.js').Session} Session */

const ADD = 'reportdata app add --corp CORP_ID --name 人事部 --scope Statistics.Report.Read';

/** Days as errors name them. */
const DAYS = /\d{4}-\d\d-\d\d( – \d{4}-\d\d-\d\d)?/g;

/** What a failed call means to who reads it. @param {unknown} error @returns {string} */
export function meaning(error) {
  if (!(error instanceof Problem)) return t('failed', String(error));
  if (error.status === 0) return t('unreachableFirst');
  if (error.status === 503 || error.status === 429 || /QpsLimit/.test(error.code)) return t('busy');
  if (error.status === 504) return t('tooLong');
  if (error.status === 401) return t('sessionEnded');
  if (error.status === 403) return t('forbidden', ADD);
  if (error.status < 500) return t('refused', error.message);
  if (error.code === 'DataDamaged') return t('filesDamaged', error.message.match(DAYS)?.join(', ') ?? t('everyDay'));
  return t('failed', `${error.status} ${error.code}`);
}

/**
 * @param {HTMLElement} place
 * @param {string} why what is so, when somebody was signed in or tried
 * @param {(session: Session) => void} done
 */
export function drawSignIn(place, why, done) {
  const said = h('p', { class: 'wrong', role: 'alert', id: 'sign-in-said' }, why);
  const key = h('input', { name: 'key', autocomplete: 'username', required: true, spellcheck: 'false', autocapitalize: 'off', 'aria-describedby': 'sign-in-said' });
  const secret = h('input', { name: 'secret', type: 'password', autocomplete: 'current-password', required: true, 'aria-describedby': 'sign-in-said' });
  const send = h('button', { class: 'main' }, t('signIn'));
  const form = h('form', {
    class: 'panel sign-in',
    onsubmit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      send.disabled = true;
      said.textContent = '';
      try {
        done(await signIn({ appKey: key.value.trim(), appSecret: secret.value.trim() }));
      } catch (error) {
        const known = error instanceof Problem && [400, 401, 403].includes(error.status);
        said.textContent = known && error.wait ? t('waitSeconds', error.wait)
          : known && error.status !== 403 ? t('wrongSecret') : meaning(error);
        secret.value = '';
        secret.focus();
      } finally {
        send.disabled = false;
      }
    },
  },
  h('h1', {}, t('signIn')),
  h('p', {}, t('signInWhy')),
  h('label', {}, h('span', {}, t('appKey')), key),
  h('label', {}, h('span', {}, t('appSecret')), secret),
  said,
  send,
  h('p', { class: 'sub' }, t('signInKept')),
  h('p', { class: 'sub' }, t('signInNew')),
  command(ADD));
  swap(place, form);
}

/** The secret of a view link, which is in the address where no server is sent it. */
const secretOfLink = () => new URLSearchParams(location.hash.slice(1)).get('link');

/**
 * Whoever opens the page: by a view link, as one who is signed in, or as a stranger.
 * @param {(session: Session) => void} done
 * @param {(why: string) => void} out
 */
export async function arrive(done, out) {
  const link = secretOfLink();
  addEventListener('hashchange', () => secretOfLink() && location.reload()); // a link that is opened where the page is
  if (link) {
    history.replaceState(null, '', location.pathname + location.search); // a secret stays in no history
    try {
      done(await signIn({ link }));
    } catch (error) {
      out(error instanceof Problem && [400, 401, 403].includes(error.status) ? t('linkEnded') : meaning(error));
    }
    return;
  }
  if (!wasSignedIn()) {
    out('');
    return;
  }
  try {
    done(await askSession());
  } catch (error) {
    if (error instanceof Problem && [401, 404].includes(error.status)) {
      wasSignedIn(false);
      out(t('sessionEnded'));
    } else out(meaning(error));
  }
}

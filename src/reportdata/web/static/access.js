// Who sends the calls: an app, whose token the server's own call gives, the session of the dashboard, or nobody. Key and
// secret are used for that call and forgotten; the token lives in this page alone.

import { h, swap } from './dom.js';
import { button } from './marks.js';
import { jsonIn, send } from './sending.js';
import { moment, t } from './words.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./sending.js').As} As */
/** @typedef {import('./api.js').Session} Session */

const JSON_HEADER = /** @type {[string, string][]} */ ([['content-type', 'application/json']]);

export class Access {
  /** @param {HTMLElement} place @param {() => void} changed */
  constructor(place, changed) {
    this.place = place;
    this.changed = changed;
    this.token = '';
    this.key = '';
    this.until = 0;
    /** @type {Session | null} */
    this.session = null;
    /** @type {As | ''} what was chosen by hand */
    this.chosen = '';
    this.said = '';
    /** @type {Call | null} */
    this.call = null;
  }

  get isTokenGood() {
    return this.token !== '' && Date.now() < this.until;
  }

  /** Ways that a call admits. @param {Call} call @returns {As[]} */
  ways(call) {
    return [
      ...(call.security.includes('token') ? /** @type {As[]} */ (['token']) : []),
      ...(call.security.includes('session') || call.tag === 'sessions' ? /** @type {As[]} */ (['session']) : []),
      'none',
    ];
  }

  /** The way that is used for a call. @param {Call} call @returns {As} */
  as(call) {
    const ways = this.ways(call);
    if (this.chosen && ways.includes(this.chosen)) return this.chosen;
    if (ways.includes('token') && this.isTokenGood) return 'token';
    if (ways.includes('session') && (this.session || call.tag === 'sessions')) return 'session';
    return ways[0] ?? 'none';
  }

  /** @param {Call} call */
  draw(call) {
    if (this.call?.id !== call.id) this.chosen = '';
    this.call = call;
    const as = this.as(call);
    const ways = this.ways(call);
    swap(this.place,
      ways.length > 1
        ? h('fieldset', { class: 'ways' }, h('legend', {}, t('signInAs')), ...ways.map((way) => this.#way(way, way === as)))
        : h('p', { class: 'quiet' }, t('openToAll')),
      as === 'token' && (this.isTokenGood ? this.#signedIn() : this.#form()),
      as === 'session' && call.tag !== 'sessions' && h('p', { class: 'sub' }, this.session
        ? t('asSession', this.session.name, this.session.organisation)
        : t('noSession'), ' ', !this.session && h('a', { href: './' }, t('toDashboard'))),
      h('p', { class: 'wrong', role: 'alert', id: 'access-said' }, this.said));
  }

  /** @param {As} way @param {boolean} checked */
  #way(way, checked) {
    const box = h('input', {
      type: 'radio', name: 'as', value: way, checked, 'data-key': `as-${way}`,
      onchange: () => {
        this.chosen = way;
        this.said = '';
        this.#redraw();
      },
    });
    return h('label', { class: 'way' }, box, ' ', t(`as-${way}`));
  }

  #redraw() {
    if (this.call) this.draw(this.call);
    this.changed();
  }

  #signedIn() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return h('p', { class: 'sub holds' }, h('span', {}, t('tokenOf', this.key, moment(new Date(this.until).toISOString(), zone))), ' ',
      button(t('forgetToken'), () => {
        this.token = '';
        this.#redraw();
      }, { class: 'link', 'data-key': 'forget' }));
  }

  #form() {
    const key = h('input', { name: 'key', value: this.key, autocomplete: 'username', required: true, spellcheck: 'false', autocapitalize: 'off', 'data-key': 'key', 'aria-describedby': 'access-said' });
    const secret = h('input', { name: 'secret', type: 'password', autocomplete: 'current-password', required: true, 'data-key': 'secret', 'aria-describedby': 'access-said' });
    return h('form', {
      class: 'login',
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void this.#sign(key.value.trim(), secret.value.trim());
      },
    },
    h('label', {}, h('span', {}, t('appKey')), key),
    h('label', {}, h('span', {}, t('appSecret')), secret),
    h('button', { class: 'chip', 'data-key': 'get-token' }, t('getToken')));
  }

  /** @param {string} key @param {string} secret */
  async #sign(key, secret) {
    const answer = await send({
      method: 'POST', path: 'v1.0/oauth2/accessToken', headers: JSON_HEADER,
      body: JSON.stringify({ appKey: key, appSecret: secret }), withSession: false,
    });
    const found = jsonIn(answer);
    this.key = key;
    if (answer.status === 200 && typeof found?.accessToken === 'string') {
      this.token = found.accessToken;
      this.until = Date.now() + Number(found.expireIn) * 1000;
      this.said = '';
    } else {
      const wait = answer.headers.find(([name]) => name === 'retry-after')?.[1];
      this.said = answer.status === 0 ? t('unreachableFirst') : wait ? t('waitSeconds', wait) : answer.status === 400 ? t('wrongSecret') : t('busy');
    }
    this.#redraw();
    if (this.said) /** @type {HTMLElement | null} */ (this.place.querySelector('[name=secret]'))?.focus();
    else /** @type {HTMLElement | null} */ (document.getElementById('send'))?.focus();
  }
}

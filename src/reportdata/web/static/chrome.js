// What stands around everything: names, the ways to other pages, the language, the way out.

import { byId, h, swap } from './dom.js';
import { button, themeSwitch } from './marks.js';
import { REPORTS_ID, titleOf } from './services.js';
import { OVERVIEW } from './view.js';
import { current, speak, t } from './words.js';

/** @typedef {import('./api.js').Session} Session */
/** @typedef {import('./view.js').View} View */

/** What leads to all services, and to one of them. */
export const TO_ALL = { page: OVERVIEW, day: '' };
/** @param {string} service @returns {Partial<View>} */
export const toService = (service) => ({ page: '', service, kpi: '', sort: '-period', departments: [], templates: [], tables: [], day: '' });

/** Links that change the view load no page. @param {(patch: Partial<View>) => void} show */
export function followLinks(show) {
  document.addEventListener('click', (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || (link.dataset.day === undefined && link.dataset.patch === undefined)) return;
    event.preventDefault();
    show(link.dataset.patch !== undefined ? JSON.parse(link.dataset.patch) : { day: link.dataset.day ?? '' });
  });
}

/** What a view is called. @param {View} view */
const nameOfView = (view) => (view.page === OVERVIEW ? t('allServices') : titleOf(view.of));

/** Whether there is anything to be seen but the page of reports. @param {Session} session */
export const hasOthers = ({ services }) => services.length > 1 || (services.length === 1 && services[0] !== REPORTS_ID);

/**
 * @param {Session | null} session
 * @param {View} view
 * @param {{spoken: () => void, left: () => void}} then when the language changed, and when somebody signs out
 */
export function drawChrome(session, view, then) {
  document.documentElement.lang = current() === 'zh' ? 'zh-CN' : 'en';
  document.title = nameOfView(view);
  byId('skip').textContent = t('skip');
  byId('brand').textContent = nameOfView(view);
  const name = session ? session.organisationName ?? session.organisation : '';
  const limited = session?.departments ? ` · ${t('limitedTo', session.departments.join(', '))}` : '';
  const origin = session && !view.page && !view.of.counted ? ` · ${t('official')}` : '';
  swap(byId('organisation'), h('bdi', {}, name + limited + origin));
  swap(byId('tools'),
    session && hasOthers(session) && h('a', {
      href: `?view=${OVERVIEW}`, class: 'link', 'data-key': 'services', 'data-patch': JSON.stringify(TO_ALL), 'aria-current': view.page === OVERVIEW ? 'page' : null,
    }, t('allServices')),
    session?.scopes.includes('import') && h('a', { href: 'import', class: 'link', 'data-key': 'bring' }, t('bring')),
    h('a', { class: 'link', href: 'explorer', 'data-key': 'explorer' }, t('explorer')),
    button(t('otherLanguage'), () => {
      speak(current() === 'zh' ? 'en' : 'zh');
      then.spoken();
    }, { class: 'link', lang: current() === 'zh' ? 'en' : 'zh-CN', 'data-key': 'language' }),
    themeSwitch(() => drawChrome(session, view, then)),
    session && button(t('signOut'), then.left, { class: 'link', 'data-key': 'sign-out' }));
}

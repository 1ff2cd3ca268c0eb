// Light or dark, as the system says or as it was chosen.

/** @typedef {'auto' | 'light' | 'dark'} Theme */

const KEPT = 'reportdata.theme';
/** @type {Theme[]} */
const THEMES = ['auto', 'light', 'dark'];
/** When the dark colours hold. @type {{[theme in Theme]: string}} */
const DARK = { auto: 'screen and (prefers-color-scheme: dark)', light: 'not all', dark: 'screen' };

/** @returns {Theme} */
export function theme() {
  try {
    return THEMES.find((known) => known === localStorage.getItem(KEPT)) ?? 'auto';
  } catch {
    return 'auto'; // a browser that keeps nothing
  }
}

/** @param {Theme} chosen */
function wear(chosen) {
  document.documentElement.dataset.theme = chosen;
  const dark = document.getElementById('dark');
  if (dark instanceof HTMLLinkElement) dark.media = DARK[chosen];
}

/** Turn to the next theme, and keep it. @param {Theme} worn @returns {Theme} */
export function turnTheme(worn) {
  const chosen = THEMES[(THEMES.indexOf(worn) + 1) % THEMES.length] ?? 'auto';
  wear(chosen);
  try {
    localStorage.setItem(KEPT, chosen);
  } catch {
    // a browser that keeps nothing
  }
  return chosen;
}

wear(theme());

// Light or dark, as the system says or as it was chosen.

/** @typedef {'auto' | 'light' | 'dark'} Theme */

const KEPT = 'reportdata.theme';
/** @type {Theme[]} */
const THEMES = ['auto', 'light', 'dark'];
/** When the dark colours hold. @type {{[theme in Theme]: string}} */
const DARK = { auto: 'screen and (prefers-color-scheme: dark)', light: 'not all', dark: 'screen' };

let worn = kept();

/** The theme that is worn. */
export const theme = () => worn;

/** Turn to the next theme, and keep it. */
export function turnTheme() {
  worn = THEMES[(THEMES.indexOf(worn) + 1) % THEMES.length] ?? 'auto';
  wear();
  try {
    localStorage.setItem(KEPT, worn);
  } catch {
    // a browser that keeps nothing
  }
}

/** @returns {Theme} */
function kept() {
  try {
    return THEMES.find((known) => known === localStorage.getItem(KEPT)) ?? 'auto';
  } catch {
    return 'auto'; // a browser that keeps nothing
  }
}

function wear() {
  document.documentElement.dataset.theme = worn;
  const dark = document.getElementById('dark');
  if (dark instanceof HTMLLinkElement) dark.media = DARK[worn];
}

wear();

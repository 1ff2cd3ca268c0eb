// Text as languages write it. Marks that turn or hide what follows are written as numbers, so that code reads as it runs.

/** @typedef {'sh' | 'python' | 'ts' | 'go' | 'java' | 'php' | 'cs' | 'cpp'} Tongue */
/** @typedef {string | {variable: string}} Part text, or a variable of the environment */

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0]/gu;

/** @param {string} text @param {(code: number) => string} written */
const seen = (text, written) => text.replace(UNSEEN, (one) => written(one.codePointAt(0) ?? 0));

/** @param {number} code @param {number} digits */
const hex = (code, digits) => code.toString(16).padStart(digits, '0');

/** Units of UTF-16, as Java and JavaScript count. @param {number} code */
const units = (code) => Array.from(String.fromCodePoint(code)).flatMap((one) => one.split('')).map((unit) => `\\u${hex(unit.charCodeAt(0), 4)}`).join('');

/** @type {Record<string, string>} */
const SHORT = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** @param {string} text @param {(code: number) => string} written */
const doubled = (text, written) =>
  `"${seen(text.replace(/[\\"]/g, '\\$&'), (code) => SHORT[String.fromCodePoint(code)] ?? written(code))}"`;

/** @param {number} code */
const long = (code) => (code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`);

/** One text as it is written in a language. @param {Tongue} tongue @param {string} text @returns {string} */
export function quoted(tongue, text) {
  switch (tongue) {
    case 'sh': return shell(text);
    case 'ts':
    case 'java': return doubled(text, units);
    case 'php':
      return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00a0]/u.test(text)
        ? doubled(text, (code) => `\\u{${hex(code, 1)}}`).replaceAll('$', '\\$') : `'${text.replace(/[\\']/g, '\\$&')}'`;
    case 'cpp': // its compilers take no number of a control character
      return doubled(text, (code) => [...new TextEncoder().encode(String.fromCodePoint(code))].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''));
    default: return doubled(text, long);
  }
}

/** @param {string} text */
const shell = (text) =>
  new RegExp(UNSEEN.source, 'u').test(text.replaceAll('\n', ''))
    ? `$'${seen(text.replace(/[\\']/g, '\\$&'), (code) => SHORT[String.fromCodePoint(code)] ?? long(code))}'`
    : `'${text.replaceAll("'", "'\\''")}'`;

/** How a language reads a variable of the environment. @type {Record<Tongue, (name: string) => string>} */
const VARIABLES = {
  sh: (name) => `"$${name}"`,
  python: (name) => `os.environ["${name}"]`,
  ts: (name) => `process.env.${name}`,
  go: (name) => `os.Getenv("${name}")`,
  java: (name) => `System.getenv("${name}")`,
  php: (name) => `getenv('${name}')`,
  cs: (name) => `Environment.GetEnvironmentVariable("${name}")`,
  cpp: (name) => `std::string(std::getenv("${name}"))`,
};

/** @type {Record<Tongue, string>} */
const JOINS = { sh: '', python: ' + ', ts: ' + ', go: ' + ', java: ' + ', php: ' . ', cs: ' + ', cpp: ' + ' };

/** Parts put together. @param {Tongue} tongue @param {Part[]} parts */
export const joined = (tongue, parts) =>
  parts.filter((part) => part !== '')
    .map((part) => (typeof part === 'string' ? quoted(tongue, part) : VARIABLES[tongue](part.variable)))
    .join(JOINS[tongue]) || quoted(tongue, '');

/** @param {Tongue} tongue @param {string} name */
export const variable = (tongue, name) => VARIABLES[tongue](name);

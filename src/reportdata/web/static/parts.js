// What programs of all languages have in common: how they get a token, and how names are written.

import { joined, quoted } from './quoting.js';

/** @typedef {import('./code.js').Task} Task */
/** @typedef {import('./code.js').Client} Client */
/** @typedef {import('./quoting.js').Part} Part */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {{file: string, install: string, run: string, text: string}} Made */

/** The variables of the environment that have key and secret. */
export const KEY = 'REPORTDATA_APP_KEY';
export const SECRET = 'REPORTDATA_APP_SECRET';

/** Where a token is issued. @param {Task} task */
export const issuer = (task) => `${task.server}/v1.0/oauth2/accessToken`;

/** Key and secret as JSON, as a language writes it. @param {Tongue} tongue */
export const login = (tongue) => joined(tongue, ['{"appKey":"', { variable: KEY }, '","appSecret":"', { variable: SECRET }, '"}']);

/** A header as one line, as a language writes it. @param {Tongue} tongue @param {[string, Part[]]} header */
export function headerLine(tongue, [name, [first, ...others]]) {
  return joined(tongue, typeof first === 'string' ? [`${name}: ${first}`, ...others] : [`${name}: `, first ?? '', ...others]);
}

/** How a language reads a file, for a body. @type {Record<Tongue, (name: string) => string>} */
const READ = {
  sh: (name) => `< ${name}`,
  python: (name) => `open(${name}, "rb").read()`,
  ts: (name) => `new Uint8Array(readFileSync(${name}))`,
  go: (name) => `read(${name})`,
  java: (name) => `Files.readAllBytes(Path.of(${name}))`,
  php: (name) => `file_get_contents(${name})`,
  cs: (name) => `File.ReadAllBytes(${name})`,
  cpp: (name) => `read(${name})`,
};

/** How a language makes bytes of a text, where it must. @type {Partial<Record<Tongue, (text: string) => string>>} */
const BYTES = {
  python: (text) => `${text}.encode()`,
  java: (text) => `(${text}).getBytes(UTF_8)`,
  cs: (text) => `Encoding.UTF8.GetBytes(${text})`,
};

/** The body of a task as a language has it, or nothing. @param {Tongue} tongue @param {Task} task */
export function content(tongue, task) {
  if (task.file) return READ[tongue](quoted(tongue, task.file));
  if (!task.body) return '';
  const text = joined(tongue, task.body);
  return BYTES[tongue]?.(tongue === 'python' && text.includes(' + ') ? `(${text})` : text) ?? text;
}

/** @param {string} text */
export const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);
/** @param {string} text */
export const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** @param {string} text */
export const snake = (text) => text.replace(/(?<!^)[A-Z]/g, '_$&').toLowerCase();

/** Headers of a request besides the token, written as pairs. @param {Tongue} tongue @param {Task} task @param {(name: string, value: string) => string} pair */
export const common = (tongue, task, pair) =>
  task.headers.map(([name, value]) => pair(quoted(tongue, name), quoted(tongue, String(value[0])))).join(', ');

/** Arguments of a method: those of the path, then the request, the headers and the options. @param {Tongue} tongue @param {Client} client @param {(text: string) => string} [text] */
export const call = (tongue, client, text = (found) => found) =>
  [...client.path.map((one) => text(quoted(tongue, one))), ...(client.request ? ['request'] : []), 'headers', 'runtime'].join(', ');

/** @param {Tongue} tongue @param {import('./code.js').Argument} one */
export const value = (tongue, one) => (one.number ? one.value : quoted(tongue, one.value));

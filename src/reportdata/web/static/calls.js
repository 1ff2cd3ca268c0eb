// The calls of the server, read from its own description.

import { json } from './api.js';

/** @typedef {{type?: string, format?: string, pattern?: string, enum?: (string | number)[], minimum?: number, maximum?: number, items?: Schema, properties?: Record<string, Schema>, required?: string[], oneOf?: Schema[], description?: string}} Schema */
/** @typedef {'query' | 'header' | 'path'} Place */
/** @typedef {{name: string, place: Place, description: string, schema: Schema, required: boolean, example: string}} Parameter */
/**
 * @typedef {object} Fault an error that the description has
 * @property {number} status
 * @property {string} code
 * @property {Record<string, any>} body as it is answered
 */
/** @typedef {{title: string, value: unknown}} Sample */
/**
 * @typedef {object} Call
 * @property {string} id
 * @property {string} method
 * @property {string} path with braces, and without a slash before it, so that it is relative to the server
 * @property {string} tag
 * @property {string} summary
 * @property {string} description
 * @property {Parameter[]} parameters
 * @property {string} bodyType the media type of its body, or nothing
 * @property {Sample[]} bodies bodies that may be sent
 * @property {string[]} security ways to sign in; none for a call that everybody may make
 * @property {number} good the status when all is well
 * @property {Schema} answer
 * @property {Sample[]} samples
 * @property {Fault[]} faults
 */

const JSON_TYPE = 'application/json';

/** All calls, in the order of the description. @returns {Promise<Call[]>} */
export async function calls() {
  const found = await json('openapi.json');
  return Object.entries(found.paths).flatMap(([path, methods]) =>
    Object.entries(/** @type {Record<string, any>} */ (methods)).map(([method, told]) => read(path, method, told)));
}

/** @param {string} path @param {string} method @param {any} told @returns {Call} */
function read(path, method, told) {
  /** @type {[string, any][]} */
  const answers = Object.entries(told.responses);
  const [status, good] = answers.find(([code]) => code.startsWith('2')) ?? ['0', {}];
  const content = told.requestBody?.content ?? {};
  const bodyType = JSON_TYPE in content ? JSON_TYPE : Object.keys(content)[0] ?? '';
  const answer = good.content?.[JSON_TYPE] ?? {};
  return {
    id: told.operationId,
    method: method.toUpperCase(),
    path: path.replace(/^\//, ''),
    tag: told.tags?.[0] ?? '',
    summary: told.summary ?? '',
    description: told.description ?? '',
    parameters: (told.parameters ?? []).map((/** @type {any} */ one) => ({
      name: one.name, place: one.in, description: one.description ?? '', schema: one.schema ?? {},
      required: one.required === true, example: String(one.example ?? ''),
    })),
    bodyType,
    bodies: bodyType ? samples(content[bodyType]) : [],
    security: (told.security ?? []).flatMap((/** @type {object} */ way) => Object.keys(way)),
    good: Number(status),
    answer: answer.schema ?? {},
    samples: samples(answer),
    faults: answers.filter(([code]) => /^[45]/.test(code)).flatMap(([code, one]) => faults(Number(code), one)).concat(inside(answer)),
  };
}

/** @param {any} content @returns {Sample[]} */
function samples(content) {
  if (content?.example !== undefined) return [{ title: '', value: content.example }];
  return Object.entries(content?.examples ?? {}).map(([title, one]) => ({ title, value: /** @type {any} */ (one).value }));
}

/** @param {number} status @param {any} told @returns {Fault[]} */
const faults = (status, told) =>
  samples(told.content?.[JSON_TYPE]).map(({ value }) => {
    const body = /** @type {Record<string, any>} */ (value);
    return { status, code: String(body.code), body };
  });

/** Errors that are told by a number in an answer of 200. @param {any} content @returns {Fault[]} */
const inside = (content) =>
  samples(content).flatMap(({ value }) => {
    const body = /** @type {Record<string, any>} */ (value);
    return body?.errcode ? [{ status: 200, code: String(body.errcode), body }] : [];
  });

/**
 * The fields of an answer, one a line, by their names from the outside in.
 * @param {Schema} schema
 * @param {string} [before]
 * @returns {{name: string, type: string, description: string}[]}
 */
export function fields(schema, before = '') {
  if (schema.type === 'array' && schema.items) return fields(schema.items, `${before}[]`);
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) => {
    const whole = before ? `${before}.${name}` : name;
    return [{ name: whole, type: typeOf(one), description: one.description ?? '' }, ...fields(one, whole)];
  });
}

/** @param {Schema} schema @returns {string} */
export const typeOf = (schema) =>
  schema.oneOf ? schema.oneOf.map(typeOf).join(' | ') : schema.type === 'array' ? `${typeOf(schema.items ?? {})}[]` : schema.type ?? 'any';

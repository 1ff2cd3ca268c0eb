// How each error of a call is brought about on purpose: by a request that is wrong, by an app or a link that may less,
// or not from a page at all. Nothing is made up here: what is shown is what the server answers.

import { TOKEN_HEADER, made } from './sending.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./calls.js').Fault} Fault */
/** @typedef {import('./sending.js').Made} Made */
/**
 * @typedef {object} Attempt what the form has, to be made wrong
 * @property {Call} call
 * @property {import('./sending.js').Values} values
 * @property {string | File | null} body
 * @property {import('./sending.js').As} as
 * @property {string} token
 */
/** @typedef {{steps: Made[], burst?: boolean, cookie?: string}} Plan requests that are sent one after the other, or as many at once as it takes */
/** @typedef {(attempt: Attempt) => Plan} Way */
/**
 * @typedef {object} Mistake
 * @property {Way | null} way null when no page can
 * @property {string} needs a phrase: what else is needed, or why no page can
 * @property {string} command what makes it so, to be run on the server
 */

const UNKNOWN = '0'.repeat(32);
const NEVER = '20000101';
const NO_DAY = '2021-02-30';
const LONG_URL = 9_000;
const LARGE_HEADER = 40_000;
const MANY_RECORDS = 1_000_000;
const LARGE_BODY = (/** @type {Call} */ call) => (call.id === 'pushFacts' ? 4_200_000 : 17_000);
/** An app that there is not, so that guesses lock nobody out. */
const NOBODY = 'dingnosuchapp0000000';

/** The request as the form has it, with some of it otherwise. @param {Attempt} at @param {Partial<Attempt>} [other] */
function plain(at, other = {}) {
  const all = { ...at, ...other };
  return made(all.call, all.values, all.body, all.as, all.token);
}

/** @param {Made} request @param {...[string, string]} headers */
const with_ = (request, ...headers) => ({ ...request, headers: [...request.headers, ...headers] });

/** @param {Made} request @param {string} query */
const asking = (request, query) => ({ ...request, path: request.path + (request.path.includes('?') ? '&' : '?') + query });

/** @param {Attempt} at @param {Record<string, string>} values */
const valued = (at, values) => plain(at, { values: { ...at.values, ...values } });

/** @param {unknown} content @returns {Way} */
const body = (content) => (at) => ({ steps: [plain(at, { body: typeof content === 'string' ? content : JSON.stringify(content) })] });

/** @param {(at: Attempt) => Made} request @returns {Way} */
const one = (request) => (at) => ({ steps: [request(at)] });

/** As it is sent: what is wrong is who sends it. */
const asIs = one((at) => plain(at));

/** The day that a call is about. @param {Call} call */
export const dayOf = (call) => call.parameters.find(({ name }) => name === 'statDate' || name === 'dataId')?.name ?? '';

/** @param {Attempt} at @returns {Plan} */
function sameKey(at) {
  const key = `practice-${Math.random().toString(36).slice(2)}`;
  if (at.call.bodyType) {
    return { steps: ['[]', '[{}]'].map((content) => with_(plain(at, { body: content }), ['idempotency-key', key])) };
  }
  const days = [at.values[dayOf(at.call)] || '20210620', NEVER];
  return { steps: days.map((day) => with_(valued({ ...at, values: { ...at.values, 'x-client-token': '', clientToken: '' } }, { [dayOf(at.call)]: day }), ['x-client-token', key])) };
}

/** @type {Record<string, Way>} */
const WAYS = {
  'InvalidAction.NotFound': one((at) => ({ ...plain(at), path: `${at.call.path.split('{')[0]}nowhere` })),
  'AuthenticationFailed.MissingParameter': one((at) => plain(at, { as: 'none' })),
  'AuthenticationFailed.NotSignedIn': one((at) => plain(at, { as: 'none' })),
  InvalidAuthentication: one((at) => plain(at, { as: 'token', token: UNKNOWN })),
  'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi': (at) => ({ steps: [plain(at)], burst: true }),
  IdempotentParameterMismatch: sameKey,
  'statDate.is.null': one((at) => valued(at, { statDate: '' })),
  'statDate.format.iserror': one((at) => valued(at, { statDate: NO_DAY })),
  'param.illegal': one((at) => valued(at, { dataId: NO_DAY })),
  'param.null': one((at) => valued(at, { dataId: ' ' })),
  Missingbody: body(''),
  Invalidbody: body('[{"report_id": '),
  MissingappKey: body({ appSecret: 'x' }),
  MissingappSecret: body({ appKey: NOBODY }),
  Missinglink: body({ link: '' }),
  invalidClientIdOrSecret: body({ appKey: NOBODY, appSecret: 'wrong' }),
  'AuthenticationFailed.WrongLink': body({ link: 'link0000000000000000.wrong' }),
  40096: one((at) => valued(at, { appkey: NOBODY, appsecret: 'wrong', corpid: '', corpsecret: '' })),
  40089: one((at) => valued(at, { appkey: '', appsecret: '', corpid: NOBODY, corpsecret: 'wrong' })),
  40035: one((at) => valued(at, { appkey: '', appsecret: '', corpid: '', corpsecret: '' })),
  InvalidParameter: (at) => {
    if (at.call.tag === 'sessions') return body({ appKey: NOBODY, appSecret: 'wrong', link: 'wrong' })(at);
    if (at.call.tag !== 'imports') return { steps: [asking(plain(at), 'form=1')] };
    return at.call.parameters.some(({ name }) => name === 'name') ? { steps: [valued(at, { name: 'x'.repeat(300) })] } : body({ form: 1 })(at);
  },
  'AuthenticationFailed.WrongSecret': (at) =>
    at.call.tag === 'sessions' ? body({ appKey: NOBODY, appSecret: 'wrong' })(at)
      : { steps: [with_(plain(at, { as: 'none' }), ['authorization', `Basic ${btoa(`${NOBODY}:wrong`)}`])] },
  'AuthenticationFailed.SessionEnded': (at) => ({ steps: [plain(at, { as: 'session' })], cookie: at.call.path }),
  'Import.UnknownUpload': one((at) => valued(at, { upload: UNKNOWN, name: at.values.name || 'practice.csv' })),
  'Import.Unknown': one((at) => valued(at, { import: 'nosuchimport' })),
  'InvalidRequest.UrlTooLong': one((at) => asking(plain(at), `practice=${'x'.repeat(LONG_URL)}`)),
  'InvalidRequest.HeadersTooLarge': one((at) => with_(plain(at), ['x-practice', 'x'.repeat(LARGE_HEADER)])),
  'InvalidRequest.BodyTooLarge': (at) => body(`"${'x'.repeat(LARGE_BODY(at.call))}"`)(at),
  'InvalidRequest.TooManyRecords': body(`[${','.repeat(MANY_RECORDS)}]`),
  '400 InvalidRequest.ContentEncoding': one((at) => with_(plain(at), ['content-encoding', 'gzip'])),
  '415 InvalidRequest.ContentEncoding': one((at) => with_(plain(at), ['content-encoding', 'br'])),
};

/** What is needed besides: a phrase, and a command. @type {Record<string, readonly [string, string]>} */
const NEEDS = {
  'Forbidden.AccessDenied.IpNotInWhiteList': ['needsApp', 'reportdata app add --corp CORP_ID --name 练习 SCOPE--allow 192.0.2.0/24'],
  'Forbidden.AccessDenied.AccessTokenPermissionDenied': ['needsApp', 'reportdata app add --corp CORP_ID --name 练习 --type third-party-enterprise'],
  'Forbidden.AccessDenied.QpsLimitForAppkeyAndApi': ['needsRate', 'reportdata app set APP_KEY --rate 1'],
  'orgId.is.null': ['needsApp', 'reportdata app add --name 练习 SCOPE'],
  'Forbidden.AccessDenied.SomeDepartments': ['needsLink', 'reportdata link add --corp CORP_ID --name 练习 --department 研发'],
  'AuthenticationFailed.SessionEnded': ['needsSignedOut', ''],
  'AuthenticationFailed.LinkRevoked': ['needsEnding', 'reportdata link revoke LINK_ID'],
  'AuthenticationFailed.LinkEnded': ['needsEnding', 'reportdata link add --corp CORP_ID --name 练习 --until DAY'],
  'AuthenticationFailed.AppDisabled': ['needsEnding', 'reportdata app disable APP_KEY'],
};

/** Why no page brings some about. @type {Record<string, string>} */
const NEVERS = {
  'serviceId.is.null': 'neverDefined',
  'service.meta.isNull': 'neverDefined',
  systemError: 'neverStore',
  DataDamaged: 'neverStore',
  unknownError: 'neverStore',
  'system.busy': 'neverStore',
  'Forbidden.CrossSite': 'neverOtherSite',
  'ServiceUnavailable.TooManyQuestions': 'neverLoad',
  'ServiceUnavailable.QuestionTooLong': 'neverLoad',
  ServiceUnavailable: 'neverLoad',
  InvalidRequest: 'neverHttp',
  'InvalidRequest.TooSlow': 'neverHttp',
};

/** How an error of a call is brought about. @param {Call} call @param {Fault} fault @returns {Mistake} */
export function mistake(call, fault) {
  const [needs = '', command = ''] = NEEDS[fault.code] ?? [];
  if (call.bodyType && call.bodyType !== 'application/json' && fault.code === 'InvalidRequest.BodyTooLarge') {
    return { way: null, needs: 'neverLarge', command };
  }
  const way = WAYS[`${fault.status} ${fault.code}`] ?? WAYS[fault.code] ?? (needs ? asIs : null);
  if (!way) return { way, needs: NEVERS[fault.code] ?? 'neverKnown', command };
  if (call.id === 'beginSession' && ['AuthenticationFailed.LinkRevoked', 'AuthenticationFailed.LinkEnded'].includes(fault.code)) {
    return { way, needs: 'needsEndedLink', command };
  }
  if (call.id === 'getUndoing' && fault.code === 'Import.UnknownUpload') return { way: asIs, needs: 'needsImport', command };
  if (call.id === 'removeUpload' && fault.code === 'InvalidParameter') return { way, needs: 'needsUpload', command };
  return { way, needs, command: command.replace('SCOPE', scopeOf(call)) };
}

/** The option that gives an app the scope of a call, where another one is usual. @param {Call} call */
function scopeOf(call) {
  const detail = call.faults.find(({ body: told }) => told.accessdenieddetail)?.body.accessdenieddetail;
  const [scope] = detail?.requiredScopes ?? [];
  return !scope || scope === 'DataCenter.Report.Read' ? '' : `--scope ${scope} `;
}

/** What is no error and yet surprises: a day of which nothing is known. @param {Call} call @returns {Way | null} */
export const uncovered = (call) => (dayOf(call) ? one((at) => valued(at, { [dayOf(call)]: NEVER })) : null);

/** What is shown of a header's value: tokens and secrets are cut short. @param {string} name @param {string} value */
export const shownHeader = (name, value) =>
  name === TOKEN_HEADER && value !== UNKNOWN ? `${value.slice(0, 6)}…` : value.length > 300 ? `${value.slice(0, 60)}… (${value.length})` : value;

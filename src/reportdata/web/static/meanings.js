// What calls and parameters mean, in Chinese; English is in the server's own description. And what a form begins with.

import { dayOf } from './mistakes.js';
import { current } from './words.js';

/** @typedef {import('./calls.js').Call} Call */
/** @typedef {import('./calls.js').Parameter} Parameter */

/** By operation: a title, and what there is to know. @type {Record<string, readonly [string, string]>} */
const CALLS = {
  getAccessToken: ['获取应用的 accessToken', '用 AppKey 和 AppSecret 换取 token，有效期 7200 秒。有效期内重复获取得到同一个 token，不必担心互相顶替。'],
  getToken: ['获取 accessToken（老接口）', '给老程序用的写法。无论成败都返回 200，要看 errcode。appkey 配 appsecret，或者 corpid 配 corpsecret。'],
  pushFacts: ['推送日志、评论和撤回', '把记录放进 JSON 数组发来，也可以一行一条，可以用 gzip 压缩。返回成功就已经落盘。不合格的记录逐条列出，其余照收；重复推送不会重复计数。'],
  getStatistics: ['查询任意时间段的统计', '每一格都按它自己的那些天精确去重计数，各格不能相加。采集过而没有日志的时段是一行 0；没有采集过的时段没有行。只采集了一部分的时段，按采集到的天计数，coveredDays 和 days 写明有几天，状态是 partial。按人（by=user、user=）查询另外需要 Statistics.Report.Records 权限。'],
  getCoverage: ['查询哪些天采集过', '相邻而状态相同的天合成一段；不在任何一段里的天是未知的。响应头 etag 在数字可能变化时改变：轮询的程序用 if-none-match 带上它，没变时立刻得到 304。'],
  getChanges: ['查询哪些数字变过、为什么变', '列出某个时刻以后变化的每天的数字，以及原因：导入、推送、采集、撤回、撤销导入、遗忘、修复、口径变更或覆盖范围变化。从未知变为已知、从已知变为未知也算变化。'],
  explainStatistics: ['解释一个数字怎么来的', '返回一句话的说明、口径定义、历次数值，以及组成它的记录。带上 than= 可以与另一格比较：多了哪些、少了哪些、哪些相同。看记录需要 Statistics.Report.Records 权限；没有时 data 为空，其余照答。'],
  listServices: ['列出能查的服务和它们的指标', '应用或链接有权查统计的服务：名称、指标、单位、能按什么分组、哪些天有数字。只看部分部门的链接，只得到能按部门分开的指标。响应头 etag 在数字可能变化时改变，用 if-none-match 带上它，没变时得到 304。'],
  getOverview: ['所有服务的最新数字', '每个有数字的服务一行：主要指标在今天以前最近一个已知日的数字、状态和来源，以及到那天为止 30 天的数字；与 /v1/statistics 的回答一致。'],
  getCalendar: ['查询节假日和调休', '只列出特殊的日期；没有列出的，周一到周五上班，周末休息。firstYear 到 lastYear 之外的年份没有资料。谁都可以调用。'],
  healthz: ['进程是否活着', '给监控用。能回答就是 ok。'],
  readyz: ['能否正常服务', '给负载均衡用。能读数据、没有在停止，就是 ready。'],
  beginSession: ['登录（给网页用）', '用应用的 key 和 secret，或查看链接 #link= 后面的内容登录。回答里设置一个脚本读不到的 cookie。departments 是链接能看的部门，null 表示整个企业。在这里发送，看板的登录也会随之改变。'],
  getSession: ['查询登录的是谁', '返回浏览器登录的企业、能看的服务、对日志的权限和到期时间。'],
  endSession: ['退出登录', '结束浏览器的登录。在这里发送，看板也会退出。'],
  uploadFile: ['上传要导入的文件', '正文就是文件。同一次上传的文件一起导入；导入结束，或最后一次调用半小时之后，文件就被删除。'],
  getUpload: ['查询一次上传的进度', '返回文件列表，以及正在进行的预览或导入到了哪一步、结果是什么。'],
  removeUpload: ['删除一次上传', '删除整次上传，或用 name 只删其中一个文件。'],
  previewUpload: ['预览导入', '只说明导入会怎样：各列被当作什么、多少条是新的、哪些数字会变；不写入任何内容。正文与 reportdata import 的选项相同。'],
  importUpload: ['导入', '导入这次上传的文件。其他企业的记录会被拒绝。重复调用不会重复导入，只返回进度。'],
  listImports: ['查询导入记录', '企业的导入，最近的在前。'],
  undoImport: ['撤销一次导入', '只由它带来的记录会被去掉；没有其他来源的日期重新变为未知。'],
  getUndoing: ['查询撤销的进度', '返回撤销到了哪一步、结果是什么。'],
  openapi: ['接口的机器可读描述', 'OpenAPI 3.0.3 格式；这个页面就是照它显示的。'],
};

/** By operation and name, or by name. @type {Record<string, string>} */
const PARAMETERS = {
  statDate: '要查的日期，写成 yyyyMMdd，按企业所在时区。',
  dataId: '要查的日期，写成 yyyyMMdd。',
  nextToken: '从第几行开始，第一页是 0；以后用上次回答里的 nextToken。',
  maxResults: '最多返回几行，至少 1。',
  clientToken: '幂等标识，可以不给。一天之内，同一个标识用于另一个请求会被拒绝。',
  'x-client-token': '幂等标识，与 clientToken 相同，放在请求头里。',
  'x-reportdata-partial': '写 include：只采集了一部分的周或月，也给出已采集那些天的数字。不写时这样的数字不给。',
  'idempotency-key': '幂等标识，可以不给。一天之内，同一个标识配不同的正文会被拒绝。',
  'if-none-match': '手上那次回答的 etag；没有变化时得到 304。',
  appkey: '应用的 key，与 appsecret 成对。',
  appsecret: '应用的 secret。',
  corpid: 'CorpId，与 corpsecret 成对。',
  corpsecret: '企业的 secret。',
  from: '第一天，写成 yyyy-MM-dd 或 yyyyMMdd，按企业所在时区。',
  to: '最后一天，含当天；不写就只查第一天。',
  range: '代替 from 和 to：month（本月）、lastMonth（上月）、quarter（本季）、year（今年），或最近几天如 7d、30d，含今天。',
  by: '按什么分组，最多三项，用逗号隔开：day、week、month、quarter、year、weekday、hour、department、topDepartment、template、user；时段最多一项。topDepartment 为一级部门：部门名第一个 / 之前的部分，连同其下所有部门。',
  metrics: '要哪些指标，写名称或编号，用逗号隔开；不写就是全部。',
  metric: '要解释哪个指标，写一个名称或编号，如 reports。',
  department: '只算这些部门的；一行一个，多个就是任意一个。',
  template: '只算用这些模板写的日志，以及对它们的评论；一行一个。',
  user: '只算这些用户编号的；一行一个。需要 Statistics.Report.Records 权限。',
  children: 'true：连下级部门一起算（名称以“上级/”开头的部门）。',
  departments: 'now：每个人都归到最近一份日志所在的部门；then（默认）：归到当时的部门。',
  order: '按哪些列排序，用逗号隔开；前面加 - 是从大到小。',
  page: '第几页，从 1 开始。',
  pageSize: '每页几行，最多 1000；只对 JSON 有效，文件总是完整的。',
  asOf: '一个时刻：只按当时已经知道的来算。ISO 8601 写法；不带时差就按企业所在时区。',
  format: '回答的格式：json、csv、xlsx 或 parquet。',
  bom: '写 0：CSV 开头不加 Excel 识别 UTF-8 用的标记。',
  day: '哪一天，代替 from、to 和 range。',
  than: '与哪一格比较：把不同之处写成地址参数的样子，如 day=2026-09-20；without=department 表示那一格不筛选部门。',
  lang: '说明用什么语言：zh 或 en。',
  since: '上次回答里的 nextSince：只要那以后提交的变化，不漏也不重。或者一个时刻、一天（指它的开始）：只要那以后开始的变化。',
  upTo: '上次回答里的 nextSince：只到它为止，用于翻页。',
  names: 'true：用户编号旁边给出姓名；企业开启了姓名时才有。',
  service: '查哪个服务的数字，写它的编号，如 checkinData；不写就是 reportData（日志）。应用要有那个服务的权限。',
  name: '文件名。',
  upload: '哪一次上传。',
  import: '哪一次导入。',
  modified: '文件最后修改的时间，1970 年以来的毫秒数。',
  'uploadFile.upload': '加到哪一次上传里；不写就新开一次。',
  'removeUpload.name': '只删除这个文件。',
  'getStatistics.lang': 'XLSX 的表头和状态用什么语言：zh 或 en。',
  'getChanges.from': '只看这一天起的数字；不写就是全部。',
  'getChanges.to': '只看到这一天为止的数字。',
  'getChanges.asOf': '只看到这个时刻为止的变化；不写就到现在。',
  'getCalendar.from': '第一天，写成 yyyy-MM-dd 或 yyyyMMdd。',
  'getCalendar.to': '最后一天，含当天；最多 3660 天。',
};

/** What the server's description says of fields of answers. @type {Record<string, string>} */
const DESCRIBED = {
  'Empty for facts that name no department.': '没有写部门的记录，这里为空。',
  'null: no name is kept': 'null：没有保存姓名',
  'null: not known': 'null：未知',
  'null: of a report that the link does not show': 'null：链接看不到这条日志',
  "Whether statistics are counted from facts, or DingTalk's own figures.": '数字由明细计算，还是钉钉官方数字。',
  'The metric that stands for the service where there is room for one.': '只显示一个指标时，用它代表这个服务。',
  'Whether the caller may be told of single people.': '调用者能否看到个人的记录。',
  'The services whose numbers need files that are damaged or gone: nothing is told of them.': '要用的文件损坏或不见了的服务，这里没有它们的数字。',
  'What the number of several days is: counted over them, the sum of the days, that of the last day, the ratio of its parts over them; null: it is known of single days alone.':
    '多日的数字怎样得出：整段统计、各日之和、最后一天的数字，或分子分母在整段的比值；null：只有单日的数字。',
  'What `reportdata import` prints with --json, with --dry-run for a preview.': '与 reportdata import --json 的输出相同；预览时与 --dry-run 相同。',
};

/** What a field of an answer means, in the page's language. @param {string} description */
export const described = (description) => (current() === 'en' ? description : DESCRIBED[description] ?? description);

/** Parameters without which there is no good answer, whatever the description demands. @type {Record<string, string[]>} */
const NEEDED = {
  getCalendar: ['from', 'to'], getChanges: ['since'], explainStatistics: ['metric'], getToken: ['appkey', 'appsecret'],
};
const ALWAYS_NEEDED = ['statDate', 'nextToken', 'maxResults'];

/** Groups of calls. @type {Record<string, readonly [string, string]>} */
const TAGS = {
  statistics: ['兼容接口：数据服务', 'The contract'],
  'closed calls': ['兼容接口：已停止开通的接口', 'The contract: closed calls'],
  tokens: ['token', 'Tokens'],
  facts: ['推送', 'Pushing'],
  questions: ['查询与解释', 'Questions'],
  services: ['服务总览', 'Services'],
  imports: ['文件导入', 'Imports'],
  calendar: ['日历', 'Calendar'],
  health: ['运维', 'Operations'],
  sessions: ['网页登录', 'Sessions'],
  description: ['描述', 'Description'],
};

/** @param {string} tag */
export const tagName = (tag) => TAGS[tag]?.[current() === 'zh' ? 0 : 1] ?? tag;

/** Of what period a call of the contract answers numbers. @param {Call} call */
const period = (call) => (/Week/.test(call.path) ? '周' : /Month/.test(call.path) ? '月' : '日');

/** The title that a service has at DingTalk. @param {Call} call */
const given = (call) => call.description.split('. ')[0] ?? '';

/** The names of the numbers that an answer has. @param {Call} call */
const numbers = (call) => /[：:] ?(.+)$/.exec(call.summary)?.[1] ?? '';

/** The title of a call. @param {Call} call */
export function title(call) {
  if (current() === 'en') return call.summary;
  if (call.tag === 'statistics') return /Datas$/.test(call.path) ? `${given(call)}（按${period(call)}）` : given(call);
  if (call.tag === 'closed calls') return given(call);
  return CALLS[call.id]?.[0] ?? call.summary;
}

/** What there is to know of a call. @param {Call} call */
export function about(call) {
  if (current() === 'en') return call.description;
  if (call.tag === 'statistics' && /^Figures/.test(call.summary)) {
    return `返回钉钉自己对这一天的回答，由企业带来才有。有哪些指标没有公开文档，以 metaList 为准。${scopeSaid(call)}`;
  }
  if (call.tag === 'statistics') {
    const of = period(call);
    const numbersOf = `返回一${of === '日' ? '天' : of}的${numbers(call)}。企业由 token 决定，请求里不写。`;
    const rule = of === '日'
      ? '只有采集过的数字才出现在 dataList 里；一个都没有时没有这一行。未知不是 0。'
      : `数字按 statDate 所在的${of === '周' ? '自然周（周一到周日）' : '自然月'}整体去重计数，不是每天相加。有一天没采集，就没有这一行。`;
    return `${numbersOf}${rule}${scopeSaid(call)}`;
  }
  if (call.tag === 'closed calls') {
    const of = call.parameters.some(({ name }) => name === 'nextToken') ? '一天里每个部门的' : '一天里整个企业的';
    return `返回${of}${numbers(call)}。数字是文本；不知道的不出现。钉钉已不再开通这个接口，老程序在这里照常可用。${scopeSaid(call)}`;
  }
  return [CALLS[call.id]?.[1] ?? call.description, scopeSaid(call)].filter(Boolean).join('');
}

/** @param {Call} call */
function scopeSaid(call) {
  const scopes = call.faults.find(({ body }) => body.accessdenieddetail)?.body.accessdenieddetail.requiredScopes;
  return scopes?.length ? `应用需要权限 ${scopes.join(' 或 ')}。` : '';
}

/** What a parameter means. @param {Call} call @param {Parameter} parameter */
export const meaning = (call, parameter) =>
  current() === 'en' ? parameter.description
    : PARAMETERS[`${call.id}.${parameter.name}`] ?? PARAMETERS[parameter.name] ?? parameter.description;

/** Whether a good answer needs it. @param {Call} call @param {Parameter} parameter */
export const isNeeded = (call, parameter) =>
  parameter.required || ALWAYS_NEEDED.includes(parameter.name) || (NEEDED[call.id] ?? []).includes(parameter.name);

/** Whether all of a call is said in Chinese. @param {Call} call */
export const isTold = (call) =>
  (['statistics', 'closed calls'].includes(call.tag) || call.id in CALLS)
  && call.parameters.every(({ name }) => `${call.id}.${name}` in PARAMETERS || name in PARAMETERS) && call.tag in TAGS;

/** What a form begins with. @param {Call} call @param {string} yesterday like 2026-11-26 @returns {Record<string, string>} */
export function beginning(call, yesterday) {
  const compact = yesterday.replaceAll('-', '');
  const day = dayOf(call);
  /** @type {Record<string, string>} */
  const first = Object.fromEntries(call.parameters.filter((one) => one.place === 'path').map(({ name }) => [name, `0123456789abcdef`.repeat(2)]));
  if (day) first[day] = compact;
  if (call.parameters.some(({ name }) => name === 'nextToken')) return { ...first, nextToken: '0', maxResults: '10' };
  switch (call.id) {
    case 'uploadFile': return { name: 'reports.xlsx' };
    case 'getStatistics': return { range: '7d', by: 'day' };
    case 'getChanges': return { since: yesterday };
    case 'explainStatistics': return { metric: 'reports', day: yesterday, lang: current() };
    case 'getCalendar': return { from: `${yesterday.slice(0, 4)}-01-01`, to: `${yesterday.slice(0, 4)}-12-31` };
    default: return first;
  }
}

/** Whether the body of a call is a file. @param {Call} call */
export const isFile = (call) => call.bodyType !== '' && call.bodyType !== 'application/json';

/** The body that a form begins with. @param {Call} call */
export function firstBody(call) {
  if (!call.bodyType || isFile(call)) return null;
  if (call.id === 'getAccessToken') return JSON.stringify({ appKey: 'APP_KEY', appSecret: 'APP_SECRET' }, null, 2);
  const [sample] = call.bodies;
  return sample ? JSON.stringify(sample.value, null, 2) : '{}';
}

// DingTalk's official Node SDK as a program: a line of JSON for every call.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
// The package's own entries for services have no types; these have.
import DataCenter, * as dataCenter from "@alicloud/dingtalk/dist/datacenter_1_0/client";
import type * as Exclusive from "@alicloud/dingtalk/dist/exclusive_1_0/client";
import OAuth2, * as oauth2 from "@alicloud/dingtalk/dist/oauth2_1_0/client";
import { Config } from "@alicloud/openapi-client";
import { RuntimeOptions } from "@alicloud/tea-util";

const { values: given } = parseArgs({
  options: {
    endpoint: { type: "string" },
    protocol: { type: "string" },
    key: { type: "string" },
    secret: { type: "string" },
    token: { type: "string" },
    date: { type: "string" },
    ca: { type: "string" },
    "client-token": { type: "string" },
    call: { type: "string", default: "report" },
    paths: { type: "string" }, // of no use here: the SDK knows them
    partial: { type: "string" },
    "next-token": { type: "string" },
    "max-results": { type: "string" },
    calls: { type: "string", default: "1" },
    pause: { type: "string", default: "0" },
  },
});

const config = new Config({ endpoint: given.endpoint, protocol: given.protocol });
const dataCenterClient = new DataCenter(config);
const oauth2Client = new OAuth2(config);
const runtime = new RuntimeOptions(given.ca === undefined ? {} : { ca: readFileSync(given.ca, "utf8") });
let token = given.token;

/** What the SDK throws for an error answer. */
interface AnswerError {
  code: string;
  message: string;
  statusCode: number;
  accessDeniedDetail?: object;
}

/** The models of a call's headers and of its request, and its method. */
const statistics = {
  report: [
    dataCenter.QueryReportStatisticalDataHeaders,
    dataCenter.QueryReportStatisticalDataRequest,
    "queryReportStatisticalDataWithOptions",
  ],
  day: [
    dataCenter.QueryYydLogDayStatisticalDataHeaders,
    dataCenter.QueryYydLogDayStatisticalDataRequest,
    "queryYydLogDayStatisticalDataWithOptions",
  ],
  week: [
    dataCenter.QueryYydLogWeekStatisticalDataHeaders,
    dataCenter.QueryYydLogWeekStatisticalDataRequest,
    "queryYydLogWeekStatisticalDataWithOptions",
  ],
  month: [
    dataCenter.QueryYydLogMonthStatisticalDataHeaders,
    dataCenter.QueryYydLogMonthStatisticalDataRequest,
    "queryYydLogMonthStatisticalDataWithOptions",
  ],
} as const;

function number(text: string | undefined) {
  return text === undefined ? undefined : Number(text);
}

/** What is called, of all that is asked for. */
let called = "report";

/** A call of the catalogue by its own name, like `QueryMailStatisticalData`. */
async function named(who: object) {
  const models = dataCenter as any;
  const method = `${called[0].toLowerCase()}${called.slice(1)}WithOptions`;
  const request = new models[`${called}Request`]({ statDate: given.date });
  return (await (dataCenterClient as any)[method](request, new models[`${called}Headers`](who), runtime)).body;
}

async function query() {
  const commonHeaders: { [name: string]: string } = {};
  if (given["client-token"] !== undefined) commonHeaders["x-client-token"] = given["client-token"];
  if (given.partial !== undefined) commonHeaders["x-reportdata-partial"] = given.partial;
  const who = { xAcsDingtalkAccessToken: token, commonHeaders };
  if (called === "departments" || called === "organisation") return closed(who);
  if (called.startsWith("Query")) return named(who);
  const [Headers, Request, method] = statistics[called as keyof typeof statistics];
  const answer = await dataCenterClient[method](new Request({ statDate: given.date }), new Headers(who), runtime);
  return answer.body;
}

async function closed(who: object) {
  // The module takes long to load, and most calls do not need it.
  const exclusive = require("@alicloud/dingtalk/dist/exclusive_1_0/client") as typeof Exclusive;
  const client = new exclusive.default(config);
  const day = given.date ?? "";
  if (called === "organisation") {
    const headers = new exclusive.GetDingReportSummaryHeaders(who);
    return (await client.getDingReportSummaryWithOptions(day, headers, runtime)).body;
  }
  const request = new exclusive.GetDingReportDeptSummaryRequest({
    nextToken: number(given["next-token"]),
    maxResults: number(given["max-results"]),
  });
  const headers = new exclusive.GetDingReportDeptSummaryHeaders(who);
  return (await client.getDingReportDeptSummaryWithOptions(day, request, headers, runtime)).body;
}

async function newToken() {
  const request = new oauth2.GetAccessTokenRequest({ appKey: given.key, appSecret: given.secret });
  const answer = await oauth2Client.getAccessTokenWithOptions(request, {}, runtime);
  return answer.body?.accessToken;
}

/** What the call answers, with a new token if there was none or it has expired. */
async function report() {
  if (given.key === undefined) return query();
  token ??= await newToken();
  try {
    return await query();
  } catch (error) {
    if ((error as AnswerError).code !== "InvalidAuthentication") throw error;
    token = await newToken();
    return query();
  }
}

async function main() {
  const all = given.call.split(",");
  for (let number = 0; number < Number(given.calls) * all.length; number++) {
    if (number > 0) await pause(Number(given.pause) * 1000);
    called = all[number % all.length];
    const found = await report().catch(({ code, message, statusCode, accessDeniedDetail }: AnswerError) => ({
      code,
      message,
      statusCode,
      accessDeniedDetail,
    }));
    console.log(JSON.stringify(found));
  }
}

main().then(() => process.exit()); // the SDK's connections would be kept, and the program with them

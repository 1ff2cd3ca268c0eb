// DingTalk's official Node SDK as a program: a line of JSON for every call of reportData.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
// The package's own entries for services have no types; these have.
import DataCenter, * as dataCenter from "@alicloud/dingtalk/dist/datacenter_1_0/client";
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

async function query() {
  const clientToken = given["client-token"];
  const headers = new dataCenter.QueryReportStatisticalDataHeaders({
    xAcsDingtalkAccessToken: token,
    commonHeaders: clientToken === undefined ? {} : { "x-client-token": clientToken },
  });
  const request = new dataCenter.QueryReportStatisticalDataRequest({ statDate: given.date });
  const answer = await dataCenterClient.queryReportStatisticalDataWithOptions(request, headers, runtime);
  return answer.body;
}

async function newToken() {
  const request = new oauth2.GetAccessTokenRequest({ appKey: given.key, appSecret: given.secret });
  const answer = await oauth2Client.getAccessTokenWithOptions(request, {}, runtime);
  return answer.body?.accessToken;
}

/** What reportData answers, with a new token if there was none or it has expired. */
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
  for (let number = 0; number < Number(given.calls); number++) {
    if (number > 0) await pause(Number(given.pause) * 1000);
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

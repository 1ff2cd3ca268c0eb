// DingTalk's official Node SDK as a program. It reads a JSON list of calls from stdin, makes them one after another,
// and prints a JSON list of what the SDK made of the answers: {"body"} or {"code", "message", "statusCode",
// "accessDeniedDetail"}. A call is {"endpoint", "appKey", "appSecret", "token", "statDate", "headers"}: with an app key
// the token is got first, and is all that is got when there is no statDate.
"use strict";

const { readFileSync } = require("node:fs");
const { Config } = require("@alicloud/openapi-client");
const { RuntimeOptions } = require("@alicloud/tea-util");
const dataCenter = require("@alicloud/dingtalk/datacenter_1_0");
const oauth2 = require("@alicloud/dingtalk/oauth2_1_0");

async function query({ endpoint, token, statDate, headers }) {
  const client = new dataCenter.default(new Config({ endpoint, protocol: "http" }));
  const answer = await client.queryReportStatisticalDataWithOptions(
    new dataCenter.QueryReportStatisticalDataRequest({ statDate }),
    new dataCenter.QueryReportStatisticalDataHeaders({ commonHeaders: headers, xAcsDingtalkAccessToken: token }),
    new RuntimeOptions({}),
  );
  return answer.body;
}

async function getToken({ endpoint, appKey, appSecret }) {
  const client = new oauth2.default(new Config({ endpoint, protocol: "http" }));
  const answer = await client.getAccessToken(new oauth2.GetAccessTokenRequest({ appKey, appSecret }));
  return answer.body;
}

async function result(call) {
  try {
    if (call.appKey === undefined) return { body: await query(call) };
    const body = await getToken(call);
    return { body: call.statDate === undefined ? body : await query({ ...call, token: body.accessToken }) };
  } catch ({ code, message, statusCode, accessDeniedDetail }) {
    return { code, message, statusCode, accessDeniedDetail };
  }
}

async function main() {
  const results = [];
  for (const call of JSON.parse(readFileSync(0, "utf8"))) results.push(await result(call));
  process.stdout.write(JSON.stringify(results), () => process.exit());
}

main();

// The lines that docs/clients.md changes, as in DingTalk's sample program, and little else.
import * as $Util from '@alicloud/tea-util';
import dingtalkdatacenter_1_0, * as $dingtalkdatacenter_1_0 from '@alicloud/dingtalk/datacenter_1_0';
import * as $OpenApi from '@alicloud/openapi-client';

function createClient() {
  const config = new $OpenApi.Config({});
  config.protocol = "https";
  return new dingtalkdatacenter_1_0(config);
}

async function main() {
  const client = createClient();
  const queryReportStatisticalDataHeaders = new $dingtalkdatacenter_1_0.QueryReportStatisticalDataHeaders({});
  queryReportStatisticalDataHeaders.xAcsDingtalkAccessToken = "<your access token>";
  const queryReportStatisticalDataRequest = new $dingtalkdatacenter_1_0.QueryReportStatisticalDataRequest({ statDate: "20210620" });
  try {
    await client.queryReportStatisticalDataWithOptions(queryReportStatisticalDataRequest, queryReportStatisticalDataHeaders, new $Util.RuntimeOptions({ }));
  } catch (err) {
    void err.code;
  }
}

main();

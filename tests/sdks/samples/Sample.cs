// The lines that docs/clients.md changes, as in DingTalk's sample program, and little else.
using System;
using AlibabaCloud.SDK.Dingtalkdatacenter_1_0;
using AlibabaCloud.SDK.Dingtalkdatacenter_1_0.Models;
using Tea;

public static class Sample
{
    private static Client CreateClient()
    {
        AlibabaCloud.OpenApiClient.Models.Config config = new AlibabaCloud.OpenApiClient.Models.Config();
        config.Protocol = "https";
        return new Client(config);
    }

    public static void Main()
    {
        Client client = CreateClient();
        QueryReportStatisticalDataHeaders queryReportStatisticalDataHeaders = new QueryReportStatisticalDataHeaders();
        queryReportStatisticalDataHeaders.XAcsDingtalkAccessToken = "<your access token>";
        QueryReportStatisticalDataRequest queryReportStatisticalDataRequest = new QueryReportStatisticalDataRequest { StatDate = "20210620" };
        try
        {
            client.QueryReportStatisticalDataWithOptions(queryReportStatisticalDataRequest, queryReportStatisticalDataHeaders, new AlibabaCloud.TeaUtil.Models.RuntimeOptions());
        }
        catch (TeaException err)
        {
            _ = err.Code;
        }
        catch (Exception _err)
        {
            _ = _err.Message;
        }
    }
}

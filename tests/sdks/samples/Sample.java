// The lines that docs/clients.md changes, as in DingTalk's sample program, and little else.
import com.aliyun.dingtalkdatacenter_1_0.Client;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryReportStatisticalDataHeaders;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryReportStatisticalDataRequest;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teautil.models.RuntimeOptions;

public class Sample {
    private static Client createClient() throws Exception {
        Config config = new Config();
        config.protocol = "https";
        return new Client(config);
    }

    public static void main(String[] arguments) throws Exception {
        Client client = createClient();
        QueryReportStatisticalDataHeaders queryReportStatisticalDataHeaders = new QueryReportStatisticalDataHeaders();
        queryReportStatisticalDataHeaders.xAcsDingtalkAccessToken = "<your access token>";
        QueryReportStatisticalDataRequest queryReportStatisticalDataRequest = new QueryReportStatisticalDataRequest().setStatDate("20210620");
        try {
            client.queryReportStatisticalDataWithOptions(queryReportStatisticalDataRequest, queryReportStatisticalDataHeaders, new RuntimeOptions());
        } catch (TeaException err) {
            assert err.code != null;
        } catch (Exception _err) {
            assert _err.getMessage() != null;
        }
    }
}

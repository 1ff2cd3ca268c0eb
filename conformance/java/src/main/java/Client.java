import com.aliyun.dingtalkdatacenter_1_0.models.QueryReportStatisticalDataHeaders;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryReportStatisticalDataRequest;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryYydLogDayStatisticalDataHeaders;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryYydLogDayStatisticalDataRequest;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryYydLogMonthStatisticalDataHeaders;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryYydLogMonthStatisticalDataRequest;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryYydLogWeekStatisticalDataHeaders;
import com.aliyun.dingtalkdatacenter_1_0.models.QueryYydLogWeekStatisticalDataRequest;
import com.aliyun.dingtalkexclusive_1_0.models.GetDingReportDeptSummaryHeaders;
import com.aliyun.dingtalkexclusive_1_0.models.GetDingReportDeptSummaryRequest;
import com.aliyun.dingtalkexclusive_1_0.models.GetDingReportSummaryHeaders;
import com.aliyun.dingtalkoauth2_1_0.models.GetAccessTokenRequest;
import com.aliyun.tea.TeaException;
import com.aliyun.tea.TeaModel;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teautil.models.RuntimeOptions;
import com.google.gson.Gson;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** DingTalk's official Java SDK as a program: a line of JSON for every call. */
public final class Client {
    private final com.aliyun.dingtalkdatacenter_1_0.Client dataCenter;
    private final com.aliyun.dingtalkexclusive_1_0.Client exclusive;
    private final com.aliyun.dingtalkoauth2_1_0.Client oauth2;
    private final RuntimeOptions runtime = new RuntimeOptions();
    private final Map<String, String> given;
    private String token;
    private String called = "report";

    private Client(Map<String, String> given) throws Exception {
        this.given = given;
        Config config = new Config().setEndpoint(given.get("endpoint")).setProtocol(given.get("protocol"));
        dataCenter = new com.aliyun.dingtalkdatacenter_1_0.Client(config);
        exclusive = new com.aliyun.dingtalkexclusive_1_0.Client(config);
        oauth2 = new com.aliyun.dingtalkoauth2_1_0.Client(config);
        if (given.containsKey("ca")) {
            runtime.setCa(Files.readString(Path.of(given.get("ca"))));
        }
        token = given.get("token");
    }

    /** What the call answers, with a new token if there was none or it has expired. */
    private Map<String, ?> report() throws Exception {
        if (!given.containsKey("key")) {
            return query();
        }
        if (token == null) {
            token = newToken();
        }
        try {
            return query();
        } catch (TeaException error) {
            if (!"InvalidAuthentication".equals(error.getCode())) {
                throw error;
            }
            token = newToken();
            return query();
        }
    }

    private Map<String, ?> query() throws Exception {
        Map<String, String> common = new HashMap<>();
        if (given.containsKey("client-token")) {
            common.put("x-client-token", given.get("client-token"));
        }
        if (given.containsKey("partial")) {
            common.put("x-reportdata-partial", given.get("partial"));
        }
        String day = given.get("date");
        if (called.startsWith("Query")) {
            return named(day, common);
        }
        switch (called) {
            case "day":
                return dataCenter
                        .queryYydLogDayStatisticalDataWithOptions(
                                new QueryYydLogDayStatisticalDataRequest().setStatDate(day),
                                new QueryYydLogDayStatisticalDataHeaders().setXAcsDingtalkAccessToken(token).setCommonHeaders(common),
                                runtime)
                        .getBody()
                        .toMap();
            case "week":
                return dataCenter
                        .queryYydLogWeekStatisticalDataWithOptions(
                                new QueryYydLogWeekStatisticalDataRequest().setStatDate(day),
                                new QueryYydLogWeekStatisticalDataHeaders().setXAcsDingtalkAccessToken(token).setCommonHeaders(common),
                                runtime)
                        .getBody()
                        .toMap();
            case "month":
                return dataCenter
                        .queryYydLogMonthStatisticalDataWithOptions(
                                new QueryYydLogMonthStatisticalDataRequest().setStatDate(day),
                                new QueryYydLogMonthStatisticalDataHeaders().setXAcsDingtalkAccessToken(token).setCommonHeaders(common),
                                runtime)
                        .getBody()
                        .toMap();
            case "departments":
                GetDingReportDeptSummaryRequest page = new GetDingReportDeptSummaryRequest()
                        .setNextToken(number("next-token"))
                        .setMaxResults(number("max-results"));
                return exclusive
                        .getDingReportDeptSummaryWithOptions(
                                day,
                                page,
                                new GetDingReportDeptSummaryHeaders()
                                        .setXAcsDingtalkAccessToken(token)
                                        .setCommonHeaders(common),
                                runtime)
                        .getBody()
                        .toMap();
            case "organisation":
                return exclusive
                        .getDingReportSummaryWithOptions(
                                day,
                                new GetDingReportSummaryHeaders()
                                        .setXAcsDingtalkAccessToken(token)
                                        .setCommonHeaders(common),
                                runtime)
                        .getBody()
                        .toMap();
            default:
                return dataCenter
                        .queryReportStatisticalDataWithOptions(
                                new QueryReportStatisticalDataRequest().setStatDate(day),
                                new QueryReportStatisticalDataHeaders()
                                        .setXAcsDingtalkAccessToken(token)
                                        .setCommonHeaders(common),
                                runtime)
                        .getBody()
                        .toMap();
        }
    }

    /** A call of the catalogue by its own name, like QueryMailStatisticalData. */
    private Map<String, ?> named(String day, Map<String, String> common) throws Exception {
        String models = "com.aliyun.dingtalkdatacenter_1_0.models." + called;
        Class<?> requests = Class.forName(models + "Request");
        Class<?> headers = Class.forName(models + "Headers");
        Object request = requests.getConstructor().newInstance();
        requests.getMethod("setStatDate", String.class).invoke(request, day);
        Object who = headers.getConstructor().newInstance();
        headers.getMethod("setXAcsDingtalkAccessToken", String.class).invoke(who, token);
        headers.getMethod("setCommonHeaders", Map.class).invoke(who, common);
        String method = called.substring(0, 1).toLowerCase(Locale.ROOT) + called.substring(1) + "WithOptions";
        try {
            Object answer = dataCenter
                    .getClass()
                    .getMethod(method, requests, headers, RuntimeOptions.class)
                    .invoke(dataCenter, request, who, runtime);
            Object body = answer.getClass().getMethod("getBody").invoke(answer);
            return ((TeaModel) body).toMap();
        } catch (InvocationTargetException error) {
            throw error.getCause() instanceof Exception ? (Exception) error.getCause() : error;
        }
    }

    private Long number(String name) {
        return given.containsKey(name) ? Long.valueOf(given.get(name)) : null;
    }

    private String newToken() throws Exception {
        GetAccessTokenRequest request =
                new GetAccessTokenRequest().setAppKey(given.get("key")).setAppSecret(given.get("secret"));
        return oauth2.getAccessTokenWithOptions(request, new HashMap<>(), runtime).getBody().getAccessToken();
    }

    private static Map<String, ?> described(TeaException error) {
        Map<String, Object> shown = new HashMap<>();
        shown.put("code", error.getCode());
        shown.put("message", error.getMessage());
        shown.put("statusCode", error.getStatusCode());
        shown.put("accessDeniedDetail", error.getAccessDeniedDetail());
        return shown;
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> given = new HashMap<>(Map.of("calls", "1", "pause", "0", "call", "report"));
        for (int at = 0; at < arguments.length; at += 2) {
            given.put(arguments[at].substring("--".length()), arguments[at + 1]);
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Client client = new Client(given);
        Gson gson = new Gson();
        String[] all = given.get("call").split(",");
        for (int number = 0; number < Integer.parseInt(given.get("calls")) * all.length; number++) {
            client.called = all[number % all.length];
            if (number > 0) {
                Thread.sleep((long) (Double.parseDouble(given.get("pause")) * 1000));
            }
            Map<String, ?> found;
            try {
                found = client.report();
            } catch (TeaException error) {
                found = described(error);
            }
            out.println(gson.toJson(found));
        }
        System.exit(0); // the SDK's threads would keep the program
    }
}

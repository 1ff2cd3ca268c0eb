// DingTalk's official C# SDK as a program: a line of JSON for every call.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.ExceptionServices;
using System.Text;
using System.Threading;
using AlibabaCloud.OpenApiClient.Models;
using AlibabaCloud.SDK.Dingtalkdatacenter_1_0.Models;
using AlibabaCloud.SDK.Dingtalkexclusive_1_0.Models;
using AlibabaCloud.SDK.Dingtalkoauth2_1_0.Models;
using AlibabaCloud.TeaUtil.Models;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;
using Tea;
using DataCenter = AlibabaCloud.SDK.Dingtalkdatacenter_1_0.Client;
using Exclusive = AlibabaCloud.SDK.Dingtalkexclusive_1_0.Client;
using OAuth2 = AlibabaCloud.SDK.Dingtalkoauth2_1_0.Client;

public sealed class Program
{
    private readonly DataCenter dataCenter;
    private readonly Exclusive exclusive;
    private readonly OAuth2 oauth2;
    private readonly RuntimeOptions runtime = new RuntimeOptions();
    private readonly Dictionary<string, string> given;
    private string token;
    private string called = "report";

    private Program(Dictionary<string, string> given)
    {
        this.given = given;
        var config = new Config { Endpoint = given["endpoint"], Protocol = given["protocol"] };
        dataCenter = new DataCenter(config);
        exclusive = new Exclusive(config);
        oauth2 = new OAuth2(config);
        if (given.TryGetValue("ca", out var ca))
        {
            runtime.Ca = File.ReadAllText(ca);
        }
        token = given.GetValueOrDefault("token");
    }

    /// <summary>What the call answers, with a new token if there was none or it has expired.</summary>
    private object Report()
    {
        if (!given.ContainsKey("key"))
        {
            return Query();
        }
        token = token ?? NewToken();
        try
        {
            return Query();
        }
        catch (TeaException error) when (error.Code == "InvalidAuthentication")
        {
            token = NewToken();
            return Query();
        }
    }

    private object Query()
    {
        var common = new Dictionary<string, string>();
        if (given.TryGetValue("client-token", out var clientToken))
        {
            common["x-client-token"] = clientToken;
        }
        if (given.TryGetValue("partial", out var partial))
        {
            common["x-reportdata-partial"] = partial;
        }
        var day = given.GetValueOrDefault("date");
        if (called.StartsWith("Query", StringComparison.Ordinal))
        {
            return Named(day, common);
        }
        switch (called)
        {
            case "day":
                return dataCenter.QueryYydLogDayStatisticalDataWithOptions(
                    new QueryYydLogDayStatisticalDataRequest { StatDate = day },
                    new QueryYydLogDayStatisticalDataHeaders { XAcsDingtalkAccessToken = token, CommonHeaders = common },
                    runtime).Body.ToMap();
            case "week":
                return dataCenter.QueryYydLogWeekStatisticalDataWithOptions(
                    new QueryYydLogWeekStatisticalDataRequest { StatDate = day },
                    new QueryYydLogWeekStatisticalDataHeaders { XAcsDingtalkAccessToken = token, CommonHeaders = common },
                    runtime).Body.ToMap();
            case "month":
                return dataCenter.QueryYydLogMonthStatisticalDataWithOptions(
                    new QueryYydLogMonthStatisticalDataRequest { StatDate = day },
                    new QueryYydLogMonthStatisticalDataHeaders { XAcsDingtalkAccessToken = token, CommonHeaders = common },
                    runtime).Body.ToMap();
            case "departments":
                return Known(exclusive.GetDingReportDeptSummaryWithOptions(
                    day,
                    new GetDingReportDeptSummaryRequest { NextToken = Number("next-token"), MaxResults = Number("max-results") },
                    new GetDingReportDeptSummaryHeaders { XAcsDingtalkAccessToken = token, CommonHeaders = common },
                    runtime).Body.ToMap());
            case "organisation":
                return Known(exclusive.GetDingReportSummaryWithOptions(
                    day,
                    new GetDingReportSummaryHeaders { XAcsDingtalkAccessToken = token, CommonHeaders = common },
                    runtime).Body.ToMap());
            default:
                return dataCenter.QueryReportStatisticalDataWithOptions(
                    new QueryReportStatisticalDataRequest { StatDate = day },
                    new QueryReportStatisticalDataHeaders { XAcsDingtalkAccessToken = token, CommonHeaders = common },
                    runtime).Body.ToMap();
        }
    }

    /// <summary>A call of the catalogue by its own name, like QueryMailStatisticalData.</summary>
    private object Named(string day, Dictionary<string, string> common)
    {
        var method = typeof(DataCenter).GetMethod(called + "WithOptions");
        var models = method.GetParameters().Select(one => Activator.CreateInstance(one.ParameterType)).ToArray();
        models[0].GetType().GetProperty("StatDate").SetValue(models[0], day);
        models[1].GetType().GetProperty("XAcsDingtalkAccessToken").SetValue(models[1], token);
        models[1].GetType().GetProperty("CommonHeaders").SetValue(models[1], common);
        models[2] = runtime;
        try
        {
            var answer = method.Invoke(dataCenter, models);
            return ((TeaModel)answer.GetType().GetProperty("Body").GetValue(answer)).ToMap();
        }
        catch (TargetInvocationException error)
        {
            ExceptionDispatchInfo.Capture(error.InnerException).Throw();
            throw;
        }
    }

    /// <summary>A body without what the answer left out, which the SDK has as null.</summary>
    private static JObject Known(object body)
    {
        var known = JObject.FromObject(body);
        foreach (var empty in known.Descendants().OfType<JProperty>().Where(one => one.Value.Type == JTokenType.Null).ToList())
        {
            empty.Remove();
        }
        return known;
    }

    private long? Number(string name)
    {
        return given.TryGetValue(name, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : (long?)null;
    }

    private string NewToken()
    {
        var request = new GetAccessTokenRequest { AppKey = given["key"], AppSecret = given["secret"] };
        var headers = new Dictionary<string, string>();
        return oauth2.GetAccessTokenWithOptions(request, headers, runtime).Body.AccessToken;
    }

    private static object Described(TeaException error)
    {
        var shown = new Dictionary<string, object>
        {
            ["code"] = error.Code,
            ["message"] = error.Message,
            ["statusCode"] = error.StatusCode,
        };
        if (error.AccessDeniedDetail != null)
        {
            shown["accessDeniedDetail"] = error.AccessDeniedDetail;
        }
        return shown;
    }

    public static void Main(string[] arguments)
    {
        var given = new Dictionary<string, string> { ["calls"] = "1", ["pause"] = "0", ["call"] = "report" };
        for (var at = 0; at + 1 < arguments.Length; at += 2)
        {
            given[arguments[at].Substring("--".Length)] = arguments[at + 1];
        }
        Console.OutputEncoding = new UTF8Encoding(false);
        var pause = TimeSpan.FromSeconds(double.Parse(given["pause"], CultureInfo.InvariantCulture));
        var program = new Program(given);
        var all = given["call"].Split(',');
        for (var number = 0; number < int.Parse(given["calls"], CultureInfo.InvariantCulture) * all.Length; number++)
        {
            program.called = all[number % all.Length];
            if (number > 0)
            {
                Thread.Sleep(pause);
            }
            object found;
            try
            {
                found = program.Report();
            }
            catch (TeaException error)
            {
                found = Described(error);
            }
            Console.WriteLine(JsonConvert.SerializeObject(found));
        }
    }
}

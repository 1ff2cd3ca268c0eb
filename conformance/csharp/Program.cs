// DingTalk's official C# SDK as a program: a line of JSON for every call of reportData.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using AlibabaCloud.OpenApiClient.Models;
using AlibabaCloud.SDK.Dingtalkdatacenter_1_0.Models;
using AlibabaCloud.SDK.Dingtalkoauth2_1_0.Models;
using AlibabaCloud.TeaUtil.Models;
using Newtonsoft.Json;
using Tea;
using DataCenter = AlibabaCloud.SDK.Dingtalkdatacenter_1_0.Client;
using OAuth2 = AlibabaCloud.SDK.Dingtalkoauth2_1_0.Client;

public sealed class Program
{
    private readonly DataCenter dataCenter;
    private readonly OAuth2 oauth2;
    private readonly RuntimeOptions runtime = new RuntimeOptions();
    private readonly Dictionary<string, string> given;
    private string token;

    private Program(Dictionary<string, string> given)
    {
        this.given = given;
        var config = new Config { Endpoint = given["endpoint"], Protocol = given["protocol"] };
        dataCenter = new DataCenter(config);
        oauth2 = new OAuth2(config);
        if (given.TryGetValue("ca", out var ca))
        {
            runtime.Ca = File.ReadAllText(ca);
        }
        token = given.GetValueOrDefault("token");
    }

    /// <summary>What reportData answers, with a new token if there was none or it has expired.</summary>
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
        var headers = new QueryReportStatisticalDataHeaders { XAcsDingtalkAccessToken = token };
        if (given.TryGetValue("client-token", out var clientToken))
        {
            headers.CommonHeaders = new Dictionary<string, string> { ["x-client-token"] = clientToken };
        }
        var request = new QueryReportStatisticalDataRequest { StatDate = given.GetValueOrDefault("date") };
        return dataCenter.QueryReportStatisticalDataWithOptions(request, headers, runtime).Body.ToMap();
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
        var given = new Dictionary<string, string> { ["calls"] = "1", ["pause"] = "0" };
        for (var at = 0; at + 1 < arguments.Length; at += 2)
        {
            given[arguments[at].Substring("--".Length)] = arguments[at + 1];
        }
        Console.OutputEncoding = new UTF8Encoding(false);
        var pause = TimeSpan.FromSeconds(double.Parse(given["pause"], CultureInfo.InvariantCulture));
        var program = new Program(given);
        for (var number = 0; number < int.Parse(given["calls"], CultureInfo.InvariantCulture); number++)
        {
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

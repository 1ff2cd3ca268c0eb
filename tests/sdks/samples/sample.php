<?php

// The lines that docs/clients.md changes, as in DingTalk's sample program, and little else.

use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Dingtalk;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryReportStatisticalDataHeaders;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryReportStatisticalDataRequest;
use AlibabaCloud\Tea\Utils\Utils\RuntimeOptions;
use Darabonba\OpenApi\Models\Config;

require __DIR__ . '/../vendor/autoload.php';

function createClient()
{
    $config = new Config([]);
    $config->protocol = "https";
    return new Dingtalk($config);
}

function query($client)
{
    $queryReportStatisticalDataHeaders = new QueryReportStatisticalDataHeaders([]);
    $queryReportStatisticalDataHeaders->xAcsDingtalkAccessToken = "<your access token>";
    $queryReportStatisticalDataRequest = new QueryReportStatisticalDataRequest(["statDate" => "20210620"]);
    try {
        $client->queryReportStatisticalDataWithOptions($queryReportStatisticalDataRequest, $queryReportStatisticalDataHeaders, new RuntimeOptions([]));
    }
    catch (Exception $err) {
        unset($err);
    }
}

query(createClient());

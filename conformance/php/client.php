<?php

// DingTalk's official PHP SDK as a program: a line of JSON for every call.

declare(strict_types=1);

use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Dingtalk as DataCenter;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryReportStatisticalDataHeaders;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryReportStatisticalDataRequest;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryYydLogDayStatisticalDataHeaders;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryYydLogDayStatisticalDataRequest;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryYydLogMonthStatisticalDataHeaders;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryYydLogMonthStatisticalDataRequest;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryYydLogWeekStatisticalDataHeaders;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryYydLogWeekStatisticalDataRequest;
use AlibabaCloud\SDK\Dingtalk\Vexclusive_1_0\Dingtalk as Exclusive;
use AlibabaCloud\SDK\Dingtalk\Vexclusive_1_0\Models\GetDingReportDeptSummaryHeaders;
use AlibabaCloud\SDK\Dingtalk\Vexclusive_1_0\Models\GetDingReportDeptSummaryRequest;
use AlibabaCloud\SDK\Dingtalk\Vexclusive_1_0\Models\GetDingReportSummaryHeaders;
use AlibabaCloud\SDK\Dingtalk\Voauth2_1_0\Dingtalk as OAuth2;
use AlibabaCloud\SDK\Dingtalk\Voauth2_1_0\Models\GetAccessTokenRequest;
use AlibabaCloud\Tea\Exception\TeaError;
use AlibabaCloud\Tea\Tea;
use AlibabaCloud\Tea\Utils\Utils\RuntimeOptions;
use Darabonba\OpenApi\Models\Config;

require __DIR__ . '/build/vendor/autoload.php';

final class Client
{
    private DataCenter $dataCenter;
    private Exclusive $exclusive;
    private OAuth2 $oauth2;
    private RuntimeOptions $runtime;
    private ?string $token;
    public string $called = 'report';

    public function __construct(private array $given)
    {
        $config = new Config(['endpoint' => $given['endpoint'], 'protocol' => $given['protocol']]);
        $this->dataCenter = new DataCenter($config);
        $this->exclusive = new Exclusive($config);
        $this->oauth2 = new OAuth2($config);
        $this->runtime = new RuntimeOptions([]);
        $this->token = $given['token'] ?? null;
        if (isset($given['ca'])) {
            Tea::config(['verify' => $given['ca']]); // the SDK does not heed the ca of RuntimeOptions
        }
    }

    /** What the call answers, with a new token if there was none or it has expired. */
    public function report(): array|object
    {
        if (!isset($this->given['key'])) {
            return $this->query();
        }
        $this->token ??= $this->newToken();
        try {
            return $this->query();
        } catch (TeaError $error) {
            if ($error->code !== 'InvalidAuthentication') {
                throw $error;
            }
            $this->token = $this->newToken();

            return $this->query();
        }
    }

    private function query(): array|object
    {
        $common = [];
        if (isset($this->given['client-token'])) {
            $common['x-client-token'] = $this->given['client-token'];
        }
        if (isset($this->given['partial'])) {
            $common['x-reportdata-partial'] = $this->given['partial'];
        }
        $who = ['commonHeaders' => $common, 'xAcsDingtalkAccessToken' => $this->token];
        $day = $this->given['date'] ?? null;
        // The SDK leaves out an empty list.
        if (str_starts_with($this->called, 'Query')) {
            return $this->named($day, $who);
        }
        switch ($this->called) {
            case 'departments':
                $page = new GetDingReportDeptSummaryRequest([
                    'nextToken' => isset($this->given['next-token']) ? (int) $this->given['next-token'] : null,
                    'maxResults' => isset($this->given['max-results']) ? (int) $this->given['max-results'] : null,
                ]);
                $headers = new GetDingReportDeptSummaryHeaders($who);
                $answer = $this->exclusive->getDingReportDeptSummaryWithOptions($day, $page, $headers, $this->runtime);

                return $answer->body->toMap() + ['data' => []];
            case 'organisation':
                $headers = new GetDingReportSummaryHeaders($who);
                $answer = $this->exclusive->getDingReportSummaryWithOptions($day, $headers, $this->runtime);

                return (object) $answer->body->toMap();
            case 'day':
                $request = new QueryYydLogDayStatisticalDataRequest(['statDate' => $day]);
                $headers = new QueryYydLogDayStatisticalDataHeaders($who);
                $answer = $this->dataCenter
                    ->queryYydLogDayStatisticalDataWithOptions($request, $headers, $this->runtime);
                break;
            case 'week':
                $request = new QueryYydLogWeekStatisticalDataRequest(['statDate' => $day]);
                $headers = new QueryYydLogWeekStatisticalDataHeaders($who);
                $answer = $this->dataCenter
                    ->queryYydLogWeekStatisticalDataWithOptions($request, $headers, $this->runtime);
                break;
            case 'month':
                $request = new QueryYydLogMonthStatisticalDataRequest(['statDate' => $day]);
                $headers = new QueryYydLogMonthStatisticalDataHeaders($who);
                $answer = $this->dataCenter
                    ->queryYydLogMonthStatisticalDataWithOptions($request, $headers, $this->runtime);
                break;
            default:
                $request = new QueryReportStatisticalDataRequest(['statDate' => $day]);
                $headers = new QueryReportStatisticalDataHeaders($who);
                $answer = $this->dataCenter->queryReportStatisticalDataWithOptions($request, $headers, $this->runtime);
        }

        return $answer->body->toMap() + ['dataList' => []];
    }

    /** A call of the catalogue by its own name, like QueryMailStatisticalData. */
    private function named(?string $day, array $who): array
    {
        $models = 'AlibabaCloud\\SDK\\Dingtalk\\Vdatacenter_1_0\\Models\\' . $this->called;
        $request = new ($models . 'Request')(['statDate' => $day]);
        $headers = new ($models . 'Headers')($who);
        $answer = $this->dataCenter->{lcfirst($this->called) . 'WithOptions'}($request, $headers, $this->runtime);

        return $answer->body->toMap() + ['dataList' => []];
    }

    private function newToken(): string
    {
        $request = new GetAccessTokenRequest([
            'appKey' => $this->given['key'],
            'appSecret' => $this->given['secret'],
        ]);

        return $this->oauth2->getAccessTokenWithOptions($request, [], $this->runtime)->body->accessToken;
    }
}

function described(TeaError $error): array
{
    $shown = ['code' => $error->code, 'message' => $error->message, 'statusCode' => $error->statusCode];

    return $error->accessDeniedDetail ? $shown + ['accessDeniedDetail' => $error->accessDeniedDetail] : $shown;
}

$given = ['calls' => '1', 'pause' => '0', 'call' => 'report'];
for ($at = 1; $at + 1 < $argc; $at += 2) {
    $given[substr($argv[$at], 2)] = $argv[$at + 1];
}
$client = new Client($given);
$all = explode(',', $given['call']);
for ($number = 0; $number < (int) $given['calls'] * count($all); ++$number) {
    $client->called = $all[$number % count($all)];
    if ($number > 0) {
        usleep((int) ($given['pause'] * 1_000_000));
    }
    try {
        $found = $client->report();
    } catch (TeaError $error) {
        $found = described($error);
    }
    echo json_encode($found, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
}

<?php

// DingTalk's official PHP SDK as a program: a line of JSON for every call of reportData.

declare(strict_types=1);

use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Dingtalk as DataCenter;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryReportStatisticalDataHeaders;
use AlibabaCloud\SDK\Dingtalk\Vdatacenter_1_0\Models\QueryReportStatisticalDataRequest;
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
    private OAuth2 $oauth2;
    private RuntimeOptions $runtime;
    private ?string $token;

    public function __construct(private array $given)
    {
        $config = new Config(['endpoint' => $given['endpoint'], 'protocol' => $given['protocol']]);
        $this->dataCenter = new DataCenter($config);
        $this->oauth2 = new OAuth2($config);
        $this->runtime = new RuntimeOptions([]);
        $this->token = $given['token'] ?? null;
        if (isset($given['ca'])) {
            Tea::config(['verify' => $given['ca']]); // the SDK does not heed the ca of RuntimeOptions
        }
    }

    /** What reportData answers, with a new token if there was none or it has expired. */
    public function report(): array
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

    private function query(): array
    {
        $headers = new QueryReportStatisticalDataHeaders();
        $headers->xAcsDingtalkAccessToken = $this->token;
        if (isset($this->given['client-token'])) {
            $headers->commonHeaders = ['x-client-token' => $this->given['client-token']];
        }
        $request = new QueryReportStatisticalDataRequest(['statDate' => $this->given['date'] ?? null]);
        $answer = $this->dataCenter->queryReportStatisticalDataWithOptions($request, $headers, $this->runtime);

        return $answer->body->toMap() + ['dataList' => []]; // the SDK leaves out an empty list
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

$given = ['calls' => '1', 'pause' => '0'];
for ($at = 1; $at + 1 < $argc; $at += 2) {
    $given[substr($argv[$at], 2)] = $argv[$at + 1];
}
$client = new Client($given);
for ($number = 0; $number < (int) $given['calls']; ++$number) {
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

// Programs of languages that are not compiled, on DingTalk’s official clients.

import { KEY, SECRET, call, common, lower, snake, value } from './parts.js';
import { quoted, variable } from './quoting.js';

/** @typedef {import('./code.js').Task} Task */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {import('./parts.js').Made} Made */
/** @typedef {import('./code.js').Client} Client */

/** @type {(task: Task, client: Client) => Made} */
function python(task, client) {
  const more = common('python', task, (name, found) => `${name}: ${found}`);
  const request = client.request && `\n    request = models.${client.name}Request(${client.request.map((one) => `${snake(one.name)}=${value('python', one)}`).join(', ')})`;
  return {
    file: 'sample.py', install: 'pip install alibabacloud_dingtalk', run: 'python sample.py',
    text: `
import json
import os
import sys

from alibabacloud_dingtalk.${client.service} import models
from alibabacloud_dingtalk.${client.service}.client import Client
from alibabacloud_dingtalk.oauth2_1_0.client import Client as OAuth2
from alibabacloud_dingtalk.oauth2_1_0.models import GetAccessTokenRequest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_tea_util.models import RuntimeOptions
from Tea.exceptions import TeaException

config = Config(protocol=${quoted('python', task.protocol)}, endpoint=${quoted('python', task.endpoint)})
runtime = RuntimeOptions()
try:
    login = GetAccessTokenRequest(app_key=${variable('python', KEY)}, app_secret=${variable('python', SECRET)})
    token = OAuth2(config).get_access_token(login).body.access_token
    headers = models.${client.name}Headers(x_acs_dingtalk_access_token=token${more && `, common_headers={${more}}`})${request ?? ''}
    answer = Client(config).${snake(client.name)}_with_options(${call('python', client)})
    print(json.dumps(answer.body.to_map(), ensure_ascii=False))
except TeaException as error:
    sys.exit(f"{error.code}: {error.message}")
`,
  };
}

/** @type {(task: Task, client: Client) => Made} */
function typescript(task, client) {
  const more = common('ts', task, (name, found) => `${name}: ${found}`);
  const request = client.request && `\n  const request = new service.${client.name}Request({ ${client.request.map((one) => `${one.name}: ${value('ts', one)}`).join(', ')} });`;
  return {
    file: 'Sample.ts', install: 'npm install @alicloud/dingtalk @alicloud/openapi-client @alicloud/tea-util typescript @types/node',
    run: 'npx tsc --strict --target es2022 --module commonjs --esModuleInterop --skipLibCheck Sample.ts\nnode Sample.js',
    text: `
import Client, * as service from '@alicloud/dingtalk/dist/${client.service}/client';
import OAuth2, * as oauth2 from '@alicloud/dingtalk/dist/oauth2_1_0/client';
import { Config } from '@alicloud/openapi-client';
import { RuntimeOptions } from '@alicloud/tea-util';

async function main() {
  const config = new Config({ protocol: ${quoted('ts', task.protocol)}, endpoint: ${quoted('ts', task.endpoint)} });
  const runtime = new RuntimeOptions({});
  const login = new oauth2.GetAccessTokenRequest({ appKey: ${variable('ts', KEY)}, appSecret: ${variable('ts', SECRET)} });
  const token = (await new OAuth2(config).getAccessToken(login)).body?.accessToken;
  const headers = new service.${client.name}Headers({ xAcsDingtalkAccessToken: token${more && `, commonHeaders: { ${more} }`} });${request ?? ''}
  const answer = await new Client(config).${lower(client.name)}WithOptions(${call('ts', client)});
  console.log(JSON.stringify(answer.body));
}

main().then(() => process.exit(), (error) => {
  console.error(error.message);
  process.exit(1);
});
`,
  };
}

/** @type {(task: Task, client: Client) => Made} */
function php(task, client) {
  const more = common('php', task, (name, found) => `${name} => ${found}`);
  const place = `AlibabaCloud\\SDK\\Dingtalk\\V${client.service}`;
  const used = ['Headers', ...(client.request ? ['Request'] : [])].map((one) => `use ${place}\\Models\\${client.name}${one};`).join('\n');
  const request = client.request && `\n    $request = new ${client.name}Request([${client.request.map((one) => `'${one.name}' => ${value('php', one)}`).join(', ')}]);`;
  return {
    file: 'sample.php', install: 'composer require alibabacloud/dingtalk', run: 'php sample.php',
    text: `
<?php

use ${place}\\Dingtalk;
${used}
use AlibabaCloud\\SDK\\Dingtalk\\Voauth2_1_0\\Dingtalk as OAuth2;
use AlibabaCloud\\SDK\\Dingtalk\\Voauth2_1_0\\Models\\GetAccessTokenRequest;
use AlibabaCloud\\Tea\\Exception\\TeaError;
use AlibabaCloud\\Tea\\Utils\\Utils\\RuntimeOptions;
use Darabonba\\OpenApi\\Models\\Config;

require __DIR__ . '/vendor/autoload.php';

$config = new Config(['protocol' => ${quoted('php', task.protocol)}, 'endpoint' => ${quoted('php', task.endpoint)}]);
$runtime = new RuntimeOptions([]);
try {
    $login = new GetAccessTokenRequest(['appKey' => ${variable('php', KEY)}, 'appSecret' => ${variable('php', SECRET)}]);
    $token = (new OAuth2($config))->getAccessToken($login)->body->accessToken;
    $headers = new ${client.name}Headers(['xAcsDingtalkAccessToken' => $token${more && `, 'commonHeaders' => [${more}]`}]);${request ?? ''}
    $answer = (new Dingtalk($config))->${lower(client.name)}WithOptions(${client.path.map((one) => `${quoted('php', one)}, `).join('')}${client.request ? '$request, ' : ''}$headers, $runtime);
    echo json_encode($answer->body->toMap(), JSON_UNESCAPED_UNICODE), PHP_EOL;
} catch (TeaError $error) {
    fwrite(STDERR, $error->code . ': ' . $error->getMessage() . PHP_EOL);
    exit(1);
}
`,
  };
}

/** @type {Partial<Record<Tongue, (task: Task, client: Client) => Made>>} */
export const SDK_SCRIPTS = { python, ts: typescript, php };

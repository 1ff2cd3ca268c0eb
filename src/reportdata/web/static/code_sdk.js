// Programs on DingTalk's official clients, with nothing changed but where they call.

import { quoted, variable } from './quoting.js';

/** @typedef {import('./code.js').Task} Task */
/** @typedef {import('./code.js').Client} Client */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {{file: string, install: string, run: string, text: string}} Made */

const KEY = 'REPORTDATA_APP_KEY';
const SECRET = 'REPORTDATA_APP_SECRET';

/** @param {string} text */
const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);
/** @param {string} text */
const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** @param {string} text */
const snake = (text) => text.replace(/(?<!^)[A-Z]/g, '_$&').toLowerCase();

/** Headers of a request besides the token, written as pairs. @param {Tongue} tongue @param {Task} task @param {(name: string, value: string) => string} pair */
const common = (tongue, task, pair) =>
  task.headers.map(([name, value]) => pair(quoted(tongue, name), quoted(tongue, String(value[0])))).join(', ');

/** Arguments of a method: those of the path, then the request, the headers and the options. @param {Tongue} tongue @param {Client} client @param {(text: string) => string} [text] */
const call = (tongue, client, text = (found) => found) =>
  [...client.path.map((one) => text(quoted(tongue, one))), ...(client.request ? ['request'] : []), 'headers', 'runtime'].join(', ');

/** @param {Tongue} tongue @param {import('./code.js').Argument} one */
const value = (tongue, one) => (one.number ? one.value : quoted(tongue, one.value));

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
function go(task, client) {
  const more = task.headers.map(([name, found]) => `${quoted('go', name)}: tea.String(${quoted('go', String(found[0]))})`).join(', ');
  const request = client.request && `\n\trequest := &service.${client.name}Request{${client.request.map((one) => `${upper(one.name)}: tea.${one.number ? 'Int64' : 'String'}(${value('go', one)})`).join(', ')}}`;
  return {
    file: 'sample.go',
    install: `go mod init sample\ngo get github.com/alibabacloud-go/dingtalk/${client.service} github.com/alibabacloud-go/dingtalk/oauth2_1_0`,
    run: 'go run sample.go',
    text: `
package main

import (
	"fmt"
	"log"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	service "github.com/alibabacloud-go/dingtalk/${client.service}"
	oauth2 "github.com/alibabacloud-go/dingtalk/oauth2_1_0"
	util "github.com/alibabacloud-go/tea-utils/v2/service"
	"github.com/alibabacloud-go/tea/tea"
)

func query() error {
	config := &openapi.Config{Protocol: tea.String(${quoted('go', task.protocol)}), Endpoint: tea.String(${quoted('go', task.endpoint)})}
	runtime := &util.RuntimeOptions{}
	signIn, err := oauth2.NewClient(config)
	if err != nil {
		return err
	}
	login := &oauth2.GetAccessTokenRequest{AppKey: tea.String(${variable('go', KEY)}), AppSecret: tea.String(${variable('go', SECRET)})}
	issued, err := signIn.GetAccessToken(login)
	if err != nil {
		return err
	}
	client, err := service.NewClient(config)
	if err != nil {
		return err
	}
	headers := &service.${client.name}Headers{XAcsDingtalkAccessToken: issued.Body.AccessToken${more && `, CommonHeaders: map[string]*string{${more}}`}}${request ?? ''}
	answer, err := client.${client.name}WithOptions(${call('go', client, (text) => `tea.String(${text})`)})
	if err != nil {
		return err
	}
	fmt.Println(answer.Body)
	return nil
}

func main() {
	if err := query(); err != nil {
		log.Fatal(err)
	}
}
`,
  };
}

/** @type {(task: Task, client: Client) => Made} */
function java(task, client) {
  const place = `com.aliyun.dingtalk${client.service}`;
  const more = task.headers.map(([name, found]) => `${quoted('java', name)}, ${quoted('java', String(found[0]))}`).join(', ');
  const request = client.request && `\n            ${client.name}Request request = new ${client.name}Request()${client.request.map((one) => `.set${upper(one.name)}(${one.number ? `${one.value}L` : value('java', one)})`).join('')};`;
  return {
    file: 'Sample.java', install: '# pom.xml: com.aliyun:dingtalk\nmvn dependency:copy-dependencies -DoutputDirectory=lib',
    run: "java -Dfile.encoding=UTF-8 -cp 'lib/*' Sample.java",
    text: `
import com.aliyun.dingtalkoauth2_1_0.models.GetAccessTokenRequest;
import ${place}.Client;
import ${place}.models.*;
import com.aliyun.tea.TeaException;
import com.aliyun.teaopenapi.models.Config;
import com.aliyun.teautil.Common;
import com.aliyun.teautil.models.RuntimeOptions;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;

public class Sample {
    public static void main(String[] arguments) throws Exception {
        Config config = new Config().setProtocol(${quoted('java', task.protocol)}).setEndpoint(${quoted('java', task.endpoint)});
        RuntimeOptions runtime = new RuntimeOptions();
        try {
            GetAccessTokenRequest login = new GetAccessTokenRequest()
                .setAppKey(${variable('java', KEY)})
                .setAppSecret(${variable('java', SECRET)});
            String token = new com.aliyun.dingtalkoauth2_1_0.Client(config).getAccessToken(login).getBody().getAccessToken();
            ${client.name}Headers headers = new ${client.name}Headers().setXAcsDingtalkAccessToken(token)${more && `.setCommonHeaders(new HashMap<>(Map.of(${more})))`};${request ?? ''}
            Map<String, Object> answer = new Client(config)
                .${lower(client.name)}WithOptions(${call('java', client)})
                .getBody()
                .toMap();
            new PrintStream(System.out, true, "UTF-8").println(Common.toJSONString(answer));
        } catch (TeaException error) {
            System.err.println(error.getCode() + ": " + error.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }
}
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

/** @type {(task: Task, client: Client) => Made} */
function csharp(task, client) {
  const more = task.headers.map(([name, found]) => `{ ${quoted('cs', name)}, ${quoted('cs', String(found[0]))} }`).join(', ');
  const request = client.request && `\n    var request = new ${client.name}Request { ${client.request.map((one) => `${upper(one.name)} = ${value('cs', one)}`).join(', ')} };`;
  return {
    file: 'Program.cs', install: 'dotnet new console --name sample --output . --force\ndotnet add package AlibabaCloud.SDK.Dingtalk',
    run: 'dotnet build --output build\ndotnet build/sample.dll',
    text: `
using System;
using System.Collections.Generic;
using AlibabaCloud.OpenApiClient.Models;
using AlibabaCloud.SDK.Dingtalk${client.service}.Models;
using AlibabaCloud.SDK.Dingtalkoauth2_1_0.Models;
using AlibabaCloud.TeaUtil.Models;
using Tea;

var config = new Config { Protocol = ${quoted('cs', task.protocol)}, Endpoint = ${quoted('cs', task.endpoint)} };
var runtime = new RuntimeOptions();
try
{
    var login = new GetAccessTokenRequest { AppKey = ${variable('cs', KEY)}, AppSecret = ${variable('cs', SECRET)} };
    var token = new AlibabaCloud.SDK.Dingtalkoauth2_1_0.Client(config).GetAccessToken(login).Body.AccessToken;
    var headers = new ${client.name}Headers { XAcsDingtalkAccessToken = token${more && `, CommonHeaders = new Dictionary<string, string> { ${more} }`} };${request ?? ''}
    var client = new AlibabaCloud.SDK.Dingtalk${client.service}.Client(config);
    var answer = client.${client.name}WithOptions(${call('cs', client)});
    Console.WriteLine(AlibabaCloud.TeaUtil.Common.ToJSONString(answer.Body.ToMap()));
}
catch (TeaException error)
{
    Console.Error.WriteLine(error.Code + ": " + error.Message);
    return 1;
}
return 0;
`,
  };
}

/** The program of each language that has official clients. @type {Partial<Record<Tongue, (task: Task, client: Client) => Made>>} */
export const SDK = { python, ts: typescript, go, java, php, cs: csharp };

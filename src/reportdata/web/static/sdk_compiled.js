// Programs of languages that are compiled, on DingTalk’s official clients.

import { KEY, SECRET, call, lower, upper, value } from './parts.js';
import { quoted, variable } from './quoting.js';

/** @typedef {import('./code.js').Task} Task */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {import('./parts.js').Made} Made */
/** @typedef {import('./code.js').Client} Client */

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

/** @type {Partial<Record<Tongue, (task: Task, client: Client) => Made>>} */
export const SDK_COMPILED = { go, java, cs: csharp };

// Programs of languages that are compiled, with nothing but their own HTTP.

import { content, headerLine, issuer, login } from './parts.js';
import { joined, quoted } from './quoting.js';

/** @typedef {import('./code.js').Task} Task */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {import('./parts.js').Made} Made */

const TOKEN = 'x-acs-dingtalk-access-token';

/** @type {(task: Task) => Made} */
function go(task) {
  const headers = task.headers.map(([name, parts]) => `${quoted('go', name)}: ${joined('go', parts)}`).join(', ');
  const token = `
	login := ${login('go')}
	var issued struct{ AccessToken string }
	content := call("POST", ${quoted('go', issuer(task))}, map[string]string{"content-type": "application/json"}, login)
	if err := json.Unmarshal(content, &issued); err != nil {
		log.Fatal(err)
	}
	headers["${TOKEN}"] = issued.AccessToken`;
  const body = content('go', task) || '""';
  const imports = ['encoding/json', 'io', 'log', 'net/http', 'os', 'strings'].filter((one) => task.withToken || one !== 'encoding/json');
  return {
    file: 'sample.go', install: '', run: 'go run sample.go',
    text: `
package main

import (
${imports.map((one) => `\t"${one}"`).join('\n')}
)

func call(method, url string, headers map[string]string, body string) []byte {
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 400 {
		log.Fatal(answer.Status, " ", string(content), err)
	}
	return content
}

${task.file && `func read(name string) string {
	content, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	return string(content)
}

`}func main() {
	headers := map[string]string{${headers}}${task.withToken ? token : ''}
	url := ${joined('go', task.url)}
	os.Stdout.Write(call("${task.method}", url, headers, ${body}))
}
`,
  };
}

/** @type {(task: Task) => Made} */
function java(task) {
  const headers = task.headers.map(([name, parts]) => `\n        headers.put(${quoted('java', name)}, ${joined('java', parts)});`).join('');
  const token = `
        String login = ${login('java')};
        byte[] issued = call("POST", ${quoted('java', issuer(task))}, Map.of("content-type", "application/json"), login.getBytes(UTF_8));
        headers.put("${TOKEN}", new String(issued, UTF_8).replaceAll(".*\\"accessToken\\":\\"([^\\"]*)\\".*", "$1"));`;
  return {
    file: 'Sample.java', install: '', run: 'java -Dfile.encoding=UTF-8 Sample.java',
    text: `
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
${task.file && 'import java.nio.file.Files;\nimport java.nio.file.Path;\n'}import java.util.HashMap;
import java.util.Map;

public class Sample {
    static byte[] call(String method, String url, Map<String, String> headers, byte[] body) throws Exception {
        HttpRequest.BodyPublisher content = HttpRequest.BodyPublishers.ofByteArray(body);
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).method(method, content);
        headers.forEach(request::header);
        HttpResponse<byte[]> answer =
            HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() >= 400) {
            System.err.println(answer.statusCode() + " " + new String(answer.body(), UTF_8));
            System.exit(1);
        }
        return answer.body();
    }

    public static void main(String[] arguments) throws Exception {
        Map<String, String> headers = new HashMap<>();${headers}${task.withToken ? token : ''}
        String url = ${joined('java', task.url)};
        System.out.write(call("${task.method}", url, headers, ${content('java', task) || 'new byte[0]'}));
        System.out.flush();
    }
}
`,
  };
}

/** @type {(task: Task) => Made} */
function csharp(task) {
  const headers = task.headers.map(([name, parts]) => `\n    [${quoted('cs', name)}] = ${joined('cs', parts)},`).join('');
  const token = `
var login = ${login('cs')};
var issued = await Call("POST", ${quoted('cs', issuer(task))}, new() { ["content-type"] = "application/json" }, Encoding.UTF8.GetBytes(login));
headers["${TOKEN}"] = JsonDocument.Parse(issued).RootElement.GetProperty("accessToken").GetString();`;
  return {
    file: 'Program.cs', install: 'dotnet new console --name sample --output . --force', run: 'dotnet build --output build\ndotnet build/sample.dll',
    text: `
using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;

var headers = new Dictionary<string, string>
{${headers}
};${task.withToken ? token : ''}
var url = ${joined('cs', task.url)};
var answer = await Call("${task.method}", url, headers, ${content('cs', task) || 'null'});
using var output = Console.OpenStandardOutput();
output.Write(answer);

static async Task<byte[]> Call(string method, string url, Dictionary<string, string> headers, byte[] body)
{
    using var client = new HttpClient();
    using var request = new HttpRequestMessage(new HttpMethod(method), url);
    if (body != null) request.Content = new ByteArrayContent(body);
    foreach (var (name, value) in headers)
    {
        if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content.Headers.TryAddWithoutValidation(name, value);
    }
    using var answer = await client.SendAsync(request);
    var content = await answer.Content.ReadAsByteArrayAsync();
    if (!answer.IsSuccessStatusCode)
    {
        Console.Error.WriteLine((int)answer.StatusCode + " " + Encoding.UTF8.GetString(content));
        Environment.Exit(1);
    }
    return content;
}
`,
  };
}

/** @type {(task: Task) => Made} */
function cpp(task) {
  const headers = task.headers.map(([name, parts]) => headerLine('cpp', [name, parts])).join(', ');
  const token = `
    const std::string login = ${login('cpp')};
    const std::string issued = call("POST", ${quoted('cpp', issuer(task))}, {"content-type: application/json"}, login);
    const std::string mark = "\\"accessToken\\":\\"";
    const std::size_t at = issued.find(mark) + mark.size();
    headers.push_back("${TOKEN}: " + issued.substr(at, issued.find('"', at) - at));`;
  return {
    file: 'sample.cpp', install: 'apt-get install g++ libcurl4-openssl-dev', run: 'g++ -std=c++17 sample.cpp -o sample -lcurl\n./sample',
    text: `
#include <curl/curl.h>

#include <cstdlib>
${task.file && '#include <fstream>\n'}#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

std::size_t append(char* data, std::size_t, std::size_t length, void* answer) {
  static_cast<std::string*>(answer)->append(data, length);
  return length;
}

std::string call(const std::string& method, const std::string& url, const std::vector<std::string>& headers,
                 const std::string& body) {
  CURL* curl = curl_easy_init();
  curl_slist* list = nullptr;
  for (const std::string& header : headers) list = curl_slist_append(list, header.c_str());
  std::string answer;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  if (!body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  const CURLcode failed = curl_easy_perform(curl);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(list);
  curl_easy_cleanup(curl);
  if (failed) throw std::runtime_error(curl_easy_strerror(failed));
  if (status >= 400) throw std::runtime_error(std::to_string(status) + " " + answer);
  return answer;
}

${task.file && `std::string read(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

`}int main() {
  try {
    std::vector<std::string> headers{${headers}};${task.withToken ? token : ''}
    const std::string url = ${joined('cpp', task.url)};
    std::cout << call("${task.method}", url, headers, ${content('cpp', task) || '""'});
  } catch (const std::exception& error) {
    std::cerr << error.what() << std::endl;
    return 1;
  }
}
`,
  };
}

/** @type {Partial<Record<Tongue, (task: Task) => Made>>} */
export const HTTP_COMPILED = { go, java, cs: csharp, cpp };

// Programs of languages that are not compiled, with nothing but their own HTTP.

import { KEY, SECRET, content, headerLine, issuer, login } from './parts.js';
import { joined, quoted, variable } from './quoting.js';

/** @typedef {import('./code.js').Task} Task */
/** @typedef {import('./quoting.js').Tongue} Tongue */
/** @typedef {import('./parts.js').Made} Made */

const TOKEN = 'x-acs-dingtalk-access-token';

/** @type {(task: Task) => Made} */
function curl(task) {
  const words = ['curl -sS --fail-with-body'];
  if (task.method !== 'GET') words.push(`-X ${task.method}`);
  words.push(joined('sh', task.url));
  if (task.withToken) words.push(`-H "${TOKEN}: $token"`);
  for (const [name, parts] of task.headers) words.push(`-H ${headerLine('sh', [name, parts])}`);
  if (task.body || task.file) words.push(`--data-binary @${task.file ? quoted('sh', task.file) : '-'}`);
  const sent = task.body ? `printf %s ${joined('sh', task.body)} | ` : '';
  const token = `
token=$(printf '{"appKey":"%s","appSecret":"%s"}' ${variable('sh', KEY)} ${variable('sh', SECRET)} |
  curl -sS --fail-with-body ${quoted('sh', issuer(task))} -H 'content-type: application/json' --data-binary @- |
  sed -n 's/.*"accessToken":"\\([^"]*\\)".*/\\1/p')
`;
  return { file: 'sample.sh', install: '', run: 'bash sample.sh', text: `${task.withToken ? token : ''}${sent}${words.join(' \\\n  ')}` };
}

/** @type {(task: Task) => Made} */
function python(task) {
  const sent = content('python', task);
  const headers = task.headers.map(([name, parts]) => `${quoted('python', name)}: ${joined('python', parts)}`).join(', ');
  const token = `
login = ${login('python')}
issued = call("POST", ${quoted('python', issuer(task))}, {"content-type": "application/json"}, login.encode())
headers["${TOKEN}"] = json.loads(issued)["accessToken"]`;
  return {
    file: 'sample.py', install: '', run: 'python sample.py',
    text: `
import json
import os
import sys
import urllib.error
import urllib.request


def call(method, url, headers, body=None):
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=100) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code} {error.read().decode()}")


headers = {${headers}}${task.withToken ? token : ''}
url = ${joined('python', task.url)}
answer = call("${task.method}", url, headers${sent && `, ${sent}`})
sys.stdout.buffer.write(answer)
`,
  };
}

/** @type {(task: Task) => Made} */
function typescript(task) {
  const sent = content('ts', task);
  const headers = task.headers.map(([name, parts]) => `${quoted('ts', name)}: ${joined('ts', parts)}`).join(', ');
  const token = `
  const login = ${login('ts')};
  const issued = await call('POST', ${quoted('ts', issuer(task))}, { 'content-type': 'application/json' }, login);
  headers['${TOKEN}'] = JSON.parse(issued.toString()).accessToken;`;
  return {
    file: 'Sample.ts', install: 'npm install typescript @types/node',
    run: 'npx tsc --strict --target es2022 --module commonjs --esModuleInterop --skipLibCheck Sample.ts\nnode Sample.js',
    text: `
${task.file && "import { readFileSync } from 'node:fs';\n\n"}async function call(method: string, url: string, headers: Record<string, string>, body?: ${task.file ? "RequestInit['body']" : 'string'}) {
  const answer = await fetch(url, { method, headers, body });
  const content = Buffer.from(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(answer.status + ' ' + content);
  return content;
}

async function main() {
  const headers: Record<string, string> = {${headers && ` ${headers} `}};${task.withToken ? token : ''}
  const url = ${joined('ts', task.url)};
  process.stdout.write(await call('${task.method}', url, headers${sent && `, ${sent}`}));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
`,
  };
}

/** @type {(task: Task) => Made} */
function php(task) {
  const sent = content('php', task);
  const headers = task.headers.map(([name, parts]) => headerLine('php', [name, parts])).join(', ');
  const token = `
$login = ${login('php')};
$issued = call('POST', ${quoted('php', issuer(task))}, ['content-type: application/json'], $login);
$headers[] = '${TOKEN}: ' . json_decode($issued)->accessToken;`;
  return {
    file: 'sample.php', install: '', run: 'php sample.php',
    text: `
<?php

function call($method, $url, $headers, $body = null)
{
    $request = curl_init($url);
    curl_setopt_array($request, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
    ]);
    if ($body !== null) {
        curl_setopt($request, CURLOPT_POSTFIELDS, $body);
    }
    $answer = curl_exec($request);
    $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
    if ($answer === false || $status >= 400) {
        fwrite(STDERR, $status . ' ' . $answer . curl_error($request) . PHP_EOL);
        exit(1);
    }

    return $answer;
}

$headers = [${headers}];${task.withToken ? token : ''}
$url = ${joined('php', task.url)};
echo call('${task.method}', $url, $headers${sent && `, ${sent}`});
`,
  };
}

/** @type {Partial<Record<Tongue, (task: Task) => Made>>} */
export const HTTP_SCRIPTS = { sh: curl, python, ts: typescript, php };

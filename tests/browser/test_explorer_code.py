"""The explorer's programs run as they are shown, in the languages whose tools are there.

By default each language runs a program on the official client and some without it; curl and Python run those of all
calls, of the contract's one of each kind.
With REPORTDATA_TESTS_PROGRAMS=all, every language runs those of all calls.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import alibabacloud_dingtalk.datacenter_1_0.client
import pytest

from tests.support.browsing import Browser as Caller
from tests.support.explored import DAY, HOSTILE, Explored, Explorer, explored
from tests.support.languages import NO_TRACE, PATIENCE
from tests.support.packages import link_csharp, link_go, link_java, link_node, link_php, require_program
from tests.support.sample import NOW
from tests.support.tools import require_tool

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.tool]

ALL = os.environ.get("REPORTDATA_TESTS_PROGRAMS") == "all"
REPORT, DEPARTMENTS = "getDatacenterReportData", "getExclusiveDataReportDeptDataId"


class Tongue(NamedTuple):
    """A language: its program in `conformance`, whose packages it takes; the tool without which it is not run; what
    links the packages; and the calls whose programs are run by default, all without any."""

    program: str
    tool: str
    link: Callable[[Path], None]
    calls: tuple[str, ...] = ()


FEW = (REPORT, "getStatistics")
TONGUES = {
    "sh": Tongue("", "curl", lambda _: None),
    "python": Tongue("python", "python3", lambda _: None),
    "ts": Tongue("node", "node", link_node, FEW),
    "go": Tongue("go", "go", link_go, (*FEW, DEPARTMENTS)),
    "java": Tongue("java", "java", link_java, (*FEW, "pushFacts")),
    "php": Tongue("php", "php", link_php, FEW),
    "cs": Tongue("c#", "dotnet", link_csharp, FEW),
    "cpp": Tongue("c++", "g++", lambda _: None, (*FEW, "pushFacts")),
}
VALUES: dict[str, dict[str, str]] = {
    REPORT: {"x-client-token": "a$b'c"},
    "getStatistics": {"range": "", "from": DAY, "by": "department", "department": f"研发\n{HOSTILE}"},
    "getToken": {"appkey": "x", "appsecret": "x"},
}


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Explored]:
    with explored(tmp_path_factory.mktemp("explored")) as found:
        yield found


@pytest.fixture
def page(browser: Browser, organisation: Explored) -> Iterator[Explorer]:
    found = Explorer(browser, organisation.served.url)
    yield found
    assert found.close() == []


def run(commands: str, work: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run commands as they are written, up to one that fails."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    java = f"-XX:TieredStopAtLevel=1 -XX:+UseSerialGC {NO_TRACE}"
    environment = kept | {"PATH": path, "JAVA_TOOL_OPTIONS": java, "LC_ALL": "C.UTF-8", "HOME": os.environ["HOME"]}
    return subprocess.run(
        ["bash", "-ec", commands], cwd=work, env=environment | variables, capture_output=True, timeout=PATIENCE
    )


def answer(organisation: Explored, name: str, page: Explorer) -> bytes:
    """What the API itself answers to the request that the page shows."""
    line = page.page.locator("#request-line").inner_text()
    method, path = line.split(" ", 1)
    if name == "getToken":
        path = f"/gettoken?appkey={organisation.app.app_key}&appsecret={organisation.secret}"
    body = page.page.locator("#field-body").input_value() if method == "POST" else None
    if name in ("getAccessToken", "beginSession"):
        body = json.dumps({"appKey": organisation.app.app_key, "appSecret": organisation.secret})
    headers = {"content-type": "application/json"} if body else {}
    if "/v1/session" not in path and "token" not in name.lower():
        headers["x-acs-dingtalk-access-token"] = organisation.folder.token(organisation.app, NOW.timestamp())
    elif method != "POST":
        headers["cookie"] = session(organisation)
    with closing(HTTPConnection(*organisation.served.address, timeout=PATIENCE)) as connection:
        connection.request(method, path, body and body.encode(), headers)
        return connection.getresponse().read()


def session(organisation: Explored) -> str:
    """The cookie of a new session."""
    caller = Caller(organisation.served.address)
    caller.sign_in(appKey=organisation.app.app_key, appSecret=organisation.secret)
    assert caller.cookie is not None
    return caller.cookie


def programs(paths: dict[str, dict[str, Any]]) -> list[str]:
    """The calls of which there is something that they name; by default one of each kind."""
    found: dict[str, str] = {}
    for path, methods in paths.items():
        for told in methods.values():
            kind = f"{told['tags']} {[one['name'] for one in told.get('parameters', ())]}"
            if path.replace("{dataId}", "").count("{") == 0:
                found.setdefault(
                    told["operationId"] if ALL or told["tags"] != ["statistics"] else kind, told["operationId"]
                )
    return list(found.values())


@pytest.mark.parametrize("tongue", TONGUES)
def test_programs_run_as_they_are_shown(page: Explorer, organisation: Explored, tmp_path: Path, tongue: str) -> None:
    language = TONGUES[tongue]
    require_tool(language.tool)
    if language.program:
        require_program(language.program, language.tool)
    calls = programs(organisation.ask("/openapi.json")["paths"])
    official = 0
    for name in calls if ALL or not language.calls else language.calls:
        page.open(name, "code", tongue, **VALUES.get(name, {}))
        shown = page.program()
        official += shown["official"] == "true"
        assert organisation.secret not in shown["text"]
        work = tmp_path / name
        work.mkdir()
        (work / shown["file"]).write_text(shown["text"], "utf-8")
        (work / "reports.xlsx").write_text("report_id,user_id,sent_at\n")
        language.link(work)
        variables = {
            "REPORTDATA_APP_KEY": organisation.app.app_key,
            "REPORTDATA_APP_SECRET": organisation.secret,
            "REPORTDATA_SESSION": session(organisation).partition("=")[2],
        }
        done = run(shown["run"], work, variables)
        assert done.returncode == 0, f"{name}:\n{shown['text']}\n{done.stderr.decode()}{done.stdout.decode()}"
        if name == "uploadFile":
            assert decoded(done.stdout)["files"] == [{"name": "reports.xlsx", "size": 26}]
            continue
        wanted = decoded(answer(organisation, name, page))
        if tongue == "go" and shown["official"] == "true":  # its client writes no list that is empty
            wanted = {key: value for key, value in wanted.items() if value != []}
        assert decoded(done.stdout) == wanted, name
        if name == REPORT:
            assert decoded(done.stdout)["dataList"][0]["4100_DAY"] == 3
            refused = run(shown["run"].splitlines()[-1], work, variables | {"REPORTDATA_APP_SECRET": "wrong"})
            assert refused.returncode != 0
    assert (official > 0) == (tongue not in ("sh", "cpp"))


def decoded(body: bytes) -> Any:
    """An answer without what differs from call to call."""
    if not body:
        return None
    found = json.loads(body)
    if isinstance(found, dict):
        found.pop("expiresAt", None)
    return found


def evaluate(page: Explorer, expression: str, argument: object) -> Any:
    """The value of an expression with what the page's modules have."""
    return page.page.evaluate(
        f"""async (given) => {{
          const at = new URL(document.querySelector('script[src]').src);
          const {{ methodOf }} = await import(new URL('code.js', at));
          const {{ quoted }} = await import(new URL('quoting.js', at));
          return {expression};
        }}""",
        argument,
    )


def test_methods_are_those_of_the_official_client(page: Explorer, organisation: Explored) -> None:
    page.open()
    paths = [path.removeprefix("/") for path in organisation.ask("/openapi.json")["paths"] if "/datacenter/" in path]
    source = inspect.getsource(alibabacloud_dingtalk.datacenter_1_0.client)
    official = dict(
        re.findall(r"action='(\w+)',\s*version='[^']*',\s*protocol='[^']*',\s*pathname=f?'/([^']*)'", source)
    )
    known = {path: action for action, path in official.items()}
    named = evaluate(page, "Object.fromEntries(given.map((path) => [path, methodOf(path)]))", [*known, *paths])
    assert {path: named[path] for path in paths} == {path: known.get(path, "") for path in paths}
    assert {path: name for path, name in named.items() if name and known[path] != name} == {}
    assert sum(name != "" for name in named.values()) >= 24


TEXTS = [
    HOSTILE,
    "",
    "\\",
    "\\u0041\\n",
    "$HOME `id` $(id) ${1} !!",
    "'\"'\"",
    "a\nb\r\tc\x00d\x07e\x7ff".replace("\x00", ""),
    "\u2028\u2029\ufeff\u200e\u202e",
    "\U000e0041研发😀",
    "??= ??/ %s {0} #{x}",
]
PRINTED: dict[str, tuple[str, str, str]] = {
    "sh": ("printf '%s\\0' {}\n", "", ""),
    "python": ("print({}, end='\\0')\n", "", ""),
    "ts": ("process.stdout.write({} + '\\0');\n", "", ""),
    "go": ('\tfmt.Print({}, "\\x00")\n', 'package main\n\nimport "fmt"\n\nfunc main() {\n', "}\n"),
    "java": (
        '        System.out.print({} + "\\0");\n',
        "public class Sample {\n    public static void main(String[] arguments) throws Exception {\n"
        '        System.setOut(new java.io.PrintStream(System.out, false, "UTF-8"));\n',
        "        System.out.flush();\n    }\n}\n",
    ),
    "cpp": ("  std::cout << {} << '\\0';\n", "#include <iostream>\nint main() {\n", "}\n"),
}
FILES = {"sh": "a.sh", "python": "a.py", "ts": "a.js", "go": "a.go", "java": "Sample.java", "cpp": "a.cpp"}
RUN = {
    "sh": "bash a.sh",
    "python": "python a.py",
    "ts": "node a.js",
    "go": "go run a.go",
    "java": "java -Dfile.encoding=UTF-8 Sample.java",
    "cpp": "g++ -std=c++17 a.cpp -o a && ./a",
}


@pytest.mark.parametrize("tongue", PRINTED)
def test_texts_stay_what_they_are(page: Explorer, tmp_path: Path, tongue: str) -> None:
    """Whatever is written into a form is a text of the program, and nothing else."""
    require_tool(TONGUES[tongue].tool)
    page.open()
    quoted = evaluate(page, "given[1].map((text) => quoted(given[0], text))", [tongue, TEXTS])
    line, before, after = PRINTED[tongue]
    (tmp_path / FILES[tongue]).write_text(before + "".join(line.replace("{}", one) for one in quoted) + after, "utf-8")
    done = run(RUN[tongue], tmp_path, {"GOFLAGS": "-mod=mod"})
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().split("\0")[:-1] == TEXTS
    assert not any(re.search("[\u200b-\u200f\u2028-\u202e]", one) for one in quoted)
    if tongue == "python":
        assert [ast.literal_eval(one) for one in quoted] == TEXTS

"""The pages about the client and the tools: their programs run with the package from a wheel, and both languages have
the same ones."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reportdata.assistants.door import ENDPOINT
from reportdata.assistants.tools import MOST_ROWS, TOOLS, USUAL_ROWS
from reportdata.cli.assisting import mcp_command
from reportdata.client import errors
from tests.support.asked import CONTRACT, Asked, asked
from tests.support.assisted import MODES, calling, with_client
from tests.support.documents import blocks, document
from tests.support.tools import require_package
from tests.support.waiting import SOON
from tests.support.wheels import installed

PAGES = ("client", "mcp")
SERVER = "http://127.0.0.1:8080"


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with the package from a wheel."""
    return installed(tmp_path_factory.mktemp("wheel") / "installed")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server of the sample organisation."""
    with asked(tmp_path_factory.mktemp("programs") / "data") as found:
        yield found


def reader(sample: Asked, programs: Path) -> dict[str, str]:
    """The environment of a reader who has installed the package and was given an app."""
    key, secret = sample.key(CONTRACT).split(":")
    own = {"REPORTDATA_APP_KEY": key, "REPORTDATA_APP_SECRET": secret}
    return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", **own}


@pytest.mark.slow
@pytest.mark.whole
def test_an_installed_package_has_its_catalogues_compiled(programs: Path) -> None:
    (package,) = programs.parent.glob("lib/python*/site-packages/reportdata")
    catalogues = [path.relative_to(package / "locale").as_posix() for path in package.rglob("locale/**/*.*")]
    assert catalogues == ["zh/LC_MESSAGES/reportdata.mo"]
    run = subprocess.run(
        [programs / "reportdata", "--lang", "zh", "--help"], capture_output=True, encoding="utf-8", timeout=SOON
    )
    assert run.stdout.startswith("用法：")


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_programs(page: str) -> None:
    english, chinese = document(f"docs/{page}.md"), document(f"docs/{page}.zh-CN.md")
    for language in ("python", "json", "sh", "text"):
        assert blocks(english, language) == blocks(chinese, language)
    assert len(re.findall("^#", english, re.MULTILINE)) == len(re.findall("^#", chinese, re.MULTILINE))


@pytest.mark.parametrize("page", ["docs/mcp.md", "docs/mcp.zh-CN.md"])
def test_the_page_of_the_tools_names_all_that_there_is(page: str) -> None:
    text = document(page)
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == list(TOOLS)
    for option in mcp_command.params:
        if not getattr(option, "hidden", False) and option.name in ("http", "host", "port", "tls_cert", "keys_in_path"):
            assert option.opts[0] in text
    for said in (*MODES.values(), f"{MOST_ROWS} ", f"{USUAL_ROWS} ", ENDPOINT, "--records"):
        assert said in text, said


def test_the_page_of_the_client_names_all_errors() -> None:
    named = re.findall(r"^\| `(\w+)` \|", document("docs/client.md"), re.MULTILINE)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert {kind.__name__ for kind in kinds} == {*named, "ClientError"}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_programs_run_with_the_package_from_a_wheel(page: str, sample: Asked, programs: Path, tmp_path: Path) -> None:
    for name in ("mcp", "polars"):
        require_package(name)
    script = tmp_path / "program.py"
    own = "import reportdata\nassert 'installed' in reportdata.__file__, reportdata.__file__\n"
    program = "\n".join(blocks(document(f"docs/{page}.md"), "python")).replace(SERVER, sample.served.url)
    script.write_text(own + program.replace('"range": "30d"', '"from": "2025-01-01", "to": "2025-01-31"'))
    done = subprocess.run(
        [programs / "python", script], cwd=tmp_path, env=reader(sample, programs), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with sample.client() as client:
        weeks = {row.period: row for row in client.statistics("2025-01-01", "2025-01-31", by="week")}
        newest = client.coverage().newest_day
    if page == "mcp":
        assert f"2025-W02 {weeks['2025-W02'].reports} " in done.stdout
    else:
        assert newest is not None
        assert f"{newest:%G-W%V} " in done.stdout
        assert f"{newest:%Y%m%d}" in done.stdout
        assert "400 InvalidParameter by='colour'" in done.stdout


@pytest.mark.slow
def test_settings_start_the_tools(sample: Asked, programs: Path, tmp_path: Path) -> None:
    """Those of a data folder, by the older version of the protocol; the page's program starts those of a server."""
    require_package("mcp")
    from mcp.client.stdio import StdioServerParameters

    block = json.loads(blocks(document("docs/mcp.md"), "json")[0])["mcpServers"]["reportdata"]
    stands_for = {"/srv/reportdata-data": str(sample.folder.path), "dingsample": sample.corp_id}
    environment = {name: value for name, value in reader(sample, programs).items() if "REPORTDATA" not in name}
    program = shutil.which(block["command"], path=environment["PATH"])
    assert program == str(programs / "reportdata")
    started = StdioServerParameters(
        command=program,
        args=[stands_for.get(word, word) for word in block["args"]],
        env=environment,
        cwd=tmp_path,
    )

    async def use(client: Any) -> list[Any]:
        found = [await calling("coverage")(client)]
        found.append(await calling("statistics", from_="2025-01-01", to="2025-01-31", by="day")(client))
        return found

    coverage, statistics = with_client(started, use, "legacy")
    assert coverage.structured_content["about"]["coveredDays"] == statistics.structured_content["totalRows"] > 0


@pytest.mark.slow
def test_tools_over_http_are_started(sample: Asked, programs: Path, tmp_path: Path) -> None:
    require_package("mcp")
    from tests.support.assisted import over_http

    command = next(line for line in blocks(document("docs/mcp.md"), "text")[0].splitlines() if " --http" in line)
    words = command.replace(SERVER, sample.served.url).split()
    with subprocess.Popen(
        [programs / words[0], *words[1:], "--port", "0"],
        cwd=tmp_path,
        env=reader(sample, programs),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            (url,) = re.findall(r"http\S+", process.stdout.readline())
            headers = {"authorization": f"Bearer {sample.key()}"}
            assert over_http(url, calling("coverage"), headers=headers).structured_content["rows"]
        finally:
            process.terminate()
            process.wait(SOON)
    assert process.returncode == 0

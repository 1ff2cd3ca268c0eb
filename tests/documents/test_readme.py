"""The documents say what is so: every command in them is executed, every list in them is complete."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from reportdata import __version__
from tests.support.causes import ERRORS
from tests.support.documents import RECORDS, blocks, document, environment, follow, lines, running
from tests.support.paths import ROOT
from tests.support.reference import reference
from tests.support.services import KINDS
from tests.support.tools import require_tool
from tests.support.waiting import SOON

READMES = ("README.md", "README.zh-CN.md")


@pytest.mark.whole
def test_the_commands_of_the_readme_work(tmp_path: Path) -> None:
    readme = document("README.md")
    for name, text in RECORDS.items():
        (tmp_path / name).write_text(text)
    commands = [
        line for line in lines(readme) if not line.startswith(("make ", "reportdata open "))
    ]  # see test_opening
    assert commands.pop() == "reportdata serve"
    for command in commands:
        printed = follow(command, tmp_path)
        assert " query " not in command or "20260921" in printed
    (program,) = blocks(readme, "python")
    with running(["reportdata", "serve", "--port", "0"], tmp_path, "Serving") as printed:
        (address,) = re.findall(r"http://(127\.0\.0\.1:\d+)/", printed)
        assert "127.0.0.1:8080" in program
        row = answered(program.replace("127.0.0.1:8080", address), tmp_path)
        (line,) = lines(readme, "bash")
        assert "127.0.0.1:8080" in line
        if shutil.which("curl"):
            assert json.loads(follow(line.replace("127.0.0.1:8080", address), tmp_path))["dataList"] == [row]
    assert row == {"stat_date": "20260921", "4100_DAY": 1, "corp_id": "dingsample", "4101_DAY": 1, "4102_DAY": 1}


def answered(program: str, folder: Path) -> dict[str, Any]:
    """The row of the answer that a program with the official SDK prints."""
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (row,) = ast.literal_eval(done.stdout)["dataList"]
    found: dict[str, Any] = row
    return found


def signed_in(page: str) -> dict[str, Any]:
    """What the page is told when it exchanges the secret of its address for a session."""
    address, _, secret = page.partition("#link=")
    request = urllib.request.Request(
        f"{address}v1/session", json.dumps({"link": secret}).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=SOON) as answered_:
        found: dict[str, Any] = json.load(answered_)
    return found


def test_both_readmes_have_the_same_commands() -> None:
    english, chinese = map(document, READMES)
    assert lines(english) == lines(chinese)
    assert blocks(english, "python") == blocks(chinese, "python")
    assert blocks(english, "bash") == blocks(chinese, "bash") != []
    assert {line for line in lines(english) if line.startswith("make ")} == {"make run", "make test"}


@pytest.mark.slow
@pytest.mark.tool
def test_make_run_prints_a_curl_that_answers_with_numbers(tmp_path: Path) -> None:
    require_tool("curl")
    command = ["make", "--no-print-directory", "run", f"ARGS=--port 0 --days 12 --data {tmp_path / 'demo'}"]
    with running(command, ROOT, "reportdata import") as printed:
        (line,) = [line for line in printed.splitlines() if line.strip().startswith("curl ")]
        (row,) = json.loads(follow(line, tmp_path))["dataList"]
        assert row["4100_DAY"] >= row["4101_DAY"] > 0
        (page,) = [line.strip() for line in printed.splitlines() if "#link=" in line]
        assert signed_in(page)["kind"] == "link"
        shown = [part[2:] for part in printed.splitlines() if part.startswith("  ")]
        code = "\n".join(part for part in shown if not part.startswith(("curl", "http:")))
        assert answered(code[: code.index("\n", code.index("print("))], tmp_path) == row


def test_make_test_is_what_continuous_integration_runs() -> None:
    script = document(".ci/run").splitlines()
    assert {"make check", "make test"} <= set(script)


@pytest.mark.parametrize(("language", "name"), [("en", "docs/cli.md"), ("zh", "docs/cli.zh-CN.md")])
def test_the_reference_of_commands_is_their_help(language: str, name: str) -> None:
    anew = f"write it anew with: python -m tests.support.reference {language} > {name}"
    assert document(name) == reference(language), anew


def test_the_contract_names_every_error() -> None:
    text = document("src/reportdata/api/contract/README.md")
    for code, error in ERRORS.items():
        assert re.search(rf"\| {error.status} \| `{re.escape(code)}` \|", text), code


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_names_every_column(readme: str) -> None:
    text = document(readme)
    fields = {"corp_id", *(name for kind in KINDS.values() for name in (*kind.columns, *kind.shared_times[:1]))}
    for field in fields:
        assert f"`{field}`" in text, field


def test_links_between_documents_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_changelog_names_the_version() -> None:
    assert f"## {__version__}" in document("CHANGELOG.md")


def test_every_runtime_dependency_has_its_reason() -> None:
    project = tomllib.loads(document("pyproject.toml"))["project"]
    table = document("ARCHITECTURE.md")
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=;\[ ]", requirement)[0]
        assert f"| {name} |" in table, name


def test_no_file_names_a_registry_or_this_machine() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is not a clone")
    git = [require_tool("git"), "ls-files"]
    files = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    hosts = [
        ".".join(parts)
        for parts in (("pypi", "org"), ("registry", "npmjs"), ("pythonhosted", "org"), ("proxy", "golang"))
    ]
    for name in files:
        text = (ROOT / name).read_text("utf-8", "replace")
        assert not [host for host in hosts if host in text], name

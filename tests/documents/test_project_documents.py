"""What the project says of itself: no telemetry, the versions that are tested, forms that can be filled in."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from reportdata import __version__
from tests.support.documents import RECORDS, document
from tests.support.paths import ROOT

QUIET = """
import sys
from click.testing import CliRunner
from reportdata.cli import cli

asked = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"):
        asked.append((event, repr(arguments)))

sys.addaudithook(hook)
for line in sys.argv[1:]:
    result = CliRunner().invoke(cli, line.split())
    assert result.exit_code == 0 or line == "doctor", (line, result.output)
print(asked)
"""
COMMANDS = [
    "org add dingsample",
    "import reports.csv comments.csv",
    "query 20260921",
    "query 20260921 --to 20260922 --by department --format json",
    "status",
    "compact",
    "app add --corp dingsample --name bi --json",
    "backup copy",
    "doctor",
]
HOSTS = {
    "api.dingtalk.com": "collecting and official figures",
    "oapi.dingtalk.com": "collecting",
    "open-dev.dingtalk.com": "named in messages",
    "open.dingtalk.com": "links to DingTalk's documents",
    "landray.dingtalkapps.com": "made up by the twin",
    "static.dingtalk.com": "made up by the twin",
    "reports.example.com": "an example",
    "www.w3.org": "the namespace of SVG",
}


@pytest.mark.whole
def test_commands_connect_to_nobody(tmp_path: Path) -> None:
    for name, text in RECORDS.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([sys.executable, "-c", QUIET, *COMMANDS], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_other_hosts_are_named_in_the_program() -> None:
    named = set()
    for path in (ROOT / "src").rglob("*"):
        if path.suffix in {".py", ".js", ".html", ".css", ".toml", ".svg", ".sql"}:
            named |= set(re.findall(r"(?:https?|wss?)://([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})", path.read_text("utf-8")))
    assert named <= HOSTS.keys()


def test_python_is_tested_in_the_versions_that_are_named() -> None:
    matrix = yaml.safe_load(document(".github/workflows/ci.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    for page in ("docs/support.md", "docs/support.zh-CN.md"):
        (row,) = re.findall(r"^\| Python \| (.*?) \|", document(page), re.MULTILINE)
        assert re.findall(r"\d\.\d+", row) == matrix


def test_the_version_is_a_release_and_has_its_notes() -> None:
    (heading,) = re.findall(rf"^## {re.escape(__version__)} – (.*)$", document("CHANGELOG.md"), re.MULTILINE)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", heading)
    for page in ("docs/support.md", "docs/support.zh-CN.md"):
        assert f"| {__version__} |" in document(page)
    assert f"git tag --sign v{__version__} " in document("RELEASING.md")


def test_forms_of_issues_can_be_filled_in() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert {form.stem for form in forms} == {"bug", "idea", "config"}
    for form in forms:
        content = yaml.safe_load(form.read_text("utf-8"))
        if form.stem != "config":
            assert {"name", "description", "body"} <= content.keys()
            ids = [field["id"] for field in content["body"] if "id" in field]
            assert len(ids) == len(set(ids))

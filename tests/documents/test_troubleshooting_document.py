"""Every message and code of docs/troubleshooting.md is one that is said, from the cause that the page names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.api import asking, tokens
from reportdata.cli import cli
from reportdata.http import answers
from tests.support.causes import ERRORS
from tests.support.documents import RECORDS, document

TEXT = document("docs/troubleshooting.md")
CHINESE = document("docs/troubleshooting.zh-CN.md")
REFUSALS = {"en": (TEXT, "A command refuses"), "zh": (CHINESE, "命令报错")}
DINGTALK = "source add dingtalk --corp dingsample --app-key dingkey"
PROVOKED = [
    "query 20260921",
    "org add dingsample",
    "import counts.csv",
    "import strange.csv",
    "import future.csv",
    "query 20260921 --corp nobody",
    "query --range 30d --by months",
    "token nokey",
    DINGTALK,
    "collect --once",
]


def messages(text: str, heading: str) -> list[str]:
    """The code in the first column of the table of a part of a page."""
    part = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \|", part, re.MULTILINE)


@pytest.mark.whole
@pytest.mark.parametrize("language", REFUSALS)
def test_messages_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    files = {
        **RECORDS,
        "counts.csv": "姓名,篇数\n张一,3\n",
        "strange.csv": "a,b,c\n1,2,3\n",
        "future.csv": f"report_id,user_id,sent_at\nr1,u1,{date.today() + timedelta(300)} 09:00:00\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPORTDATA_DINGTALK_APP_SECRET", raising=False)
    said = "".join(output(language, line.split()) for line in PROVOKED)
    other = ["--data", str(tmp_path / "other")]
    output(language, ["org", "add", "one", *other])
    output(language, ["org", "add", "two", *other])
    said += output(language, ["import", "reports.csv", *other])
    (tmp_path / "reportdata-data").chmod(0o755)
    said += output(language, ["status"])
    written = messages(*REFUSALS[language])
    assert len(written) >= 10
    for message in written:
        assert message in said, message


def output(language: str, arguments: Sequence[str]) -> str:
    """What a command says in a language, without how it is broken into lines."""
    return re.sub(r"\s*\n\s*", " ", CliRunner().invoke(cli, ["--lang", language, *arguments]).output) + "\n"


def test_codes_are_answered() -> None:
    stated = (*vars(answers).values(), *vars(tokens).values(), asking.DAMAGED)
    faults = {fault.code: fault.status for fault in stated if isinstance(fault, answers.Fault)}
    known = {code: error.status for code, error in ERRORS.items()} | faults
    rows = re.findall(r"^\| (\d+) \| `([\w.]+)` \|", TEXT, re.MULTILINE)
    assert len(rows) >= 10
    for status, code in rows:
        assert code in known, code
        assert known[code] == int(status), code

"""Words that documents print in place of ids are noticed where a person copied them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.identifiers import stands_for_one
from tests.support.folders import Folder, run

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "text",
    [
        "CORP_ID",
        "APP_KEY",
        "KEY",
        " ID ",
        "YOUR_CORP_ID",
        "dingxxxxxx",
        "<corpId>",
        "{corpId}",
        "$CORP_ID",
        "你的企业ID",
    ],
)
def test_what_documents_print_is_no_id(known: Folder, text: str) -> None:
    assert stands_for_one(text)
    for command in (
        ("org", "add", text),
        ("org", "show", text),
        ("query", "20260101", "--corp", text),
        ("app", "add", "--name", "a", "--corp", text),
        ("app", "show", text),
        ("token", text),
        ("source", "add", "dingtalk", "--corp", text, "--app-key", "dingabc"),
        ("source", "add", "dingtalk", "--corp", "ding1", "--app-key", text),
    ):
        refused = run(known, *command)
        assert (refused.exit_code, "stands for" in refused.output) == (1, True), (command, refused.output)
    assert [one.corp_id for one in known.store.organisations()] == ["ding1"]


@given(st.from_regex(r"ding[0-9a-f]{16,32}|[a-z]{3,12}[0-9]*|[A-Z]{3,5}[0-9]+", fullmatch=True))
def test_ids_are_ids(text: str) -> None:
    assert stands_for_one(text) == bool(re.fullmatch("dingx+|x+|file|day", text)) or text in ("corp", "key")


def test_every_id_that_documents_leave_open_is_known() -> None:
    """Those that commands print as the next step, too."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "src/reportdata/cli").rglob("*.py")]
    text = "\n".join(path.read_text("utf-8") for path in pages if not path.name.startswith("cli."))
    left_open = set(re.findall(r"--(?:corp|app-key|app) ([A-Z][A-Z_]+)\b", text))
    left_open |= set(re.findall(r"org (?:add|show) ([A-Z][A-Z_]+)\b", text))
    assert left_open
    assert {word for word in left_open if not stands_for_one(word)} == set()

"""The catalogues of messages: each message is there, translated with its values, and found in what is told."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli.language import speaking, translated
from reportdata.cli.language.catalogue import Entry, compiled_po, load, read_mo, read_po
from reportdata.cli.language.help import beside
from reportdata.cli.language.templates import PLACE, Templates, is_number, is_spoken
from tests.support.messages import CHINESE, TEMPLATES, messages, template

ANEW = "write the catalogues anew with: python -m tests.support.messages"


def entries(path: Path) -> dict[str, Entry]:
    """The entries of a catalogue, without its head."""
    return {entry.id: entry for entry in read_po(path.read_text("utf-8")) if entry.id}


@pytest.mark.whole
def test_every_message_is_in_both_catalogues() -> None:
    assert TEMPLATES.read_text("utf-8") == template(), ANEW
    assert list(entries(CHINESE)) == list(messages()), ANEW


def test_every_message_has_a_translation_with_its_values() -> None:
    for entry in entries(CHINESE).values():
        assert entry.text, f"{entry.place}: {entry.id!r} has no translation"
        assert not entry.fuzzy, f"{entry.place}: {entry.id!r} has to be looked at"
        assert names(entry.text) == names(entry.id), f"{entry.place}: {entry.id!r} has other values"


def names(text: str) -> list[str]:
    return sorted(place[1] for place in PLACE.finditer(text) if place[1])


@pytest.mark.whole
def test_a_text_is_parsed_by_the_message_it_was_made_of() -> None:
    """Of each message with values, and with others within."""
    found = load("zh")
    templates = Templates(found, str)
    for message, translation in found.items():
        values = {place[1]: value(place, message) for place in PLACE.finditer(message) if place[1]}
        said = {name: told.text if (told := templates.translated(text)) else text for name, text in values.items()}
        assert (got := templates.translated(filled(message, values))), message
        assert got.text == filled(translation, said)


def value(place: re.Match[str], message: str) -> str:
    if is_number(place):
        return str(place.start())
    if is_spoken(place):
        return ", and 3 more" if message[: place.start()].endswith("}") else "added"
    return f"'v{place.start()}'" if place[2] else f"v{place.start()}"


def filled(text: str, values: dict[str, str]) -> str:
    return PLACE.sub(lambda place: values[place[1]] if place[1] else place[0][0], text)


@given(path=st.text(st.characters(codec="utf-8", exclude_characters="\n:"), min_size=1), line=st.integers(1, 10**9))
def test_what_a_message_names_stays_what_it_is(path: str, line: int) -> None:
    with speaking("zh"):
        assert translated(f"{path}.csv, line {line:}: sent_at: is missing") == f"{path}.csv 第 {line} 行：sent_at：缺少"


def test_what_is_no_message_stays_what_it_is() -> None:
    with speaking("zh"):
        for text in (
            "Ministry of Truth",
            "a: b",
            "x; y",
            "3 of a kind",
            "",
            "日报",
            "to and from: nobody belongs to it",
        ):
            assert translated(text) == text


def test_gettext_reads_what_is_compiled() -> None:
    content = compiled_po(CHINESE)
    theirs = gettext.GNUTranslations(io.BytesIO(content))
    for message, translation in read_mo(content).items():
        assert not message or theirs.gettext(message) == translation


def test_help_with_a_default_of_its_own_has_its_own_translation() -> None:
    own = [entry for entry in entries(CHINESE).values() if "  [default: " in entry.id and not PLACE.search(entry.id)]
    assert own
    with speaking("zh"):
        assert [beside(entry.id) for entry in own] == [entry.text for entry in own]


@pytest.mark.parametrize(
    ("said", "chinese"),
    [
        (
            "a.csv, line 1: kind: 'created_at' may be the time of sent or commented; the columns are: 'id'",
            "a.csv 第 1 行：kind：'created_at' 可能是 sent 或 commented 的时间；各列为：'id'",
        ),
        (
            "say which with --kind sent or --kind commented; or name it sent_at (sent) or commented_at (commented)",
            "用 --kind sent 或 --kind commented 写明是哪种；或把它命名为 sent_at (sent) 或 commented_at (commented)",
        ),
        (
            "could not call v1.0/oauth2/accessToken: the server could not answer (not sent): there is no connection to "
            "https://api.dingtalk.com: Name or service not known",
            "调用 v1.0/oauth2/accessToken 失败：服务器未能答复（没有发出）：无法连接 https://api.dingtalk.com："
            "Name or service not known",
        ),
        (
            "19001, 4002: not known of several days, as those of one day may be those of another; ask by=day.",
            "19001, 4002：多日时未知，因为不同日期里的可能是同一些；请用 by=day 查询。",
        ),
        (
            "4003: of several days, 4002/4001, and not known, as 4002 is not; ask by=day.",
            "4003：多日时，4002/4001；因 4002 未知而未知；请用 by=day 查询。",
        ),
        (
            "a.csv: ding1 has no sent facts from 20240101 to 20240103: these days are not covered; if there was "
            "nothing, say --from 20240101 --to 20240105",
            "a.csv：ding1 从 20240101 至 20240103 没有日志记录：这些日期不算覆盖；如果确实没有，请写 --from 20240101 "
            "--to 20240105",
        ),
        (
            "a.csv: 1 id of sent facts is of two people or two days: r2 of ding1, by u1 on 20240106 and by u2 on "
            "20240106: all of them count",
            "a.csv：1 个日志记录的 id 属于两个人或两天：ding1 的 r2（u1 于 20240106，u2 于 20240106）：都会计入",
        ),
        (
            "say which it is with --column sent_at=HEADING (sent); or name the column sent_at (sent), or for example x",
            "用 --column sent_at=表头 (sent) 写明是哪一列；或把该列命名为 sent_at (sent)，或者例如 x",
        ),
        ("reportData of ding1: DingTalk's own figures are served.", "ding1 的 reportData：返回钉钉官方数字。"),
    ],
)
def test_messages_within_messages_are_chinese_throughout(said: str, chinese: str) -> None:
    assert translated(said, "zh") == chinese

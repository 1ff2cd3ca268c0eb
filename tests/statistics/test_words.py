"""What is asked in words: what is not known is refused, with what is."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reportdata.errors import BadValue
from reportdata.identifiers import read_text
from reportdata.statistics.periods import hours_of, periods
from reportdata.statistics.question import fixed
from reportdata.statistics.words import PARAMETERS, read_question, words_of
from reportdata.values import read_names
from tests.support.services import SERVICE

NOW = datetime(2026, 3, 1, 1, tzinfo=UTC).timestamp()
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("pairs", "said", "hint"),
    [
        ({"form": "20260901"}, "the parameter 'form' is not known", "from, to, range"),
        ({}, "no range is given", "give from and to"),
        ({"from": "2026-9-1"}, "'2026-9-1' is not a day", "yyyyMMdd"),
        ({"from": "20260902", "to": "20260901"}, "is before", "earlier day first"),
        ({"from": "19991231"}, "none of the days that facts may have", "20000101"),
        ({"range": "7d", "to": "20260901"}, "range is given with from or to", "alone"),
        ({"range": "fortnight"}, "'fortnight' is not known", "lastMonth"),
        ({"range": "0d"}, "'0d' is not known", "lastMonth"),
        ({"range": "7d", "by": "colour"}, "'colour' is nothing to group by", "department"),
        ({"range": "7d", "by": "week,month"}, "week and month", "one period"),
        ({"range": "7d", "by": "day,day"}, "twice", "once"),
        ({"range": "7d", "by": "day,hour,user,template"}, "4 groupings", "at most 3"),
        ({"range": "7d", "metrics": "likes"}, "'likes' is nothing that is counted", "reports, senders, commenters"),
        ({"range": "7d", "order": "-user"}, "'-user' is no column", "period, reports"),
        ({"range": "7d", "page": "0"}, "page='0'", "from 1"),
        ({"range": "7d", "pageSize": "1001"}, "pageSize='1001'", "1 to 1000"),
        ({"range": "7d", "format": "pdf"}, "format='pdf' is not known", "json, csv, xlsx, parquet"),
        ({"range": "7d", "lang": "fr", "format": "xlsx"}, "lang='fr' is not known", "en, zh"),
        ({"range": "7d", "lang": "zh", "format": "csv"}, "lang=zh is of headings in sheets", "format=xlsx"),
        ({"range": "7d", "children": "yes"}, "children='yes' is not known", "true"),
        ({"range": "7d", "departments": "old"}, "departments='old' is not known", "now"),
        ({"range": "7d", "user": "x" * 201}, "201 characters", "200"),
    ],
)
def test_what_is_not_known_is_refused(pairs: dict[str, str], said: str, hint: str) -> None:
    with pytest.raises(BadValue) as refused:
        read_question(pairs.items(), SERVICE)
    assert said in refused.value.message
    assert hint in refused.value.hint


def test_a_value_that_may_not_be_repeated_is_not_taken_twice() -> None:
    with pytest.raises(BadValue, match="range is given more than once"):
        read_question([("range", "7d"), ("range", "30d")], SERVICE)
    assert read_question([("range", "7d"), ("user", "a"), ("user", "b")], SERVICE).users == ("a", "b")


@pytest.mark.parametrize(
    ("name", "written", "held"),
    [
        ("department", ["研发,x"], "研发，x"),  # a comma inside a listed name is kept as a full-width one
        ("department", "\ufeff研发\u200b  一组\t", "研发 一组"),
        ("department", "无", None),
        ("template", "周\u200b报", "周报"),
        ("template", "a,b\nc", "a,b c"),
        ("template", "NULL", None),
    ],
)
def test_a_filter_that_is_written_as_in_a_record_is_what_the_fact_holds(
    name: str, written: str | list[str], held: str | None
) -> None:
    """A name that no fact can have would find nothing, which reads as zero."""
    fact = read_names(name, written) if name == "department" else read_text(name, written)
    assert fact == held
    asked = read_question([("range", "7d"), (name, "".join(written))], SERVICE)
    assert (asked.departments or asked.templates) == (held or "",)
    assert read_question(words_of(asked, SERVICE), SERVICE) == asked


@pytest.mark.parametrize(
    ("range_", "first", "last"),
    [
        ("1d", "20260301", "20260301"),
        ("7d", "20260223", "20260301"),
        ("month", "20260301", "20260301"),
        ("lastMonth", "20260201", "20260228"),
        ("quarter", "20260101", "20260301"),
        ("year", "20260101", "20260301"),
    ],
)
def test_ranges_by_name_end_today_in_the_organisations_zone(range_: str, first: str, last: str) -> None:
    asked = fixed(read_question([("range", range_)], SERVICE), ZONE, NOW)
    assert (asked.question.first_day, asked.question.last_day) == (first, last)


def test_a_moment_that_lies_ahead_or_is_none_is_refused() -> None:
    for text, said in (("2026-03-02T00:00:00+08:00", "lies ahead"), ("yesterday", "is no moment")):
        with pytest.raises(BadValue, match=said):
            fixed(read_question([("range", "7d"), ("asOf", text)], SERVICE), ZONE, NOW)
    local = fixed(read_question([("range", "7d"), ("asOf", "2026-02-28 08:00:00")], SERVICE), ZONE, NOW)
    assert local.moment == int(datetime(2026, 2, 28, tzinfo=UTC).timestamp()) * 1_000_000


def test_a_range_has_a_limit() -> None:
    with pytest.raises(BadValue, match="the range has 3661 days"):
        fixed(read_question([("from", "20000101"), ("to", "20100108")], SERVICE), ZONE, NOW)


def test_periods_and_hours() -> None:
    days = ["20241229", "20241230", "20241231", "20250101"]
    assert [(p.name, len(p.days)) for p in periods("week", days)] == [("2024-W52", 1), ("2025-W01", 3)]
    assert [p.name for p in periods("quarter", days)] == ["2024-Q4", "2025-Q1"]
    assert [p.name for p in periods(None, days)] == ["2024-12-29/2025-01-01"]
    assert hours_of("20260308", ZoneInfo("America/New_York")) == frozenset(range(24)) - {2}
    assert hours_of("20111230", ZoneInfo("Pacific/Apia")) == frozenset()
    assert "asOf" in PARAMETERS

"""Words for days, beside an oracle that walks from day to day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportdata.days import parse_day
from reportdata.errors import BadValue
from reportdata.named_days import DAYS, MINUS, PERIODS, NamedDays, is_relative, read_days

todays = st.dates(date(2000, 1, 1), date(2099, 12, 31))
ONE = timedelta(days=1)
SAME: dict[str, Callable[[date, date], bool]] = {
    "week": lambda a, b: a.isocalendar()[:2] == b.isocalendar()[:2],
    "month": lambda a, b: (a.year, a.month) == (b.year, b.month),
    "quarter": lambda a, b: (a.year, (a.month + 2) // 3) == (b.year, (b.month + 2) // 3),
    "year": lambda a, b: a.year == b.year,
}
"""Whether two days are in the same period."""


def period(name: str, ago: int, today: date) -> tuple[date, date]:
    """Walk back from today through this period and, if it is the one before that is meant, through that one."""
    last = today
    if ago:
        while SAME[name](last, today):
            last -= ONE
    first = last
    while SAME[name](first - ONE, last):
        first -= ONE
    return first, last


@given(todays, st.sampled_from(sorted(PERIODS)))
@example(date(2024, 2, 29), "last-year")
@example(date(2024, 3, 31), "last-month")
@example(date(2026, 1, 1), "last-week")
@example(date(2026, 1, 1), "上季度")
def test_a_period_is_what_walking_back_from_today_finds(today: date, word: str) -> None:
    first, last = period(*PERIODS[word], today)
    assert read_days(word, today) == NamedDays(f"{first:%Y%m%d}", f"{last:%Y%m%d}")
    assert is_relative(word)


@given(todays, st.integers(0, 9999), st.sampled_from("dw"), st.sampled_from("-+"))
def test_a_number_of_days_or_weeks_is_counted_from_today(today: date, count: int, unit: str, sign: str) -> None:
    day = today + timedelta(days=count * {"d": 1, "w": 7}[unit] * {"-": -1, "+": 1}[sign])
    expected = NamedDays(f"{day.year:04}{day:%m%d}", f"{day.year:04}{day:%m%d}")
    for text in (f"{sign}{count}{unit}", f" {sign}{count}{unit.upper()} ", f"{sign}{count}{unit}".replace("-", MINUS)):
        assert is_relative(text)
        assert read_days(text, today) == expected
    if (unit, sign) == ("d", "-"):
        assert read_days(f"{count}天前", today) == expected


@given(todays, todays)
def test_a_day_is_itself_whenever_it_is_named(day: date, today: date) -> None:
    assert read_days(f"{day:%Y-%m-%d}", today) == read_days(f"{day:%Y%m%d}", today) == NamedDays(*[f"{day:%Y%m%d}"] * 2)
    assert not is_relative(f"{day:%Y%m%d}")


def test_words_have_the_days_that_calendars_show() -> None:
    today = date(2026, 3, 4)  # a Wednesday
    shown = {
        "today": ("20260304", "20260304"),
        "昨天": ("20260303", "20260303"),
        "前天": ("20260302", "20260302"),
        "-7d": ("20260225", "20260225"),
        "+2w": ("20260318", "20260318"),
        "本周": ("20260302", "20260304"),
        "last-week": ("20260223", "20260301"),
        "this-month": ("20260301", "20260304"),
        "上月": ("20260201", "20260228"),
        "last-quarter": ("20251001", "20251231"),
        "去年": ("20250101", "20251231"),
    }
    assert {word: tuple(read_days(word, today)) for word in shown} == shown
    assert {"today", "yesterday", "今天", "昨天"} <= set(DAYS)


@pytest.mark.parametrize("text", ["", "7d", "--7d", "-7", "-7m", "-00007d", "next-week", "2026023", "lastweek", "-٧d"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadValue, match="is not a day") as refused:
        read_days(text, date(2026, 3, 4))
    assert "today, yesterday, -7d" in refused.value.hint


@pytest.mark.parametrize("text", ["20260230", "2026-02-30", "20261301"])
def test_a_day_that_is_in_no_calendar_is_not_said_to_be_written_wrongly(text: str) -> None:
    for read in (parse_day, lambda day: read_days(day, date(2026, 3, 4))):
        with pytest.raises(BadValue, match="is not a day") as refused:
            read(text)
        assert refused.value.hint == "the calendar has no such day: see whether the month and the day are right"


def test_days_beyond_the_calendar_are_refused() -> None:
    with pytest.raises(BadValue, match="is not a day"):
        read_days("-9999w", date(2, 1, 1))

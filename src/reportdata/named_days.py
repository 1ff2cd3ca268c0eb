"""Days as people name them: a day of the calendar, or words whose days depend on today.

Weeks begin on Monday, as in ISO 8601. What began and has not ended, like this month, ends today.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from reportdata.days import NO_SUCH_DAY, from_date, parse_day
from reportdata.errors import BadValue


class NamedDays(NamedTuple):
    """Stat days from ``first_day`` to ``last_day``, both included."""

    first_day: str
    last_day: str


DAYS: Mapping[str, int] = {
    "today": 0,
    "yesterday": -1,
    "tomorrow": 1,
    "今天": 0,
    "昨天": -1,
    "前天": -2,
    "明天": 1,
}
"""Words for one day, and how far it is from today."""
PERIODS: Mapping[str, tuple[str, int]] = {
    "this-week": ("week", 0),
    "last-week": ("week", 1),
    "this-month": ("month", 0),
    "last-month": ("month", 1),
    "this-quarter": ("quarter", 0),
    "last-quarter": ("quarter", 1),
    "this-year": ("year", 0),
    "last-year": ("year", 1),
    "本周": ("week", 0),
    "上周": ("week", 1),
    "本月": ("month", 0),
    "上月": ("month", 1),
    "上个月": ("month", 1),
    "本季度": ("quarter", 0),
    "上季度": ("quarter", 1),
    "今年": ("year", 0),
    "去年": ("year", 1),
}
"""Words for several days: the period, and whether it is the one that holds today (0) or the one before it (1)."""
MINUS = "\N{MINUS SIGN}"
"""May stand in place of the hyphen of ``-7d``, which looks like an option."""
_COUNTED = re.compile(rf"([-+{MINUS}])(\d{{1,4}})([dw])", re.ASCII)
_CHINESE = re.compile(r"(\d{1,4})天前", re.ASCII)
_HINT = "write it as yyyyMMdd, for example 20210620, or in words: today, yesterday, -7d, last-week, this-month, 上月"


def is_relative(text: str) -> bool:
    """Whether a text names days that depend on today."""
    word = text.strip().lower()
    return word in DAYS or word in PERIODS or _distance(word) is not None


def read_days(text: str, today: date) -> NamedDays:
    """The days that a person named.

    :param today: the day on which they did, where the organisation is.
    :raises BadValue: when they are none.
    """
    word = text.strip().lower()
    distance = DAYS[word] if word in DAYS else _distance(word)
    try:
        if distance is not None:
            day = from_date(today + timedelta(days=distance))
            return NamedDays(day, day)
        if word in PERIODS:
            return _period(*PERIODS[word], today)
        day = parse_day(text)
    except (BadValue, OverflowError) as error:
        is_of_the_form = isinstance(error, BadValue) and error.hint == NO_SUCH_DAY
        raise BadValue(f"{text!r} is not a day", NO_SUCH_DAY if is_of_the_form else _HINT) from error
    return NamedDays(day, day)


def _distance(word: str) -> int | None:
    """How far a day is from today that is named by a number of days or weeks."""
    if found := _CHINESE.fullmatch(word):
        return -int(found[1])
    if found := _COUNTED.fullmatch(word):
        count = int(found[2]) * (7 if found[3] == "w" else 1)
        return count if found[1] == "+" else -count
    return None


def _period(name: str, ago: int, today: date) -> NamedDays:
    first, last = _first_of(name, today), today
    if ago:
        last = first - timedelta(days=1)
        first = _first_of(name, last)
    return NamedDays(from_date(first), from_date(last))


def _first_of(name: str, day: date) -> date:
    if name == "week":
        return day - timedelta(days=day.weekday())
    if name == "month":
        return day.replace(day=1)
    if name == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1)

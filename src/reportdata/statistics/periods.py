"""The periods of a range."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import to_date


class Period(NamedTuple):
    """A part of a range: its name in ISO 8601 (quarters like ``2026-Q3``), the date at which its kind of period begins,
    by which it is grouped, and its days within the range."""

    name: str
    begins: date | None
    days: Sequence[str]


def periods(kind: str | None, days: Sequence[str]) -> Iterator[Period]:
    """The periods of days that follow each other; without a kind, all of them are one."""
    if kind is None:
        first, last = (to_date(day).isoformat() for day in (days[0], days[-1]))
        yield Period(f"{first}/{last}", None, days)
        return
    for begins, part in groupby(days, key=lambda day: begin_of(kind, to_date(day))):
        yield Period(name_of(kind, begins), begins, list(part))


def begin_of(kind: str, day: date) -> date:
    """The first day of the period that a day is in."""
    match kind:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return day


def around(kind: str, day: date) -> tuple[date, date]:
    """The first and the last day of the day, week or month that a day is in. The calendar's last week ends with it."""
    first = begin_of(kind, day)
    match kind:
        case "week":
            return first, date.fromordinal(min(first.toordinal() + 6, _LAST))
        case "month":
            return first, first.replace(day=monthrange(first.year, first.month)[1])
        case _:
            return first, first


def name_of(kind: str, begins: date) -> str:
    """The name of the period that begins at a date."""
    match kind:
        case "week":
            year, week, _ = begins.isocalendar()
            return f"{year:04}-W{week:02}"
        case "month":
            return f"{begins:%Y-%m}"
        case "quarter":
            return f"{begins.year:04}-Q{(begins.month + 2) // 3}"
        case "year":
            return f"{begins.year:04}"
        case _:
            return begins.isoformat()


@lru_cache(maxsize=8192)
def hours_of(day: str, zone: ZoneInfo) -> frozenset[int]:
    """The hours that a day has on the clocks of a zone: all 24 but those that clocks skip."""
    begin = datetime.combine(to_date(day), time.min, zone)
    end = datetime.combine(to_date(day) + timedelta(days=1), time.min, zone)
    if begin.utcoffset() == end.utcoffset():
        return _ALL
    steps = (begin.timestamp() + 900 * step for step in range(int((end.timestamp() - begin.timestamp()) // 900)))
    return frozenset(datetime.fromtimestamp(step, zone).hour for step in steps)


_ALL = frozenset(range(24))
_LAST = date.max.toordinal()

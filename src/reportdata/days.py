"""Which stat day an instant belongs to.

An instant is a whole number of microseconds since 1970-01-01T00:00:00Z. A stat day is the text ``yyyyMMdd`` of the
organisation's local calendar day, the form that the contract uses; such texts sort as their days do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.errors import BadDay, BadValue

DEFAULT_TIME_ZONE = "Asia/Shanghai"
PARTITION = "stat_day="
"""How the names of the lake's folders begin, as tools that read partitioned Parquet expect; an ISO date follows."""
SECOND = 1_000_000
"""Microseconds in a second."""
MILLISECOND = 1_000
"""Microseconds in a millisecond."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST = date.max.toordinal()

FIRST_INSTANT = (datetime(2000, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""Facts before this instant are refused: no report is that old, so its time is a mistake (seconds read as
milliseconds, for one)."""
END_INSTANT = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""Facts from this instant on are refused, for the same reason."""


@lru_cache(maxsize=8192)
def ordinal(day: str) -> int:
    """The number of a stat day, one more each day."""
    return to_date(day).toordinal()


NO_SUCH_DAY = "the calendar has no such day: see whether the month and the day are right"
"""What to do about a day that is written as days are."""


def is_day(text: str) -> bool:
    """Whether ``text`` is a real date written yyyyMMdd, and nothing else."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def parse_day(text: str) -> str:
    """The stat day that a person wrote as yyyyMMdd or yyyy-MM-dd."""
    day = text.replace("-", "") if len(text) == 10 and text[4] == text[7] == "-" else text
    if is_day(day):
        return day
    is_of_the_form = len(day) == 8 and day.isascii() and day.isdigit()
    raise BadValue(
        f"{text!r} is not a day", NO_SUCH_DAY if is_of_the_form else "write it as yyyyMMdd, for example 20210620"
    )


def to_date(day: str) -> date:
    """The calendar date of a stat day.

    :raises BadDay: when it is none.
    """
    try:
        return date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError as error:
        raise BadDay(
            f"{day!r} is not a day", "what it stands in is damaged: see `reportdata doctor --thorough`"
        ) from error


def from_date(value: date) -> str:
    """The stat day of a calendar date."""
    return f"{value.year:04}{value.month:02}{value.day:02}"


def day_of_folder(name: str) -> str:
    """The stat day of a folder of the lake, which is named like ``stat_day=2021-06-20``."""
    return name.removeprefix(PARTITION).replace("-", "")


def day_before(day: str) -> str:
    """The stat day before one."""
    return from_date(date.fromordinal(to_date(day).toordinal() - 1))


def day_after(day: str) -> str:
    """The stat day after another one."""
    return from_date(to_date(day) + timedelta(days=1))


def days_between(first: str, last: str) -> Iterator[str]:
    """Every stat day from ``first`` to ``last``, both included; none when ``last`` is earlier."""
    for number in range(to_date(first).toordinal(), to_date(last).toordinal() + 1):
        yield from_date(date.fromordinal(number))


@lru_cache(maxsize=1024)
def time_zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name, for example ``Asia/Shanghai``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise BadValue(
            f"{name!r} is not a time zone", "use an IANA name, for example Asia/Shanghai or Europe/Berlin"
        ) from error


def instant_of(moment: datetime) -> int:
    """The instant of an aware datetime. A local time that happens twice means its first occurrence, one that is
    skipped is read with the offset before the gap, as :pep:`495` does for ``fold=0``."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(instant: int, zone: ZoneInfo) -> datetime:
    """The local time of an instant."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def day_of(instant: int, zone: ZoneInfo) -> str:
    """The stat day that an instant belongs to in that time zone."""
    return from_date(moment_of(instant, zone))


@lru_cache(maxsize=8192)
def end_of(day: str, zone: ZoneInfo) -> int:
    """The instant that ends a stat day in that time zone; that which begins the last day of all, which has no other."""
    return instant_of(datetime.combine(date.fromordinal(min(to_date(day).toordinal() + 1, _LAST)), time.min, zone))


LONGEST_STEP = 6 * 86_400 * SECOND
"""No zone's clocks change twice within this time (the shortest known time between two changes is nearly 7 days)."""


class Offset(NamedTuple):
    """From ``start`` (an instant) on, local time is UTC plus ``offset`` microseconds."""

    start: int
    offset: int


@lru_cache(maxsize=64)
def offsets(zone: ZoneInfo) -> tuple[Offset, ...]:
    """The zone's offsets over all instants that facts may have, the earliest first.

    With these an engine converts whole columns, and Python's zone data stays the only authority.
    """
    found = [Offset(FIRST_INSTANT, _offset(FIRST_INSTANT, zone))]
    step = LONGEST_STEP
    for end in range(FIRST_INSTANT + step, END_INSTANT + step, step):
        if _offset(end, zone) != found[-1].offset:
            found.append(_first_change(end - step, end, zone))
    return tuple(found)


def _offset(instant: int, zone: ZoneInfo) -> int:
    """The offset at an instant that is a whole second."""
    offset = datetime.fromtimestamp(instant // SECOND, zone).utcoffset()
    return (offset or timedelta()) // _MICROSECOND


def _first_change(before: int, after: int, zone: ZoneInfo) -> Offset:
    old = _offset(before, zone)
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return Offset(after, _offset(after, zone))

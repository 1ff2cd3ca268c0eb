"""What is asked: a range, groupings, filters, a moment, and the part of the rows that is wanted."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import SECOND, day_of, days_between, from_date, to_date
from reportdata.errors import BadValue
from reportdata.times import read_instant

PERIODS = ("day", "week", "month", "quarter", "year")
"""What a range is cut into; one of them. Weeks are those of ISO 8601."""
CYCLES = ("weekday", "hour")
"""What comes again in each week or day: 1 (Monday) to 7; 0 to 23, in local time."""
BY_DEPARTMENT = ("department", "topDepartment")
"""Groupings by department: by its whole name, or by what that begins with, up to the first ``/``."""
DIMENSIONS = (*BY_DEPARTMENT, "template", "user")
"""What facts have."""
GROUPINGS = (*PERIODS, *CYCLES, *DIMENSIONS)
MOST_GROUPINGS = 3
LONGEST = 3_660
"""Days of a range at most."""
RANGES = ("month", "lastMonth", "quarter", "year")
"""Ranges by name, besides those like ``7d``. All but ``lastMonth`` end today."""
FORMATS = ("json", "csv", "xlsx", "parquet")
LANGUAGES = ("en", "zh")
"""Languages of what is said in answers; the first one is spoken where none is asked for."""
AHEAD = 300 * SECOND
"""By how much the clocks of machines may differ that name a moment and are asked."""
LARGEST_PAGE = 1_000
"""Rows of a page at most."""


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question about one organisation.

    ``first_day`` and ``last_day`` are local days (yyyyMMdd), both included; ``range_`` names them while they are empty.
    ``metrics`` are ids of KPIs, ``order`` names of columns, with a ``-`` before one that descends. Several values of a
    filter mean any of them; ``children`` takes departments below the named ones, too. With ``newest_departments``,
    everybody belongs to the departments of their newest report, whenever a fact was. ``as_of`` is the moment whose
    knowledge counts, as it was written; empty for now. With ``names``, names of people stand beside their ids. ``lang``
    is the language of a sheet's headings and states.

    ``within`` are the departments that whoever asks may be told of, with those below them; empty for all. It is no part
    of what is asked: it is set by what admits the asker, and whatever is asked is answered as if there were no facts of
    other departments.
    """

    first_day: str = ""
    last_day: str = ""
    range_: str = ""
    by: tuple[str, ...] = ()
    metrics: tuple[str, ...]
    departments: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    children: bool = False
    newest_departments: bool = False
    order: tuple[str, ...] = ()
    page: int = 1
    page_size: int = LARGEST_PAGE
    as_of: str = ""
    format: str = "json"
    bom: bool = True
    lang: str = LANGUAGES[0]
    names: bool = False
    within: tuple[str, ...] = ()

    @property
    def period(self) -> str | None:
        """What the range is cut into; None when it stays whole."""
        return next((name for name in self.by if name in PERIODS), None)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """What facts are grouped by besides their time."""
        return tuple(name for name in self.by if name in DIMENSIONS)

    @property
    def is_by_department(self) -> bool:
        """Whether a fact of two departments may be in two rows."""
        return any(name in BY_DEPARTMENT for name in self.by)

    @property
    def is_filtered(self) -> bool:
        """Whether some facts are left out."""
        return bool(self.departments or self.templates or self.users or self.within)

    @property
    def names_users(self) -> bool:
        """Whether the answer tells something of single people, by their ids."""
        return "user" in self.by or bool(self.users)

    @property
    def may_be_kept(self) -> bool:
        """Whether its answer stays the same until something changes, and tells nothing of single people: of these, what
        is forgotten must be told to nobody."""
        fixed = bool(self.first_day) and not self.as_of
        return fixed and self.format == "json" and not self.names_users

    @property
    def is_of_days(self) -> bool:
        """Whether it asks for the totals of days, which are computed already, as they are known now."""
        return self.by == ("day",) and not self.is_filtered and not self.as_of


class Asked(msgspec.Struct, frozen=True):
    """A question whose range and moment are fixed. ``moment`` is an instant: what is known later does not count;
    ``pinned`` says that it was named, not just the time of asking."""

    question: Question
    moment: int
    pinned: bool


def fixed(question: Question, zone: ZoneInfo, now: float) -> Asked:
    """The question at a time, with its days and its moment.

    :param now: seconds since 1970.
    :raises BadValue: when the range is too long or the moment lies ahead.
    """
    instant = int(now * SECOND)
    moment = fixed_moment(question.as_of, zone, now) if question.as_of else instant
    first, last = question.first_day, question.last_day
    if not first:
        first, last = _named(question.range_, to_date(day_of(instant, zone)))
    count = (to_date(last) - to_date(first)).days + 1
    if count > LONGEST:
        raise BadValue(f"the range has {count} days", f"ask for at most {LONGEST} at once")
    question = msgspec.structs.replace(question, first_day=first, last_day=last)
    return Asked(question, moment, bool(question.as_of))


def fixed_moment(text: str, zone: ZoneInfo, now: float) -> int:
    """The instant that ``asOf`` names.

    :param now: seconds since 1970.
    :raises BadValue: when it is none, or lies ahead.
    """
    try:
        moment = read_instant(text, zone)
    except ValueError as error:
        raise BadValue(f"asOf={text!r} is no moment: {error}", "write it like 2026-09-22T00:10:00+08:00") from error
    if moment > int(now * SECOND) + AHEAD:
        raise BadValue(f"asOf={text!r} lies ahead", "name a moment that has been")
    return moment


def days_of_question(question: Question) -> list[str]:
    """All days of a question whose range is fixed."""
    return list(days_between(question.first_day, question.last_day))


def _named(name: str, today: date) -> tuple[str, str]:
    """The first and the last day of a range that is named."""
    last = today
    if name.endswith("d"):
        first = today - timedelta(days=int(name[:-1]) - 1)
    elif name == "month":
        first = today.replace(day=1)
    elif name == "lastMonth":
        last = today.replace(day=1) - timedelta(days=1)
        first = last.replace(day=1)
    elif name == "quarter":
        first = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    else:
        first = today.replace(month=1, day=1)
    return from_date(first), from_date(last)

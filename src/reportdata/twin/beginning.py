"""With what a twin begins: when, and with how many people."""

from __future__ import annotations

from datetime import datetime

from reportdata.days import parse_day
from reportdata.errors import BadValue
from reportdata.twin.activity import BEIJING

_PEOPLE = 50
REPORTS_OF_A_PERSON = 0.8
"""Of a working day."""


def period_of(first_day: str, last_day: str | None) -> tuple[str, str | None]:
    """The first and the last day with reports, as yyyyMMdd.

    :raises BadValue: when no report can be sent then.
    """
    first = parse_day(first_day)
    last = None if last_day is None else parse_day(last_day)
    if not "20000101" <= first <= (last or "20991231"):
        raise BadValue(f"no reports can be sent from {first} to {last or 'the end'}", "begin in 2000 or later")
    return first, last


def people_of(people: int | None, reports_per_day: float | None) -> int:
    """How many people there are.

    :raises BadValue: when there is nobody.
    """
    if people is None:
        people = _PEOPLE if reports_per_day is None else max(1, round(reports_per_day / REPORTS_OF_A_PERSON))
    if people < 1:
        raise BadValue(f"{people} people cannot send reports", "have at least one")
    return people


def start_of(now: float | datetime | None, first_day: str, last_day: str | None) -> float:
    """When the clock starts, in seconds since 1970."""
    if isinstance(now, datetime):
        return now.timestamp()
    if now is not None:
        return float(now)
    day = last_day or first_day
    return datetime(int(day[:4]), int(day[4:6]), int(day[6:]), 23, 59, 59, tzinfo=BEIJING).timestamp()

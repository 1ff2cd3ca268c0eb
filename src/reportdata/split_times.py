"""Times that stand in two columns: a day in one, and a time of day in the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from reportdata.columns import Columns
from reportdata.errors import BadField
from reportdata.identifiers import is_nothing

_CLOCK = re.compile(r"\D*(\d{1,2})[:：时時点點].*", re.DOTALL)
"""A time of day, with what may stand before it (上午)."""
_DAY = re.compile(r"\d{4}\D.*[:：]|\d{8}.*[:：]", re.DOTALL)
"""A day with a time of day."""
_DIGITS = re.compile(r"^(\d{4})(\d\d)(\d\d)$", re.ASCII)
_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
_SPREADSHEET = 1901
"""Years before this one are those of a spreadsheet's times of day, which it counts from 1899."""


def time_of(record: Mapping[str, object], columns: Columns) -> object:
    """The time of a record as it is written, be it in one column or in two.

    :raises BadField: when one of two columns does not hold its part.
    """
    day = record.get(columns.at)
    if columns.clock is None:
        return day
    return f"{_day(day, columns)} {_clock(record.get(columns.clock), columns)}"


def _day(cell: object, columns: Columns) -> str:
    if isinstance(cell, datetime) and cell.time() == time() and cell.tzinfo is None:
        return cell.date().isoformat()
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return cell.isoformat()
    if isinstance(cell, str) and cell.strip() and not _DAY.match(cell.strip()):
        return _DIGITS.sub(r"\1-\2-\3", cell.strip())
    raise _wrong(cell, columns.at, "day", columns)


def _clock(cell: object, columns: Columns) -> str:
    if isinstance(cell, datetime) and cell.year < _SPREADSHEET:
        return cell.time().isoformat()
    if isinstance(cell, time):
        return cell.isoformat()
    if isinstance(cell, timedelta) and timedelta(0) <= cell < timedelta(days=1):
        return (_MIDNIGHT + cell).time().isoformat()
    if isinstance(cell, str) and _CLOCK.fullmatch(cell.strip()) and not _DAY.match(cell.strip()):
        return cell.strip()
    raise _wrong(cell, str(columns.clock), "time of day", columns)


def _wrong(cell: object, column: str, what: str, columns: Columns) -> BadField:
    if is_nothing(cell):
        reason = f"nothing is in {column!r}, which should have a {what}"
        return BadField(columns.kind.time, reason, "fill it in, or leave such records out with --skip-bad")
    return BadField(
        columns.kind.time,
        f"{str(cell)[:40]!r} in {column!r} is no {what} alone",
        f"name the column with whole times alone, with --column {columns.kind.time}=HEADING",
    )

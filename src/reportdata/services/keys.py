"""What numbers are grouped by: keys, as expressions over the facts of a relation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import offsets


class Key(NamedTuple):
    """What a grouping key is: an expression, and the column of the facts that it needs besides those that all have.
    ``{time}`` in it is the local time of the fact. With ``each``, it has several values for one fact. Facts without the
    column may have it of others with the same ``through`` (`reportdata.services.lending`)."""

    name: str
    expression: str
    needs: str | None = None
    each: bool = False
    through: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is a column of the facts."""
        return self.expression == self.name

    @property
    def column(self) -> str:
        """The name of its column in what is computed."""
        return self.name if self.is_plain else f"key_{self.name}"


DAY_KEYS = ("corp_id", "stat_day")
"""The keys of a day's KPIs, which every engine computes; the others are DuckDB's."""

_ALL = (
    Key("corp_id", "corp_id"),
    Key("stat_day", "stat_day"),
    Key("week", "cast(date_trunc('week', stat_day) as date)"),  # the Monday of the ISO week
    Key("month", "cast(date_trunc('month', stat_day) as date)"),
    Key("quarter", "cast(date_trunc('quarter', stat_day) as date)"),
    Key("year", "cast(date_trunc('year', stat_day) as date)"),
    Key("weekday", "isodow(stat_day)"),  # 1 is Monday
    Key("hour", "cast(hour({time}) as integer)"),
    Key("department", "department_", "departments", each=True, through="user_id"),
    # What a path begins with: where people speak of one department, its parts included.
    Key("topDepartment", "split_part(department_, '/', 1)", "departments", each=True, through="user_id"),
    Key("template", "coalesce(template, '')", "template", through="report_id"),
    Key("user_id", "user_id", "user_id"),
)
KEYS: Mapping[str, Key] = {key.name: key for key in _ALL}

OF_DAYS = frozenset(key.name for key in _ALL if "stat_day" in key.expression)
"""The keys that a stat day has, whatever its facts are."""


def local_time(column: str, zone: ZoneInfo) -> str:
    """The local time of a column's instants in a zone, by Python's time zone data."""
    cases = "".join(
        f" when epoch_us({column}) >= {step.start} then {step.offset}" for step in reversed(offsets(zone)[1:])
    )
    offset = f"case{cases} else {offsets(zone)[0].offset} end" if cases else str(offsets(zone)[0].offset)
    return f"make_timestamp(epoch_us({column}) + {offset})"

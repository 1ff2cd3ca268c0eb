"""The records of one number, and of another one beside it, as DuckDB finds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from reportdata.engines.duckdb.spans import Rows
from reportdata.kinds import Kind

CELLS = ("explained", "compared")
"""Tables of the records of the one, and of the other."""
SETS = ("new", "gone", "both")
"""What stands in the one number alone, in the other alone, and in both."""


class Part(NamedTuple):
    """Which records are wanted: so many, after so many; None for all."""

    limit: int | None
    offset: int = 0


class Counted(NamedTuple):
    """How many different things were counted of all records: in the first number, None when its records cannot be read;
    and, by `SETS`, in both."""

    items: int | None
    records: int
    sets: dict[str, int]


def counted(rows: Rows, *, compared: bool) -> Counted:
    """How many records and counted things there are in the tables."""
    one, other = CELLS
    ((items, records),) = rows(f"select count(distinct item), count(*) from {one}")
    if not compared:
        return Counted(items, records, {})
    found = rows(
        f"select 'new', count(*) from (select item from {one} except select item from {other}) "
        f"union all select 'gone', count(*) from (select item from {other} except select item from {one}) "
        f"union all select 'both', count(*) from (select item from {one} intersect select item from {other})"
    )
    ((gone,),) = rows(f"select count(*) from {other} anti join {one} using (item)")
    numbers: dict[str, int] = dict(found)
    return Counted(items, records + gone, {name: numbers[name] for name in SETS})


def records_of(rows: Rows, kind: Kind, part: Part, *, compared: bool) -> Sequence[tuple[Any, ...]]:
    """Records in the tables, by set, counted thing and time: the set, None without a comparison, and the columns of the
    tables, with instants as microseconds since 1970."""
    one, other = CELLS
    instants = [name for name, type_ in kind.columns.items() if type_.startswith("instant")]
    replaced = ", ".join(f"epoch_us({name}) as {name}" for name in [*instants, "known_at"])
    source = f"select null as set_, 0 as place_, * from {one}"
    if compared:
        source = (
            f"select 'new' as set_, 0 as place_, * from {one} anti join {other} using (item) "
            f"union all by name select 'gone' as set_, 1 as place_, * from {other} anti join {one} using (item) "
            f"union all by name select 'both' as set_, 2 as place_, * from {one} semi join {other} using (item)"
        )
    limited = "" if part.limit is None else f" limit {part.limit} offset {part.offset}"
    ordered = ", ".join(["place_", "item", kind.time, *kind.columns, "origin"])
    return rows(f"select * exclude (place_) replace ({replaced}) from ({source}) order by {ordered}{limited}")

"""From when to when staged facts reach, and where days are missing in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from reportdata.days import PARTITION, from_date, to_date
from reportdata.engines.duckdb.connection import file
from reportdata.kinds import Kind

LONG_HOLE = 14
"""Days without facts that an organisation may have: holidays are shorter."""
_USUAL = 3
"""How many times its usual distance between days with facts a longer hole has at least."""
_DAYS = "days_of_organisations"
"""A table of the days on which organisations have facts."""
_HOLES = f"""
    with distances as (
        select corp_id, stat_day, lag(stat_day) over (partition by corp_id order by stat_day) as before_ from {_DAYS}
    ),
    usual as (
        select corp_id, case when count(*) > 1 then quantile_disc(stat_day - before_, 0.5) else 0 end as distance_
        from distances where before_ is not null group by corp_id
    )
    select corp_id, before_, stat_day
    from distances join usual using (corp_id)
    where stat_day - before_ > greatest({LONG_HOLE + 1}, {_USUAL} * distance_)
    order by corp_id, stat_day
"""
"""A query of the holes that are long, and longer than an organisation usually has: of several distances the lower
median is usual, a single one says nothing."""
Rows = Callable[[str], list[tuple[Any, ...]]]
"""Runs a query."""


class Span(NamedTuple):
    """An organisation's first and last day, the instant of its last fact, and the long holes: days without facts, from
    the first to the last."""

    first: str
    last: str
    last_at: int
    holes: tuple[tuple[str, str], ...] = ()


class Read(NamedTuple):
    """What was read of a kind: how many records, on each day, and the span of each organisation."""

    number: int
    of_days: Mapping[str, int]
    spans: Mapping[str, Span]


def read_spans(rows: Rows, kind: Kind, parts: Path) -> Read:
    """What was read of a kind."""
    source = f"read_parquet({file(parts)[:-1]}/*/{kind.name}/{PARTITION}*/*.parquet', hive_partitioning = false)"
    rows(
        f"create or replace temp table {_DAYS} as "
        f"select corp_id, stat_day, max({kind.time}) as last_, count(*) as count_ from {source} "
        "group by corp_id, stat_day"
    )
    groups = rows(f"select corp_id, min(stat_day), max(stat_day), epoch_us(max(last_)) from {_DAYS} group by corp_id")
    counts = rows(f"select stat_day, sum(count_)::bigint from {_DAYS} group by stat_day")
    holes: dict[str, list[tuple[str, str]]] = {}
    if any((last - first).days > LONG_HOLE for _, first, last, _ in groups):
        for corp_id, before, after in rows(_HOLES):
            one = timedelta(days=1)
            holes.setdefault(corp_id, []).append((from_date(before + one), from_date(after - one)))
    spans = {
        corp_id: Span(from_date(first), from_date(last), at, tuple(holes.get(corp_id, ())))
        for corp_id, first, last, at in groups
    }
    of_days = {from_date(day): count for day, count in counts}
    return Read(sum(of_days.values()), of_days, spans)


_YEAR = 365
_NEAR, _AROUND, _SEVERAL = 300, 16, 3
"""The most days to others of a day that is none of another year, how far the others are from the same day, and how many
these are."""


def isolated(days: list[str]) -> list[str]:
    """The days that are more than a year from all others."""
    return _apart(days, _YEAR + 1)


def of_another_year(days: list[str]) -> list[str]:
    """The days that are about a year from all others, with several of them around the same day of the next or the last
    year: where a year was mistyped, as in January, it is so."""
    dates = [to_date(day).toordinal() for day in days]
    return [
        day
        for day in _apart(days, _NEAR)
        if sum(abs(abs(date - to_date(day).toordinal()) - _YEAR) <= _AROUND for date in dates) >= _SEVERAL
    ]


def _apart(days: list[str], most: int) -> list[str]:
    """The days, of several, that are further than so many days from all others."""
    dates = [to_date(day).toordinal() for day in days]
    found = []
    for place, day in enumerate(days):
        before = dates[place] - dates[place - 1] if place else None
        after = dates[place + 1] - dates[place] if place + 1 < len(dates) else None
        if len(days) > 1 and all(distance is None or distance > most for distance in (before, after)):
            found.append(day)
    return found

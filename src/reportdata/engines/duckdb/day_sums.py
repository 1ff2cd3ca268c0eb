"""Numbers of days that add up, kept in the database from one question to the next: of days whose files came or went
since, facts are read again, of no others."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from reportdata.engines.duckdb.spans import Rows
from reportdata.services.sql import Computation

MOST, LARGEST = 2_000_000, 500_000
"""Rows that are kept of all tables together, and of one: where there are more, facts are read as fast."""

KEPT = 256
"""Tables that are kept, however few rows they have: of each, the names of all files are, too."""
REMEMBERED = 256
"""Numbers of which it is remembered for how many days with files they were too many."""
_NONE: frozenset[Path] = frozenset()

_Name = tuple[str, tuple[str, ...]]
"""An organisation, and what tells a computation from its others."""
Files = Mapping[str, Mapping[Path, float]]
"""Files of each view, with when each was added, in seconds since 1970."""
Viewing = Callable[[Files], AbstractContextManager[None]]
"""Makes the views of files, with the facts of one organisation, until the block ends."""
DaysOf = Callable[[Path], tuple[str, str]]
"""The first and the last day of a file's facts."""


class Summed(NamedTuple):
    """A computation by ``stat_day`` and other keys whose numbers add up over days; the view whose files have the facts
    of a day each, while those of the others count for every day; what tells it from others of an organisation; and the
    days that are asked for."""

    what: Computation
    view: str
    name: tuple[str, ...]
    days: Sequence[str]


class _Kept(NamedTuple):
    """A table, its rows, the files of each day in it, and those of other views; no table before the first facts, and
    where it was too large."""

    table: str | None
    rows: int
    days: Mapping[str, frozenset[Path]]
    others: Mapping[str, frozenset[Path]]


class DaySums:
    """The numbers that were asked for last, each brought up to date when it is asked for."""

    def __init__(self, rows: Rows, most: int = MOST, largest: int = LARGEST, kept: int = KEPT) -> None:
        self._rows = rows
        self._most_kept = kept
        self._most = most
        self._largest = largest
        self._kept: dict[_Name, _Kept] = {}
        self._too_many: dict[_Name, int] = {}
        self._numbers = itertools.count()

    def bring(self, summed: Summed, corp_id: str, files: Files, days_of: DaysOf, viewing: Viewing) -> str | None:
        """The name of a table with the numbers of at least the days that are asked for; None where it would be large.

        :raises LakeError: when a file cannot be read.
        """
        found: dict[str, list[Path]] = {}
        for path in files.get(summed.view, {}):
            found.setdefault(days_of(path)[0], []).append(path)
        wanted = {day: frozenset(found.get(day, ())) for day in summed.days}
        others = {view: frozenset(of) for view, of in files.items() if view != summed.view}
        name = (corp_id, summed.name)
        too_many = self._too_many.get(name, sys.maxsize)
        there = {day for day, own in wanted.items() if own}
        if len(there) >= too_many:
            return None
        kept = self._kept.pop(name, None)
        if kept is None or kept.others != others or len(kept.days.keys() | there) >= too_many:
            self._drop(kept)
            kept = _Kept(None, 0, {}, others)
        changed = {day for day, own in wanted.items() if kept.days.get(day, _NONE) != own}
        if changed or kept.table is None:
            own = {path: at for path, at in files.get(summed.view, {}).items() if days_of(path)[0] in changed}
            with viewing({**files, summed.view: own}):
                kept = self._brought(kept, summed.what, {day: wanted[day] for day in changed})
        if kept.table is None:
            self._too_many[name] = min(too_many, len(kept.days))
            while len(self._too_many) > REMEMBERED:
                del self._too_many[next(iter(self._too_many))]
            return None
        self._kept[name] = kept  # the last to go
        while len(self._kept) > 1 and (
            len(self._kept) > self._most_kept or sum(one.rows for one in self._kept.values()) > self._most
        ):
            self._drop(self._kept.pop(next(iter(self._kept))))
        return kept.table

    def _brought(self, old: _Kept, what: Computation, days: Mapping[str, frozenset[Path]]) -> _Kept:
        table = old.table or f"sums_{next(self._numbers)}"
        try:
            if old.table is None:
                self._rows(f"create temp table {table} as {what.sql}")
            elif days:
                listed = ", ".join(f"date '{day[:4]}-{day[4:6]}-{day[6:]}'" for day in sorted(days))
                self._rows(f"delete from {table} where stat_day in ({listed})")
                self._rows(f"insert into {table} {what.sql}")
        except BaseException:
            self._rows(f"drop table if exists {table}")
            raise
        ((count,),) = self._rows(f"select count(*) from {table}")
        kept = _Kept(table, count, {**old.days, **days}, old.others)
        if count <= self._largest:
            return kept
        self._drop(kept)
        return kept._replace(table=None, rows=0)

    def _drop(self, kept: _Kept | None) -> None:
        if kept is not None and kept.table is not None:
            self._rows(f"drop table {kept.table}")

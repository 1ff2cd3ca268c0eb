"""What people were last said to be (`reportdata.services.lending.History`), kept in the database from one question to
the next: of the days of files that came or went since, and of later ones, facts are read again, of no others."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from reportdata.engines.duckdb.spans import Rows
from reportdata.services.lending import History

MOST = 2_000_000
"""Changes that are kept of all organisations together; of one organisation, as many as there are. A change takes about
a hundred bytes, and more of them than memory holds are spilled."""
KEPT = 256
"""Histories that are kept, however few changes they have: of each, the names of all files are, too."""

Viewing = Callable[[History, Mapping[Path, float]], AbstractContextManager[None]]
"""Makes the view `History.source` of files, with the facts of one organisation, until the block ends."""
DaysOf = Callable[[Path], tuple[str, str]]
"""The first and the last day of a file's facts."""


class _Kept(NamedTuple):
    """A table, the files that it is made of, and how many changes it has."""

    table: str
    files: frozenset[Path]
    changes: int


class Histories:
    """The histories of the organisations that were asked about last, each brought up to date when it is asked for."""

    def __init__(self, rows: Rows, most: int = MOST, kept: int = KEPT) -> None:
        self._rows = rows
        self._most = most
        self._most_kept = kept
        self._kept: dict[tuple[str, str], _Kept] = {}
        self._numbers = itertools.count()

    def bring(
        self, history: History, corp_id: str, files: Mapping[Path, float], days_of: DaysOf, viewing: Viewing
    ) -> None:
        """Make the view `History.table` of all facts in the files.

        :raises LakeError: when a file cannot be read.
        """
        kept = self._kept.pop((corp_id, history.table), None)
        if kept is None or kept.files != files.keys():
            kept = self._made(history, files, days_of, viewing, kept)
        self._kept[corp_id, history.table] = kept  # the last of them
        self._rows(f"create or replace temp view {history.table} as select * from {kept.table}")
        while len(self._kept) > 1 and (
            len(self._kept) > self._most_kept or sum(one.changes for one in self._kept.values()) > self._most
        ):
            self._drop(self._kept.pop(next(iter(self._kept))).table)

    def _made(
        self, history: History, files: Mapping[Path, float], days_of: DaysOf, viewing: Viewing, old: _Kept | None
    ) -> _Kept:
        """A new table in place of an old one: of days before any file that came or went, it says the same."""
        table, wanted, before, since = f"kept_{next(self._numbers)}", files, None, None
        try:
            if old is not None:
                before, since = old.table, min(days_of(path)[0] for path in old.files ^ files.keys())
                wanted = {path: at for path, at in files.items() if days_of(path)[1] >= since}
            with viewing(history, wanted):
                self._rows(f"create temp table {table} as {history.changes(before, since)}")
        finally:
            if old is not None:
                self._drop(old.table)
        ((changes,),) = self._rows(f"select count(*) from {table}")
        return _Kept(table, frozenset(files), changes)

    def _drop(self, table: str) -> None:
        self._rows(f"drop table {table}")

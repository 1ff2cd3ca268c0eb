"""DuckDB, in this process: computes KPIs, merges files, and turns what is imported into Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportdata.days import from_date
from reportdata.engines import Files, FilesHere, Origin, Place, Rewritten, Subject, Whose
from reportdata.engines.duckdb.connection import columns_of, connect, facts, failing, file, text
from reportdata.engines.duckdb.histories import DaysOf, Histories
from reportdata.engines.duckdb.merging import Merged, facts_of, files_holding, write_merged, write_repeats
from reportdata.engines.duckdb.provenance import with_provenance
from reportdata.engines.duckdb.taking_back import TakenBack, write_without
from reportdata.errors import LakeError
from reportdata.kinds import Kind
from reportdata.services.lending import HISTORY, History
from reportdata.services.sql import Computation

if TYPE_CHECKING:
    import duckdb

_FETCHED = 10_000
"""Rows that are taken from DuckDB at once."""


class DuckDBEngine:
    """A `reportdata.engines.Engine` in this process, whose database is opened when it is first used. Larger work than
    memory spills to the folder ``spill``; ``memory`` is what it may take, in bytes, as `connect` has it."""

    batch = 16 << 20
    """What is counted of this much fits the processor's caches."""
    here = True

    def __init__(self, spill: Path | None = None, files: Files | None = None, memory: int | None = None) -> None:
        self._spill = spill
        self._memory = memory
        self._files = files or FilesHere()
        self._opened: duckdb.DuckDBPyConnection | None = None
        self.histories = Histories(self.all_rows)

    def rows(
        self, what: Computation, files: Mapping[str, Sequence[Path]], corp_ids: Collection[str] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        only = _only(corp_ids)
        with self._views({kind.name: (kind, files.get(kind.name, ())) for kind in what.kinds}, only):
            yield from self._rows(what.sql)

    def known(
        self,
        what: Computation,
        files: Mapping[str, Mapping[Path, float]],
        corp_id: str,
        days_of: DaysOf,
        known_by: int | None = None,
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a computation for one organisation, as `rows`, of the facts that were known at a moment. What
        people were said to be stays in memory for the next question, unless a moment is named.

        :param files: those of each view, histories too, with when each was added, in seconds since 1970.
        :param days_of: the first and the last day of a file's facts.
        :param known_by: an instant; what was first known later does not count. None for all facts.
        """
        views = {kind.name: kind for kind in what.kinds}
        views |= {kind.name + HISTORY: kind for kind in what.history}
        for history in what.changes:
            if known_by is None:
                viewing = partial(self._viewing, corp_id)
                self.histories.bring(history, corp_id, files.get(history.source, {}), days_of, viewing)
            else:
                views[history.source] = history.kind
        with ExitStack() as located:
            for name, kind in views.items():
                located.enter_context(self._known_view(name, kind, files.get(name, {}), corp_id, known_by))
            for history in what.changes if known_by is not None else ():
                self.all_rows(f"create or replace temp view {history.table} as {history.changes()}")
            yield from self._rows(what.sql)

    def _viewing(self, corp_id: str, history: History, files: Mapping[Path, float]) -> AbstractContextManager[None]:
        return self._known_view(history.source, history.kind, files, corp_id, None)

    @contextmanager
    def _known_view(
        self, name: str, kind: Kind, files: Mapping[Path, float], corp_id: str, known_by: int | None
    ) -> Iterator[None]:
        """A view of the facts of an organisation that were known at a moment."""
        with self._located(files) as places:
            source = facts(kind, list(places))
            only, columns = _only([corp_id]), ", ".join(columns_of(kind))
            if known_by is not None:
                source = f"select {columns}, known_at from ({with_provenance(self.all_rows, kind, places)})"
                only += f" and known_at <= make_timestamptz({known_by})"
            self.all_rows(f"create or replace temp view {name} as select {columns} from ({source}){only}")
            yield

    def write_table(self, lines: Path, columns: Mapping[str, str], target: Path, said: Mapping[str, str]) -> None:
        """Write lines of JSON as a Parquet file.

        :param columns: names and DuckDB's types of the columns, in their order.
        :param said: the key-value metadata of the file.
        """
        types = ", ".join(f"{text(column)}: {text(type_)}" for column, type_ in columns.items())
        values = ", ".join(f"{text(key)}: {text(value)}" for key, value in said.items())
        source = f"read_json({file(lines)}, format = 'newline_delimited', columns = {{{types}}})"
        written = f"format parquet, compression zstd, kv_metadata {{{values}}}"
        self.all_rows(f"copy (from {source}) to {text(str(target))} ({written})")

    def places(self, files: Mapping[Kind, Sequence[Path]]) -> Iterator[Place]:
        if files:
            with self._views({kind.name: (kind, paths) for kind, paths in files.items()}):
                yield from self._places(" union ".join(f"select corp_id, stat_day from {kind.name}" for kind in files))

    def retracted(self, by: Kind, of: Kind, taking: Sequence[Path], files: Sequence[Path]) -> Iterator[Place]:
        columns = ", ".join(("corp_id", *by.by))
        sql = f"select distinct corp_id, stat_day from {of.name} semi join {by.name} using ({columns})"
        for part in self._files.parts(files):
            with self._views({of.name: (of, part), by.name: (by, taking)}):
                yield from self._places(sql)

    def merge(
        self,
        kind: Kind,
        files: Mapping[Path, float],
        target: Path,
        without: Subject | None = None,
        repeats: Path | None = None,
    ) -> int:
        with self._located(files) as places:
            return write_merged(self._connection(), Merged(kind, places, without), target, repeats)

    def merge_repeats(self, kind: Kind, files: Sequence[Path], target: Path, without: Whose | None = None) -> int:
        with self._located(dict.fromkeys(files, 0.0)) as places:
            return write_repeats(self._connection(), Merged(kind, places, without), target)

    def take_back(
        self, kind: Kind, file: Path, target: Path, origin: Origin, others: Mapping[Path, float], gone: Path
    ) -> Rewritten:
        with self._located({file: 0.0}) as place, self._located(others) as places:
            return write_without(self._connection(), TakenBack(kind, place, origin, places), target, gone)

    def holding(self, kind: Kind, files: Sequence[Path], whose: Whose) -> list[Path]:
        found: list[Path] = []
        for part in self._files.parts(files) if facts_of(kind, whose) else ():
            with self._files.located(part) as places:
                names = {name for (name,) in self._rows(files_holding(self.all_rows, kind, places, whose))}
            found += [path for path, place in zip(part, places, strict=True) if str(place) in names]
        return found

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            self._opened = connect(self._spill, self._memory)
        return self._opened

    def _places(self, sql: str) -> Iterator[Place]:
        return (Place(corp_id, from_date(day)) for corp_id, day in self._rows(sql))

    @contextmanager
    def _views(self, wanted: Mapping[str, tuple[Kind, Sequence[Path]]], only: str = "") -> Iterator[None]:
        with ExitStack() as located:
            for name, (kind, files) in wanted.items():
                places = located.enter_context(self._files.located(files))
                sql = f"create or replace temp view {name} as select * from ({facts(kind, places)}){only}"
                for _ in self._rows(sql):
                    pass
            yield

    @contextmanager
    def _located(self, files: Mapping[Path, float]) -> Iterator[Mapping[Path, float]]:
        with self._files.located(list(files)) as places:
            yield dict(zip(places, files.values(), strict=True))

    def all_rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return list(self._rows(sql))

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        with failing(lambda error: LakeError(f"the lake cannot be computed from: {error}")):
            found = self._connection().execute(sql)
            while rows := found.fetchmany(_FETCHED):
                yield from rows


def _only(corp_ids: Collection[str] | None) -> str:
    """A condition for these organisations' facts. DuckDB takes it into the scans, which leave out row groups of
    others."""
    return "" if corp_ids is None else f" where corp_id in ({', '.join(map(text, sorted(corp_ids))) or 'null'})"

"""DuckDB, in this process: computes KPIs, merges files, and turns what is imported into Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from reportdata.days import from_date
from reportdata.engines import Brought, Files, FilesHere, Origin, Place, Rewritten, Subject, Whose
from reportdata.engines.duckdb.absence import Absence
from reportdata.engines.duckdb.connection import Database, file, text
from reportdata.engines.duckdb.day_sums import DaySums, Summed
from reportdata.engines.duckdb.day_sums import Files as FilesOfViews
from reportdata.engines.duckdb.explaining import CELLS, Counted, Part, counted, records_of
from reportdata.engines.duckdb.histories import DaysOf
from reportdata.engines.duckdb.merging import Merged, facts_of, files_holding, write_merged, write_repeats
from reportdata.engines.duckdb.provenance import origins_of_all, origins_on_days, sole_origins
from reportdata.engines.duckdb.taking_back import TakenBack, write_without
from reportdata.engines.duckdb.uniqueness import Uniqueness
from reportdata.engines.duckdb.views import Known, Views
from reportdata.errors import LakeError
from reportdata.kinds import Kind
from reportdata.services.records import TOLD, Records
from reportdata.services.sql import Computation

__all__ = ["DuckDBEngine", "Known"]


class DuckDBEngine(Views):
    """A `reportdata.engines.Engine` in this process, whose database is opened when it is first used. Larger work than
    memory spills to the folder ``spill``; ``memory`` is what it may take, in bytes, as `connect` has it; ``rereading``
    is for who asks of the same files again and again, as `Database` has it."""

    batch = 16 << 20
    """What is counted of this much fits the processor's caches."""
    here = True

    def __init__(
        self,
        spill: Path | None = None,
        files: Files | None = None,
        memory: int | None = None,
        *,
        rereading: bool = False,
    ) -> None:
        super().__init__(Database(spill, memory, rereading=rereading), files or FilesHere())
        self.uniqueness = Uniqueness(self.all_rows)
        self.absence = Absence(self.all_rows)
        self.day_sums = DaySums(self.all_rows)

    def rows(
        self, what: Computation, files: Mapping[str, Sequence[Path]], corp_ids: Collection[str] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        with self.views({kind.name: (kind, files.get(kind.name, ())) for kind in what.kinds}, corp_ids):
            yield from self.rows_of(what.sql)

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
        with self.knowing(what, files, Known(corp_id, known_by), days_of):
            yield from self.rows_of(what.sql)

    def summed(self, summed: Summed, files: FilesOfViews, corp_id: str, days_of: DaysOf) -> str | None:
        """The name of a table with numbers of days that add up, for `all_rows`, until the next question. None
        where it is no help.

        :param files: those of each view, with when each was added, in seconds since 1970.
        :param days_of: the first and the last day of a file's facts.
        """

        def viewing(own: FilesOfViews) -> AbstractContextManager[None]:
            return self.knowing(summed.what, own, Known(corp_id), days_of)

        return self.day_sums.bring(summed, corp_id, files, days_of, viewing)

    def explained(
        self, cells: Sequence[tuple[Records, Mapping[str, Mapping[Path, float]], Known]], days_of: DaysOf, part: Part
    ) -> tuple[Counted, Sequence[tuple[Any, ...]]]:
        """The records of a number, or of two (`reportdata.engines.duckdb.explaining`): how many things were
        counted, and some of the records.

        :param cells: how the records of each are found, from which files of each view, and what is known.
        :param days_of: the first and the last day of a file's facts.
        """
        for table, (what, files, known) in zip(CELLS, cells, strict=False):
            with self.knowing(what, files, known, days_of), self.told((what.rows,), files, known):
                self.all_rows(f"create or replace temp table {table} as {what.sql}")
        compared = len(cells) > 1
        kind = cells[0][0].rows
        try:
            found = records_of(self.all_rows, kind, part, compared=compared)
            return counted(self.all_rows, compared=compared), found
        finally:
            for table in CELLS:
                self.all_rows(f"drop table if exists {table}")

    def moments(
        self, kinds: Sequence[Kind], files: Mapping[str, Mapping[Path, float]], known: Known, days: str
    ) -> list[tuple[str, int, str]]:
        """The kinds, instants and origins at which facts became known.

        :param days: a condition for the days of facts that take back no others; of these, all count.
        """
        with self.told(kinds, files, known):
            queries = [
                f"select distinct '{kind.name}', epoch_us(known_at), coalesce(origin, '') from {kind.name}{TOLD}"
                + ("" if kind.retracts else f" where {days}")
                for kind in kinds
            ]
            return [(name, at, origin) for name, at, origin in self.all_rows(" union all ".join(queries))]

    def unique(self, kind: Kind, corp_id: str, files: Mapping[Path, float]) -> bool:
        """Whether each fact of an organisation in files has the first column of its key to itself
        (`reportdata.engines.duckdb.uniqueness`).

        :raises LakeError: when a file cannot be read.
        """
        looked = self.uniqueness.seen(kind.name, corp_id, files)
        if looked is None:
            with self.known_view(kind.name, kind, files, corp_id, None):
                looked = self.uniqueness.look(kind.name, kind.key[0], corp_id, files)
        return looked

    def lacks(self, name: str, query: str, kind: Kind, corp_id: str, files: Mapping[Path, float]) -> bool:
        """Whether a query has no rows of the facts of an organisation in files (`reportdata.engines.duckdb.absence`).

        :param name: tells the query from others.
        :param query: reads the view of the kind alone, and of more facts it has no fewer rows.
        :raises LakeError: when a file cannot be read.
        """
        unknown = self.absence.unknown(name, corp_id, files)
        if not unknown:
            return unknown is not None
        with self.known_view(kind.name, kind, {path: files[path] for path in unknown}, corp_id, None):
            return self.absence.look(name, query, corp_id, files, unknown)

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
            with self.views({kind.name: (kind, paths) for kind, paths in files.items()}):
                yield from self._places(" union ".join(f"select corp_id, stat_day from {kind.name}" for kind in files))

    def brought(self, files: Mapping[Kind, Sequence[Path]]) -> Iterator[Brought]:
        for kind, paths in files.items():
            for part in self.files.parts(paths):
                with self.files.located(part) as places:
                    for corp_id, day, origin in self._origins(kind, places):
                        yield Brought(corp_id, from_date(day), origin)

    def _origins(self, kind: Kind, places: Sequence[Path]) -> Iterator[tuple[Any, ...]]:
        # To ask first which files have a provenance takes as long as the query: only those of older releases have none.
        try:
            rows = self.rows_of(origins_on_days(places))
            first = next(rows, None)
        except LakeError:
            rows = self.rows_of(origins_of_all(self.all_rows, kind, places))
            first = next(rows, None)
        if first is not None:
            yield first
            yield from rows

    def sole_origins(self, files: Sequence[Path]) -> Mapping[Path, str]:
        found: dict[Path, str] = {}
        for part in self.files.parts(files):
            with self.files.located(part) as places:
                told = sole_origins(self.all_rows, places)
                found |= {path: told[place] for path, place in zip(part, places, strict=True) if place in told}
        return found

    def retracted(self, by: Kind, of: Kind, taking: Sequence[Path], files: Sequence[Path]) -> Iterator[Place]:
        columns = ", ".join(("corp_id", *by.by))
        sql = f"select distinct corp_id, stat_day from {of.name} semi join {by.name} using ({columns})"
        for part in self.files.parts(files):
            with self.views({of.name: (of, part), by.name: (by, taking)}):
                yield from self._places(sql)

    def merge(
        self,
        kind: Kind,
        files: Mapping[Path, float],
        target: Path,
        without: Subject | None = None,
        repeats: Path | None = None,
    ) -> int:
        with self.located(files) as places:
            return write_merged(self.database.connection(), Merged(kind, places, without), target, repeats)

    def merge_repeats(self, kind: Kind, files: Sequence[Path], target: Path, without: Whose | None = None) -> int:
        with self.located(dict.fromkeys(files, 0.0)) as places:
            return write_repeats(self.database.connection(), Merged(kind, places, without), target)

    def take_back(
        self, kind: Kind, file: Path, target: Path, origin: Origin, others: Mapping[Path, float], gone: Path
    ) -> Rewritten:
        with self.located({file: 0.0}) as place, self.located(others) as places:
            return write_without(self.database.connection(), TakenBack(kind, place, origin, places), target, gone)

    def holding(self, kind: Kind, files: Sequence[Path], whose: Whose) -> list[Path]:
        found: list[Path] = []
        for part in self.files.parts(files) if facts_of(kind, whose) else ():
            with self.files.located(part) as places:
                names = {name for (name,) in self.rows_of(files_holding(self.all_rows, kind, places, whose))}
            found += [path for path, place in zip(part, places, strict=True) if str(place) in names]
        return found

    def share(self, among: int) -> None:
        """Leave the machine's cores to as many as ``among``, this one included, from the next query on."""
        self.database.share(among)

    def close(self) -> None:
        self.database.close()

    def _places(self, sql: str) -> Iterator[Place]:
        return (Place(corp_id, from_date(day)) for corp_id, day in self.rows_of(sql))

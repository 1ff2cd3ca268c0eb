"""From what is imported to Parquet files in the lake's layout, whole columns at a time.

Tables whose cells are all of the common forms are converted by DuckDB (`Staging.add_table`). It takes only what it
converts exactly as `reportdata.facts` would; anything else makes it give up, and the table is read record by record
(`Staging.add_facts`), which is slower and says precisely what is wrong where.

What is added lies in parts, each in a folder of its own, until all of it is there; `Staging.finish` then keeps what is
new, and `Staging.keep` all (`reportdata.engines.duckdb.news`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Sequence
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any

from reportdata.columns import Columns
from reportdata.days import END_INSTANT, PARTITION, day_of_folder
from reportdata.engines import Files, FilesHere
from reportdata.engines.duckdb.connection import (
    Database,
    columns_of,
    facts,
    failing,
    file,
    hint_of,
    known,
    memory_of,
    text,
    threads_of,
)
from reportdata.engines.duckdb.conversion import can_convert, facts_of_table, rounded_ids, uncommon_cells
from reportdata.engines.duckdb.forgotten import leave_out
from reportdata.engines.duckdb.news import Comparing, Staged, keep_all, keep_new
from reportdata.engines.duckdb.organisations import Zones, put_organisations
from reportdata.engines.duckdb.texts import facts_of_lines, read_csv, read_lines, write_lines
from reportdata.errors import LakeError
from reportdata.facts import Fact, Organisations, Provenance, line_of
from reportdata.files import made
from reportdata.kinds import Kind, Kinds

_BUFFERS = 4 << 20, 32 << 20
"""Bytes of a text file that are read at once: the least and the most. Larger is faster, as long as there are many for
each thread, so that none waits long for the last one."""
_TURNS = 4
"""How many of them each thread has of a small file."""
_FACTS = 500_000
"""Facts that are written to one file of lines."""
_LONGEST_FACT = 64 << 20
"""Bytes that the line of a fact may have."""
_FLUSHED = 61_440
"""Rows that a thread gathers before it sorts them by day: few, so that memory is used again while it is in the
processor's caches."""

__all__ = ["Staged", "Staging"]


class Staging:
    """Writes facts to ``folder``, laid out like the lake: ``<kind>/stat_day=2021-06-20/*.parquet``.

    :param kinds: of the facts that may be staged.
    :param provenance: of the facts.
    :param database: what converts and compares, which others use after this; absent, one of its own, which spills to
        ``folder``.
    :param files: where what the lake has is read.
    :param forgotten: digests of people whose facts are left out (`reportdata.digests.of_person`).
    """

    def __init__(
        self,
        folder: Path,
        kinds: Kinds,
        provenance: Provenance,
        database: Database | None = None,
        files: Files | None = None,
        forgotten: Collection[str] = (),
    ) -> None:
        self.folder = folder
        self.left_out = 0
        """Records of forgotten people that `finish` or `keep` left out."""
        self._forgotten = forgotten
        self._provenance = provenance
        self._kinds = kinds
        self._files = files or FilesHere()
        self._parts = folder / "raw"
        self._part = self._parts / "0"
        self.database = database or Database(folder / "spill")
        """What converts and compares."""
        self._is_own = database is None
        self._connection = self.database.connection()
        self.memory = memory_of(self._connection)
        self._known: tuple[Organisations, Zones] | None = None
        self._threads = threads_of(self._connection)
        self._rows(f"set partitioned_write_flush_threshold = {_FLUSHED}")

    def close(self) -> None:
        """Let go of the database, if it is its own."""
        if self._is_own:
            self.database.close()

    def begin(self, part: str) -> None:
        """Begin a part: what is added from now on belongs to it. What was in it is gone."""
        self._part = self._parts / part
        rmtree(self._part, ignore_errors=True)

    def clear(self) -> None:
        """Begin anew: no part was added."""
        rmtree(self._parts, ignore_errors=True)

    def part_size(self) -> int:
        """Bytes of Parquet in the part."""
        return sum(path.stat().st_size for path in self._part.rglob("*.parquet"))

    def read_csv(self, path: Path, header: Sequence[str], delimiter: str, skipped: int = 1) -> str:
        """A query of a UTF-8 file with commas or tabs, all of it text.

        :param skipped: how many lines stand before the records: the heading and what is above it.
        """
        most = min(max(_BUFFERS[0], self.memory // 32), _BUFFERS[1])
        buffer = min(max(_BUFFERS[0], path.stat().st_size // (_TURNS * self._threads)), most)
        return read_csv(path, header, delimiter, skipped, buffer)

    def add_table(
        self, query: str, columns: Columns, organisations: Organisations, corp_id: str | None, end: int = END_INSTANT
    ) -> bool:
        """Stage the records of a query, whose cells are texts. False, and the part is empty, when one of them is not of
        the common forms.

        :param end: the instant from which on no record may be.
        :raises LakeError: when there is no room for them, in memory or on the disk.
        """
        import duckdb

        if not columns.is_whole or not can_convert(columns.kind):
            return False
        try:
            self._copy_facts(columns.kind, facts_of_table(query, columns, self._zones(organisations), corp_id, end))
            common = not self._rows(uncommon_cells(self._staged(columns.kind), columns))
        except LakeError as error:
            if isinstance(error.__cause__, duckdb.OutOfMemoryException | duckdb.IOException):
                raise
            common = False
        if not common:
            rmtree(self._part, ignore_errors=True)
        return common

    def add_facts(self, found: Iterable[Fact]) -> None:
        """Stage facts one by one. What the iterable raises goes on to the caller, and nothing is staged."""
        path = self.folder / "facts.jsonl"
        facts = iter(found)
        try:
            while write_lines(path, map(line_of, islice(facts, _FACTS))):
                self._add_lines(path)
        except BaseException:
            rmtree(self._part, ignore_errors=True)
            raise
        finally:
            path.unlink(missing_ok=True)

    def add_lines(self, lines: Iterable[bytes]) -> None:
        """Stage facts that are lines already (`reportdata.facts.line_of`). They are made one file: for each that it
        reads, however small, DuckDB takes room for two of the longest lines.

        :raises LakeError: when a line is something else, or there is no room for them.
        """
        path = self.folder / "facts.jsonl"
        try:
            with path.open("wb") as whole:
                whole.writelines(lines)
            self._add_lines(path)
        except OSError as error:
            raise LakeError(f"what is imported cannot be staged in {self.folder}: {error.strerror or error}") from error
        finally:
            path.unlink(missing_ok=True)

    def _add_lines(self, path: Path) -> None:
        found = self._rows(
            f"select distinct kind from {read_lines(path, {'kind': 'varchar'}, _LONGEST_FACT)} order by 1"
        )
        for (name_,) in found:
            if name_ not in self._kinds:
                raise LakeError(f"what is imported cannot be staged: {name_!r} is not a known kind")
            self._copy_facts(self._kinds[name_], facts_of_lines(path, self._kinds[name_], _LONGEST_FACT))

    def days(self) -> list[str]:
        """The days of what was staged of kinds that cover days, in their order."""
        names = (kind.name for kind in self._kinds.values() if kind.covers)
        found = {path.name for name in names for path in self._parts.glob(f"*/{name}/{PARTITION}*")}
        return sorted(map(day_of_folder, found))

    def count(self, day: str) -> int:
        """How many facts were staged of a day."""
        files = sorted(self._parts.glob(f"*/*/{PARTITION}{day[:4]}-{day[4:6]}-{day[6:]}/*.parquet"))
        listed = ", ".join(map(file, files))
        return int(self._rows(f"select count(*) from read_parquet([{listed}], hive_partitioning = false)")[0][0])

    def rounded(self, trusted: Container[str] = ()) -> tuple[Kind, str, str] | None:
        """See `reportdata.engines.duckdb.conversion.rounded_ids`; None when no column has such ids."""
        for kind in self._kinds.values():
            files = sorted(self._parts.glob(f"*/{kind.name}/{PARTITION}*/*.parquet"))
            if files and (found := rounded_ids(self._rows, facts(kind, files), kind, trusted)) is not None:
                return kind, *found
        return None

    def finish(self, there: Callable[[Kind, str], Sequence[Path]]) -> list[Staged]:
        """Keep the facts that are new, each once.

        :param there: gives the lake's files of a kind for a day.
        """
        new = Comparing(self._rows, self._parts, self.folder, self._files, self._provenance)
        return [keep_new(new, kind, there) for kind in self._staged_kinds()]

    def keep(self) -> set[str]:
        """Keep all facts, whether they are new or not, which costs next to nothing and does no harm: facts are a set.
        Returns their days."""
        return {day for kind in self._staged_kinds() for day in keep_all(kind, self._parts, self.folder)}

    def _staged_kinds(self) -> list[Kind]:
        """The kinds that were staged, without the facts of forgotten people."""
        for kind in self._kinds.values() if self._forgotten else ():
            self.left_out += leave_out(self._rows, kind, self._parts, self._forgotten)
        return [kind for kind in self._kinds.values() if any(self._parts.glob(f"*/{kind.name}/{PARTITION}*"))]

    def _zones(self, organisations: Organisations) -> Zones:
        """The organisations' zones. Their table is made once: who is added later has the zone of unknown ones."""
        if self._known is None or self._known[0] is not organisations:
            self._known = organisations, put_organisations(self._rows, organisations, self.folder)
        return self._known[1]

    def _staged(self, kind: Kind) -> str:
        return facts(kind, sorted((self._part / kind.name).glob(f"{PARTITION}*/*.parquet")))

    def _copy_facts(self, kind: Kind, query: str) -> None:
        folder = self._part / kind.name
        made(folder, self.folder)
        self._rows(
            f"copy (select {', '.join(columns_of(kind))}, {known(self._provenance)} from ({query})) "
            f"to {text(str(folder))} "
            "(format parquet, parquet_version v2, partition_by (stat_day), write_partition_columns true, "
            "overwrite_or_ignore true, filename_pattern 'facts-{uuid}')"
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with failing(
            lambda error: LakeError(f"what is imported cannot be staged in {self.folder}: {error}", hint_of(error))
        ):
            return self._connection.execute(sql).fetchall()

"""From what is imported to Parquet files in the lake's layout, whole columns at a time.

Tables whose cells are all of the common forms are converted by DuckDB (`Staging.add_table`). It takes only what it
converts exactly as `reportdata.facts` would; anything else makes it give up, and the table is read record by record
(`Staging.add_facts`), which is slower and says precisely what is wrong where.

What is added lies in parts, each in a folder of its own, until all of it is there; `Staging.finish` then keeps what is
new (`reportdata.engines.duckdb.news`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from shutil import rmtree
from typing import Any

import msgspec

from reportdata.columns import Columns
from reportdata.days import PARTITION
from reportdata.engines import Files, FilesHere
from reportdata.engines.duckdb.connection import COLUMNS, connect, facts, failing, file, memory_of, name, text
from reportdata.engines.duckdb.conversion import ORGANISATIONS, Zones, facts_of_table, uncommon_cells
from reportdata.engines.duckdb.news import Staged, keep_all, keep_new
from reportdata.errors import LakeError
from reportdata.facts import KINDS, Fact, Kind, Organisations

_FACT = {field: "bigint" if field == "at" else "varchar" for field in Fact.__struct_fields__}
_BUFFERS = 4 << 20, 32 << 20
"""Bytes of a text file that are read at once: the least and the most. Larger is faster, as long as there are many for
each thread, so that none waits long for the last one."""
_TURNS = 4
"""How many of them each thread has of a small file."""
_FACTS = 500_000
"""Facts that are written to one file of lines."""
_LONGEST_FACT, _ORGANISATION = 64 << 20, 64 << 10
"""Bytes that the line of a fact, and of an organisation, may have."""
_FLUSHED = 61_440
"""Rows that a thread gathers before it sorts them by day: few, so that memory is used again while it is in the
processor's caches."""

__all__ = ["Staged", "Staging"]


class Staging:
    """Writes facts to ``folder``, laid out like the lake: ``<kind>/stat_day=2021-06-20/*.parquet``.

    :param memory: bytes that DuckDB may take. What does not fit is spilled to ``folder``.
    :param files: where what the lake has is read.
    """

    def __init__(self, folder: Path, memory: int | None = None, files: Files | None = None) -> None:
        self.folder = folder
        self._files = files or FilesHere()
        self._parts = folder / "raw"
        self._part = self._parts / "0"
        self._connection = connect(folder / "spill", memory)
        self.memory = memory_of(self._connection)
        self._known: tuple[Organisations, Zones] | None = None
        ((self._threads,),) = self._rows("select current_setting('threads')")
        self._rows(f"set partitioned_write_flush_threshold = {_FLUSHED}")

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

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

    def read_csv(self, path: Path, header: Sequence[str], delimiter: str, *, begins: bool = True) -> str:
        """A query of a UTF-8 file with commas or tabs, all of it text.

        :param begins: whether the file begins with the heading.
        """
        columns = ", ".join(f"{text(column)}: 'varchar'" for column in header)
        most = min(max(_BUFFERS[0], self.memory // 32), _BUFFERS[1])
        buffer = min(max(_BUFFERS[0], path.stat().st_size // (_TURNS * self._threads)), most)
        return (
            f"select * from read_csv({file(path)}, columns = {{{columns}}}, delim = {text(delimiter)}, "
            f"quote = '\"', escape = '\"', header = {begins}, auto_detect = false, strict_mode = true, nullstr = '', "
            f"allow_quoted_nulls = true, buffer_size = {buffer}, hive_partitioning = false)"
        )

    def add_table(self, query: str, columns: Columns, organisations: Organisations, corp_id: str | None) -> bool:
        """Stage the records of a query, whose cells are texts. False, and the part is empty, when one of them is not of
        the common forms.

        :raises LakeError: when there is no room for them, in memory or on the disk.
        """
        import duckdb

        if columns.report_id is None or (columns.user_id is None and columns.kind != "withdrawn"):
            return False
        try:
            self._copy_facts(columns.kind, facts_of_table(query, columns, self._zones(organisations), corp_id))
            common = not self._rows(uncommon_cells(self._staged(columns.kind), columns.kind))
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
            while _write_lines(path, islice(facts, _FACTS)):
                self.add_lines([path])
        except BaseException:
            rmtree(self._part, ignore_errors=True)
            raise
        finally:
            path.unlink(missing_ok=True)

    def add_lines(self, paths: Sequence[Path]) -> None:
        """Stage the facts in files of lines, each a `Fact` in JSON.

        :raises LakeError: when a line is something else.
        """
        source = _read_lines(paths, _FACT, _LONGEST_FACT)
        for (kind,) in self._rows(f"select distinct kind from {source}") if paths else ():
            made = {
                "timestamptz": 'make_timestamptz("at")',
                "date": "cast(strptime(stat_day, '%Y%m%d') as date)",
            }
            columns = ", ".join(f"{made.get(type_, column)} as {column}" for column, type_ in COLUMNS[kind].items())
            self._copy_facts(kind, f"select {columns} from {source} where kind = {text(kind)}")

    def finish(self, known: Callable[[Kind, str], Sequence[Path]] | None) -> list[Staged]:
        """Keep the facts that are new, each once.

        :param known: gives the lake's files of a kind for a day; None to keep all, whether they are new or not, which
            costs nothing and does no harm: facts are a set.
        """
        kinds = [kind for kind in KINDS if any(self._parts.glob(f"*/{kind}/{PARTITION}*"))]
        if known is None:
            return [keep_all(self._rows, kind, self._parts, self.folder) for kind in kinds]
        return [keep_new(self._rows, kind, self._parts, self.folder, known, self._files) for kind in kinds]

    def _zones(self, organisations: Organisations) -> Zones:
        """The organisations' zones. Their table is made once: who is added later has the zone of unknown ones."""
        if self._known is None or self._known[0] is not organisations:
            add_in = organisations.add_in
            zones = sorted({*organisations.known.values()} | ({add_in} if add_in is not None else set()), key=str)
            numbers = {zone: number for number, zone in enumerate(zones)}
            path = self.folder / "organisations.jsonl"
            _write_lines(path, ({"corp_id": corp, "zone": numbers[zone]} for corp, zone in organisations.known.items()))
            known = _read_lines([path], {"corp_id": "varchar", "zone": "integer"}, _ORGANISATION)
            self._rows(f"create or replace temp table {ORGANISATIONS} as select * from {known}")
            path.unlink()
            self._known = organisations, Zones(zones, None if add_in is None else numbers[add_in])
        return self._known[1]

    def _staged(self, kind: Kind) -> str:
        return facts(kind, sorted((self._part / kind).glob(f"{PARTITION}*/*.parquet")))

    def _copy_facts(self, kind: str, query: str) -> None:
        folder = self._part / kind
        folder.mkdir(parents=True, exist_ok=True)
        self._rows(
            f"copy (select {', '.join(COLUMNS[kind])} from ({query})) to {text(str(folder))} "
            "(format parquet, parquet_version v2, partition_by (stat_day), write_partition_columns true, "
            "overwrite_or_ignore true, filename_pattern 'facts-{uuid}')"
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with failing(lambda error: LakeError(f"what is imported cannot be staged in {self.folder}: {error}")):
            return self._connection.execute(sql).fetchall()


def _write_lines(path: Path, rows: Iterable[object]) -> int:
    encoder = msgspec.json.Encoder()
    count = 0
    with path.open("wb") as lines:
        for row in rows:
            lines.write(encoder.encode(row) + b"\n")
            count += 1
    return count


def _read_lines(paths: Sequence[Path], columns: Mapping[str, str], longest: int) -> str:
    """What such files hold, as SQL names it; ``longest`` is the most bytes of a line. DuckDB takes twice as many."""
    types = ", ".join(f"{name(column)}: {text(type_)}" for column, type_ in columns.items())
    return (
        f"read_json([{', '.join(map(file, paths))}], format = 'newline_delimited', maximum_object_size = {longest}, "
        f"hive_partitioning = false, columns = {{{types}}})"
    )

"""From what is imported to Parquet files in the lake's layout, whole columns at a time.

Tables whose cells are all of the common forms are converted by DuckDB (`Staging.add_table`). It takes only what it
converts exactly as `reportdata.facts` would; anything else makes it give up, and the table is read record by record
(`Staging.add_facts`), which is slower and says precisely what is wrong where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple

import msgspec

from reportdata.columns import Columns
from reportdata.days import PARTITION, day_of_folder, from_date
from reportdata.engines.duckdb.connection import COLUMNS, connect, facts, file, name, text
from reportdata.engines.duckdb.conversion import facts_of_table
from reportdata.errors import LakeError
from reportdata.facts import KINDS, Fact, Kind, Organisations

_FACT = {field: "bigint" if field == "at" else "varchar" for field in Fact.__struct_fields__}


class Staged(NamedTuple):
    """What was staged of a kind: records read, facts that the lake does not have yet, their days, and each
    organisation's first and last day among all that was read."""

    kind: Kind
    read: int
    added: int
    days: tuple[str, ...]
    spans: Mapping[str, tuple[str, str]]


class Staging:
    """Writes facts to ``folder``, laid out like the lake: ``<kind>/stat_day=2021-06-20/*.parquet``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = connect(folder / "spill")

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def read_csv(self, path: Path, header: Sequence[str], delimiter: str) -> str:
        """A query of a UTF-8 file with commas or tabs, all of it text."""
        columns = ", ".join(f"{text(column)}: 'varchar'" for column in header)
        return (
            f"select * from read_csv({file(path)}, columns = {{{columns}}}, delim = {text(delimiter)}, "
            "quote = '\"', escape = '\"', header = true, auto_detect = false, strict_mode = true, nullstr = '', "
            "allow_quoted_nulls = true, hive_partitioning = false)"
        )

    def add_table(self, query: str, columns: Columns, organisations: Organisations, corp_id: str | None) -> bool:
        """Stage the records of a query, whose cells are texts. False, and nothing is staged, when one of them is not of
        the common forms."""
        if columns.report_id is None or (columns.user_id is None and columns.kind != "withdrawn"):
            return False
        try:
            self._copy_facts(columns.kind, facts_of_table(query, columns, organisations, corp_id))
        except LakeError:
            rmtree(self._raw(columns.kind), ignore_errors=True)
            return False
        if organisations.add_in is not None:
            for (corp,) in self._rows(f"select distinct corp_id from ({self._staged(columns.kind)})"):
                organisations.time_zone(corp)
        return True

    def add_facts(self, found: Iterable[Fact]) -> None:
        """Stage facts one by one. What the iterable raises goes on to the caller, and nothing is staged."""
        encoder = msgspec.json.Encoder()
        path = self._folder / "facts.jsonl"
        with path.open("wb") as lines:
            for fact in found:
                lines.write(encoder.encode(fact) + b"\n")
        fields = ", ".join(f"{name(field)}: '{type_}'" for field, type_ in _FACT.items())
        source = (
            f"read_json({file(path)}, format = 'newline_delimited', maximum_object_size = 67108864, "
            f"hive_partitioning = false, columns = {{{fields}}})"
        )
        for (kind,) in self._rows(f"select distinct kind from {source}"):
            made = {
                "timestamptz": 'make_timestamptz("at")',
                "date": "cast(strptime(stat_day, '%Y%m%d') as date)",
            }
            columns = ", ".join(f"{made.get(type_, column)} as {column}" for column, type_ in COLUMNS[kind].items())
            self._copy_facts(kind, f"select {columns} from {source} where kind = {text(kind)}")
        path.unlink()

    def finish(self, known: Callable[[Kind, Sequence[str]], Sequence[Path]]) -> list[Staged]:
        """Keep the facts that are new, each once.

        :param known: gives the lake's files of a kind for some days.
        """
        return [self._finish(kind, known) for kind in KINDS if self._raw(kind).exists()]

    def _finish(self, kind: Kind, known: Callable[[Kind, Sequence[str]], Sequence[Path]]) -> Staged:
        staged = self._staged(kind)
        groups = self._rows(f"select corp_id, min(stat_day), max(stat_day), count(*) from ({staged}) group by corp_id")
        spans = {corp: (from_date(first), from_date(last)) for corp, first, last, _ in groups}
        read = sum(count for *_, count in groups)
        days = _days_in(self._raw(kind))
        here = known(kind, days)
        # What differs in the hash of its id, or of all its columns, are different facts; the reverse need not hold.
        differing = "report_id" if kind == "sent" else ", ".join(COLUMNS[kind])
        if not here and self._rows(f"select count(distinct hash({differing})) from ({staged})")[0][0] == read:
            self._raw(kind).rename(self._folder / kind)
            return Staged(kind, read, read, days, spans)
        self._copy(f"{staged} except {facts(kind, here)}", self._folder / kind)
        paths = sorted((self._folder / kind).glob(f"{PARTITION}*/*.parquet"))
        ((added,),) = self._rows(f"select count(*) from ({facts(kind, paths)})")
        return Staged(kind, read, added, _days_in(self._folder / kind), spans)

    def _raw(self, kind: str) -> Path:
        return self._folder / "raw" / kind

    def _staged(self, kind: str) -> str:
        return facts(kind, sorted(self._raw(kind).glob(f"{PARTITION}*/*.parquet")))

    def _copy_facts(self, kind: str, query: str) -> None:
        self._copy(f"select {', '.join(COLUMNS[kind])} from ({query})", self._raw(kind))

    def _copy(self, query: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rows(
            f"copy ({query}) to {text(str(folder))} "
            "(format parquet, parquet_version v2, partition_by (stat_day), write_partition_columns true, "
            "overwrite_or_ignore true, filename_pattern 'facts-{uuid}')"
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise LakeError(f"what is imported cannot be staged in {self._folder}: {error}") from error


def _days_in(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(day_of_folder(path.name) for path in folder.glob(f"{PARTITION}*")))

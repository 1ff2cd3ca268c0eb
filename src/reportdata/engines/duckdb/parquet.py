"""Parquet files that are imported: as a query of texts, and row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import compress
from pathlib import Path
from typing import NamedTuple

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns, columns_of_file
from reportdata.digests import of_cells
from reportdata.engines.duckdb.connection import Database, connect, failing, file, name
from reportdata.errors import BadFile
from reportdata.kinds import Kinds
from reportdata.records import Line
from reportdata.unnamed_rows import MANY, are_unnamed, counts_among, is_many, telling_apart

_ROWS = 10_000
_TEXTS = (
    "VARCHAR",
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_DECIMAL = re.compile(r"DECIMAL\((\d+),\s?[0-6]\)")


class Rows(NamedTuple):
    """Rows from the first, counted from 0, to before the end."""

    first: int
    end: int


class ParquetTable:
    """A Parquet file whose rows are records.

    :param database: what reads it, which others use beside this; absent, one of its own.
    """

    def __init__(
        self, path: Path, kinds: Kinds, choices: Choices = NO_CHOICES, database: Database | None = None
    ) -> None:
        self._path = path
        self._connection = database.session() if database is not None else connect()
        with self._failing():
            described = self._connection.execute(f"describe select * from {self._source()}").fetchall()
            # Spark and Hive write instants as INT96, which says nothing of a zone.
            old = self._connection.execute(f"select name from parquet_schema({file(path)}) where type = 'INT96'")
            self._instants = {str(column) for (column,) in old.fetchall()}
        self._types = {str(row[0]): str(row[1]) for row in described}
        self.columns: Columns = columns_of_file(str(path), self._types, kinds, choices)
        self._used = self.columns.used
        self._unnamed = are_unnamed(self.columns)

    def parts(self, size: int) -> list[Rows]:
        """The file's rows in parts of whole row groups, each of about so many bytes or one row group."""
        groups = (
            "select row_group_id, any_value(row_group_num_rows), sum(total_uncompressed_size) "
            f"from parquet_metadata({file(self._path)}) group by row_group_id order by row_group_id"
        )
        with self._failing():
            found = self._connection.execute(groups).fetchall()
        parts: list[Rows] = []
        first = end = taken = 0
        for _, rows, bytes_ in found:
            if taken and taken + bytes_ > size:
                parts.append(Rows(first, end))
                first, taken = end, 0
            end += rows
            taken += bytes_
        return [*parts, Rows(first, end)]

    def query(self, part: Rows) -> str | None:
        """A query of the columns that hold fields, all as texts; None when one of them is of a type that has no text
        of the common forms."""
        if not all(
            self._types[column] in _TEXTS
            or self._types[column].startswith("TIMESTAMP")
            or _DECIMAL.fullmatch(self._types[column])
            for column in self._used
        ):
            return None
        cells = (f"cast({self._cell(column)} as varchar) as {name(column)}" for column in self.columns.read)
        return f"select {', '.join(cells)} from {self._source(part)}"

    def rows(self, part: Rows | None = None) -> Iterator[Line]:
        """The records, with the number of their row."""
        with self._failing():
            used = self.columns.read
            others = [column for column in self._types if column not in used] if self._unnamed else []
            read = [f"{self._cell(column)} as {name(column)}" for column in used]
            signs = self.columns.signs
            read += [f"cast({name(column)} as varchar)" for column in others]
            selected = ", ".join([*read, *(f"{self._cell(column)}" for column in signs)])
            self._connection.execute("set session preserve_insertion_order = true")
            found = self._connection.execute(f"select {selected} from {self._source(part)}")
            own = telling_apart(self.columns, [*used, *others])
            counts = [place for place, column in enumerate([*used, *others]) if column in counts_among(others)]
            number = part.first if part is not None else 0
            while rows := found.fetchmany(_ROWS):
                for row in rows:
                    number += 1
                    cells = of_cells(compress(row, own)) if self._unnamed else 0
                    record = dict(zip(used, row, strict=False)) | dict(zip(signs, row[len(read) :], strict=True))
                    many = MANY if any(is_many(row[place]) for place in counts) else None
                    yield Line(number, 0, self.columns, record, many, cells)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _failing(self) -> AbstractContextManager[None]:
        return failing(
            lambda error: BadFile(str(self._path), f"cannot be read as Parquet: {error}", "copy or export it again")
        )

    def _source(self, part: Rows | None = None) -> str:
        source = f"read_parquet({file(self._path)}, hive_partitioning = false"
        if part is None:
            return f"{source})"
        # Row groups outside are not read.
        return f"{source}, file_row_number = true) where file_row_number between {part.first} and {part.end - 1}"

    def _cell(self, column: str) -> str:
        """Times as texts, with an offset where they are instants; lists as JSON."""
        type_ = self._types[column]
        listed = column in self.columns.lists or column in self.columns.signs
        if listed and type_ == "BLOB":  # texts, as some programs write them
            return f"coalesce(try(decode({name(column)})), cast({name(column)} as varchar))"
        if listed and type_ not in _TEXTS:
            return f"cast(to_json({name(column)}) as varchar)"
        if not type_.startswith("TIMESTAMP"):
            return name(column)
        zoned = "TIME ZONE" in type_ or type_.startswith("TIMESTAMPTZ")
        # The types for nanoseconds have no epoch_us of their own.
        cell = f"cast({name(column)} as {'timestamptz' if zoned else 'timestamp'})"
        zone = " || 'Z'" if zoned or column in self._instants else ""
        return f"strftime(make_timestamp(epoch_us({cell})), '%Y-%m-%d %H:%M:%S.%f'){zone}"

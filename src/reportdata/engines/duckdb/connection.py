"""How DuckDB is opened, and how files and texts are named in its SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from reportdata.errors import LakeError, ReportDataError
from reportdata.facts import Provenance
from reportdata.kinds import DIGITS, PLACES, Kind

if TYPE_CHECKING:
    import duckdb

_TYPES = {
    "id": "varchar",
    "text": "varchar",
    "names": "varchar",
    "integer": "bigint",
    "count": "bigint",
    "decimal": f"decimal({DIGITS}, {PLACES})",
    "instant": "timestamptz",
}

MEMORY = 1_200_000_000
"""Bytes that a database takes at most: more makes nothing faster, since work is done in pieces, and a first touch of
memory costs time."""
_KIND = re.compile(r"^([A-Z]\w+ )+Error: ")
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def connect(spill: Path | None = None, memory: int | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills to a folder, and fetches nothing from a network.

    :param memory: bytes that it may take; absent, half of what it would take of this machine, and at most `MEMORY`.
    :raises LakeError: when it cannot be opened.
    """
    import duckdb

    with failing(lambda error: LakeError(f"DuckDB cannot be opened: {error}")):
        connection = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "enable_external_file_cache": "false",  # it notes every file that was ever read, gone ones too
                "preserve_insertion_order": "false",
                "temp_directory": str(spill or ""),
            }
        )
        connection.execute("set enable_progress_bar = false")  # it would be printed among what a command prints
        connection.execute(f"set memory_limit = '{memory or min(memory_of(connection) // 2, MEMORY)}B'")
    return connection


class Database:
    """A database as `connect` opens it, once it is first used. Opening one takes as long as a small file does, so
    those who come one after the other share it.

    :param rereading: what Parquet files say of themselves, about 14 KB each, stays in its memory as long as nothing
        else needs that, and a file is the same: for who reads the same ones again and again.
    """

    def __init__(self, spill: Path | None = None, memory: int | None = None, *, rereading: bool = False) -> None:
        self._spill = spill
        self._memory = memory
        self._rereading = rereading
        self._opened: duckdb.DuckDBPyConnection | None = None
        self._among = 1
        self._usual = self._threads = 0

    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection to it."""
        if self._opened is None:
            self._opened = connect(self._spill, self._memory)
            if self._rereading:
                self._opened.execute("set parquet_metadata_cache = true")
                self._opened.execute("set enable_external_file_cache = true")
            self._usual = self._threads = threads_of(self._opened)
            self._divide(self._opened)
        return self._opened

    def share(self, among: int) -> None:
        """Leave the machine's cores to as many as ``among``, this one included: from its next query on, the database
        uses its part of the threads that it has alone, and at least one. What is in it stays."""
        self._among = among
        if self._opened is not None:
            self._divide(self._opened)

    def _divide(self, opened: duckdb.DuckDBPyConnection) -> None:
        threads = max(1, self._usual // self._among)
        if threads != self._threads:
            opened.execute(f"set threads = {threads}")
            self._threads = threads

    def session(self) -> duckdb.DuckDBPyConnection:
        """Another connection to it, with settings of its own."""
        session = self.connection().cursor()
        session.execute("set enable_progress_bar = false")
        return session

    def close(self) -> None:
        """Let go of it; it is opened anew when it is used again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None


@contextmanager
def failing(made: Callable[[str], ReportDataError]) -> Iterator[None]:
    """Raise what is made of the reasons of DuckDB's errors in their place.

    :raises KeyboardInterrupt: when Ctrl+C was pressed, of which DuckDB makes an error of its own.
    """
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise made(reason_of(error)) from error
    except UnicodeDecodeError as error:  # of a file that was damaged before there were digests
        raise made(f"a text of a file is no UTF-8: {error}") from error
    except RuntimeError as error:
        if str(error) != "Query interrupted":
            raise
        raise KeyboardInterrupt from error


def reason_of(error: duckdb.Error) -> str:
    """What DuckDB says went wrong, on one line: without the kind of its error, its SQL, or the JSON it may be in."""
    said = str(error)
    document = said[said.index('{"exception_type"') :] if '{"exception_type"' in said else ""
    if document:
        with suppress(msgspec.DecodeError):
            said = str(msgspec.json.decode(document, type=dict[str, object]).get("exception_message", said))
    lines = [line.strip() for line in said.partition("\nLINE ")[0].splitlines() if line.strip()]
    return _KIND.sub("", " ".join(lines)) or type(error).__name__


def hint_of(reason: str) -> str:
    """What to do about what DuckDB says went wrong, where that is known."""
    full = "No space left" in reason or "Disk quota" in reason or "database or disk is full" in reason
    return "make room on that disk, and do the same again: nothing of it was added" if full else ""


def memory_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes that a database may take."""
    ((limit,),) = connection.execute("select current_setting('memory_limit')").fetchall()
    value, unit = limit.split()
    return int(float(value) * 1024 ** _UNITS.index(unit))


def threads_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Threads that a database computes with."""
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    return int(threads)


@cache
def columns_of(kind: Kind) -> dict[str, str]:
    """The columns of a kind's facts in the lake, with DuckDB's types."""
    return {"corp_id": "varchar", "stat_day": "date"} | {column.name: _TYPES[column.type] for column in kind.fields()}


def facts(kind: Kind, paths: Sequence[Path]) -> str:
    """A query of the facts of a kind in these files; of none when there are no files."""
    columns = columns_of(kind)
    if not paths:
        empty = ", ".join(f"cast(null as {type_}) as {name}" for name, type_ in columns.items())
        return f"select {empty} where false"
    listed = ", ".join(file(path) for path in paths)
    return f"select {', '.join(columns)} from read_parquet([{listed}], hive_partitioning = false)"


def known(provenance: Provenance) -> str:
    """The columns that say when facts were first known, and from where."""
    origin = text(provenance.origin)  # a number of an enumeration is copied sooner than a text, and written as one
    return f"make_timestamptz({provenance.known_at}) as known_at, cast({origin} as enum({origin})) as origin"


def text(value: str) -> str:
    """A text as SQL writes it."""
    return "'" + value.replace("'", "''") + "'"


def file(path: Path) -> str:
    """A file's path as SQL names it; the signs that make it a pattern are meant as they stand."""
    return text(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def name(value: str) -> str:
    """A column's name as SQL writes it."""
    return '"' + value.replace('"', '""') + '"'

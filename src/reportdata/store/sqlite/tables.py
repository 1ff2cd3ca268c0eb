"""The tables of SQLite, to be copied or filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from sqlite3 import Connection

from reportdata.store.copying import Row
from reportdata.store.sqlite.numbers import Counted

_CHUNK = 10_000
_OWN = ("changes",)
"""Tables that only this store has."""


class Copying:
    """The part of the store that can be copied."""

    database: Counted

    @contextmanager
    def tables(self, *, filling: bool = False) -> Iterator[SQLiteTables]:
        """See `reportdata.store.copying.Copied`."""
        with self.database.writing() if filling else self.database.snapshot() as connection:
            yield SQLiteTables(self.database, connection)


class SQLiteTables:
    """`reportdata.store.copying.Tables` within a transaction."""

    def __init__(self, database: Counted, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def columns(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for table, column in self._database.columns():
            if not table.startswith("sqlite_") and table not in _OWN:
                found.setdefault(table, []).append(column)
        return found

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        names = ", ".join(columns)
        cursor = self._connection.execute(f"select {names} from {table} order by {names}")
        while chunk := cursor.fetchmany(_CHUNK):
            yield from chunk

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        places = ", ".join("?" * len(columns))
        self._connection.executemany(f"insert into {table} ({', '.join(columns)}) values ({places})", rows)

"""The tables of SQLite, to be copied or filled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from reportdata.store.copying import Row
from reportdata.store.rows import places
from reportdata.store.sqlite.counting import Counted, Counting

_CHUNK = 10_000
_OWN = ("changes",)
"""Tables that only this store has."""


class Copying:
    """The part of the store that can be copied."""

    database: Counted

    @contextmanager
    def tables(self, *, filling: bool = False) -> Iterator[SQLiteTables]:
        """See `reportdata.store.copying.Copied`."""
        with self.database.changing() if filling else self.database.reading() as transaction:
            yield SQLiteTables(self.database, transaction)


class SQLiteTables:
    """`reportdata.store.copying.Tables` within a transaction."""

    def __init__(self, database: Counted, transaction: Counting) -> None:
        self._database = database
        self._transaction = transaction

    def columns(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for table, column in self._database.columns():
            if not table.startswith("sqlite_") and table not in _OWN:
                found.setdefault(table, []).append(column)
        return found

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        names = ", ".join(columns)
        cursor = self._transaction.execute(f"select {names} from {table} order by {names}")
        while chunk := cursor.fetchmany(_CHUNK):
            yield from chunk

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        self._transaction.executemany(f"insert into {table} ({', '.join(columns)}) values ({places(columns)})", rows)

"""The connection of an embedded store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from sqlite3 import Connection, Cursor
from typing import Any

from reportdata.errors import ReportDataError
from reportdata.sqlite import Database
from reportdata.store.database import Transaction
from reportdata.store.rows import json_text


class Counting:
    """As `reportdata.store.database.Transaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Cursor:
        return self._connection.execute(_own(sql), values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Cursor:
        return self._connection.executemany(_own(sql), rows)


class Counted(Database):
    """A `reportdata.store.database.Database` in an SQLite file, in which one writes at a time."""

    locked = ""
    among = "in (select value from json_each(%s))"
    random_text = "lower(hex(randomblob(4)))"

    def several(self, texts: Iterable[str], /) -> str:
        return json_text(list(texts))

    def rows(self, sql: str, values: Sequence[Any] = (), /) -> list[tuple[Any, ...]]:
        return super().rows(_own(sql), values)

    def row(self, sql: str, values: Sequence[Any] = (), /) -> tuple[Any, ...] | None:
        return super().row(_own(sql), values)

    @contextmanager
    def uncounted(self) -> Iterator[Counting]:
        with self.writing() as connection:
            yield Counting(connection)

    changing_access = uncounted

    @contextmanager
    def changing(self, *, long: bool = False) -> Iterator[Counting]:  # noqa: ARG002 - nothing ends it
        with self.uncounted() as transaction:
            yield transaction
            transaction.execute("update changes set number = number + 1")

    @contextmanager
    def reading(self) -> Iterator[Counting]:
        with self.snapshot() as connection:
            yield Counting(connection)

    def alone(self, _: Transaction, /) -> None:
        """There is nobody else."""

    def notice_restore(self) -> None:
        """Nothing tells: see the room's decisions."""

    def unreadable(self, error: Exception) -> ReportDataError:
        kind = self.kind
        return kind.error(f"{kind.name} {self.path} is damaged: a row cannot be read: {error}", kind.restored)


@lru_cache(maxsize=256)
def _own(sql: str) -> str:
    return sql.replace("%s", "?")

"""Names in an SQLite file of their own, which is there once an organisation has turned them on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from reportdata.errors import StoreError
from reportdata.files import sync
from reportdata.names import Forgotten, remembered, turned_off
from reportdata.sqlite import Database
from reportdata.sqlite_kinds import Kind

_TIMEOUT = 30.0
"""Seconds to wait while another process writes."""
_KIND = Kind("the file of names", "reportdata.names", StoreError, "import the names again")
Row = tuple[str, str, str]
"""An organisation, a person's id and their name."""


class FileNames:
    """A `reportdata.names.Names` in the file at ``path``, which only its owner can read. One thread at a time may use
    it; any number of instances, in any number of processes, may be open."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database: Database | None = None

    def organisations(self) -> frozenset[str]:
        return frozenset(corp_id for (corp_id,) in self._rows("select corp_id from named_organisations"))

    def turn_on(self, corp_id: str) -> None:
        with self._made().writing() as connection:
            connection.execute("insert into named_organisations values (?) on conflict do nothing", (corp_id,))

    def turn_off(self, corp_id: str) -> int:
        database = self._there()
        if database is None:
            return 0
        with database.writing() as connection:
            removed = connection.execute("delete from person_names where corp_id = ?", (corp_id,)).rowcount
            connection.execute("delete from named_organisations where corp_id = ?", (corp_id,))
        database.wipe()
        return removed

    def put(self, corp_id: str, names: Mapping[str, str], forgotten: Forgotten) -> int:
        database = self._there()
        if database is None:
            raise turned_off(corp_id)
        with database.writing() as connection:
            known = "select 1 from named_organisations where corp_id = ?"
            if connection.execute(known, (corp_id,)).fetchone() is None:
                raise turned_off(corp_id)
            kept = remembered(corp_id, names, forgotten())  # whoever forgets somebody now waits for this to end
            connection.executemany(
                "insert into person_names values (?, ?, ?) on conflict do update set name = excluded.name",
                ((corp_id, user_id, name) for user_id, name in kept.items()),
            )
        database.wipe()  # names that were replaced
        return len(kept)

    def names(self, corp_id: str, user_ids: Collection[str]) -> dict[str, str]:
        sql = "select user_id, name from person_names where corp_id = ? and user_id in (select value from json_each(?))"
        return dict(self._rows(sql, (corp_id, msgspec.json.encode(sorted(user_ids)).decode())))

    def count(self, corp_id: str) -> int:
        return int(next(iter(self._rows("select count(*) from person_names where corp_id = ?", (corp_id,))), (0,))[0])

    def forget(self, corp_id: str, user_id: str) -> int:
        database = self._there()
        if database is None:
            return 0
        with database.writing() as connection:
            sql = "delete from person_names where corp_id = ? and user_id = ?"
            removed = connection.execute(sql, (corp_id, user_id)).rowcount
        database.wipe()
        return removed

    def mentions(self, text: str) -> dict[str, int]:
        database = self._there()
        return database.mentions(text) if database is not None else {}

    def copy(self, target: Path) -> None:
        self._made().copy(target)

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _there(self) -> Database | None:
        """The file, if there is one: reading makes none."""
        return self._made(new=False) if self._database is not None or self._path.exists() else None

    def _made(self, *, new: bool = True) -> Database:
        if self._database is None:
            self._database = Database(self._path, _KIND, _TIMEOUT, new=new)
        return self._database

    def _rows(self, sql: str, values: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        database = self._there()
        yield from database.rows(sql, values) if database is not None else ()


def write_names(target: Path, corp_ids: Iterable[str], rows: Iterable[Row]) -> None:
    """A new file of names, which is durable when this returns.

    :raises StoreError: when it cannot be written.
    """
    database = Database(target, _KIND, _TIMEOUT)
    try:
        with database.writing() as connection:
            connection.executemany("insert into named_organisations values (?)", ((corp_id,) for corp_id in corp_ids))
            connection.executemany("insert into person_names values (?, ?, ?)", rows)
        database.wipe()
    finally:
        database.close()
    sync(target)

"""Names of people in PostgreSQL: in tables of their own, which no copy of the store has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from reportdata.errors import StoreError
from reportdata.names import Forgotten, remembered, turned_off
from reportdata.names.file import write_names
from reportdata.store.postgres.database import COMMAND_TIMEOUT, LONG, Database

if TYPE_CHECKING:
    from psycopg import Cursor

TABLES = ("named_organisations", "person_names")
"""The tables of names, which a dump leaves out by ``--exclude-table-data``."""


class PostgresNames:
    """A `reportdata.names.Names` in the database at ``address``. It is opened when it is first used."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._database: Database | None = None

    def organisations(self) -> frozenset[str]:
        return frozenset(corp_id for (corp_id,) in self._opened().rows("select corp_id from named_organisations"))

    def turn_on(self, corp_id: str) -> None:
        with self._opened().writing() as cursor:
            cursor.execute("insert into named_organisations values (%s) on conflict do nothing", (corp_id,))

    def turn_off(self, corp_id: str) -> int:
        with self._opened().writing() as cursor:
            _is_on(cursor, corp_id)  # whoever puts names is waited for
            removed = cursor.execute("delete from person_names where corp_id = %s", (corp_id,)).rowcount
            cursor.execute("delete from named_organisations where corp_id = %s", (corp_id,))
        self._swept()
        return removed

    def put(self, corp_id: str, names: Mapping[str, str], forgotten: Forgotten) -> int:
        with self._opened().writing(LONG) as cursor:
            if not _is_on(cursor, corp_id):
                raise turned_off(corp_id)
            kept = remembered(corp_id, names, forgotten())  # whoever forgets somebody now waits for this to end
            cursor.executemany(
                "insert into person_names values (%s, %s, %s)"
                " on conflict (corp_id, user_id) do update set name = excluded.name",
                [(corp_id, user_id, name) for user_id, name in kept.items()],
            )
        self._swept()
        return len(kept)

    def names(self, corp_id: str, user_ids: Collection[str]) -> dict[str, str]:
        sql = "select user_id, name from person_names where corp_id = %s and user_id = any(%s)"
        return dict(self._opened().rows(sql, (corp_id, sorted(user_ids))))

    def count(self, corp_id: str) -> int:
        row = self._opened().row("select count(*) from person_names where corp_id = %s", (corp_id,))
        return int(row[0]) if row else 0

    def forget(self, corp_id: str, user_id: str) -> int:
        with self._opened().writing() as cursor:
            _is_on(cursor, corp_id)
            sql = "delete from person_names where corp_id = %s and user_id = %s"
            removed = cursor.execute(sql, (corp_id, user_id)).rowcount
        self._swept()
        return removed

    def mentions(self, text: str) -> dict[str, int]:
        sql = "select count(*) from person_names where strpos(user_id, %s) > 0 or strpos(name, %s) > 0"
        row = self._opened().row(sql, (text, text))
        return {"person_names": int(row[0])} if row and row[0] else {}

    def copy(self, target: Path) -> None:
        with self._opened().writing(LONG, snapshot=True) as cursor:
            corp_ids = [corp_id for (corp_id,) in cursor.execute("select corp_id from named_organisations")]
            rows = cursor.execute("select corp_id, user_id, name from person_names").fetchall()
        try:
            write_names(target, corp_ids, rows)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None

    def _opened(self) -> Database:
        if self._database is None:
            self._database = Database(self._address, COMMAND_TIMEOUT)
        return self._database

    def _swept(self) -> None:
        """Let go of rows that are gone; PostgreSQL does so by itself in a while."""
        with suppress(StoreError):
            self._opened().run("vacuum person_names")


def _is_on(cursor: Cursor, corp_id: str) -> bool:
    """Whether an organisation has names turned on; who asks is alone with its names until the transaction ends."""
    return (
        cursor.execute("select 1 from named_organisations where corp_id = %s for update", (corp_id,)).fetchone()
        is not None
    )

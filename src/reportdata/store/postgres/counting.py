"""The connection of a shared store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from reportdata.errors import ReportDataError, StoreError
from reportdata.store.database import Transaction, begin_story
from reportdata.store.postgres.database import DAYS, LOCKS, LONG, Database

if TYPE_CHECKING:
    from psycopg import Cursor

_CHANGED = "update changes set number = number + 1"
"""The last statement of a transaction that changes what may be remembered: whoever waits for it waits shortly."""

_MAY_ASK = "select has_function_privilege('pg_control_system()', 'execute')"
_CLUSTER = "select system_identifier::text from pg_control_system()"
_PLACE = """
select left(pg_walfile_name(pg_current_wal_lsn()), 8) || '.' || oid || '.' || 'change_numbers'::regclass::oid
from pg_database where datname = current_database() and not pg_is_in_recovery()
"""
_KNOWN = "select place from change_places"
_MOVED = "update change_places set place = %s where place <> %s returning id"
_FIRST = "insert into change_places values (1, %s) on conflict do nothing"


class Counted(Database):
    """A `reportdata.store.database.Database` in PostgreSQL."""

    locked = " for update"
    among = "= any(%s)"
    random_text = "substr(md5(random()::text || clock_timestamp()::text), 1, 8)"

    def several(self, texts: Iterable[str], /) -> list[str]:
        return list(texts)

    def reading(self) -> AbstractContextManager[Cursor]:
        return self.writing(snapshot=True)

    def uncounted(self) -> AbstractContextManager[Cursor]:
        return self.writing()

    @contextmanager
    def changing(self, *, long: bool = False) -> Iterator[Cursor]:
        with self.writing(LONG if long else None) as cursor:
            yield cursor
            cursor.execute(_CHANGED)

    @contextmanager
    def changing_access(self) -> Iterator[Cursor]:
        with self.writing() as cursor:
            yield cursor
            cursor.execute(f"{_CHANGED}, access = access + 1")

    def alone(self, transaction: Transaction, /) -> None:
        """Wait until nobody else replaces days or coverage, up to the end of the transaction."""
        transaction.execute("select pg_advisory_xact_lock(%s, %s)", (LOCKS, DAYS))

    def notice_restore(self) -> None:
        """As the protocol says: by PostgreSQL's own means, or when a standby took over."""
        place = self.row(_PLACE)
        if place is None:  # a standby, where nothing can be begun
            return
        may_ask = self.row(_MAY_ASK)
        cluster = self.row(_CLUSTER) if may_ask is not None and may_ask[0] else None
        here = f"{cluster[0] if cluster else ''}.{place[0]}"
        known = self.row(_KNOWN)
        if known is not None and known[0] == here:
            return
        with self.writing() as cursor:
            if cursor.execute(_MOVED, [here, here]).fetchone() is not None:
                begin_story(self, cursor)
            else:  # there is none, or another process noticed it
                cursor.execute(_FIRST, [here])

    def unreadable(self, error: Exception) -> ReportDataError:
        return StoreError(
            f"the store {self.shown} is damaged: a row cannot be read: {error}",
            "bring back the database's newest backup, by the means it was taken with",
        )

"""The shared store: a PostgreSQL database, for any number of processes on any number of machines."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from reportdata.errors import StoreError
from reportdata.store.copying import copy_rows
from reportdata.store.forgetting import TABLES, Forgetting
from reportdata.store.official import Figures
from reportdata.store.postgres.callers import Callers
from reportdata.store.postgres.connection import shown
from reportdata.store.postgres.counting import Counted
from reportdata.store.postgres.database import COMMAND_TIMEOUT, LONG, SERVING_TIMEOUT, Database, schemas
from reportdata.store.postgres.days import Days
from reportdata.store.postgres.gathering import Gathering
from reportdata.store.postgres.tables import Copying
from reportdata.store.postgres.watching import Watch
from reportdata.store.sqlite import SQLiteStore
from reportdata.store.states import States
from reportdata.store.stories import Stories

__all__ = ["COMMAND_TIMEOUT", "SERVING_TIMEOUT", "PostgresStore", "schemas", "shown"]


_TABLES = """
select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r' order by 1
"""
_COLUMNS = """
select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and a.attnum > 0 and not a.attisdropped
order by 1, 2
"""


class PostgresStore(Callers, Days, Stories, Gathering, States, Figures, Forgetting, Copying):
    """A `reportdata.store.Store` in the database at ``address``, a libpq connection URI. Its tables are made when they
    are not there.

    ``timeout`` is how many seconds a call takes at most, whatever keeps the server from answering. An instance may be
    used by one thread at a time; any number of instances, in any number of processes, may be open.
    """

    remote = True
    database: Counted

    def __init__(self, address: str, timeout: float = COMMAND_TIMEOUT) -> None:
        self.database = Counted(address, timeout)
        self.watch: Watch | None = None
        self.months: set[bytes] = set()
        self._address = address
        with suppress(StoreError):  # nothing but views and cursors needs it; who reads is told what is wrong
            self.tell_zones()
            self.database.notice_restore()  # before a cursor of it is told to anybody

    def version(self) -> int:
        return self._watched().version()

    def version_of_answers(self) -> int:
        return self._watched().version_of_answers()

    def _watched(self) -> Watch:
        if self.watch is None:
            self.watch = Watch(lambda timeout: Database(self._address, timeout, migrate=False))
        return self.watch

    def newest(self) -> float:
        row = self.database.row(
            "select greatest((select max(computed_at) from computed_days), (select max(created_at) from apps),"
            " (select max(observed_at) from coverage), (select max(as_of) from day_states),"
            " (select max(fetched_at) from official_figures), (select max(created_at) from links),"
            " (select max(used_at) from client_tokens) * 1000, 0)"
        )
        return float(row[0]) / 1000 if row else 0.0

    def forget(self, corp_id: str) -> int:
        removed = self.remove(corp_id)
        for table in TABLES:
            self.database.run(f"vacuum {table}")
        return removed

    def mentions(self, text: str) -> dict[str, int]:
        found = {}
        for table, column in self.database.rows(_COLUMNS):
            row = self.database.row(f'select count(*) from "{table}" where strpos("{column}"::text, %s) > 0', [text])
            if row and row[0]:
                found[f"{table}.{column}"] = int(row[0])
        return found

    def faults(self, *, thorough: bool = False) -> list[str]:  # noqa: ARG002 - `pg_amcheck` compares indexes
        """What reading every row finds."""
        found = []
        for (table,) in self.database.rows(_TABLES):
            try:
                self.database.rows(f'select count(*), sum(hashtext(t::text)) from "{table}" t', timeout=LONG)
            except StoreError as error:
                found.append(f"{table}: {error.message}")
        return found

    def copy(self, target: Path) -> None:
        try:
            target.touch(mode=0o600, exist_ok=False)
        except OSError as error:
            raise StoreError(f"the store cannot be copied to {target}: {error}") from error
        try:
            with closing(SQLiteStore(target)) as copied:
                copy_rows(self, copied, lambda *_: None)
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def size(self) -> int:
        row = self.database.row(
            "select sum(pg_total_relation_size(c.oid)) from pg_class c"
            " where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'"
        )
        return int(row[0] or 0) if row else 0

    def close(self) -> None:
        if self.watch is not None:
            self.watch.close()
        self.database.close()

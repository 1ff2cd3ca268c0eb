"""The tables of PostgreSQL, to be copied or filled."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reportdata.store.copying import Row
from reportdata.store.postgres.counting import Counted
from reportdata.store.postgres.database import LONG
from reportdata.store.postgres.months import make_month
from reportdata.store.postgres.names import TABLES as NAMES

if TYPE_CHECKING:
    from psycopg import Cursor

_OWN = ("store_schema", "changes", "change_places", "inbox", "leases", *NAMES)
"""Tables that only this store has, or that are apart from it."""
_CHUNK = 10_000
_COLUMNS = """
select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and a.attnum > 0 and not a.attisdropped and c.relname <> all(%s)
order by c.relname, a.attnum
"""


class Copying:
    """The part of the store that can be copied."""

    database: Counted

    @contextmanager
    def tables(self, *, filling: bool = False) -> Iterator[PostgresTables]:
        """See `reportdata.store.copying.Copied`."""
        if filling:
            with self.database.changing(long=True) as cursor:
                yield PostgresTables(cursor)
        else:
            with self.database.writing(LONG, snapshot=True) as cursor:
                yield PostgresTables(cursor)


class PostgresTables:
    """`reportdata.store.copying.Tables` within a transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def columns(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = {}
        for table, column in self._cursor.execute(_COLUMNS, [list(_OWN)]):
            found.setdefault(table, []).append(column)
        return found

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Row]:
        order = ", ".join(f"{name} nulls first" for name in columns)
        with self._cursor.connection.cursor(name=f"rows_of_{table}") as cursor:
            cursor.itersize = _CHUNK
            yield from cursor.execute(f"select {', '.join(columns)} from {table} order by {order}")

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        left = iter(rows)
        while chunk := list(itertools.islice(left, _CHUNK)):
            if table == "kpis":
                for month in {row[columns.index("stat_day")][:6] for row in chunk}:
                    make_month(self._cursor, month)
            with self._cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
                for row in chunk:
                    copy.write_row(row)

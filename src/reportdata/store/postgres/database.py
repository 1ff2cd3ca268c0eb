"""One connection to PostgreSQL: how it is opened, migrated, read and written, and how it comes back when it is lost."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from reportdata.errors import StoreError
from reportdata.migrations import migrations, unseen
from reportdata.store.postgres.connection import connect, prepare, psycopg, shown

if TYPE_CHECKING:
    from psycopg import Connection, Cursor

COMMAND_TIMEOUT = 30.0
"""Seconds that a command waits for others and for an answer."""
SERVING_TIMEOUT = 1.4
"""Timeout of serving calls: twice this is below the 3 s after which DingTalk's Node SDK gives up."""
LONG = 3600.0
"""Timeout of bulk statements."""

_FIRST = 10.0
"""Timeout of the first connection: nobody waits for an answer yet."""

MANY = 10_000
"""With more rows than these a temporary table is truncated after its use; rows of smaller ones are deleted before the
next, which is sooner done."""

LOCKS = 0x7264
"""The class of this program's advisory locks."""
SCHEMA, PARTITIONS, DAYS = range(1, 4)
"""What they are for."""
THERE = "select 1 from pg_class where relname = %s and relnamespace = current_schema()::regnamespace"
"""Whether there is a table of that name. Not by ``to_regclass``, which may remember that there was none."""

_T = TypeVar("_T")
Values = Sequence[Any] | Mapping[str, Any]

_HINT = "see that PostgreSQL runs, that the address is right and that its user may use the database"


class Database:
    """A connection that is made anew when it was lost. It may be used by one thread at a time.

    :param address: a libpq connection URI.
    :param timeout: seconds within which whatever is asked is answered, or fails.
    :raises StoreError: from every method.
    """

    def __init__(self, address: str, timeout: float, *, migrate: bool = True) -> None:
        self.shown = shown(address)
        self._address = address
        self._timeout = timeout
        self._deadline = 0.0
        self._prepared: dict[bytes, None] = {}
        self._poll = select.poll()
        self.connection: Connection | None = None
        try:
            with self._failing():
                self._open(max(timeout, _FIRST) if migrate else timeout)
                if migrate:
                    self._migrate()
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, values: Values = (), timeout: float | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query. It is asked again when the connection turns out to be lost."""
        with self._failing():
            return self._kept(lambda: self._asked(sql, values), timeout or self._timeout)

    def row(self, sql: str, values: Values = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def texts(self, name: bytes, sql: bytes, values: Sequence[bytes]) -> list[list[bytes | None]]:
        """All rows of a query, as texts: by the shortest way there is, a prepared statement and one round trip.
        Parameters are ``$1``, ``$2``, …"""
        with self._failing():
            return self._kept(lambda: self._texts(name, sql, values), self._timeout)

    @contextmanager
    def writing(self, timeout: float | None = None, *, snapshot: bool = False) -> Iterator[Cursor]:
        """A transaction that commits when the block ends, and changes nothing when the block raises.

        :param timeout: seconds for all of it, where it is not the connection's.
        :param snapshot: read only, all of it as of one moment.
        """
        begin = "begin isolation level repeatable read read only" if snapshot else "begin"
        with self._failing():
            connection = self._kept(lambda: self._begun(begin), timeout or self._timeout)
            try:
                with connection.cursor() as cursor:
                    yield cursor
                connection.execute("commit")
            except BaseException:
                self._roll_back(connection)
                raise

    def run(self, sql: str, timeout: float = LONG) -> None:
        """Run a statement outside a transaction."""
        with self._failing():
            self._opened(timeout).execute(sql)

    def close(self) -> None:
        """Let go of the connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _kept(self, ask: Callable[[], _T], timeout: float) -> _T:
        """What is asked on a connection; asked again when that turns out to be lost."""
        self._opened(timeout)
        try:
            return ask()
        except psycopg().OperationalError:
            if not self._is_lost():
                raise
            self._open(self._left())
            return ask()

    def _begun(self, begin: str) -> Connection:
        assert self.connection is not None  # noqa: S101 - it was opened
        self.connection.execute(begin)
        return self.connection

    def _asked(self, sql: str, values: Values) -> list[tuple[Any, ...]]:
        assert self.connection is not None  # noqa: S101 - it was opened
        return self.connection.execute(sql, values).fetchall()

    def _texts(self, name: bytes, sql: bytes, values: Sequence[bytes]) -> list[list[bytes | None]]:
        from psycopg import pq
        from psycopg.errors import OperationalError

        assert self.connection is not None  # noqa: S101 - it was opened
        pgconn = self.connection.pgconn
        if name not in self._prepared:
            self.connection.wait(prepare(pgconn, name, sql), 0.1, max(0.0, self._left()))
            self._prepared[name] = None
        pgconn.send_query_prepared(name, values)
        pgconn.flush()
        pgconn.consume_input()
        while pgconn.is_busy():
            if not self._poll.poll(max(0.0, self._left()) * 1000):
                self.connection.close()
                raise OperationalError(f"no answer within {self._timeout:g} s")
            pgconn.consume_input()
        result = pgconn.get_result()
        while pgconn.get_result() is not None:
            pass
        if result is None or result.status != pq.ExecStatus.TUPLES_OK:
            raise OperationalError(pgconn.get_error_message() if result is None else result.get_error_message())
        columns = range(result.nfields)
        return [[result.get_value(row, column) for column in columns] for row in range(result.ntuples)]

    def _roll_back(self, connection: Connection) -> None:
        with suppress(Exception):  # then it is lost, and so is what was done
            self._deadline = time.monotonic() + self._timeout
            connection.execute("rollback")
            return
        connection.close()

    def _opened(self, timeout: float) -> Connection:
        self._deadline = time.monotonic() + timeout
        connection = self.connection
        return connection if connection is not None and not connection.closed else self._open(timeout)

    def _open(self, timeout: float) -> Connection:
        self._deadline = time.monotonic() + timeout
        self.close()
        connection = connect(self._address, max(0.0, timeout), self._left)
        self.connection = connection
        self._prepared.clear()
        self._poll = select.poll()
        self._poll.register(connection.pgconn.socket, select.POLLIN)
        connection.autocommit = True
        connection.prepare_threshold = None  # what psycopg prepares it also lets go of, with all that others prepared
        # What is acknowledged is durable, whatever the server's default; whoever made that stricter is heeded. What is
        # read lies in memory mostly. Calls ask the same few things, whose plans need not be made each time.
        connection.execute(
            "select set_config('lock_timeout', %s, false), set_config('default_transaction_isolation',"
            " 'read committed', false), set_config('synchronous_commit',"
            " case current_setting('synchronous_commit') when 'off' then 'on'"
            " else current_setting('synchronous_commit') end, false),"
            " set_config('idle_in_transaction_session_timeout', '15s', false),"
            " set_config('random_page_cost', '1.1', false), set_config('plan_cache_mode', %s, false)",
            [str(round(self._timeout * 1000)), "force_generic_plan" if self._timeout <= SERVING_TIMEOUT else "auto"],
        )
        return connection

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _is_lost(self) -> bool:
        """Whether it is gone, so that asking again may help; not when there was no answer in time."""
        return (self.connection is None or self.connection.closed) and self._left() > 0

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except psycopg().Error as error:
            said = " ".join(str(error).split()) or type(error).__name__
            hint = _HINT if isinstance(error, psycopg().OperationalError) else ""
            raise StoreError(f"the store {self.shown} cannot answer: {said}", hint) from error

    def _migrate(self) -> None:
        steps = migrations(__package__)
        if self._schema() == len(steps):
            return
        with self.writing(COMMAND_TIMEOUT) as cursor:
            cursor.execute("set local lock_timeout = 0")
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", (LOCKS, SCHEMA))
            due = unseen(steps, self._schema(), f"the store {self.shown}", StoreError)
            cursor.execute("create table if not exists store_schema (version integer not null)")
            for step in due:
                cursor.execute(step.read_text("utf-8"))
            cursor.execute("delete from store_schema")
            cursor.execute("insert into store_schema values (%s)", [len(steps)])

    def _schema(self) -> int:
        assert self.connection is not None  # noqa: S101 - it was opened
        if not self.connection.execute(THERE, ["store_schema"]).fetchone():
            return 0
        row = self.connection.execute("select version from store_schema").fetchone()
        return int(row[0]) if row else 0


def schemas(address: str, timeout: float = COMMAND_TIMEOUT) -> tuple[int, int]:
    """The schema that the store has, and the one that this program gives it when it opens it.

    :raises StoreError: when it cannot be read.
    """
    database = Database(address, timeout, migrate=False)
    try:
        return database._schema(), len(migrations(__package__))
    finally:
        database.close()


def array(texts: Iterable[str]) -> bytes:
    """An array of texts as a parameter."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return ("{" + ",".join(f'"{text}"' for text in quoted) + "}").encode()

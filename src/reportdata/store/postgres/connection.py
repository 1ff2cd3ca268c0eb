"""A connection to PostgreSQL on which nothing waits for longer than there is time, and psycopg, which it comes from."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Generator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from reportdata.errors import BadValue

if TYPE_CHECKING:
    from psycopg import Connection

PROCESS = uuid.uuid4().hex
"""What this process is called in the database."""
_INSTALL = "pip install 'reportdata[postgres]'"


def shown(address: str) -> str:
    """The address without what is secret in it."""
    start, there, rest = address.partition("://")
    return start + there + rest.rpartition("@")[2].partition("?")[0]


@cache
def psycopg() -> Any:
    """The package.

    :raises BadValue: when it is not installed.
    """
    try:
        import psycopg
    except ImportError as error:
        raise BadValue("psycopg is not installed, so PostgreSQL cannot be used", _INSTALL) from error
    return psycopg


def connect(address: str, timeout: float, left: Callable[[], float]) -> Connection:
    """A connection on which no statement waits for longer than ``left`` says."""
    conninfo = psycopg().conninfo
    from psycopg import generators, waiting

    params = {"client_encoding": "utf8", "application_name": f"reportdata {PROCESS}", "keepalives_idle": "10"}
    params |= {"keepalives_interval": "5", "keepalives_count": "3", "tcp_user_timeout": "20000"}
    given = conninfo.conninfo_to_dict(address)
    info = conninfo.make_conninfo("", **(params | given))
    pgconn = waiting.wait_conn(generators.connect(info), 0.1, timeout)
    connection = _connection_class()(pgconn)
    connection.left = left
    return cast("Connection", connection)


@cache
def _connection_class() -> Any:
    from psycopg import Connection

    class Timed(Connection):
        """Its statements fail when they take longer than is left; then it is closed, since the answer may come yet."""

        left: Callable[[], float]

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            try:
                return super().wait(gen, interval, max(0.0, self.left()) if timeout is None else timeout)
            except Exception as error:
                if type(error).__name__ == "_WaitTimeout":
                    self.close()
                    raise psycopg().OperationalError("no answer in time") from error
                raise

    return Timed


def prepare(pgconn: Any, name: bytes, sql: bytes) -> Generator[Any, Any, None]:
    """Have a statement prepared under a name; for `Connection.wait`."""
    from psycopg import generators, pq
    from psycopg.errors import OperationalError

    pgconn.send_prepare(name, sql)
    (result,) = yield from generators.execute(pgconn)
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise OperationalError(result.get_error_message())

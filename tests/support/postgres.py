"""A real PostgreSQL for tests: one server a test process, and as many empty stores on it as are asked for."""

from __future__ import annotations

import atexit
import itertools
import shutil
import signal
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from tests.support import postgres_server
from tests.support.postgres_server import programs

_ROLE = "tests"
_SETTINGS = {"max_connections": "200", "shared_buffers": "32MB"}
_SWIFT = {"fsync": "off"}
_DURABLE = {"fsync": "on", "recovery_init_sync_method": "syncfs"}
"""After a crash, what was written is synced by one call in place of one for each of a thousand files."""
_fresh = itertools.count()
_servers: list[Server] = []


class Server(postgres_server.Server):
    """A server in a folder of its own.

    :param durable: whether it waits for the disk, for those who crash it.
    """

    def __init__(self, port: int | None = None, *, durable: bool = False) -> None:
        found = programs()
        assert found is not None, "there is no PostgreSQL"
        super().__init__(
            found, Path(mkdtemp(prefix="pg-")), _ROLE, {**_SETTINGS, **(_DURABLE if durable else _SWIFT)}, port
        )

    def remove(self) -> None:
        """Stop it for good."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, schema: str | None = None, *, port: int | None = None) -> str:
        """The address of an empty store; of the same one for the same schema.

        :param port: of loopback, where it is reached by way of something else.
        """
        import psycopg  # takes long; most processes of the tests do not need it

        name = schema or f"test{next(_fresh)}"
        base = self.first_database()
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"create schema if not exists {name}".encode())
        if port is not None:
            base = f"postgresql://{_ROLE}@127.0.0.1:{port}/postgres?sslmode=disable"
        return f"{base}&options={quote(f'-csearch_path={name}')}"


def server() -> Server:
    """The server of this test process, which is started when it is first asked for."""
    if not _servers:
        _servers.append(Server())
        atexit.register(remove)  # should nobody do so before
    return _servers[0]


def remove() -> None:
    """Stop the server of this test process for good, if it was started."""
    while _servers:
        _servers.pop().remove()


def address() -> str:
    """The address of an empty store."""
    return server().address()

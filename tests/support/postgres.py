"""A real PostgreSQL for tests: one server a test process, and as many empty stores on it as are asked for."""

from __future__ import annotations

import atexit
import itertools
import shutil
import signal
import subprocess
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

import psycopg

from tests.support.postgres_server import programs, user, within_reach
from tests.support.waiting import SOON, until

_USER = "tests"
_fresh = itertools.count()
_servers: list[Server] = []


class Server:
    """A server in a folder of its own, which listens on a socket there, and on a port of loopback when it is given. It
    does not wait for the disk: nothing here cuts the power."""

    def __init__(self, port: int | None = None) -> None:
        found = programs()
        assert found is not None
        self._folder = Path(mkdtemp(prefix="pg-"))
        self._programs = within_reach(found, self._folder)
        self._user = user()
        if self._user is not None:
            shutil.chown(self._folder, self._user)
        self.port = port
        initdb = [self._programs / "initdb", "-D", self._folder / "data", "-U", _USER, "--auth=trust", "--locale=C"]
        subprocess.run(
            [*initdb, "--encoding=UTF8", "--no-sync", "--no-instructions"],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self._user,
            cwd="/",
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = {"unix_socket_directories": self._folder, "listen_addresses": "127.0.0.1" if self.port else ""}
        options |= {"port": self.port or 5432, "max_connections": 200, "shared_buffers": "32MB", "fsync": "off"}
        command = [
            self._programs / "postgres",
            "-D",
            self._folder / "data",
            *(f"-c{k}={v}" for k, v in options.items()),
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stderr=log, user=self._user, cwd="/")
        pid = self._folder / "data" / "postmaster.pid"

        def ready() -> bool:
            assert self._process.poll() is None, (self._folder / "log").read_text("utf-8")
            return pid.exists() and pid.read_text("utf-8").rstrip().endswith("ready")

        until(ready)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: at once by default, ``SIGQUIT`` without any order, as a crash."""
        self._process.send_signal(how)
        self._process.wait(SOON)

    def remove(self) -> None:
        """Stop it for good."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder, ignore_errors=True)

    def address(self, schema: str | None = None, *, port: int | None = None) -> str:
        """The address of an empty store; of the same one for the same schema."""
        name = schema or f"test{next(_fresh)}"
        place = f"host={quote(str(self._folder), safe='')}&port={self.port or 5432}"
        base = f"postgresql:///postgres?{place}&user={_USER}"
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"create schema if not exists {name}")
        if port is not None:
            base = f"postgresql://{_USER}@127.0.0.1:{port}/postgres?sslmode=disable"
        return f"{base}&options={quote(f'-csearch_path={name}')}"


def server() -> Server:
    """The server of this test process, which is started when it is first asked for."""
    if not _servers:
        _servers.append(Server())
        atexit.register(_servers[0].remove)
    return _servers[0]


def address() -> str:
    """The address of an empty store."""
    return server().address()

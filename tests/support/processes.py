"""The server as a process of its own, and clients that keep it busy."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.support.calling import Answer, read_head
from tests.support.folders import Folder
from tests.support.waiting import SOON, lives, until


class Process(NamedTuple):
    """A server process, with where it listens."""

    running: subprocess.Popen[str]
    address: tuple[str, int]

    def children(self) -> list[int]:
        """The processes that it started and that live."""
        found: set[int] = set()
        for thread in Path(f"/proc/{self.running.pid}/task").glob("*"):
            with suppress(OSError):  # it has ended meanwhile; others may have children
                found |= {int(number) for number in (thread / "children").read_text().split()}
        return sorted(found)

    def terminate(self) -> int:
        """Tell it to end, and wait; returns its exit code."""
        self.running.terminate()
        return self.running.wait(SOON)


@contextmanager
def served(folder: Folder, *arguments: object, inherit: socket.socket | None = None) -> Iterator[Process]:
    """``reportdata serve`` on a data folder; what it logs goes to ``server.log`` beside it."""
    command = [sys.executable, "-m", "reportdata", "serve", *folder.place, "--rate", "0", *arguments]
    command += ["--fd", inherit.fileno()] if inherit else ["--port", "0"]
    with (
        (folder.path.parent / "server.log").open("a") as log,
        subprocess.Popen(
            list(map(str, command)),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=folder.path.parent,
            pass_fds=[inherit.fileno()] if inherit else [],
            env={name: value for name, value in os.environ.items() if not name.startswith("REPORTDATA_")},
        ) as running,
    ):
        try:
            assert running.stdout is not None
            url = urlsplit(running.stdout.readline().split()[1])
            yield Process(running, (str(url.hostname), int(url.port or 0)))
        finally:
            left = Process(running, ("", 0)).children()
            if running.poll() is None:
                running.kill()
            for number in left:  # they would end by themselves, once they have begun
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            until(lambda: not any(map(lives, left)))


class Client:
    """One connection that is used as long as the server lets it, and then made anew.

    :raises ConnectionRefusedError: from `ask`, when nothing listens; any other error is a request that failed.
    """

    def __init__(self, address: tuple[str, int], request: bytes, tls: SSLContext | None = None) -> None:
        self._address = address
        self._request = request
        self._tls = tls
        self._connection: socket.socket | None = None
        self.connections = 0
        self.answers = 0

    def ask(self) -> Answer:
        """Ask once."""
        if self._connection is None:
            plain = socket.create_connection(self._address, SOON)
            self._connection = self._tls.wrap_socket(plain, server_hostname="localhost") if self._tls else plain
            self.connections += 1
        self._connection.sendall(self._request)
        with self._connection.makefile("rb") as incoming:
            answer = read_head(iter(lambda: incoming.readline().decode().rstrip("\r\n"), ""))
            answer = answer._replace(body=incoming.read(int(answer.headers["content-length"])))
        self.answers += 1
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Load:
    """Clients that ask again and again, each in a thread, until they are stopped or nothing listens any more.

    :param reconnect: every how many answers a client makes its connection anew; 0 for never.
    :param pause: seconds between an answer and the next request.
    """

    def __init__(
        self,
        address: tuple[str, int],
        request: bytes,
        clients: int,
        *,
        ca: Path | None = None,
        reconnect: int = 0,
        pause: float = 0.0,
    ) -> None:
        tls = create_default_context(cafile=ca) if ca else None
        self.clients = [Client(address, request, tls) for _ in range(clients)]
        self.wrong: list[Answer] = []
        self.failures: list[BaseException] = []
        self._reconnect = reconnect
        self._pause = pause
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(client,)) for client in self.clients]

    @property
    def answers(self) -> int:
        """How many there were."""
        return sum(client.answers for client in self.clients)

    def _ask(self, client: Client) -> None:
        try:
            with suppress(ConnectionRefusedError):
                while not self._ending.wait(self._pause):
                    answer = client.ask()
                    if not answer.status.endswith("200 OK"):
                        self.wrong.append(answer)
                    if self._reconnect and client.answers % self._reconnect == 0:
                        client.close()
        except BaseException as error:
            self.failures.append(error)
        finally:
            client.close()

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join()

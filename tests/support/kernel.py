"""The kernel's server in a thread, with an application that keeps what it was asked."""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from reportdata.http.connections import Connections
from reportdata.http.server import Listener, Server
from reportdata.http.sockets import bind

Asked = tuple[bytes, bytes, bytes]
"""A request: method, target, body."""


class Exchange(NamedTuple):
    """What the application was asked on a connection, and everything that the client received."""

    asked: list[Asked]
    received: bytes

    @property
    def statuses(self) -> list[int]:
        """Of all answers; what is asked here is answered without a body."""
        lines = self.received.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"").split(b"HTTP/1.1 ")[1:]
        return [int(line[:3]) for line in lines]


class Keeper:
    """An application that keeps each request that comes whole, and answers it without a body."""

    def __init__(self) -> None:
        self.asked: defaultdict[int, list[Asked]] = defaultdict(list)
        """By the client's port."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        self.asked[scope["client"][1]].append((scope["method"].encode(), target, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


class Kernel:
    """A running server of a `Keeper`."""

    def __init__(self, address: tuple[str, int], keeper: Keeper) -> None:
        self.address = address
        self._keeper = keeper

    def exchange(self, *parts: bytes) -> Exchange:
        """Send the parts one by one, and nothing after them, and receive until the server closes."""
        with socket.create_connection(self.address, timeout=300) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            port = connection.getsockname()[1]
            self._keeper.asked.pop(port, None)
            received = b""
            try:
                for part in parts:
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
                while chunk := connection.recv(65_536):
                    received += chunk
            except OSError:  # the server has closed, and read no more
                pass
        return Exchange(self._keeper.asked.pop(port, []), received)


@contextmanager
def kernel() -> Iterator[Kernel]:
    """The kernel's server of a `Keeper`."""
    keeper = Keeper()
    with running(keeper) as address:
        yield Kernel(address, keeper)


@contextmanager
def running(app: ASGIApp, hosts: Sequence[str] = ("127.0.0.1",)) -> Iterator[tuple[str, int]]:
    """The kernel's server of an application, in a thread; gives the first listener's address."""
    listeners = [Listener(bind(host, 0), app) for host in hosts]
    with Server(*listeners, connections=Connections(1_000)) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.address
        finally:
            server.stop()
            thread.join()

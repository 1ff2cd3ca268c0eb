"""The kernel's server in a thread, with an application that keeps what it was asked."""

from __future__ import annotations

import hashlib
import itertools
import re
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from starlette.types import ASGIApp, Receive, Scope, Send

from reportdata.http.answers import Answer, lines, new_ids
from reportdata.http.connections import Connections
from reportdata.http.protocol import Direct
from reportdata.http.server import Listener, Server
from reportdata.http.sockets import bind

Headers = list[tuple[bytes, bytes]]
Asked = tuple[bytes, bytes, bytes]
"""A request: method, target, body."""
DIRECT = b"/direct"
"""What is answered at once when it is asked for by ``GET``."""


class Request(NamedTuple):
    """A request as it was read."""

    method: bytes
    target: bytes
    body: bytes | None
    """None when nobody looked at it."""
    headers: Headers

    @property
    def asked(self) -> Asked:
        """Without its headers."""
        return self.method, self.target, self.body or b""

    @property
    def mark(self) -> bytes:
        """What its answer has in the header ``x-asked``, to be known by."""
        return hashlib.sha256(b"%b %b\n%b" % self.asked).hexdigest()[:16].encode()


class Exchange(NamedTuple):
    """What was asked on a connection, and everything that the client received."""

    requests: list[Request]
    received: bytes
    reset: bool
    """Whether the connection was closed before all that was sent was read; answers may be lost then."""

    @property
    def asked(self) -> list[Asked]:
        """The requests without their headers."""
        return [request.asked for request in self.requests]

    @property
    def statuses(self) -> list[int]:
        """Of all answers; what is asked here is answered without a body."""
        answers = self.received.replace(b"HTTP/1.1 100 Continue\r\n\r\n", b"").split(b"HTTP/1.1 ")[1:]
        return [int(answer[:3]) for answer in answers]

    @property
    def marks(self) -> list[bytes]:
        """By which the answers of the application are known."""
        return re.findall(rb"\r\nx-asked: (\w+)", self.received)


class Keeper:
    """An application that keeps each request that comes whole, and answers it without a body.

    :param of: whose requests are told apart: gives a name, given the client's address and the headers.
    """

    def __init__(self, of: Callable[[str, Headers], str] = lambda address, _: address) -> None:
        self.requests: defaultdict[str, list[Request]] = defaultdict(list)
        """By the client."""
        self._of = of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            more = message["more_body"]
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        request = Request(scope["method"].encode(), target, body, list(scope["headers"]))
        self._keep(scope["client"][0], request)
        headers = [(b"content-length", b"0"), (b"x-asked", request.mark)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body"})

    def direct(self, headers: Headers, query: bytes, address: str) -> Answer:
        """As `reportdata.http.protocol.Direct` answers."""
        request = Request(b"GET", DIRECT + (b"?" + query if query else b""), None, list(headers))
        self._keep(address, request)
        return Answer(200, b"", new_ids(0), lines((b"x-asked", request.mark)))

    def _keep(self, address: str, request: Request) -> None:
        self.requests[self._of(address, request.headers)].append(request)


class Kernel:
    """A running server of a `Keeper`. Each connection comes from an address of its own."""

    def __init__(self, address: tuple[str, int], keeper: Keeper) -> None:
        self.address = address
        self._keeper = keeper
        self._sources = sources()

    def exchange(self, *parts: bytes) -> Exchange:
        """Send the parts one by one, and nothing after them, and receive until the server closes."""
        source = next(self._sources)
        with socket.create_connection(self.address, 300, (source, 0)) as connection:
            received, reset = exchanged(connection, parts)
        return Exchange(self._keeper.requests.pop(source, []), received, reset)


def sources() -> Iterator[str]:
    """Addresses of loopback, of which each connection has its own."""
    for number in itertools.count():
        yield f"127.{1 + (number >> 16) % 250}.{(number >> 8) % 256}.{number % 256}"


def exchanged(connection: socket.socket, parts: Sequence[bytes]) -> tuple[bytes, bool]:
    """What is received until the other side closes, while the parts are sent one by one, and nothing after them; and
    whether it read no more."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    received = b""
    try:
        for part in parts:
            connection.sendall(part)
        connection.shutdown(socket.SHUT_WR)
        while chunk := connection.recv(65_536):
            received += chunk
    except OSError:  # the server has closed, and read no more
        return received, True
    return received, False


@contextmanager
def kernel() -> Iterator[Kernel]:
    """The kernel's server of a `Keeper`."""
    keeper = Keeper()
    with running(keeper, direct={DIRECT: keeper.direct}) as address:
        yield Kernel(address, keeper)


@contextmanager
def running(
    app: ASGIApp, hosts: Sequence[str] = ("127.0.0.1",), port: int = 0, direct: Mapping[bytes, Direct] = {}
) -> Iterator[tuple[str, int]]:
    """The kernel's server of an application, in a thread; gives the first listener's address."""
    listeners = [Listener(bind(host, port), app, direct) for host in hosts]
    with Server(*listeners, connections=Connections(1_000)) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server.address
        finally:
            server.stop()
            thread.join()

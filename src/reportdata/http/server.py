"""The server: applications on uvicorn, with connections that are kept for long and ended with care."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple, Self, cast

from starlette.types import ASGIApp

from reportdata.http.answers import lines
from reportdata.http.connections import Connections
from reportdata.http.limits import BodyLimit, usual_body
from reportdata.http.protocol import Direct, ServerProtocol
from reportdata.http.sockets import BACKLOG, url_of
from reportdata.http.tls import Certificate
from reportdata.http.uvicorn_private import Config
from reportdata.http.uvicorn_private import Server as UvicornServer

HANDSHAKE = 10
"""Seconds that a client has for TLS to begin."""
GOODBYE = 5
"""Seconds that a client has for TLS to end."""
_TICKS = 10
"""uvicorn's ticks in a second."""


class Listener(NamedTuple):
    """A bound socket, and the application that answers on it."""

    socket: socket.socket
    app: ASGIApp
    direct: Mapping[bytes, Direct] = {}
    """What is answered without the application, see `reportdata.http.protocol.ServerProtocol`."""
    body_limit: Callable[[bytes], BodyLimit] = usual_body
    """How large and slow a body may be that is sent to a path."""
    certificate: Certificate | None = None
    proxies: Sequence[str] = ()
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""
    inherited: bool = False
    """Whether another process holds the socket too, so that what is not accepted here is not lost."""

    @property
    def address(self) -> tuple[str, int]:
        """The address and port."""
        host, port = self.socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """How it is called."""
        return url_of("https" if self.certificate else "http", self.address)


class Server:
    """A server on bound sockets; it serves in `run` until it is told to stop.

    :param every_second: is called on the event loop.
    """

    def __init__(
        self, *listeners: Listener, connections: Connections, every_second: Callable[[], None] | None = None
    ) -> None:
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self.listeners = listeners
        self._uvicorn = _Uvicorn(listeners, connections, every_second)

    @property
    def address(self) -> tuple[str, int]:
        """The address and port of the first listener."""
        return self.listeners[0].address

    @property
    def url(self) -> str:
        """How the first listener is called."""
        return self.listeners[0].url

    def run(self, started: Callable[[], None] | None = None) -> None:
        """Serve until `stop` is called or the process is told to end.

        :param started: is called when requests are answered, and signals heeded.
        """
        self._uvicorn.started_serving = started
        self._uvicorn.run()

    def stop(self) -> None:
        """Finish what is in flight and return from `run`."""
        self._uvicorn.should_exit = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self.listeners:
            listener.socket.close()


class _Uvicorn(UvicornServer):
    """uvicorn's server with several listeners, limits that are kept by the second, and a stop that loses nothing."""

    server_state: Connections
    started_serving: Callable[[], None] | None = None

    def __init__(
        self, listeners: Sequence[Listener], connections: Connections, every_second: Callable[[], None] | None
    ) -> None:
        self._listeners = [(listener, _config(listener)) for listener in listeners]
        self._every_second = every_second
        super().__init__(self._listeners[0][1])
        self.server_state = connections

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - it has its own
        self.servers = []
        loop = asyncio.get_running_loop()
        for listener, config in self._listeners:
            own = listener.socket.dup()  # is closed with the server
            server = await loop.create_server(
                _protocol(listener, config, self.server_state), sock=own, backlog=BACKLOG, **_tls(listener)
            )
            self.servers.append(server)
        self.started = True
        if self.started_serving is not None:
            self.started_serving()

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self.server_state.tick()
            if self._every_second is not None:
                self._every_second()
            for listener, _ in self._listeners:
                if listener.certificate is not None:
                    listener.certificate.follow()
        ended = await super().on_tick(counter)
        self.server_state.date = lines(*self.server_state.default_headers)
        return ended

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
        for server in self.servers:
            server.close()
        for listener, config in self._listeners:
            if not listener.inherited:
                await self._accept_the_rest(listener, config)
            listener.socket.close()
        await self.server_state.drain(lambda: self.force_exit)
        self._captured_signals.clear()  # else they are raised again, and what the process still has to close stays open

    async def _accept_the_rest(self, listener: Listener, config: Config) -> None:
        """Take the connections that are made and not accepted: they would be reset."""
        loop = asyncio.get_running_loop()
        listener.socket.setblocking(False)
        with suppress(BlockingIOError):
            for _ in range(BACKLOG):
                connection, _address = listener.socket.accept()
                coming = loop.connect_accepted_socket(
                    _protocol(listener, config, self.server_state), connection, **_tls(listener)
                )
                task = cast("asyncio.Task[None]", loop.create_task(coming))
                self.server_state.tasks.add(task)
                task.add_done_callback(self.server_state.tasks.discard)


def _config(listener: Listener) -> Config:
    config = Config(
        listener.app,
        http=ServerProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(listener.proxies),
        forwarded_allow_ips=list(listener.proxies),
    )
    config.load()
    return config


def _protocol(listener: Listener, config: Config, connections: Connections) -> Callable[[], ServerProtocol]:
    # Behind proxies an address is read from headers, by the application.
    direct = {} if listener.proxies else listener.direct
    return partial(ServerProtocol, config, connections, direct, listener.body_limit)


def _tls(listener: Listener) -> dict[str, Any]:
    if listener.certificate is None:
        return {}
    return {
        "ssl": listener.certificate.context,
        "ssl_handshake_timeout": HANDSHAKE,
        "ssl_shutdown_timeout": GOODBYE,
    }

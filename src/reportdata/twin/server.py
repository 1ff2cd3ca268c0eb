"""The twin on a socket, for programs that speak HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from reportdata.errors import BadValue
from reportdata.twin.answers import Request
from reportdata.twin.control import answer_control
from reportdata.twin.twin import Twin

LARGEST_BODY = 1 << 20
_TWIN = "reportdata.twin"
_RESET = struct.pack("ii", 1, 0)


class Server:
    """A twin that answers on a socket.

    :param host: where it listens.
    :param port: 0 takes any free one.
    """

    def __init__(self, twin: Twin, host: str = "127.0.0.1", port: int = 0) -> None:
        self.twin = twin
        try:
            self._socket = socket.create_server((host, port), reuse_port=False, backlog=512)
        except OSError as error:
            raise BadValue(
                f"{host}:{port} cannot be listened on: {error.strerror or error}",
                "choose another with --port, or 0 for any",
            ) from error
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                self._answer,
                http=_Protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,  # its own clock tells the time
                timeout_keep_alive=75,
            )
        )

    @property
    def address(self) -> tuple[str, int]:
        """The address and port."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """How it is called, as both of DingTalk's hosts: ``http://127.0.0.1:12345``."""
        return f"http://{self.endpoint}"

    @property
    def endpoint(self) -> str:
        """Host and port, as the configuration of an official SDK needs them."""
        return "{}:{}".format(*self.address)

    def run(self, started: Callable[[], None] = lambda: None) -> None:
        """Answer until `stop` is called or the process is told to end.

        :param started: is called when requests are answered.
        """
        self._uvicorn.when_started = started
        try:
            self._uvicorn.run([self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Return from `run`."""
        self._uvicorn.should_exit = True

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > LARGEST_BODY:
                break
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        request = Request(
            scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, body[:LARGEST_BODY]
        )
        own = request.path.startswith("/twin/")
        answer = answer_control(self.twin, request) if own else self.twin.answer(request)
        if answer.stall:
            await asyncio.sleep(answer.stall)
        if answer.reset:
            _reset(scope["extensions"][_TWIN]["transport"])
            return
        sent = [
            (b"server", b"DingTalk/1.0.0"),
            (b"date", formatdate(self.twin.clock(), usegmt=True).encode()),
            (b"content-type", answer.content_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": sent})
        await send({"type": "http.response.body", "body": answer.body})


@contextmanager
def running(twin: Twin, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """The twin on a socket, in a thread of its own: ``with running(Twin()) as server: …``."""
    server = Server(twin, host, port)
    started = threading.Event()
    thread = threading.Thread(target=server.run, args=(started.set,), name="twin", daemon=True)
    thread.start()
    started.wait()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


class _Protocol(HttpToolsProtocol):
    """Gives the application its connection, so that it can reset it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TWIN: {"transport": self.transport}}


class _Uvicorn(uvicorn.Server):
    """Tells when it has started, and ends without a word."""

    when_started: Callable[[], None] = staticmethod(lambda: None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.when_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        self._captured_signals.clear()


def _reset(transport: Any) -> None:
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    transport.abort()

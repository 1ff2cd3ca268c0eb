"""The server: the application on uvicorn, with what DingTalk's SDKs need of a connection."""

from __future__ import annotations

import errno
import logging
import socket
from contextlib import suppress
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from reportdata.api.protocol import Protocol
from reportdata.errors import BadValue

KEEP_ALIVE = 75
"""Seconds that an idle connection stays open. The Java SDK keeps connections for 10 s and does not test them."""
GRACE = 5
"""Seconds that requests in flight have when the server stops."""


class Server:
    """A server that is bound to its address; it serves in `run` until it is told to stop."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = _bound(host, port)
        logging.getLogger("uvicorn").setLevel(logging.ERROR)
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=GRACE,
            )
        )

    @property
    def address(self) -> tuple[str, int]:
        """The address and port that it is bound to."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def url(self) -> str:
        """How it is called."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def run(self) -> None:
        """Serve until `stop` is called or the process is told to end."""
        with suppress(KeyboardInterrupt):  # uvicorn raises it again when it has ended
            self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Finish what is in flight and return from `run`."""
        self._server.should_exit = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
        found.listen(1024)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise BadValue(f"port {port} of {host} is taken", "choose another with --port, or 0 for any") from error
        raise BadValue(f"{host}:{port} cannot be listened on: {error.strerror or error}") from error
    return found

"""What stands between a client and a server: an HTTP proxy that notes what goes through it, and an end of TLS."""

from __future__ import annotations

import select
import socket
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypeVar

from reportdata.certificates import Certificates

_Server = TypeVar("_Server", bound=socketserver.BaseServer)


class Proxy(socketserver.ThreadingTCPServer):
    """An HTTP proxy on loopback.

    ``seen`` has the first lines of requests; with ``user``, like ``name:password``, it asks for that.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, user: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Proxying)
        self.user = user
        self.seen: list[str] = []

    @property
    def address(self) -> str:
        """Host and port."""
        return "{}:{}".format(*self.server_address[:2])


class _Proxying(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        line = self.rfile.readline().decode("latin-1")
        headers = []
        while (header := self.rfile.readline()) not in (b"\r\n", b""):
            headers.append(header)
        self.server.seen.append(line.strip())
        if self.server.user and not self._allowed(headers):
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            return
        method, target, version = line.split()
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            with socket.create_connection((host, int(port))) as to:
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                pass_on(self.connection, to)
            return
        authority, _, path = target.removeprefix("http://").partition("/")
        host, port = authority.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as to:
            kept = [h for h in headers if not h.lower().startswith((b"proxy-", b"connection:"))]
            length = next((int(h.split(b":")[1]) for h in kept if h.lower().startswith(b"content-length:")), 0)
            to.sendall(f"{method} /{path} {version}\r\n".encode() + b"".join(kept) + b"connection: close\r\n\r\n")
            to.sendall(self.rfile.read(length))
            while data := to.recv(65_536):
                self.wfile.write(data)

    def _allowed(self, headers: list[bytes]) -> bool:
        for header in headers:
            if header.lower().startswith(b"proxy-authorization: basic "):
                return b64decode(header.split()[2]).decode() == self.server.user
        return False


class TlsEnd(socketserver.ThreadingTCPServer):
    """An end of TLS on loopback, before a server that speaks plain HTTP."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, to: tuple[str, int], certificates: Certificates) -> None:
        super().__init__(("127.0.0.1", 0), _Ending)
        self.to = to
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificates.certificate, certificates.key)

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.server_address[1]}"


class _Ending(socketserver.BaseRequestHandler):
    server: TlsEnd

    def handle(self) -> None:
        with (
            suppress(ssl.SSLError, OSError),
            self.server.context.wrap_socket(self.request, server_side=True) as inner,
            socket.create_connection(self.server.to) as to,
        ):
            pass_on(inner, to)


def pass_on(one: socket.socket, other: socket.socket) -> None:
    """Pass on what comes from either, until one ends."""
    with suppress(OSError):
        while True:
            pending = [end for end in (one, other) if isinstance(end, ssl.SSLSocket) and end.pending()]
            ready = pending or select.select([one, other], [], [])[0]
            for end in ready:
                data = end.recv(65_536)
                if not data:
                    return
                (other if end is one else one).sendall(data)


@contextmanager
def answering(server: _Server) -> Iterator[_Server]:
    """A server that answers until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

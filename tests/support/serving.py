"""The real server in a thread, on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from reportdata.api.contract.entry import Entry, entry_of
from reportdata.certificates import Certificates, development_certificates
from reportdata.cli.service import open_server
from reportdata.http.server import Server
from reportdata.services import Service
from reportdata.settings import Settings
from tests.support.folders import Folder
from tests.support.waiting import SOON


class Serving(NamedTuple):
    """A server that runs in a thread."""

    url: str
    address: tuple[str, int]
    server: Server
    ca: Path
    """What its clients must trust, when it serves TLS."""

    @property
    def endpoint(self) -> str:
        """What an SDK's configuration needs: host and port."""
        return f"{self.address[0]}:{self.address[1]}"


@contextmanager
def serving(
    folder: Folder,
    *,
    clock: Callable[[], float] = time.time,
    tls: bool = False,
    rate: int = 0,
    entry: Callable[[Service], Entry] = entry_of,
    **settings: Any,
) -> Iterator[Serving]:
    """The real server of a data folder, on a free port; without a rate unless one is given."""
    files = Certificates.of(folder.path.parent / "tls")
    if tls:
        development_certificates(files.ca.parent, ["localhost", "127.0.0.1"], time.time())
        settings |= {"tls_cert": files.certificate, "tls_key": files.key}
    own = folder.settings
    chosen = Settings(folder.path, own.database, port=0, rate=rate, services=own.services, **settings)
    with open_server(chosen, clock, entry=entry) as server:
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield Serving(server.url, server.address, server, files.ca)
        finally:
            server.stop()
            thread.join()


def exchange(address: tuple[str, int], *parts: bytes, half_close: bool = True) -> bytes:
    """Everything that the server sends until it closes.

    :param parts: what is sent, with a pause after each.
    :param half_close: whether the server is told then that no more comes, so that it closes after its last answer;
        otherwise it has to close by itself.
    """
    with socket.create_connection(address, timeout=SOON) as connection:
        for part in parts:
            connection.sendall(part)
            if part is not parts[-1]:
                time.sleep(0.05)
        if half_close:
            with suppress(OSError):  # it closed first
                connection.shutdown(socket.SHUT_WR)
        received = b""
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65_536):
                received += chunk
        return received

"""Clients that take their time: connections that send a byte of a request each second, and begin anew when closed."""

from __future__ import annotations

import multiprocessing
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event

from benchmarks.load import Address, request_bytes

_REQUEST = request_bytes("/v1.0/datacenter/reportData?statDate=20210620", [("x-slow", "a" * 1_000)])


@contextmanager
def slow_connections(address: Address, count: int) -> Iterator[None]:
    """Keep so many of them open, from a process of their own."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_drip, args=(address, count, ready), daemon=True)
    process.start()
    try:
        if not ready.wait(30):
            raise RuntimeError("the slow connections could not be opened")
        yield
    finally:
        process.kill()
        process.join()


def _drip(address: Address, count: int, ready: Event) -> None:
    opened = [_Slow(address) for _ in range(count)]
    ready.set()
    while True:
        began = time.monotonic()
        for number, connection in enumerate(opened):
            connection.send()
            if number % 50 == 49:  # spread over the second
                time.sleep(max(0.0, began + number / count - time.monotonic()))
        time.sleep(max(0.0, began + 1 - time.monotonic()))


class _Slow:
    def __init__(self, address: Address) -> None:
        self._address = address
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, 10)
        self._socket.setblocking(False)
        self._sent = 0

    def send(self) -> None:
        """Send a byte; a connection that was closed is made anew."""
        with suppress(BlockingIOError):
            try:
                self._socket.send(_REQUEST[self._sent : self._sent + 1])
                self._sent += 1
                if not self._socket.recv(65_536):
                    raise ConnectionError
            except BlockingIOError:
                raise
            except OSError:
                self._socket.close()
                self._open()

"""A way to PostgreSQL on which the server crashes at a moment: before a message of a client reaches it, or after it has
answered one and before the client hears of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

_MESSAGE = 1 << 20
"""Bytes that are taken at once: a client writes what it asks at once."""


class Outage:
    """Leads a port of loopback to a server's socket, and counts moments: two for each thing that a client asks.

    :param to: the path of the socket.
    :param crash: has the server crash.
    """

    def __init__(self, to: str, crash: Callable[[], object]) -> None:
        self._to = to
        self._crash = crash
        self._lock = threading.Lock()
        self._ends: list[socket.socket] = []
        self._cut_off: list[socket.socket] = []
        self._at = 0
        self.moments = 0
        """Moments since it was armed."""
        self._crashed = False
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, at: int) -> None:
        """Count anew, and let the server crash at the moment of that number, from 1; at none for 0. Connections that
        are there are cut."""
        with self._lock:
            self._cut()
            self._at, self.moments = at, 0
            self._crashed = False

    def crashed(self) -> bool:
        """Whether the server has crashed since then; one that is crashing has, when this returns."""
        with self._lock:
            return self._crashed

    def close(self) -> None:
        """Let go of all."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits in it
        self._listening.close()
        with self._lock:
            self._cut()
        for end in self._cut_off:
            end.close()

    def _cut(self) -> None:
        """Only shut what ends: a closed one's number may be another's by the time that it is used."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._cut_off += self._ends
        self._ends = []

    def _moment(self) -> None:
        with self._lock:
            self.moments += 1
            if self.moments == self._at:
                self._crash()
                self._crashed = True
                self._cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._to)
            except OSError:
                client.close()
                server.close()
                continue
            with self._lock:
                self._ends += [client, server]
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(_MESSAGE):
                self._moment()
                other.sendall(data)
        for end in (one, other):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

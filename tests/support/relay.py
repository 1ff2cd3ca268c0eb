"""A way to a server that can be cut, as a network can be."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Relay:
    """Leads a port of loopback to a server, until it is cut: then it holds its connections and passes nothing on.

    :param keep_alive: seconds after which a connection is closed whose client is silent; for ever unless it is given.
    """

    def __init__(self, to: int, keep_alive: float | None = None) -> None:
        self._to = to
        self._keep_alive = keep_alive
        self._cut = threading.Event()
        self._ends: list[socket.socket] = []
        self._old: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Pass nothing on any more."""
        self._cut.set()

    def mend(self) -> None:
        """Pass on what comes over new connections; the old ones are lost."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._cut.clear()
        self._old += ends

    def close(self) -> None:
        """Let go of all."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # which wakes whoever waits in it
        self._listening.close()
        self.mend()
        for end in self._old:
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            client.settimeout(self._keep_alive)
            self._ends.append(client)
            if not self._cut.is_set():
                try:
                    server = socket.create_connection(("127.0.0.1", self._to))
                except OSError:
                    client.close()
                    continue
                self._ends.append(server)
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        """Only shut what ends: a closed one's number may be another's by the time that it is used."""
        with suppress(OSError):
            while (data := one.recv(65_536)) and not self._cut.is_set():
                other.sendall(data)
        if not self._cut.is_set():
            for end in (one, other):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

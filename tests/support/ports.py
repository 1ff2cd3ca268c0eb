"""Ports for programs that must be told one; what can is given port 0 and says which it got."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack

_RANGE = range(10_000, 30_000)
"""Below those that the system gives to outgoing connections and to servers on port 0."""


def free_ports(count: int) -> list[int]:
    """Different ports of loopback on which nothing listens."""
    found: list[int] = []
    with ExitStack() as opened:
        for port in random.sample(_RANGE, len(_RANGE)):
            try:
                opened.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:  # it is taken
                continue
            found.append(port)
            if len(found) == count:
                return found
    raise AssertionError("there are no free ports")

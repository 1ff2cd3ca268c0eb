"""The connections of a server: how many there may be, how long each may keep it waiting, and how they end."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from reportdata.http.uvicorn_private import ServerState

if TYPE_CHECKING:
    from reportdata.http.protocol import ServerProtocol

log = logging.getLogger("reportdata.http")

GRACE = 10
"""Seconds that requests in flight have when the server stops."""
LAST_CALL = 1.0
"""Seconds that an idle connection has for another request when the server stops: a client that sends one is told that
the connection closes, one that does not finds it closed."""
_STEP = 0.02


class Connections(ServerState):
    """What uvicorn's protocols share, and what is asked of all of them.

    :param most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.draining = False
        self.date = b""
        """The line that tells the time."""
        self.refused: Counter[str] = Counter()
        """Connections that were answered with an error and closed before a request was read, by its code."""

    def tick(self) -> None:
        """A second has passed."""
        for connection in self._open():
            try:
                connection.tick()
            except Exception:  # one connection must not end the server
                log.exception("a connection could not be looked after and is closed")
                connection.transport.abort()

    def make_room(self, newcomer: ServerProtocol) -> bool:
        """Whether there is room for a connection that was just opened: when there are too many, another that waits for
        its client is closed. One whose request is being answered never is."""
        if len(self.connections) <= self.most:
            return True
        return any(connection.give_way() for connection in self._open() if connection is not newcomer)

    async def drain(self, give_up: Callable[[], bool]) -> None:
        """Answer what is in flight and what comes meanwhile, and close every connection after its last answer."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        self.draining = True
        for connection in self._open():
            connection.drain()
        while (self.connections or self.tasks) and loop.time() < begun + GRACE and not give_up():
            await asyncio.sleep(_STEP)
            if loop.time() > begun + LAST_CALL:
                for connection in self._open():
                    connection.close_if_idle()
        for connection in self._open():
            connection.transport.abort()
        for task in self.tasks:
            task.cancel()

    def _open(self) -> list[ServerProtocol]:
        return cast("list[ServerProtocol]", list(self.connections))

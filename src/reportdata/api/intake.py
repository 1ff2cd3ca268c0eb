"""Where pushed facts go, and backpressure: callers are slowed down, then refused, when more comes than is taken up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from reportdata.http.answers import Failed, Fault

OVERFULL = Fault(503, "ServiceUnavailable", "More facts wait than can be kept. Try again later.")

UNAVAILABLE = Fault(503, "ServiceUnavailable", "Facts cannot be taken now. Try again later.")
"""What is answered while the store is held by others, or the disk is full."""
LATER = {"retry-after": "5"}
_LONGEST_DELAY = 1.0
_LOOK = 0.1
"""Seconds between two looks at how full the inbox is."""


class Limits(NamedTuple):
    """How much may wait, in bytes."""

    soft: int = 64 << 20
    """From here on callers are kept waiting, up to a second, the longer the more there is."""
    hard: int = 256 << 20
    """From here on they are refused."""
    least_free: int = 100_000_000
    """With less on the disk they are refused too."""
    held: int = 64 << 20
    """What the bodies have together that are being read."""


DEFAULTS = Limits()


class Intake(NamedTuple):
    """Where facts go.

    ``append`` takes whole lines, each a `reportdata.facts.Fact` in JSON, which are durable when the future is done;
    ``backlog`` gives the bytes that wait, ``free`` those that the disk has left. All fail with `InboxError`.
    """

    append: Callable[[bytes], Future[None]]
    backlog: Callable[[], int]
    free: Callable[[], int]
    limits: Limits = DEFAULTS


class Room:
    """Whether there is room for more."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._held = 0
        self._looked = 0.0
        self._backlog, self._free = 0, intake.limits.least_free

    async def require(self) -> None:
        """Keep the caller waiting while much waits to be taken up.

        :raises Failed: when too much does.
        """
        now = asyncio.get_running_loop().time()
        if now >= self._looked + _LOOK:
            self._looked = now
            self._backlog, self._free = await run_in_threadpool(lambda: (self._intake.backlog(), self._intake.free()))
        limits = self._intake.limits
        if self._backlog >= limits.hard or self._free < limits.least_free:
            raise overfull()
        if self._backlog > limits.soft:
            await asyncio.sleep(_LONGEST_DELAY * (self._backlog - limits.soft) / (limits.hard - limits.soft))

    def hold(self, size: int) -> None:
        """A body that is being read has so many bytes more.

        :raises Failed: when all of them together have too many.
        """
        self._held += size
        if self._held > self._intake.limits.held:
            raise overfull()

    def let_go(self, size: int) -> None:
        """A body of that size is read no more."""
        self._held -= size


def overfull() -> Failed:
    """The refusal of what there is no room for."""
    return Failed(OVERFULL, headers=LATER)

"""Numbers of spans of days that other processes compute, remembered until what they rest on changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from reportdata.api.asking import Ask, Job, damaged
from reportdata.api.memory import Memory
from reportdata.errors import EngineError
from reportdata.http.answers import Failed
from reportdata.statistics.spans import Counts, Span

FRESH = 60.0
"""Seconds for which numbers are remembered at most: how certain they are may change with time alone."""
MOST_REMEMBERED, MOST_BY_DEPARTMENT = 1_000, 16
"""Spans that are remembered at most: of whole organisations, and by department, which have some bytes for each."""


class Asked(NamedTuple):
    """A span of an organisation's days."""

    corp_id: str
    span: Span


class _Computed(NamedTuple):
    task: asyncio.Task[Counts]
    began: float


class Spans:
    """Has spans counted. Who asks for what is being counted waits for that, so one process at most works on a span.

    :param ask: reaches the processes.
    :param clock: gives the time in seconds since 1970.
    """

    def __init__(self, ask: Ask, memory: Memory, clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._whole = memory.known(_nothing, MOST_REMEMBERED, answers=True)
        self._by_department = memory.known(_nothing, MOST_BY_DEPARTMENT, answers=True)
        self._running: set[asyncio.Task[Counts]] = set()

    async def counts(self, asked: Asked) -> Counts:
        """The numbers of a span.

        :raises Failed: when there are too many questions, the answer takes too long, or it needs damaged files.
        :raises EngineError: when they cannot be counted.
        """
        now = self._clock()
        known = self._by_department if asked.span.by_department else self._whole
        found = known.get(asked)
        if found is None or not found.began <= now < found.began + FRESH:
            found = _Computed(asyncio.ensure_future(self._count(asked, now)), now)
            known.remember(asked, found)
            self._running.add(found.task)
            found.task.add_done_callback(self._done)
        try:
            return await asyncio.shield(found.task)
        except Exception:
            if known.values.get(asked) is found:
                del known.values[asked]
            raise

    def _done(self, task: asyncio.Task[Counts]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # who asked may be gone

    async def _count(self, asked: Asked, now: float) -> Counts:
        reply, target = await self._ask(Job(asked.corp_id, now, span=asked.span))
        try:
            if reply.damaged is not None:
                raise Failed(damaged(reply.damaged))
            if not reply.has_file:
                raise EngineError(reply.error or reply.refused or "")
            return msgspec.json.decode(target.read_bytes(), type=Counts)
        finally:
            with suppress(OSError):
                target.unlink(missing_ok=True)


def _nothing(keys: Sequence[Asked]) -> Sequence[_Computed | None]:
    """The store has none of it."""
    return [None] * len(keys)

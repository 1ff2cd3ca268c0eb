"""Answers that other processes computed, kept until something changes: many people open the same pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from reportdata.api.asking import KEPT, Ask, Job, Questions, Reply
from reportdata.api.versions import Versions

MOST_BYTES, LARGEST = 16 << 20, 1 << 18
"""Bytes that are kept at most, and of one answer: a larger one is computed each time."""

GRACE = 1.0
"""Seconds for which work goes on that nobody waits for any more: who looks at one range and then at the next leaves
before most answers, and a process that is ended has to be started again."""


class Kept(NamedTuple):
    """What came of a job, and the bytes of its file."""

    reply: Reply
    body: bytes


class _Asked:
    """A job that is being done, and how many wait for it."""

    def __init__(self, task: asyncio.Task[Kept]) -> None:
        self.task = task
        self.waiting = 0


class KeptAnswers:
    """Has jobs done, each once for all who ask it while nothing has changed. The work ends a moment after the last who
    waits for it has left.

    An answer is kept as long as an entity tag of `Versions` would be the same, and says itself when it was made. One
    that lacks what needs damaged files is not: nothing tells when they are whole again.

    :param ask: reaches the processes.
    :param questions: is told how many were answered with what was there.
    :param clock: gives the time in seconds since 1970.
    :param most: bytes that are kept.
    """

    def __init__(
        self, ask: Ask, questions: Questions, versions: Versions, clock: Callable[[], float], most: int = MOST_BYTES
    ) -> None:
        self._ask = ask
        self._questions = questions
        self._versions = versions
        self._clock = clock
        self._most = most
        self._kept: dict[tuple[str, Job], Kept] = {}
        self._running: dict[tuple[str, Job], _Asked] = {}
        self._tags: dict[str, str] = {}
        self.size = 0
        """Bytes of the answers that are kept."""

    async def answer(self, job: Job) -> Kept:
        """What comes of a job of which nothing but the answer depends on when it is asked.

        :raises Failed: when there are too many questions, or the answer takes too long.
        """
        now = self._clock()
        key = (self._versions.tag(job.corp_id, now), msgspec.structs.replace(job, now=0.0))
        self._forget_others(job.corp_id, key[0])
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._kept[key] = kept  # the last to go
            self._questions.outcomes[KEPT] += 1
            return kept
        asked = self._running.get(key)
        if asked is not None:
            self._questions.outcomes[KEPT] += 1
        else:
            asked = self._running[key] = _Asked(asyncio.ensure_future(self._done(job)))
            asked.task.add_done_callback(lambda task: self._end(key, task))
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.task)
        finally:
            asked.waiting -= 1
            if not asked.waiting and not asked.task.done():
                asyncio.get_running_loop().call_later(GRACE, self._give_up, key, asked)

    def _forget_others(self, corp_id: str, tag: str) -> None:
        """Drop an organisation's answers with another tag: nobody will be given them any more."""
        if self._tags.get(corp_id) == tag:
            return
        self._tags[corp_id] = tag
        for key in [key for key in self._kept if key[1].corp_id == corp_id and key[0] != tag]:
            self.size -= len(self._kept.pop(key).body)

    def _give_up(self, key: tuple[str, Job], asked: _Asked) -> None:
        if not asked.waiting and not asked.task.done():
            self._running.pop(key, None)  # who asks now begins anew
            asked.task.cancel()

    async def _done(self, job: Job) -> Kept:
        reply, target = await self._ask(job)
        try:
            return Kept(reply, target.read_bytes() if reply.has_file else b"")
        finally:
            with suppress(OSError):
                target.unlink(missing_ok=True)

    def _end(self, key: tuple[str, Job], task: asyncio.Task[Kept]) -> None:
        running = self._running.get(key)
        if running is not None and running.task is task:
            del self._running[key]
        if task.cancelled() or task.exception() is not None:
            return
        kept = task.result()
        if not kept.body or kept.reply.lacks or len(kept.body) > LARGEST or self._tags.get(key[1].corp_id) != key[0]:
            return
        self.size += len(kept.body) - len(self._kept.pop(key, Kept(kept.reply, b"")).body)
        self._kept[key] = kept
        while self.size > self._most:
            oldest = next(iter(self._kept))
            self.size -= len(self._kept.pop(oldest).body)

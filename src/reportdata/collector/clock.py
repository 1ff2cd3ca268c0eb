"""The time, and waiting: passed in, so that a month can go by in a second."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time and lets it pass."""

    def now(self) -> float:
        """Seconds since 1970."""

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""


class Stopped(BaseException):
    """Waiting was interrupted, because the process is to end."""


class StillClock:
    """Shows one time, in seconds since 1970, to those who only look."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


class SystemClock:
    """The machine's clock. Waiting ends with `Stopped` as soon as ``ending`` is set."""

    def __init__(self, ending: threading.Event | None = None) -> None:
        self._ending = ending or threading.Event()

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        if self._ending.wait(seconds):
            raise Stopped

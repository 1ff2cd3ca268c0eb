"""A clock that stands still, runs at any speed, or is set.

It is called for the time, in seconds since 1970, so it can be passed wherever a program takes its time from; `sleep`
moves it and waits for nobody, so that a program whose sleeping is passed in lives through months in seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """A clock for many threads.

    :param start: seconds since 1970.
    :param speed: its seconds for each second of ``source``; 0 stands still.
    :param source: what it runs by.
    """

    def __init__(self, start: float, speed: float = 0.0, source: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._source = source
        self._speed = speed
        self._set_at = source()
        self._start = start

    def __call__(self) -> float:
        with self._lock:
            return self._now()

    @property
    def speed(self) -> float:
        """Its seconds for each second of what it runs by."""
        return self._speed

    def set(self, now: float | None = None, speed: float | None = None) -> None:
        """Set the time, the speed, or both."""
        with self._lock:
            self._start = self._now() if now is None else now
            self._set_at = self._source()
            self._speed = self._speed if speed is None else speed

    def sleep(self, seconds: float) -> None:
        """Move forward at once."""
        with self._lock:
            self._start += max(seconds, 0.0)

    def _now(self) -> float:
        return self._start + (self._source() - self._set_at) * self._speed if self._speed else self._start

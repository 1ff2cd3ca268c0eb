"""A clock for servers of tests."""

from __future__ import annotations


class Clock:
    """A clock that is moved by hand.

    :param now: seconds since 1970.
    """

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

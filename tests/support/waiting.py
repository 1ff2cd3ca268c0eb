"""Waiting for what another thread or process does. No test depends on how fast the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 180.0
"""Seconds after which what should have happened has not, on a machine that is as busy as can be."""


def until(done: Callable[[], bool], what: str = "it has not happened", *, pause: float = 0.02) -> None:
    """Wait until it is so.

    :param what: what it means when it never is.
    """
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end, what
        time.sleep(pause)

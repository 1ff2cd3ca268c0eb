"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

SOON = 180.0
"""Seconds after which what should have happened has not; a busy machine takes many."""


def until(happened: Callable[[], object]) -> None:
    """Wait until something has happened.

    :raises AssertionError: when it has not within `SOON`.
    """
    end = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < end, "it has not happened"
        time.sleep(0.01)


def becomes(read: Callable[[], object], value: object) -> None:
    """Wait until what is read equals a value.

    :raises AssertionError: with what was read at last, when it has not within `SOON`.
    """
    end = time.monotonic() + SOON
    while (found := read()) != value:
        assert time.monotonic() < end, f"{found!r} has not become {value!r}"
        time.sleep(0.01)


def lives(process: int) -> bool:
    """Whether a process has not ended, be it that nobody has asked yet how."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text("utf-8")
    except OSError:
        return False

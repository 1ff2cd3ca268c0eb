"""Progress where there is no terminal: a line of the log now and then, however rarely the work tells of itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reportdata.pipeline import Progress

log = logging.getLogger("reportdata.progress")

INTERVAL = 10.0
"""Seconds from one line to the next."""


@contextmanager
def progress_lines(amount: Callable[[str, int, int], str], interval: float = INTERVAL) -> Iterator[Progress]:
    """Writes what is done and how much of it to the log, once in each interval. Work that is over sooner tells nothing.

    :param amount: gives the amount that is done, for people, of what is done and how much of how much it is.
    """
    over = threading.Event()
    latest: list[tuple[str, int, int]] = []

    def note(what: str, done: int, total: int) -> None:
        latest[:] = [(what, done, total)]

    def write() -> None:
        while not over.wait(interval):
            for what, done, total in latest.copy():
                share = [f"{done / total:.0%}", amount(what, done, total)] if total else []
                log.info(", ".join([what, *share]), extra={"done": done, "total": total})

    writer = threading.Thread(target=write, name="progress", daemon=True)
    writer.start()
    try:
        yield note
    finally:
        over.set()
        writer.join()

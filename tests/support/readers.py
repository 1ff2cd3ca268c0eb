"""Readers that look at days while these change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


class Reading:
    """Threads that read again and again, until there is enough or a read fails."""

    def __init__(self, reads: Sequence[Callable[[], object]]) -> None:
        self.counts = [0] * len(reads)
        self.over = threading.Event()

    def goes_on(self, at_least: int) -> bool:
        """Whether there were fewer reads than that."""
        return not self.over.is_set() and sum(self.counts) < at_least

    def run(self, number: int, read: Callable[[], object]) -> None:
        try:
            while not self.over.is_set():
                read()
                self.counts[number] += 1
        finally:
            self.over.set()


@contextmanager
def readers(*reads: Callable[[], object]) -> Iterator[Reading]:
    """Reads in threads while the block runs."""
    reading = Reading(reads)
    with ThreadPoolExecutor(len(reads)) as pool:
        running = [pool.submit(reading.run, number, read) for number, read in enumerate(reads)]
        try:
            yield reading
        finally:
            reading.over.set()
        for future in running:
            future.result()
    assert all(reading.counts)

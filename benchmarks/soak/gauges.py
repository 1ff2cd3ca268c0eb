"""What the processes of a server take: memory and open files, sampled again and again, and how they grow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

WARM = 0.2
"""The share of the samples at the beginning that say nothing of growth."""


class Sample(NamedTuple):
    """What all processes of a server took together at a moment, and each by its part in it."""

    minute: float
    rss_kb: int
    files: int
    processes: dict[str, tuple[int, int]]


class Gauges(threading.Thread):
    """Samples a process and those that it started.

    :param every: seconds between two samples.
    """

    def __init__(self, process: int, every: float) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self._process = process
        self._every = every
        self._ending = threading.Event()

    def run(self) -> None:
        began = time.monotonic()
        while not self._ending.wait(self._every):
            found: dict[str, tuple[int, int]] = {}
            for number in _tree(self._process):
                with suppress(OSError, ValueError, StopIteration):
                    taken = _rss(number), len(list(Path(f"/proc/{number}/fd").iterdir()))
                    name = _part(number) if number != self._process else "server"
                    before = found.get(name, (0, 0))
                    found[name] = (before[0] + taken[0], before[1] + taken[1])
            rss, files = (sum(taken[at] for taken in found.values()) for at in (0, 1))
            self.samples.append(Sample(round((time.monotonic() - began) / 60, 2), rss, files, found))

    def stop(self) -> None:
        """Take no more samples."""
        self._ending.set()
        self.join()


class Growth(NamedTuple):
    """A figure's first, last and greatest value once warm, and its slope per minute by least squares."""

    first: float
    last: float
    most: float
    slope: float


def growth(minutes: list[float], values: list[float]) -> Growth | None:
    """How a figure grew; None of fewer than three samples."""
    skipped = int(len(values) * WARM)
    minutes, values = minutes[skipped:], values[skipped:]
    if len(values) < 3:
        return None
    middle, mean = sum(minutes) / len(minutes), sum(values) / len(values)
    spread = sum((at - middle) ** 2 for at in minutes)
    slope = sum((at - middle) * (value - mean) for at, value in zip(minutes, values, strict=True)) / spread
    return Growth(values[0], values[-1], max(values), slope)


def _tree(process: int) -> Iterator[int]:
    yield process
    with suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for number in (thread / "children").read_text().split():
                yield from _tree(int(number))


def _rss(process: int) -> int:
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def _part(process: int) -> str:
    words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    names = [word for word in words[1:] if word and not word.startswith("-") and "/" not in word and len(word) < 20]
    return names[1] if len(names) > 1 and names[0] == "reportdata" else (names[0] if names else "other")

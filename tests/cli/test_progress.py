"""Long work without a terminal tells how far it is, in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from queue import SimpleQueue

import pytest

from reportdata.cli.output import rate_text
from reportdata.cli.progress import progress_lines
from tests.support.waiting import SOON


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.found: SimpleQueue[str] = SimpleQueue()

    def emit(self, record: logging.LogRecord) -> None:
        self.found.put(record.getMessage())


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the log of progress says."""
    log, heard = logging.getLogger("reportdata.progress"), Lines()
    level = log.level
    log.addHandler(heard)
    log.setLevel(logging.INFO)
    yield heard
    log.setLevel(level)
    log.removeHandler(heard)


def amount(what: str, done: int, total: int) -> str:
    return rate_text(what, done, total, None)


def awaited(lines: Lines, text: str) -> None:
    """Wait for a line; that before it is still there is no wonder."""
    while lines.found.get(timeout=SOON) != text:
        pass


def test_work_that_lasts_tells_how_far_it_is_again_and_again(lines: Lines) -> None:
    with progress_lines(amount, 0.01) as progress:
        progress("reading a.csv", 1_500_000, 6_000_000)
        for _ in range(3):
            awaited(lines, "reading a.csv, 25%, 1.5 MB")
        progress("computing days · 20260921", 1, 40)
        awaited(lines, "computing days · 20260921, 2%, 1")
        progress("waiting", 0, 0)
        awaited(lines, "waiting")
    while not lines.found.empty():
        lines.found.get()
    progress("later", 0, 0)
    assert lines.found.empty()


def test_work_that_is_over_soon_tells_nothing(lines: Lines) -> None:
    with progress_lines(amount) as progress:
        progress("reading a.csv", 1, 2)
    with progress_lines(amount, 0.0001):
        pass  # nothing was told yet
    assert lines.found.empty()

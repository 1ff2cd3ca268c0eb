"""Work that is killed before or after one of its durable steps: in a fork, which counts the calls by which anything may
become durable or visible to others, and kills itself. Each call is two moments: before it, and after it."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable

OF_FILES = frozenset({"fsync", "rename", "link", "unlink", "ftruncate", "mkdir", "rmdir"})
OF_DATABASES = frozenset({"execute", "executemany", "close"})
OF_OBJECTS = frozenset({"put", "delete"})
STEPS = OF_FILES | OF_DATABASES | OF_OBJECTS


def killed_at(moment: int, work: Callable[[], object], steps: frozenset[str] = STEPS) -> bool:
    """Run the work and kill it at the moment of that number, from 1; False when it had fewer and ended."""
    status = _forked(moment, work, steps)[0]
    assert status in (0, signal.SIGKILL), f"the work ended with {status}"
    return status != 0


def moments_of(work: Callable[[], object], steps: frozenset[str] = STEPS) -> int:
    """Run the work and count its moments."""
    status, counted = _forked(0, work, steps)
    assert status == 0, f"the work ended with {status}"
    return counted


def _forked(moment: int, work: Callable[[], object], steps: frozenset[str]) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            counter = _Counter(moment, steps)
            threading.setprofile(counter)
            sys.setprofile(counter)
            work()
            sys.setprofile(None)
            threading.setprofile(None)
            os.write(writing, b"%d" % counter.counted)
            status = 0
        finally:
            os._exit(status)  # nothing of the parent's is ended here
    os.close(writing)
    with os.fdopen(reading) as counted:
        number = counted.read()
    return os.waitpid(child, 0)[1], int(number or 0)


class _Counter:
    """A profiler that counts the calls of functions in C by their names, and their returns."""

    def __init__(self, moment: int, steps: frozenset[str]) -> None:
        self._moment = moment
        self._steps = steps
        self.counted = 0

    def __call__(self, _frame: object, event: str, called: object) -> None:
        if event in ("c_call", "c_return") and getattr(called, "__name__", "") in self._steps:
            self.counted += 1
            if self.counted == self._moment:
                os.kill(os.getpid(), signal.SIGKILL)

"""The processor's cores, and which of them processes beside a server may use.

However far a process stands back (`nice`), a kernel may let it go on for milliseconds on the core of another one that
has just become ready. On Linux processes can be kept to some cores; elsewhere nothing happens.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_PASSES = 2
"""How often a process's threads are listed: one that begins while they are may have come of one that still had all."""


def cores() -> frozenset[int]:
    """The numbers of the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def all_but_one(of: Collection[int]) -> frozenset[int]:
    """These cores without the first; all of one."""
    return frozenset(sorted(of)[1:] or of)


def keep_to(process: int, usable: Collection[int]) -> None:
    """Let all threads of a process of this user, and those that they start, use these cores alone."""
    if not hasattr(os, "sched_setaffinity"):
        return
    for _ in range(_PASSES):
        with suppress(OSError):  # it has ended
            for thread in (Path("/proc") / str(process) / "task").iterdir():
                with suppress(OSError):  # it has ended, or the machine has these cores no more
                    os.sched_setaffinity(int(thread.name), usable)

"""Processes that a command starts beside itself, and keeps alive as long as it lives."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NamedTuple

from reportdata.cli.handover import Handover

log = logging.getLogger("reportdata.processes")

GRACE = 15.0
"""Seconds that children have to end when they are told to."""
_LIVED = 5.0
"""Seconds after which a child that died counts as one that had worked."""
_LONGEST_PAUSE = 5.0


class Child(NamedTuple):
    """A ``reportdata`` command that is run with ``--with-parent``, and what is handed over to it."""

    command: str
    handover: Handover


class Children:
    """Commands as processes; one that dies is started again, after a pause that grows while it keeps dying. A child's
    standard input is a pipe from here: it brings the settings, and ends when this process does, however that ends. Each
    is in a process group of its own, so that Ctrl+C reaches this process alone, which then ends them.

    :param descriptors: open files that they inherit.
    """

    def __init__(self, children: Sequence[Child], descriptors: Sequence[int] = ()) -> None:
        self._descriptors = descriptors
        self._ending = threading.Event()
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._keep, args=(number, child), daemon=True)
            for number, child in enumerate(children)
        ]

    def start(self) -> None:
        """Start them."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Tell them to end, and wait for it."""
        self._ending.set()
        with self._lock:
            for process in self._running.values():
                process.terminate()
        end = time.monotonic() + GRACE
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        with self._lock:
            for process in self._running.values():
                process.kill()

    def _keep(self, number: int, child: Child) -> None:
        pause = 0.1
        while not self._ending.is_set():
            began = time.monotonic()
            with self._lock:
                process = subprocess.Popen(  # noqa: S603 - this program
                    [sys.executable, "-m", "reportdata", child.command, "--with-parent"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    pass_fds=tuple(self._descriptors),
                    process_group=0,
                )
                self._running[number] = process
                if self._ending.is_set():
                    process.terminate()
            if process.stdin is not None:
                with suppress(OSError):  # it may have died already
                    process.stdin.write(child.handover.encoded())
                    process.stdin.flush()
            code = process.wait()
            with self._lock:
                del self._running[number]
            if process.stdin is not None:
                with suppress(OSError):
                    process.stdin.close()
            if self._ending.is_set():
                return
            log.error("`reportdata %s` ended with %s and is started again", child.command, code)
            pause = 0.1 if time.monotonic() - began > _LIVED else min(2 * pause, _LONGEST_PAUSE)
            self._ending.wait(pause)


@contextmanager
def running(children: Children) -> Iterator[None]:
    """The children run until the block ends."""
    children.start()
    try:
        yield
    finally:
        children.stop()

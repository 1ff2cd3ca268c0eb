"""Signals that tell a process to end."""

from __future__ import annotations

import os
import signal
import threading

_ENDING = (signal.SIGTERM, signal.SIGINT)
_READ = 64


def end_on_signals(ending: threading.Event) -> None:
    """Set ``ending`` on SIGTERM and SIGINT.

    Python runs a handler in the main thread, between any two of its steps: one that comes just before the main thread
    begins to wait is run when it has waited, and that may be never. So the signal's number is read from a pipe, into
    which it is written at once, by a thread of its own.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in _ENDING:
        signal.signal(number, _note)

    def wait() -> None:
        while True:
            if not set(_ENDING).isdisjoint(os.read(reading, _READ)):
                ending.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()


def _note(_number: int, _frame: object) -> None:
    """Nothing is done here: that there is a handler keeps the signal from ending the process."""

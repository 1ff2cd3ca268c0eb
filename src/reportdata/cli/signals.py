"""Signals that tell a process to end."""

from __future__ import annotations

import signal
import threading
from queue import SimpleQueue


def end_on_signals(ending: threading.Event) -> None:
    """Set ``ending`` on SIGTERM and SIGINT.

    A handler runs in the main thread between any two of its steps. Were it to set the event itself, it would wait for a
    lock that the main thread holds while it begins to wait for the event.
    """
    told: SimpleQueue[None] = SimpleQueue()  # may be put into from a handler
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.put(None))

    def wait() -> None:
        while True:
            told.get()
            ending.set()

    threading.Thread(target=wait, name="signals", daemon=True).start()

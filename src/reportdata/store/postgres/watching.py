"""What keeps a serving process's memory true: the store's counter of changes, read again and again in a thread.

What was read is valid while the counter stays the same, and that is known for a while only: `Watch.version` gives the
counter as long as it was read within `VALID` seconds. After that every call gives another number, so that nothing is
taken from memory and the store itself is asked; and once the store is known to be away, it says so. A counter, not
notifications: a lost notification cannot be told from silence.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from reportdata.errors import StoreError
from reportdata.store.postgres.database import Database

LOOK = 0.2
"""Seconds between two looks."""
VALID = 0.9
"""Seconds after the beginning of a look for which what it found holds."""
_PATIENCE = 0.7
"""Seconds that a look may take."""
_CONNECTIONS = 40
"""The place of the bits that differ with each connection: a server that lost its newest changes may count again."""


class _Known(NamedTuple):
    """When a look began, the version that it found, and how many of the changes were of who may ask alone."""

    at: float
    version: int
    access: int


class Watch:
    """Looks at the counter in a thread, from the first look on."""

    def __init__(self, open_database: Callable[[float], Database]) -> None:
        self._open = open_database
        self._database: Database | None = None
        self._connections = 0
        self._known: _Known | None = None
        self._away: StoreError | None = None
        self._unsure = itertools.count(-1, -1)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="store", daemon=True)
        self._look()
        self._thread.start()

    def version(self) -> int:
        """A number that is another one after anything was changed that may be remembered.

        :raises StoreError: when the store is away.
        """
        known = self._now()
        return known.version if known is not None else next(self._unsure)

    def version_of_answers(self) -> int:
        """A number that is another one after anything was changed that answers rest on.

        :raises StoreError: when the store is away.
        """
        known = self._now()
        return known.version - known.access if known is not None else next(self._unsure)

    def _now(self) -> _Known | None:
        """What is known and still holds."""
        known = self._known
        if known is not None and time.monotonic() - known.at < VALID:
            return known
        self.require_reachable()
        return None

    def require_reachable(self) -> None:
        """:raises StoreError: when the last look failed, so that nobody waits for what will not come."""
        if self._away is not None:
            raise StoreError(self._away.message, self._away.hint)

    def close(self) -> None:
        """Look no more."""
        self._ending.set()
        self._thread.join()
        if self._database is not None:
            self._database.close()

    def _look_on(self) -> None:
        while not self._ending.wait(LOOK):
            self._look()

    def _look(self) -> None:
        began = time.monotonic()
        try:
            if self._database is None:
                self._database = self._open(_PATIENCE)
                self._connections += 1
            connection = self._database.connection
            number, access = self._database.row("select number, access from changes") or (0, 0)
            if self._database.connection is not connection:
                self._connections += 1
        except StoreError as error:
            if self._database is not None:
                self._database.close()
                self._database = None
            self._away = error
        else:
            self._known = _Known(began, (self._connections << _CONNECTIONS) + int(number), int(access))
            self._away = None

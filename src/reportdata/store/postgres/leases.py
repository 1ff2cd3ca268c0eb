"""Leases in PostgreSQL: rows that expire by the server's clock, and that a thread renews as long as the holder lives.

A holder that was stopped, or cut off, loses its leases; it finds that by its own clock, without asking, and earlier
than anybody else can have them. Whoever takes an expired lease ends the sessions of the process that had it, which may
have been stopped within a transaction. What it may still do in the moment between looking and doing changes no number:
days are stored by comparing what they replace (`reportdata.store.Store.put_days`), and facts are a set.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from reportdata.errors import StoreError
from reportdata.store.postgres.connection import PROCESS
from reportdata.store.postgres.database import COMMAND_TIMEOUT, Database

LASTS = 5.0
"""Seconds that a lease lasts unless it is renewed."""
_BEAT = 1.0
"""Seconds between two renewals."""
_EARLY = 0.5
"""Seconds before its end from which on a lease does not count as valid."""
_LOOK = 0.05
"""Seconds between two tries to have a lease."""
_PATIENCE = 2.0
"""Seconds that a renewal may take."""
_IDLE = 10.0
"""Seconds after which a connection that nothing is held by is closed."""
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Goes on while the machine sleeps, where there is such a clock."""

_RENEW = """
update leases set expires_at = clock_timestamp() + %(lasts)s * interval '1 second'
where holder = any(%(holders)s) and expires_at > clock_timestamp()
returning holder
"""


class PostgresLease:
    """A lease that is renewed by `PostgresLeases`."""

    def __init__(self, shown_at: float) -> None:
        self.holder = f"{PROCESS} {uuid.uuid4().hex}"
        self.shown_at = shown_at
        """When its holder last showed that it lived, before the server noted it."""

    def valid(self) -> bool:
        """Whether it is surely held still."""
        return _now() < self.shown_at + LASTS - _EARLY


class PostgresLeases:
    """Gives leases in the database at ``address``. Several threads may use it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._held: dict[str, PostgresLease] = {}
        self._used_at = 0.0
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def holding(self, name: str, *, shared: bool = False, wait: bool = True) -> Iterator[PostgresLease]:
        """Hold a lease until the block ends: alone, or with others who hold it ``shared``.

        :raises BlockingIOError: when it is not to wait, and another holds it.
        :raises StoreError: when PostgreSQL does not answer.
        """
        while (lease := self._take(name, shared)) is None:
            if not wait:
                raise BlockingIOError(f"another holds {name}")
            time.sleep(_LOOK)
        try:
            yield lease
        finally:
            self._let_go(lease)

    def is_held(self, name: str) -> bool:
        """Whether anybody holds a lease."""
        with self._lock:
            row = self._opened().row(
                "select 1 from leases where name = %s and expires_at > clock_timestamp() limit 1", [name]
            )
        return row is not None

    def close(self) -> None:
        """Let go of the connections."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        if self._database is not None:
            self._database.close()

    def _opened(self) -> Database:
        self._used_at = _now()
        if self._database is None:
            self._database = Database(self._address, COMMAND_TIMEOUT)
        if self._thread is None:
            self._thread = threading.Thread(target=self._beat, name="leases", daemon=True)
            self._thread.start()
        return self._database

    def _take(self, name: str, shared: bool) -> PostgresLease | None:
        with self._lock:
            database = self._opened()
            lease = PostgresLease(_now())
            row = database.row("select take_lease(%s, %s, %s, %s)", (name, lease.holder, shared, LASTS))
            if not row or not row[0]:
                return None
            self._held[lease.holder] = lease
        return lease

    def _let_go(self, lease: PostgresLease) -> None:
        with self._lock:
            self._held.pop(lease.holder, None)
            with suppress(StoreError):  # else it expires
                self._opened().rows("delete from leases where holder = %s returning 1", [lease.holder])

    def _beat(self) -> None:
        database: Database | None = None
        while not self._ending.wait(_BEAT):
            with self._lock:
                held = dict(self._held)
                if held:
                    self._used_at = _now()
                elif self._database is not None and self._used_at + _IDLE < _now():
                    self._database.close()
                    self._database = None
            if held:
                shown_at = _now()
                try:
                    if database is None:
                        database = Database(self._address, _PATIENCE, migrate=False)
                    renewed = database.rows(_RENEW, {"lasts": LASTS, "holders": list(held)})
                except StoreError:  # tried again: whoever holds a lease finds it invalid in time
                    if database is not None:
                        database.close()
                        database = None
                    continue
                for (holder,) in renewed:
                    held[holder].shown_at = shown_at
        if database is not None:
            database.close()


def _now() -> float:
    return time.clock_gettime(_CLOCK)

"""Databases, which hold what a data folder holds besides facts: the store, what was pushed, names of people, leases.

A new one is a class with the protocol `Database`, and a line in ``DATABASES``.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Protocol

from reportdata.errors import BadValue

if TYPE_CHECKING:  # whoever uses no database loads none
    from pathlib import Path

    from reportdata.inbox import Inbox, Writer
    from reportdata.leases import Leases
    from reportdata.names import Names
    from reportdata.store import Store
    from reportdata.store.postgres.leases import PostgresLeases


class Database(Protocol):
    """A database at an address. What it opens is closed by who asked for it, but for the leases."""

    def store(self, timeout: float) -> Store:
        """The store, which is made when it is not there.

        :param timeout: seconds that a call takes at most.
        """

    def schemas(self) -> tuple[int, int]:
        """The schema that the store has, and the one that this program gives it when it opens it."""

    def inbox(self, folder: Path) -> Inbox:
        """The inbox, whose segments are files in the folder while they are taken up."""

    def writer(self) -> Writer:
        """What adds to the inbox."""

    def names(self) -> Names:
        """Where names of people are kept."""

    def leases(self) -> Leases | None:
        """The leases that this process has, until it ends; None where locks of the lake's files serve, because only one
        machine uses it."""


class Postgres:
    """PostgreSQL, at a connection URI of libpq."""

    def __init__(self, address: str) -> None:
        self._address = address

    def store(self, timeout: float) -> Store:
        """See `Database`."""
        from reportdata.store.postgres import PostgresStore

        return PostgresStore(self._address, timeout)

    def schemas(self) -> tuple[int, int]:
        """See `Database`."""
        from reportdata.store.postgres import schemas

        return schemas(self._address)

    def inbox(self, folder: Path) -> Inbox:
        """See `Database`."""
        from reportdata.store.postgres.inbox import PostgresInbox

        return PostgresInbox(self._address, folder)

    def writer(self) -> Writer:
        """See `Database`."""
        from reportdata.store.postgres.inbox import PostgresWriter

        return PostgresWriter(self._address)

    def names(self) -> Names:
        """See `Database`."""
        from reportdata.store.postgres.names import PostgresNames

        return PostgresNames(self._address)

    def leases(self) -> Leases | None:
        """See `Database`."""
        return _leases(self._address)


@cache
def _leases(address: str) -> PostgresLeases:
    """One connection for all leases, which is made when one is asked for."""
    from reportdata.store.postgres.leases import PostgresLeases

    leases = PostgresLeases(address)
    atexit.register(leases.close)
    return leases


DATABASES: Mapping[str, Callable[[str], Database]] = {
    "postgresql": Postgres,
    "postgres": Postgres,
}
"""Every kind of database: what it is opened by, by how its addresses begin."""


def database_at(address: str) -> Database:
    """The database at an address. Nothing is asked of it yet.

    :raises BadValue: when there is no such kind of database.
    """
    scheme, separator, _ = address.partition("://")
    if not separator or scheme not in DATABASES:
        raise BadValue(
            "the store's address is none that is known",
            "postgresql://USER@HOST/DATABASE, or none for the data folder",
        )
    return DATABASES[scheme](address)

"""The embedded store: one SQLite file, several processes at once."""

from __future__ import annotations

from pathlib import Path

from reportdata.store.sqlite.database import COMMAND_TIMEOUT, SERVING_TIMEOUT, Database
from reportdata.store.sqlite.days import Days
from reportdata.store.sqlite.identities import Identities

__all__ = ["SERVING_TIMEOUT", "SQLiteStore"]


class SQLiteStore(Identities, Days):
    """A `reportdata.store.Store` in the SQLite file at ``path``, which is made when it is not there.

    ``timeout`` is how many seconds it waits for another process's lock. An instance may be used by one thread at a
    time; any number of instances, in any number of processes, may be open.
    """

    def __init__(self, path: Path, timeout: float = COMMAND_TIMEOUT) -> None:
        self.database = Database(path, timeout)

    def version(self) -> int:
        row = self.database.row("pragma data_version")
        return int(row[0]) if row else 0

    def size(self) -> int:
        names = (
            self.database.path,
            *(self.database.path.with_name(f"{self.database.path.name}-{x}") for x in ("wal", "shm")),
        )
        return sum(path.stat().st_size for path in names if path.exists())

    def close(self) -> None:
        self.database.connection.close()

"""What the collector remembers, in an SQLite file of its own. What a method has written survives power loss.

Everything is by organisation, so that one can be forgotten. Several processes may use the file at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reportdata.errors import LedgerError
from reportdata.sqlite import Database, Kind

_TIMEOUT = 30.0
"""Seconds to wait while another process writes."""
_KIND = Kind(
    "the collector's file", __name__, LedgerError, "restore the newest backup: what is missing is collected anew"
)


class Ledger(Database):
    """The ledger in a file, which is made when it is not there. One thread at a time may use it.

    :raises LedgerError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, _KIND, _TIMEOUT)

    def number(self, sql: str, values: Sequence[Any] = ()) -> int:
        """The one number that a query gives; 0 when it gives none."""
        row = self.row(sql, values)
        return int(row[0] or 0) if row else 0

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Change something, durably; how many rows it were."""
        with self.writing() as connection:
            return connection.execute(sql, values).rowcount

    def forget(self, corp_id: str, user_id: str | None = None) -> int:
        """Remove an organisation with all that is known of it, or one person's reports and comments. Returns how many
        rows that were; nothing of them can be read from the file when this returns.

        :raises LedgerError: also when another process keeps what was removed readable, by reading an older state all
            the time; it is removed then.
        """
        removed = 0
        if user_id is not None:
            self.write(
                "insert into forgotten values (?, ?) on conflict do nothing", (corp_id, digest(corp_id, user_id))
            )
        named = "corp_id" if user_id is None else "user_id"
        tables = [table for table, column in self.columns() if column == named]
        with self.writing() as connection:
            for table in tables:
                if user_id is None:
                    removed += connection.execute(f"delete from {table} where corp_id = ?", (corp_id,)).rowcount
                else:
                    found = connection.execute(
                        f"delete from {table} where corp_id = ? and user_id = ?", (corp_id, user_id)
                    )
                    removed += found.rowcount
        self.wipe()
        return removed

    def forgotten(self, corp_id: str) -> Callable[[str], bool]:
        """Tells of a person whether they were forgotten, so that they are not collected again."""
        known = {found for (found,) in self.rows("select digest from forgotten where corp_id = ?", (corp_id,))}
        return lambda user_id: bool(known) and digest(corp_id, user_id) in known


def digest(corp_id: str, user_id: str) -> str:
    """What stands for a person who was forgotten."""
    return hashlib.sha256(f"{corp_id}\0{user_id}".encode()).hexdigest()

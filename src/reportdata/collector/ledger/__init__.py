"""What the collector remembers, in an SQLite file of its own. What a method has written survives power loss.

What was collected belongs to a source, and a source to an organisation, so that one can be forgotten. Several processes
may use the file at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reportdata.digests import of_person
from reportdata.errors import LedgerError
from reportdata.sqlite import Database
from reportdata.sqlite_kinds import Kind

_TIMEOUT = 30.0
"""Seconds to wait while another process writes."""
_KIND = Kind(
    "the collector's file", __name__, LedgerError, "restore the newest backup: what is missing is collected anew"
)


class Ledger(Database):
    """The ledger in a file, which is made when it is not there, unless it is not to be ``new``. One thread at a time
    may use it.

    :raises LedgerError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path, *, new: bool = True) -> None:
        super().__init__(path, _KIND, _TIMEOUT, new=new)

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
        own = "source in (select id from sources where corp_id = ?)"
        with self.writing() as connection:
            if user_id is not None:
                values = corp_id, of_person(corp_id, user_id)
                connection.execute("insert into forgotten values (?, ?) on conflict do nothing", values)
                for table in self._tables("user_id"):
                    removed += connection.execute(
                        f"delete from {table} where {own} and user_id = ?", (corp_id, user_id)
                    ).rowcount
            else:
                for table in self._tables("source"):  # before the sources themselves
                    removed += connection.execute(f"delete from {table} where {own}", (corp_id,)).rowcount
                for table in self._tables("corp_id"):
                    removed += connection.execute(f"delete from {table} where corp_id = ?", (corp_id,)).rowcount
        self.wipe()
        return removed

    def remember(self, corp_id: str, user_id: str) -> bool:
        """Let a person who was forgotten be collected again; False when nobody was."""
        values = corp_id, of_person(corp_id, user_id)
        return self.write("delete from forgotten where corp_id = ? and digest = ?", values) > 0

    def forgotten(self, source: int) -> Callable[[str], bool]:
        """Tells of a person of a source's organisation whether they were forgotten, so that they are not collected
        again."""
        found = self.rows(
            "select corp_id, digest from forgotten where corp_id = (select corp_id from sources where id = ?)",
            (source,),
        )
        known = {of_person for _, of_person in found}
        return lambda user_id: bool(found) and of_person(found[0][0], user_id) in known

    def _tables(self, column: str) -> list[str]:
        return [table for table, name in self.columns() if name == column]

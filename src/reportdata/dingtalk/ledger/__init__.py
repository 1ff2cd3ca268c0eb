"""What the collector remembers, in an SQLite file of its own. What a method has written survives power loss.

Everything is by organisation, so that one can be forgotten. Several processes may use the file at once.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from reportdata.errors import LedgerError

_TIMEOUT = 30.0
"""Seconds to wait while another process writes."""
_SCHEMA = 1


class Ledger:
    """The ledger in a file, which is made when it is not there. One thread at a time may use it.

    :raises LedgerError: from every method, when the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self.connection = sqlite3.connect(
                path, timeout=_TIMEOUT, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from error
        try:
            for setting in ("journal_mode = wal", "synchronous = full", "secure_delete = on"):
                self.connection.execute(f"pragma {setting}")
            self._migrate()
        except BaseException as error:
            self.connection.close()
            if isinstance(error, sqlite3.Error):
                raise self._failed(error) from error
            raise

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            return self.connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found = self.rows(sql, values)
        return found[0] if found else None

    def number(self, sql: str, values: Sequence[Any] = ()) -> int:
        """The one number that a query gives; 0 when it gives none."""
        row = self.row(sql, values)
        return int(row[0] or 0) if row else 0

    def write(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Change something, durably; how many rows it were."""
        with self.writing() as connection:
            return connection.execute(sql, values).rowcount

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits when the block ends, and changes nothing when the block raises."""
        try:
            self.connection.execute("begin immediate")
            try:
                yield self.connection
                self.connection.execute("commit")
            except BaseException:
                self.connection.rollback()
                raise
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def forget(self, corp_id: str, user_id: str | None = None) -> int:
        """Remove an organisation with all that is known of it, or one person's reports and comments. Returns how many
        rows that were; nothing of them can be read from the file when this returns.

        :raises LedgerError: also when another process keeps what was removed readable, by reading; it is removed then.
        """
        removed = 0
        if user_id is not None:
            self.write(
                "insert into forgotten values (?, ?) on conflict do nothing", (corp_id, digest(corp_id, user_id))
            )
        tables = self._tables("corp_id" if user_id is None else "user_id")
        with self.writing() as connection:
            for table in tables:
                if user_id is None:
                    removed += connection.execute(f"delete from {table} where corp_id = ?", (corp_id,)).rowcount
                else:
                    found = connection.execute(
                        f"delete from {table} where corp_id = ? and user_id = ?", (corp_id, user_id)
                    )
                    removed += found.rowcount
        try:
            self.connection.execute("vacuum")
            busy = self.connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
        except sqlite3.Error as error:
            raise self._failed(error) from error
        if busy:
            raise LedgerError(
                f"{self.path} still holds what was removed: another process reads an older state",
                "wait until backups and other commands are done, and try again",
            )
        return removed

    def forgotten(self, corp_id: str) -> Callable[[str], bool]:
        """Tells of a person whether they were forgotten, so that they are not collected again."""
        known = {found for (found,) in self.rows("select digest from forgotten where corp_id = ?", (corp_id,))}
        return lambda user_id: bool(known) and digest(corp_id, user_id) in known

    def mentions(self, text: str) -> dict[str, int]:
        """Where a text stands in the ledger, alone or within a longer one: places, and how many values hold it."""
        found = {}
        columns = self.rows(
            "select t.name, c.name from pragma_table_list t join pragma_table_info(t.name) c "
            "where t.type = 'table' and t.schema = 'main' order by 1, 2"
        )
        for table, column in columns:
            count = self.number(f'select count(*) from "{table}" where instr("{column}", ?)', (text,))
            if count:
                found[f"{table}.{column}"] = count
        return found

    def faults(self) -> list[str]:
        """What SQLite finds damaged in the file, a line for each."""
        return [line for (line,) in self.rows("pragma quick_check") if line != "ok"]

    def copy(self, target: Path) -> None:
        """Copy the ledger, as it is at one moment, to a new file."""
        try:
            target.touch(mode=0o600, exist_ok=False)
            with closing(sqlite3.connect(target)) as copied:
                self.connection.backup(copied)
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"{self.path} cannot be copied to {target}: {error}") from error

    def _tables(self, column: str) -> list[str]:
        return [
            str(name)
            for (name,) in self.rows(
                "select t.name from pragma_table_list t join pragma_table_info(t.name) c "
                "where t.type = 'table' and t.schema = 'main' and c.name = ?",
                (column,),
            )
        ]

    def _migrate(self) -> None:
        if self.number("pragma user_version") == _SCHEMA:
            return
        with self.writing() as connection:
            version = self.number("pragma user_version")
            if version > _SCHEMA:
                raise LedgerError(
                    f"{self.path} has schema {version}, this program knows {_SCHEMA}",
                    "use the newer version of reportdata that wrote it",
                )
            steps = sorted(files(__package__).joinpath("schema").iterdir(), key=lambda step: step.name)
            for step in [step for step in steps if step.name.endswith(".sql")][version:]:
                for statement in step.read_text("utf-8").split(";\n"):
                    connection.execute(statement)
            connection.execute(f"pragma user_version = {_SCHEMA}")

    def _failed(self, error: Exception) -> LedgerError:
        hint = "see that its folder can be written, that the disk is not full and that the file is whole"
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            hint = "another process is writing to it: try again when that is done"
        return LedgerError(f"the collector's file {self.path} cannot be used: {error}", hint)


def digest(corp_id: str, user_id: str) -> str:
    """What stands for a person who was forgotten."""
    return hashlib.sha256(f"{corp_id}\0{user_id}".encode()).hexdigest()

"""One connection to an SQLite file: how it is opened, migrated, read, written, copied and wiped.

How many of its migrations (`reportdata.migrations`) a file has seen is its ``user_version``.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from reportdata.errors import ReportDataError
from reportdata.files import make, sync
from reportdata.migrations import migrations, statements, unseen
from reportdata.reserves import Reserve
from reportdata.sqlite_kinds import Kind, code_of

_CANNOT_SHARE = (sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMMAP)
"""SQLite's errors when there is no room for the memory that processes share."""
_AGAIN = 0.01
"""Seconds between two tries of what SQLite does not wait for by itself."""


class Database:
    """A connection in WAL mode: readers never wait for a writer, and what a writer committed survives power loss.

    It may be used by one thread at a time. Every method raises the error of the file's kind.

    :param timeout: seconds to wait for another process's lock.
    :param alone: on a disk so full that nothing can be shared with other processes, not even in the place of a reserve
        that lies beside the file, hold the file alone until this is closed, so that it can be read.
    :param new: whether the file, and its folder, are made where they are not there.
    """

    def __init__(self, path: Path, kind: Kind, timeout: float, *, alone: bool = False, new: bool = True) -> None:
        self.path = path
        self.kind = kind
        self._timeout = timeout
        try:
            if new:
                make(path.parent)
            if not path.exists():
                if not new:
                    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
                sync(path.parent.absolute().parent)  # who made the folder may have been killed before it was durable
                path.touch(mode=0o600)  # SQLite gives the files beside it the same rights
        except OSError as error:
            raise self.failed(error) from error
        self._reserve = Reserve(path)
        try:
            self.connection = self._opened_with_room(alone=alone)
        except sqlite3.Error as error:
            raise self.failed(error) from error
        self._reserve.keep()

    def _opened_with_room(self, *, alone: bool) -> sqlite3.Connection:
        try:
            return self._opened()
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) not in _CANNOT_SHARE:
                raise
            full = error
        with suppress(OSError, sqlite3.Error):
            self._reserve.give_up()
            return self._opened()
        if not alone:
            raise full
        return self._opened(alone=True)

    def _opened(self, *, alone: bool = False) -> sqlite3.Connection:
        self.connection = sqlite3.connect(
            self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            if alone:
                self.connection.execute("pragma locking_mode = exclusive")  # then the log's index is in memory
            self._until(lambda: bool(self.connection.execute("pragma journal_mode = wal")))
            self.connection.execute("pragma synchronous = full")
            self.connection.execute("pragma foreign_keys = on")
            self.connection.execute("pragma secure_delete = on")  # what is removed is overwritten
            self._migrate()
        except BaseException:
            self.connection.close()
            raise
        return self.connection

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
        self._reserve.restore()

    def failed(self, error: Exception) -> ReportDataError:
        """The error of this kind for one of SQLite's."""
        return self.kind.failed(self.path, "answer", error)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            return self.connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise self.failed(error) from error

    def row(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        try:
            row: tuple[Any, ...] | None = self.connection.execute(sql, values).fetchone()
        except sqlite3.Error as error:
            raise self.failed(error) from error
        return row

    @contextmanager
    def aside(self, table: str) -> Iterator[sqlite3.Connection]:
        """A transaction for a temporary table alone, which is made when it is not there: nobody waits for it."""
        with self._transaction("begin") as connection:
            connection.execute(table)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits when the block ends, and changes nothing when the block raises."""
        with self._transaction("begin immediate") as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A transaction that reads: everything in it is as of one moment."""
        with self._transaction("begin", "rollback") as connection:
            yield connection

    def columns(self) -> list[tuple[str, str]]:
        """Tables and their columns, in the order of the tables' names; SQLite's own among them."""
        return [
            (table, column)
            for table, column in self.rows(
                "select t.name, c.name from pragma_table_list t join pragma_table_info(t.name) c "
                "where t.type = 'table' and t.schema = 'main' order by t.name, c.cid"
            )
        ]

    def mentions(self, text: str) -> dict[str, int]:
        """Where a text stands in the file, alone or within a longer one: places, and how many values hold it."""
        found = {}
        for table, column in self.columns():
            row = self.row(f'select count(*) from "{table}" where instr("{column}", ?)', (text,))
            if row and row[0]:
                found[f"{table}.{column}"] = int(row[0])
        return found

    def wipe(self) -> None:
        """Write the file anew and empty the log beside it, so that neither holds what was deleted. Readers of an older
        state are waited for, as long as for a lock.

        :raises ReportDataError: of this kind, also when another process reads an older state all the time.
        """
        try:
            self._until(lambda: bool(self.connection.execute("vacuum")))
            self._until(lambda: not self.connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0])
            # SQLite does not need the log to stay empty after a power failure; what was in it is to be gone for good.
            sync(self.path.with_name(f"{self.path.name}-wal"))
        except TimeoutError as error:
            raise self.kind.error(
                f"{self.kind.name} {self.path} still holds what was removed: another process reads an older state",
                "wait until backups and other commands are done, and try again",
            ) from error
        except (sqlite3.Error, OSError) as error:
            raise self.failed(error) from error

    def faults(self, *, thorough: bool = False) -> list[str]:
        """What SQLite finds damaged in the file, a line for each."""
        found = self.rows("pragma integrity_check" if thorough else "pragma quick_check")
        return [line for (line,) in found if line != "ok"]

    def copy(self, target: Path) -> None:
        """Copy the file as it is at one moment to a new one, and check that."""
        try:
            target.touch(mode=0o600, exist_ok=False)
            with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(target)) as copied:
                # In one step, which reads one snapshot: in several it would begin anew whenever another process writes.
                source.backup(copied)
                faults = [line for (line,) in copied.execute("pragma integrity_check") if line != "ok"]
        except (sqlite3.Error, OSError) as error:
            if code_of(error) != sqlite3.SQLITE_CORRUPT:
                hint = "see that the folder can be written and that its disk is not full"
                raise self.kind.failed(self.path, f"be copied to {target}", error, hint) from error
            faults = [str(error)]
        if faults:
            raise self.kind.error(f"{self.kind.name} {self.path} is damaged: {faults[0]}", self.kind.restored)

    def size(self) -> int:
        """Bytes of the file and of those that SQLite keeps beside it."""
        paths = (self.path, *(self.path.with_name(f"{self.path.name}-{suffix}") for suffix in ("wal", "shm")))
        return sum(path.stat().st_size for path in paths if path.exists())

    @contextmanager
    def _transaction(self, begin: str, end: str = "commit") -> Iterator[sqlite3.Connection]:
        try:
            self.connection.execute(begin)
            try:
                yield self.connection
                self.connection.execute(end)
            except BaseException:
                self.connection.rollback()
                raise
        except sqlite3.Error as error:
            raise self.failed(error) from error

    def _until(self, done: Callable[[], bool]) -> None:
        """Try again while another process is in the way: SQLite does not wait for that by itself.

        :raises TimeoutError: when it is not done in time.
        """
        end = time.monotonic() + self._timeout
        while True:
            try:
                if done():
                    return
            except sqlite3.OperationalError as error:
                if code_of(error) != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
            if time.monotonic() > end:
                raise TimeoutError
            time.sleep(_AGAIN)

    def _migrate(self) -> None:
        steps = migrations(self.kind.package)
        if self._version() == len(steps):
            return
        with self.writing() as connection:
            for step in unseen(steps, self._version(), f"{self.kind.name} {self.path}", self.kind.error):
                for statement in statements(step.read_text("utf-8")):
                    connection.execute(statement)
            connection.execute(f"pragma user_version = {len(steps)}")

    def _version(self) -> int:
        row = self.row("pragma user_version")
        return int(row[0]) if row else 0

"""One connection to the SQLite file: how it is opened, migrated, read and written."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from reportdata.errors import StoreError

COMMAND_TIMEOUT = 30.0
"""Seconds that a command waits for another process's lock."""
SERVING_TIMEOUT = 1.4
"""Seconds that a call waits: twice this is below the 3 s after which DingTalk's Node SDK gives up."""


class Database:
    """A connection in WAL mode: readers never wait for a writer, and what a writer committed survives power loss.

    It may be used by one thread at a time.
    """

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self._timeout = timeout
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.connection = sqlite3.connect(
                path, timeout=timeout, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except (sqlite3.Error, OSError) as error:
            raise self.failed(error) from error
        try:
            self._use_wal(timeout)
            self.connection.execute("pragma synchronous = full")
            self.connection.execute("pragma foreign_keys = on")
            self.connection.execute("pragma secure_delete = on")  # what is removed is overwritten
            self._migrate()
        except BaseException as error:
            self.connection.close()
            if isinstance(error, sqlite3.Error):
                raise self.failed(error) from error
            raise

    def _use_wal(self, timeout: float) -> None:
        """Another process that makes the same file locks it, and SQLite does not wait for that by itself."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.connection.execute("pragma journal_mode = wal")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(0.01)
            else:
                return

    def failed(self, error: Exception) -> StoreError:
        """The store's error for one of SQLite's."""
        hint = "see that its folder can be written, that the disk is not full and that the file is whole"
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            hint = "another process is writing to it: try again when that is done"
        return StoreError(f"the store {self.path} cannot answer: {error}", hint)

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
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            self.connection.execute(begin)
            try:
                yield self.connection
                self.connection.execute("commit")
            except BaseException:
                self.connection.rollback()
                raise
        except sqlite3.Error as error:
            raise self.failed(error) from error

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A transaction that reads: everything in it is as of one moment."""
        try:
            self.connection.execute("begin")
            try:
                yield self.connection
            finally:
                self.connection.rollback()
        except sqlite3.Error as error:
            raise self.failed(error) from error

    def wipe(self) -> None:
        """Write the file anew and empty the log beside it, so that neither holds what was deleted.

        :raises StoreError: when another process reads an older state all the time.
        """
        end = time.monotonic() + self._timeout
        try:
            self.connection.execute("vacuum")
            while self.connection.execute("pragma wal_checkpoint(truncate)").fetchone()[0]:
                if time.monotonic() > end:
                    raise StoreError(
                        f"the store {self.path} still holds what was removed: another process reads an older state",
                        "wait until backups and other commands are done, and try again",
                    )
                time.sleep(0.01)
        except sqlite3.Error as error:
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
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise StoreError(
                    f"the store {self.path} cannot be copied to {target}: {error}",
                    "see that the folder can be written and that its disk is not full",
                ) from error
            faults = [str(error)]
        if faults:
            raise StoreError(
                f"the store {self.path} is damaged: {faults[0]}",
                "restore the newest backup, and import again what came after it",
            )

    def _migrate(self) -> None:
        steps = _steps()
        if self._version() == len(steps):
            return
        with self.writing() as connection:
            version = self._version()
            if version > len(steps):
                raise StoreError(
                    f"the store {self.path} has schema {version}, this program knows {len(steps)}",
                    "use the newer version of reportdata that wrote it",
                )
            for step in steps[version:]:
                for statement in step.read_text("utf-8").split(";\n"):
                    connection.execute(statement)
            connection.execute(f"pragma user_version = {len(steps)}")

    def _version(self) -> int:
        row = self.row("pragma user_version")
        return int(row[0]) if row else 0


def schemas(path: Path) -> tuple[int, int]:
    """The schema that the store in a file has, and the one that this program gives it when it opens it.

    :raises StoreError: when the file cannot be read.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            return connection.execute("pragma user_version").fetchone()[0], len(_steps())
    except sqlite3.Error as error:
        raise StoreError(f"the store {path} cannot be read: {error}") from error


def _steps() -> list[Traversable]:
    steps = (step for step in files(__package__).joinpath("schema").iterdir() if step.name.endswith(".sql"))
    return sorted(steps, key=lambda step: step.name)

"""What an SQLite file is: its kind, and how SQLite's errors are told of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from reportdata.errors import ReportDataError
from reportdata.migrations import migrations


class Kind(NamedTuple):
    """What a file is: what it is called in errors, the package whose folder ``schema`` has its migrations, the error
    that is raised, and what brings a damaged one back."""

    name: str
    package: str
    error: type[ReportDataError]
    restored: str

    def failed(self, path: Path, verb: str, error: Exception, hint: str = "") -> ReportDataError:
        """The error for one of SQLite's."""
        if code_of(error) == sqlite3.SQLITE_BUSY:
            hint = "another process is writing to it: try again when that is done"
        hint = hint or "see that its folder can be written, that the disk is not full and that the file is whole"
        return self.error(f"{self.name} {path} cannot {verb}: {error}", hint)

    def schemas(self, path: Path) -> tuple[int, int]:
        """The schema that a file has, and the one that this program gives it when it opens it.

        :raises ReportDataError: of this kind, when the file cannot be read.
        """
        try:
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
                return connection.execute("pragma user_version").fetchone()[0], len(migrations(self.package))
        except sqlite3.Error as error:
            raise self.failed(path, "be read", error) from error


def code_of(error: Exception) -> int:
    """SQLite's code of an error; 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF

"""A reserve beside an SQLite file: room for the memory that processes share, on a disk that has become full."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from reportdata.files import write_all

_SIZE = 1 << 16
"""Bytes that are kept: what SQLite needs to open a file that nobody has open."""


class Reserve:
    """The reserve of the file at ``path``. It is a file, too."""

    def __init__(self, path: Path) -> None:
        self._place = path.with_name(f"{path.name}-reserve")
        self._is_used = False

    def keep(self) -> None:
        """Write it, if there is room for it, unless what it was kept for takes its place."""
        with suppress(OSError):
            if self._is_used or self._place.exists():
                return
            descriptor = os.open(self._place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                write_all(descriptor, os.urandom(_SIZE))  # zeros need no room on some file systems
            except OSError:
                self._place.unlink()
            finally:
                os.close(descriptor)

    def give_up(self) -> None:
        """Let what it was kept for take its place.

        :raises OSError: when there is none.
        """
        self._place.unlink()
        self._is_used = True

    def restore(self) -> None:
        """Write it anew, if it was given up: what took its place is gone."""
        if self._is_used:
            self._is_used = False
            self.keep()

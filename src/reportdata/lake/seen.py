"""Which files were found whole, so that they are not read for that again until they change."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from reportdata.files import reading
from reportdata.lake.membership import Added
from reportdata.lake.place import Content

ROOM = 256
"""Files that may be remembered beside twice those that are needed."""
_Mark = tuple[int, int, int]
"""A file's bytes, the time of its last change in nanoseconds, and its inode."""


class Seen:
    """Remembers files that were found whole, by their keys, for as long as they are needed, since to read a file costs
    more than its digest."""

    def __init__(self) -> None:
        self._whole: dict[str, _Mark] = {}
        self._damaged: dict[str, _Mark] = {}
        self._most = ROOM

    @property
    def is_crowded(self) -> bool:
        """Whether so many files are remembered that half of them may be needed no more."""
        return len(self._whole) + len(self._damaged) > self._most

    def brought(self, key: str, path: Path) -> Content:
        """What is in a file that comes to the place of that key."""
        content, mark = _read(path)
        self._whole[key] = mark
        return content

    def keep_only(self, keys: Collection[str]) -> None:
        """Forget all files but these: no other is needed any more."""
        for known in (self._whole, self._damaged):
            for key in set(known).difference(keys):
                known.pop(key, None)
        self._most = 2 * (len(self._whole) + len(self._damaged)) + ROOM

    def is_whole(self, key: str, path: Path, added: Added, *, again: bool = False) -> bool:
        """Whether a file is what was added.

        :param again: read it, even when it has not changed since it was last found whole.
        """
        try:
            stat = path.stat()
            mark = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
            if stat.st_size != added.size:
                return False
            if added.sha256 and (again or self._whole.get(key) != mark):
                if not again and self._damaged.get(key) == mark:
                    return False
                content, mark = _read(path)
                if content != (added.size, added.sha256):
                    self._whole.pop(key, None)
                    self._damaged[key] = mark
                    return False
        except OSError:
            return False
        self._whole[key] = mark
        self._damaged.pop(key, None)
        return True


def content_of(path: Path) -> Content:
    """What is in a file.

    :raises OSError: when it cannot be read.
    """
    return _read(path)[0]


def _read(path: Path) -> tuple[Content, _Mark]:
    with reading(path) as file:
        stat = os.fstat(file.fileno())
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Content(file.tell(), digest), (stat.st_size, stat.st_mtime_ns, stat.st_ino)

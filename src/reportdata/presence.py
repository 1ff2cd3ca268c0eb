"""Whether folders are still where they were opened.

A process that goes on by paths after its folder was moved, unmounted or replaced would make a new one in its place, and
what it is told then would be seen nowhere.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from reportdata.errors import FolderGone
from reportdata.files import make

log = logging.getLogger("reportdata.folder")

_HINT = "bring it back, or end this process and start it where the folder is now"


class Presence(msgspec.Struct, frozen=True):
    """Folders, each by its path, with the device and the inode that it had."""

    known: tuple[tuple[str, int, int], ...] = ()

    @classmethod
    def of(cls, *folders: Path) -> Presence:
        """Those of the folders that are there."""
        return cls(tuple((str(path.absolute()), *found) for path in folders if (found := _identity(path)) is not None))

    def lost(self) -> str:
        """What is wrong with a folder that is not there any more; empty when all are."""
        for path, *known in self.known:
            found = _identity(Path(path))
            if found is None:
                return f"the folder {path} is gone: it was moved or unmounted"
            if list(found) != known:
                return f"another folder is at {path}: it was replaced, or a disk was mounted or unmounted there"
        return ""

    def require(self) -> None:
        """:raises FolderGone: when a folder is not there any more."""
        if lost := self.lost():
            raise FolderGone(lost, _HINT)


NOTHING = Presence()
"""No folder, which is never lost."""


class Ground:
    """A folder that is made when something is put there. What it lies in is made with it only where it was not there
    when this began: else it was moved or unmounted since, and nobody would see what is made in its place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._within = folder.parent if folder.parent.is_dir() else None

    def make(self, *names: str) -> Path:
        """The folder, or one below it by the names on the way there. The names of those that are made are durable.

        :raises FileNotFoundError: when what it lies in is gone.
        """
        below = self.folder.joinpath(*names)
        make(below, self._within)
        self._within = self.folder.parent
        return below


class Watch:
    """Looks at folders again and again, and says once in the log when one goes, and when it is back.

    :param refused: what is not done meanwhile.
    """

    def __init__(self, presence: Presence, refused: str) -> None:
        self._presence = presence
        self._refused = refused
        self._said = ""

    def look(self) -> bool:
        """Whether all folders are there."""
        lost = self._presence.lost()
        if lost and not self._said:
            log.error("%s; %s until it is back; %s", lost, self._refused, _HINT)
        elif self._said and not lost:
            log.info("the folder is back")
        self._said = lost
        return not lost


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino

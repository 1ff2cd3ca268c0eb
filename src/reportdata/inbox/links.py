"""Second names of segments, hard links, by which a segment that was deleted is brought back. ::

    inbox-links/<id>     the same file as inbox/<id>.open or inbox/<id>.jsonl

The writer makes one when it begins a segment, before anything in it is acknowledged; the syncs of the two folders make
both names durable. It is removed before its segment is, durably. So one that holds something, and whose segment is
gone, is what nobody took up. Segments of older releases have none, nor have those on a file system without hard links.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from reportdata.files import remove, sync
from reportdata.locks import locked

_NONE = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)
"""How a file system says that it has no hard links, or no more of them."""

log = logging.getLogger("reportdata.inbox")


class Links:
    """The second names of the segments of an inbox, in a folder beside it, which is made with the first of them."""

    def __init__(self, inbox: Path) -> None:
        self.folder = inbox.with_name(f"{inbox.name}-links")
        self._inbox = inbox

    def make(self, segment: Path) -> bool:
        """Give a segment its second name, where the file system can; it is durable once both folders are synced."""
        self.folder.mkdir(exist_ok=True, mode=0o700)
        try:
            self._of(segment).hardlink_to(segment)
        except OSError as error:
            if error.errno not in _NONE:
                raise
            return False
        return True

    def remove(self, segments: Iterable[Path]) -> None:
        """Remove the second names of segments, durably."""
        remove(map(self._of, segments))

    def orphans(self, listed: Collection[Path]) -> list[Path]:
        """The second names of segments that are gone though nobody took them up; each can be read like a segment.

        :param listed: segments that were there just now.
        """
        known = {path.stem for path in listed}
        with suppress(FileNotFoundError):
            return sorted(link for link in self.folder.iterdir() if link.name not in known and self._is_orphan(link))
        return []

    def adopt(self, link: Path) -> Path | None:
        """Give a segment that is gone its first name back, as one whose writer died; None when it was taken up just
        now, or is empty, so that nothing in it was acknowledged."""
        if not self._holds_something(link):
            return None
        path = self._inbox / f"{link.name}.open"
        self._inbox.mkdir(exist_ok=True, mode=0o700)
        try:
            path.hardlink_to(link)
        except FileExistsError:
            return path
        except FileNotFoundError:
            return None
        sync(self._inbox)
        log.warning("the segment %s was gone, and is brought back by its second name %s", path, link)
        return path

    def _is_orphan(self, link: Path) -> bool:
        # In this order: a writer renames the first to the second, and who takes a segment up removes its link first.
        names = (".open", ".jsonl", ".damaged")
        return not any((self._inbox / f"{link.name}{suffix}").exists() for suffix in names) and link.exists()

    def _holds_something(self, link: Path) -> bool:
        """Whether it does; else it goes, unless its writer lives."""
        with suppress(BlockingIOError, FileNotFoundError):
            descriptor = locked(link, wait=False, flags=os.O_RDWR)
            try:
                if link.stat().st_size:
                    return True
                link.unlink()
            finally:
                os.close(descriptor)
            return False
        return size_of(link) > 0

    def _of(self, segment: Path) -> Path:
        return self.folder / segment.stem


def size_of(link: Path) -> int:
    """Bytes that a segment holds; 0 when it is gone."""
    with suppress(FileNotFoundError):
        return link.stat().st_size
    return 0

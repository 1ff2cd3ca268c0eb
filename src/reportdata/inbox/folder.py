"""The inbox of one machine: a folder of segments. ::

    inbox/<id>.open      a segment that one process is writing, which holds its lock
    inbox/<id>.jsonl     a finished segment; a line is a `Fact` in JSON, or a checksum (`reportdata.inbox.checksums`)
    inbox/<id>.damaged   a segment that is not what was written, kept for people to look at
    inbox-links/<id>     a segment's second name, by which it comes back when it was deleted (`reportdata.inbox.links`)

Ids sort by time. What was acknowledged survives ``kill -9`` and power loss; what was not may be there or not, in whole
lines. The segment of a writer that died, whose lock can be had, is cut after its last whole line and finished by
whoever looks for finished ones. Taking facts into the lake twice is harmless, so a segment is removed only after that.
"""

from __future__ import annotations

import logging
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from reportdata.errors import InboxError
from reportdata.files import has_line, read, remove, sync
from reportdata.inbox import Concerned
from reportdata.inbox.checksums import is_checksum
from reportdata.inbox.links import Links, size_of
from reportdata.inbox.segments import Segment, dropped, recovered, whole
from reportdata.inbox.writing import Batches
from reportdata.presence import Ground

LARGEST_SEGMENT = 8 << 20
"""Bytes after which a segment is finished."""
_BLOCK = 4096

log = logging.getLogger("reportdata.inbox")


class FolderInbox:
    """The inbox in a folder, which is made when something is written to it.

    :raises InboxError: from every method, when the folder or a file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._links = Links(folder)

    def ready(self) -> list[Path]:
        """The finished segments, the oldest first, those that a dead writer left among them, and those that were
        deleted."""
        try:
            paths = self._listed()
            paths += filter(None, map(self._links.adopt, self._links.orphans(paths)))
            left = [recovered(path) for path in paths if path.suffix == ".open"]
            if any(left):
                sync(self.folder)
        except OSError as error:
            raise self._failed("read", error) from error
        return sorted([*(path for path in paths if path.suffix == ".jsonl"), *filter(None, left)])

    def backlog(self) -> int:
        """Bytes that wait, finished or not; each segment counts as the whole blocks of disk that it takes up."""
        found = 0
        try:
            for path in self._paths():
                with suppress(FileNotFoundError):  # it was taken up or renamed just now
                    found += -(-path.stat().st_size // _BLOCK) * _BLOCK
        except OSError as error:
            raise self._failed("read", error) from error
        return found

    def free(self) -> int:
        """Bytes that may still be written to the disk."""
        try:
            return shutil.disk_usage(next(path for path in (self.folder, *self.folder.parents) if path.exists())).free
        except OSError as error:
            raise self._failed("read", error) from error

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """A name and whole lines for each segment that is there, finished or not. What is taken into the lake meanwhile
        may be left out."""
        try:
            for path in self._paths():
                for place in (path, path.with_suffix(".jsonl")):  # it may be finished just now
                    with suppress(FileNotFoundError):
                        content = read(place)
                        yield f"{path.stem}.jsonl", whole(path.stem, content)
                        break
        except OSError as error:
            raise self._failed("read", error) from error

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove segments whose facts are in the lake. They are gone for good when this returns."""
        gone = list(paths)
        try:
            self._links.remove(gone)
            remove(gone)
        except OSError as error:
            raise self._failed("written", error) from error

    def set_aside(self, path: Path) -> str:
        """Keep a damaged segment where nobody looks for finished ones; returns where."""
        try:
            aside = path.rename(path.with_suffix(".damaged"))
            self._links.remove([path])
            return str(aside)
        except OSError as error:
            raise self._failed("written", error) from error

    def holds(self, concerned: Concerned) -> bool:
        """Whether a segment, finished or not, has such a line."""
        try:
            return any(has_line(path, lambda line: not is_checksum(line) and concerned(line)) for path in self._paths())
        except OSError as error:
            raise self._failed("read", error) from error

    def deleted(self) -> list[Path]:
        """The second names of segments that were deleted and not brought back yet."""
        try:
            return [link for link in self._links.orphans(self._listed()) if size_of(link)]
        except OSError as error:
            raise self._failed("read", error) from error

    def drop(self, concerned: Concerned) -> int:
        """Remove such lines from finished segments; returns how many. Who calls this is the only worker."""
        try:
            return sum(self._dropped(path, concerned) for path in self.ready())
        except OSError as error:
            raise self._failed("written", error) from error

    def close(self) -> None:
        """There is nothing to let go of."""

    def _dropped(self, path: Path, concerned: Concerned) -> int:
        if has_line(path, concerned):
            self._links.remove([path])  # it would keep what is removed
        return dropped(path, concerned)

    def _paths(self) -> list[Path]:
        """All segments, those that were deleted by their second names."""
        listed = self._listed()
        return listed + self._links.orphans(listed)

    def _listed(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix in (".open", ".jsonl")]
        except FileNotFoundError:
            return []

    def _failed(self, what: str, error: OSError) -> InboxError:
        return InboxError(f"the inbox {self.folder} cannot be {what}: {error.strerror or error}")


class FolderWriter(Batches):
    """Writes to an inbox in a thread: all that comes while it writes is made durable together afterwards.

    :param clock: gives the time in seconds since 1970.
    :param require: is called before anything is written, and raises what keeps it from being written.
    :param age: seconds after which a segment is finished, so that its facts are soon taken up.
    :param longest: the same while the one before it still waits: there is no hurry then, and many files were a burden.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float],
        require: Callable[[], None] = lambda: None,
        *,
        age: float = 0.05,
        longest: float = 1.0,
        largest: int = LARGEST_SEGMENT,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._require = require
        self._age, self._longest, self._largest = age, longest, largest
        self._id = uuid.uuid4().hex[:12]
        self._named = 0
        self._links = Links(folder)
        self._ground = Ground(folder)
        self._known: tuple[tuple[int, int], ...] = ()
        self._segment: Segment | None = None
        self._before: Path | None = None
        super().__init__(str(folder))

    def _pause(self) -> float | None:
        return self._age if self._segment else None

    def _write(self, lines: bytes) -> None:
        self._require()
        (self._segment or self._begin()).write(lines)

    def _failed(self) -> None:
        if self._segment is not None:
            self._segment.abandon()
            self._segment = None

    def _written(self, *, ended: bool) -> None:
        if self._segment is not None and (ended or self._is_ripe(self._segment)):
            self._finish(self._segment)

    def _begin(self) -> Segment:
        self._ground.make()
        while self._segment is None:
            self._named = max(self._named + 1, int(self._clock() * 1e6))
            with suppress(FileNotFoundError):  # it was taken for a dead writer's before it was locked
                self._segment = Segment(self._folder / f"{self._named:016x}-{self._id}.open")
        folders = [self._folder, *([self._links.folder] if self._links.make(self._segment.path) else [])]
        for folder in folders:
            sync(folder)
        known = tuple((found.st_dev, found.st_ino) for found in map(Path.stat, folders))
        if known != self._known:  # they are new, or were made anew by somebody who may not have come that far
            sync(self._folder.parent)
            self._known = known
        return self._segment

    def _is_ripe(self, segment: Segment) -> bool:
        age = time.monotonic() - segment.begun
        waits = self._before is not None and age < self._longest and self._before.exists()
        return segment.size >= self._largest or (age >= self._age and not waits)

    def _finish(self, segment: Segment) -> None:
        self._segment = None
        try:
            self._before = segment.finish()
        except OSError as error:  # all of it is durable, and is found as a dead writer's
            log.error("the segment %s cannot be finished: %s", segment.path, error.strerror)  # noqa: TRY400

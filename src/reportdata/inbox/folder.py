"""The inbox of one machine: a folder of segments. ::

    inbox/<id>.open      a segment that one process is writing, which holds its lock
    inbox/<id>.jsonl     a finished segment; a line is a `Fact` in JSON
    inbox/<id>.damaged   a segment that could not be read, kept for people to look at

Ids sort by time. What was acknowledged survives ``kill -9`` and power loss; what was not may be there or not, in whole
lines. The segment of a writer that died, whose lock can be had, is cut after its last whole line and finished by
whoever looks for finished ones. Taking facts into the lake twice is harmless, so a segment is removed only after that.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from reportdata.errors import InboxError
from reportdata.facts import Fact
from reportdata.inbox import Concerned
from reportdata.inbox.writing import Batches

LARGEST_SEGMENT = 8 << 20
"""Bytes after which a segment is finished."""
_BLOCK = 4096
_sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # not every system has it
_facts = msgspec.json.Decoder(Fact)

log = logging.getLogger("reportdata.inbox")


class FolderInbox:
    """The inbox in a folder, which is made when something is written to it.

    :raises InboxError: from every method, when the folder or a file cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ready(self) -> list[Path]:
        """The finished segments, the oldest first, those that a dead writer left among them."""
        try:
            paths = self._paths()
            left = [_recovered(path) for path in paths if path.suffix == ".open"]
            if any(left):
                _sync(self.folder)
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
                        content = place.read_bytes()
                        yield f"{path.stem}.jsonl", content[: _whole(content)]
                        break
        except OSError as error:
            raise self._failed("read", error) from error

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove segments whose facts are in the lake. They are gone for good when this returns."""
        try:
            for path in paths:
                path.unlink(missing_ok=True)
            if self.folder.exists():
                _sync(self.folder)
        except OSError as error:
            raise self._failed("written", error) from error

    def set_aside(self, path: Path) -> str:
        """Keep a damaged segment where nobody looks for finished ones; returns where."""
        try:
            return str(path.rename(path.with_suffix(".damaged")))
        except OSError as error:
            raise self._failed("written", error) from error

    def holds(self, concerned: Concerned) -> bool:
        """Whether a segment, finished or not, has such a line."""
        return any(has_line(path, concerned) for path in self._paths())

    def drop(self, concerned: Concerned) -> int:
        """Remove such lines from finished segments; returns how many. Who calls this is the only worker."""
        try:
            return sum(rewrite(path, concerned) for path in self.ready())
        except OSError as error:
            raise self._failed("written", error) from error

    def close(self) -> None:
        """There is nothing to let go of."""

    def _paths(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix in (".open", ".jsonl")]
        except FileNotFoundError:
            return []

    def _failed(self, what: str, error: OSError) -> InboxError:
        return InboxError(f"the inbox {self.folder} cannot be {what}: {error.strerror or error}")


class FolderWriter(Batches):
    """Writes to an inbox in a thread: all that comes while it writes is made durable together afterwards.

    :param clock: gives the time in seconds since 1970.
    :param age: seconds after which a segment is finished, so that its facts are soon taken up.
    :param longest: the same while the one before it still waits: there is no hurry then, and many files were a burden.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float],
        *,
        age: float = 0.05,
        longest: float = 1.0,
        largest: int = LARGEST_SEGMENT,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._age, self._longest, self._largest = age, longest, largest
        self._id = uuid.uuid4().hex[:12]
        self._named = 0
        self._segment: _Segment | None = None
        self._before: Path | None = None
        super().__init__(str(folder))

    def _pause(self) -> float | None:
        return self._age if self._segment else None

    def _write(self, lines: bytes) -> None:
        (self._segment or self._begin()).write(lines)

    def _failed(self) -> None:
        if self._segment is not None:
            self._segment.abandon()
            self._segment = None

    def _written(self, *, ended: bool) -> None:
        if self._segment is not None and (ended or self._is_ripe(self._segment)):
            self._finish(self._segment)

    def _begin(self) -> _Segment:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        while self._segment is None:
            self._named = max(self._named + 1, int(self._clock() * 1e6))
            with suppress(FileNotFoundError):  # it was taken for a dead writer's before it was locked
                self._segment = _Segment(self._folder / f"{self._named:016x}-{self._id}.open")
        _sync(self._folder)
        _sync(self._folder.parent)
        return self._segment

    def _is_ripe(self, segment: _Segment) -> bool:
        age = time.monotonic() - segment.begun
        waits = self._before is not None and age < self._longest and self._before.exists()
        return segment.size >= self._largest or (age >= self._age and not waits)

    def _finish(self, segment: _Segment) -> None:
        self._segment = None
        try:
            self._before = segment.finish()
        except OSError as error:  # all of it is durable, and is found as a dead writer's
            log.error("the segment %s cannot be finished: %s", segment.path, error.strerror)  # noqa: TRY400


class _Segment:
    """A new segment, locked and empty.

    :raises FileNotFoundError: when somebody removed it before it was locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes that are durable."""
        self.begun = time.monotonic()
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            path.stat()  # it may have been taken for a dead writer's, and removed
        except OSError:
            os.close(self._descriptor)
            raise

    def write(self, lines: bytes) -> None:
        """Add lines and make them durable."""
        rest = memoryview(lines)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        _sync_data(self._descriptor)
        self.size += len(lines)

    def finish(self) -> Path:
        """Let it be taken up. A rename that a power loss undoes does no harm: it then is a dead writer's."""
        try:
            return self.path.rename(self.path.with_suffix(".jsonl"))
        finally:
            os.close(self._descriptor)

    def abandon(self) -> None:
        """A write failed: keep what was durable before it. Where that is impossible too, all whole lines stay."""
        with suppress(OSError):
            _cut(self._descriptor, self.path, self.size)
        os.close(self._descriptor)


def _recovered(path: Path) -> Path | None:
    """The segment of a dead writer, finished; None when it is being written or was empty."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return _cut(descriptor, path, _whole(path.read_bytes()))
    except (BlockingIOError, FileNotFoundError):  # its writer lives, or has just finished it
        pass
    finally:
        os.close(descriptor)
    return None


def _cut(descriptor: int, path: Path, size: int) -> Path | None:
    """Finish a segment after that many bytes, durably; remove it when nothing is left."""
    if not size:
        path.unlink()
        return None
    os.ftruncate(descriptor, size)
    os.fsync(descriptor)
    return path.rename(path.with_suffix(".jsonl"))


def _whole(content: bytes) -> int:
    """The bytes up to the end of the last line that is a fact: a power loss may leave anything after it."""
    end = content.rfind(b"\n") + 1
    while end:
        start = content.rfind(b"\n", 0, end - 1) + 1
        try:
            _facts.decode(content[start:end])
        except (msgspec.DecodeError, UnicodeDecodeError):
            end = start
        else:
            break
    return end


def _sync(folder: Path) -> None:
    """Make a folder's names durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def has_line(path: Path, concerned: Concerned) -> bool:
    """Whether a file of lines has such a one; not when it is gone."""
    try:
        return any(map(concerned, path.read_bytes().splitlines()))
    except FileNotFoundError:
        return False


def rewrite(path: Path, concerned: Concerned) -> int:
    """Write a file of lines anew without those; returns how many. What others append meanwhile is kept."""
    if not has_line(path, concerned):
        return 0
    aside, removed = path.with_name(f"{path.name}.anew"), 0
    with path.open("rb") as old:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as new:
            for turn in range(2):
                lines = old.read().splitlines(keepends=True)
                kept = [line for line in lines if not concerned(line)]
                removed += len(lines) - len(kept)
                new.write(b"".join(kept))
                os.fsync(new.fileno())
                if turn == 0:
                    aside.rename(path)
    _sync(path.parent)
    return removed

"""Segments, the files of an inbox's folder: one process writes and locks each, and finishes it, or whoever finds it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reportdata.facts import is_fact
from reportdata.files import read, remove, rewrite, write, write_all
from reportdata.inbox.checksums import checked, has_checksums, is_checksum, summed
from reportdata.locks import locked

_sync_data: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)  # not every system has it


class Segment:
    """A new segment, locked and empty.

    :raises FileNotFoundError: when somebody removed it before it was locked.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        """Bytes that are durable."""
        self.begun = time.monotonic()
        self._descriptor = locked(path, wait=True, flags=os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND)
        try:
            path.stat()  # it may have been taken for a dead writer's, and removed
        except OSError:
            os.close(self._descriptor)
            raise

    def write(self, lines: bytes) -> None:
        """Add lines and make them durable."""
        batch = summed(self.path.stem, self.size, lines)
        write_all(self._descriptor, batch)
        _sync_data(self._descriptor)
        self.size += len(batch)

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


def recovered(path: Path) -> Path | None:
    """The segment of a dead writer, finished; None when it is being written or was empty."""
    with suppress(BlockingIOError, FileNotFoundError):  # its writer lives, or has just finished it
        descriptor = locked(path, wait=False, flags=os.O_RDWR)
        try:
            content = read(path)
            kept = whole(path.stem, content)
            if content.startswith(kept):
                return _cut(descriptor, path, len(kept))
            finished = path.with_suffix(".jsonl")
            write(finished, kept)
            path.unlink()
            return finished
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


def dropped(path: Path, concerned: Callable[[bytes], bool]) -> int:
    """Remove such lines from a finished segment, and the segment when none is left; returns how many. A damaged one
    stays damaged."""
    content = read(path)
    found = checked(path.stem, content)
    if not has_checksums(content) or found.end < len(content):
        count = rewrite(path, lambda line: not is_checksum(line) and concerned(line))
        if count and not path.stat().st_size:
            remove([path])
        return count
    lines = found.lines.splitlines(keepends=True)
    kept = [line for line in lines if not concerned(line.rstrip(b"\n"))]
    if not kept:
        remove([path])
    elif len(kept) < len(lines):
        write(path, summed(path.stem, 0, b"".join(kept)))
    return len(lines) - len(kept)


def whole(name: str, content: bytes) -> bytes:
    """What stays of a segment that was being written: a power loss may leave anything of the last batch, also its end
    without its start, where zeros stand then. With checksums, all batches before it; what is damaged otherwise stays as
    it is, so that it is found. Without them, the lines up to the last one that is a fact, but for those with holes.

    :param name: the segment's, without its suffix.
    """
    if has_checksums(content):
        batches = checked(name, content)
        return content[: batches.end] if batches.torn else content
    end = content.rfind(b"\n") + 1
    while end:
        start = content.rfind(b"\n", 0, end - 1) + 1
        if is_fact(content[start:end]):
            break
        end = start
    found = content[:end]
    if b"\0" in found:
        return b"".join(line for line in found.splitlines(keepends=True) if b"\0" not in line)
    return found

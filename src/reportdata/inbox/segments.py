"""Segments, the files of an inbox's folder: one process writes and locks each, and finishes it, or whoever finds it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reportdata.facts import is_fact
from reportdata.files import locked, write, write_all

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
        write_all(self._descriptor, lines)
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


def recovered(path: Path) -> Path | None:
    """The segment of a dead writer, finished; None when it is being written or was empty."""
    with suppress(BlockingIOError, FileNotFoundError):  # its writer lives, or has just finished it
        descriptor = locked(path, wait=False, flags=os.O_RDWR)
        try:
            content = path.read_bytes()
            kept = whole(content)
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


def whole(content: bytes) -> bytes:
    """The lines up to the last one that is a fact, but for those with holes: a power loss may leave anything of what
    was being written, also its end without its start, where zeros stand then."""
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

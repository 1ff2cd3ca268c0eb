"""Standard input, pipes and devices, copied to a file: readers go over a file several times."""

from __future__ import annotations

import errno
import logging
import os
import select
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISFIFO, S_ISREG
from threading import Timer
from typing import BinaryIO

from reportdata.errors import BadFile

STDIN = Path("-")
"""What stands for standard input."""
PATIENCE = 5.0
"""Seconds without a byte after which it is told that somebody waits."""
NO_WRITER = 60.0
"""Seconds for which a pipe that has a name may have nobody who writes to it."""
_CHUNK = 1 << 20
_AGAIN = 50
"""Milliseconds between two looks for a writer that writes nothing yet."""

log = logging.getLogger("reportdata.import")


def is_stream(path: Path) -> bool:
    """Whether a path is no file that can be read again: standard input, a pipe or a device."""
    if path == STDIN:
        return True
    try:
        return not S_ISREG(path.stat().st_mode)
    except OSError:  # its reader will say so
        return False


def name_of(path: Path) -> str:
    """What a file is called in messages."""
    return "<stdin>" if path == STDIN else str(path)


def spooled(path: Path, folder: Path) -> Path:
    """A copy of all that comes out of a stream, as old as the beginning of that: nothing later was asked for.

    While nothing comes, the log says that it is waited for.

    :raises BadFile: when it cannot be read, there is no room for it, or nobody writes to it.
    """
    target = folder / (path.name if path != STDIN else "stdin")
    began = time.time()
    timer = Timer(PATIENCE, log.warning, ("waiting for %s: nothing has come yet", name_of(path)))
    timer.daemon = True
    timer.start()
    try:
        with target.open("wb") as copy:
            for chunk in _of_named_pipe(path) if _is_named_pipe(path) else _of_stream(path):
                timer.cancel()
                copy.write(chunk)
        os.utime(target, (began, began))
    except OSError as error:
        hint = f"make room on the disk of {folder.parent}" if error.errno == errno.ENOSPC else ""
        raise BadFile(name_of(path), f"cannot be read: {error.strerror or error}", hint) from error
    finally:
        timer.cancel()
    return target


def _is_named_pipe(path: Path) -> bool:
    """Whether a path is a pipe that is opened by name; those of a shell lie in ``/proc``, and have their writers."""
    return path != STDIN and S_ISFIFO(path.stat().st_mode) and not path.resolve().is_relative_to("/proc")


def _of_named_pipe(path: Path) -> Iterator[bytes]:
    """What is written to a pipe, until all who write to it have closed it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        coming = select.poll()
        coming.register(descriptor, select.POLLIN)
        end = time.monotonic() + NO_WRITER
        has_writer = False
        while True:
            try:
                chunk = os.read(descriptor, _CHUNK)
            except BlockingIOError:  # somebody has it open, and takes the time it takes
                has_writer = True
                coming.poll()
                continue
            if chunk:
                has_writer = True
                yield chunk
            elif has_writer:
                return
            elif time.monotonic() > end:
                reason = f"is a pipe, and nobody has opened it to write to it in {NO_WRITER:g} seconds"
                raise BadFile(name_of(path), reason, "start what writes to it, and do the same again")
            else:
                has_writer = bool(coming.poll(_AGAIN))
    finally:
        os.close(descriptor)


def _of_stream(path: Path) -> Iterator[bytes]:
    with _opened(path) as source:
        while chunk := source.read(_CHUNK):
            yield chunk


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path != STDIN:
        with path.open("rb", buffering=0) as file:
            yield file
        return
    if sys.stdin is None:
        raise BadFile(name_of(path), "is closed", "write to it, like: mysql … | reportdata import -")
    yield sys.stdin.buffer

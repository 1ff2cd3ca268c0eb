"""Standard input, pipes and devices, copied to a file: readers go over a file several times."""

from __future__ import annotations

import errno
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from threading import Timer
from typing import BinaryIO

from reportdata.errors import BadFile

STDIN = Path("-")
"""What stands for standard input."""
PATIENCE = 5.0
"""Seconds without a byte after which it is told that somebody waits."""
_CHUNK = 1 << 20

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

    :raises BadFile: when it cannot be read, or there is no room for it.
    """
    target = folder / (path.name if path != STDIN else "stdin")
    began = time.time()
    timer = Timer(PATIENCE, log.warning, ("waiting for %s: nothing has come yet", name_of(path)))
    timer.daemon = True
    timer.start()
    try:
        with _opened(path) as source, target.open("wb") as copy:
            while chunk := source.read(_CHUNK):
                timer.cancel()
                copy.write(chunk)
        os.utime(target, (began, began))
    except OSError as error:
        hint = f"make room on the disk of {folder.parent}" if error.errno == errno.ENOSPC else ""
        raise BadFile(name_of(path), f"cannot be read: {error.strerror or error}", hint) from error
    finally:
        timer.cancel()
    return target


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    if path != STDIN:
        with path.open("rb", buffering=0) as file:
            yield file
        return
    if sys.stdin is None:
        raise BadFile(name_of(path), "is closed", "write to it, like: mysql … | reportdata import -")
    yield sys.stdin.buffer

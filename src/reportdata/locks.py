"""Locks of files and folders, which end with the process that holds them."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY
"""How a folder is opened."""


def locked(path: Path, *, wait: bool, shared: bool = False, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """A descriptor that holds the lock of the file; closing it lets go.

    :param flags: how the file is opened; `FOLDER` for a folder, which is locked itself.
    :raises BlockingIOError: when it is not to wait, and another holds the lock.
    """
    descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor

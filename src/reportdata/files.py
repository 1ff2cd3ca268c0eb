"""Locks that end with the process that holds them, and what makes files durable."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def holding(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait for the lock of a file and hold it: alone, or with others who hold it ``shared``."""
    lock = locked(path, wait=True, shared=shared)
    try:
        yield
    finally:
        os.close(lock)


def locked(path: Path, *, wait: bool, shared: bool = False) -> int:
    """A descriptor that holds the lock of the file; closing it lets go.

    :raises OSError: when it is not to wait, and another holds the lock.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def second_name(path: Path, place: Path) -> Path:
    """The file under another name, or under its own where a file can have but one."""
    with suppress(OSError):
        place.hardlink_to(path)
        return place
    return path


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

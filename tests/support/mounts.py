"""File systems of a test's own, which nothing else on the machine sees."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_CLONE_NEWNS = 0x20000


def _is_alone() -> bool:
    """Give this process mounts of its own: what it leaves goes when it ends."""
    unshare = getattr(ctypes.CDLL(None, use_errno=True), "unshare", None)
    if os.geteuid() != 0 or unshare is None or unshare(_CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode == 0


_ALONE = _is_alone()  # when this is imported, as threads from before would not see what is mounted


def _mount(*arguments: object) -> None:
    if not _ALONE or subprocess.run(["mount", *map(str, arguments)], capture_output=True).returncode != 0:
        pytest.skip("nothing can be mounted here that others do not see")


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A disk of its own, as small as the options say."""
    place.mkdir()
    _mount("-t", "tmpfs", "-o", options, "tmpfs", place)
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nothing can be written to the folder, even by who may do everything."""
    _mount("--bind", folder, folder)
    try:
        _mount("-o", "remount,bind,ro", folder)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)

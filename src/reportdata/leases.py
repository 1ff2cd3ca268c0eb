"""Leases: who may do what now. Locks of files on one machine; with a shared store, rows there.

A lease is named by the path of its file in a folder. It is held alone or shared, and ends when its holder lets go,
dies, or misses its heartbeats; whoever held it then finds it invalid.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Protocol

from reportdata.files import make
from reportdata.locks import FOLDER, locked


class Lease(Protocol):
    """What a holder has."""

    def valid(self) -> bool:
        """Whether it is surely held still."""


class Leases(Protocol):
    """Gives leases.

    :raises OSError: or the error of the store, from every method, when none can be had.
    """

    def holding(self, name: str, *, shared: bool = False, wait: bool = True) -> AbstractContextManager[Lease]:
        """Hold a lease until the block ends: alone, or with others who hold it ``shared``.

        :raises BlockingIOError: when it is not to wait, and another holds it.
        """

    def is_held(self, name: str) -> bool:
        """Whether anybody holds a lease."""


class FileLeases:
    """Locks of files below ``root``, for the processes of one machine. They end with the process that holds them.

    :param of_folders: lock the folders that the files would be in, so that there are no files.
    """

    def __init__(self, root: Path, *, of_folders: bool = False) -> None:
        self._root = root
        self._of_folders = of_folders
        self._flags = FOLDER if of_folders else os.O_RDWR | os.O_CREAT

    @contextmanager
    def holding(self, name: str, *, shared: bool = False, wait: bool = True) -> Iterator[Lease]:
        """See `Leases`."""
        lock = locked(self._place(name), wait=wait, shared=shared, flags=self._flags)
        try:
            yield _Held()
        finally:
            os.close(lock)

    def is_held(self, name: str) -> bool:
        """See `Leases`. A lease whose file was never made is not."""
        try:
            if self._place(name).exists():
                os.close(locked(self._place(name), wait=False, flags=self._flags))
        except OSError:
            return True
        return False

    def _place(self, name: str) -> Path:
        return (self._root / name).parent if self._of_folders else self._root / name


class _Held:
    """A lock cannot be lost while the process lives."""

    def valid(self) -> bool:
        """Always."""
        return True


@contextmanager
def folder_of_own(
    root: Path, name: str, leases: Leases, prefix: str = "", within: Path | None = None
) -> Iterator[Path]:
    """A new folder in ``root / name``, which is removed when the block ends, or by a later one when this process dies.

    :param prefix: how its name begins, where others lie beside it.
    :param within: as of `reportdata.files.made`.
    :raises OSError: when it cannot be made.
    """
    parent = root / name
    make(parent, within)
    with ExitStack() as held:
        with leases.holding(f"{name}/lock"):
            for left in _dead(root, name, leases, prefix):
                rmtree(left, ignore_errors=True)
            folder = parent / f"{prefix}{uuid.uuid4().hex}"
            folder.mkdir(mode=0o700)
            held.enter_context(leases.holding(f"{name}/{folder.name}/lock", wait=False))
        held.callback(rmtree, folder, ignore_errors=True)
        yield folder


def folders_of_dead(root: Path, name: str, leases: Leases, prefix: str = "") -> list[Path]:
    """The folders of `folder_of_own` that those left who died."""
    if not (root / name).exists():
        return []
    with leases.holding(f"{name}/lock"):
        return _dead(root, name, leases, prefix)


def _dead(root: Path, name: str, leases: Leases, prefix: str) -> list[Path]:
    """The caller holds ``<name>/lock``; otherwise a folder that is being made would look abandoned."""
    folders = [folder for folder in (root / name).iterdir() if folder.is_dir() and folder.name.startswith(prefix)]
    return [folder for folder in folders if not leases.is_held(f"{name}/{folder.name}/lock")]

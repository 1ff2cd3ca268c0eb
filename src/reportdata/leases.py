"""Leases: who may do what with the lake now. A file's lock on one machine; with a shared store, rows there.

A lease is named by the path of its file in the lake. It is held alone or shared, and ends when its holder lets go,
dies, or does not show for a while that it lives; whoever held it then finds it invalid.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Protocol

from reportdata.lake.locks import locked


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
    """Locks of files below ``root``, for the processes of one machine. They end with the process that holds them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def holding(self, name: str, *, shared: bool = False, wait: bool = True) -> Iterator[Lease]:
        """See `Leases`."""
        lock = locked(self._root / name, wait=wait, shared=shared)
        try:
            yield _Held()
        finally:
            os.close(lock)

    def is_held(self, name: str) -> bool:
        """See `Leases`. A lease whose file was never made is not."""
        try:
            if (self._root / name).exists():
                os.close(locked(self._root / name, wait=False))
        except OSError:
            return True
        return False


class _Held:
    """A lock cannot be lost while the process lives."""

    def valid(self) -> bool:
        """Always."""
        return True


@contextmanager
def folder_of_own(root: Path, name: str, leases: Leases) -> Iterator[Path]:
    """A new folder in ``root / name``, which is removed when the block ends, or by a later one when this process dies.

    :raises OSError: when it cannot be made.
    """
    parent = root / name
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as held:
        with leases.holding(f"{name}/lock"):
            for left in _dead(root, name, leases):
                rmtree(left, ignore_errors=True)
            folder = parent / uuid.uuid4().hex
            folder.mkdir()
            held.enter_context(leases.holding(f"{name}/{folder.name}/lock", wait=False))
        held.callback(rmtree, folder, ignore_errors=True)
        yield folder


def folders_of_dead(root: Path, name: str, leases: Leases) -> list[Path]:
    """The folders of `folder_of_own` that those left who died."""
    if not (root / name).exists():
        return []
    with leases.holding(f"{name}/lock"):
        return _dead(root, name, leases)


def _dead(root: Path, name: str, leases: Leases) -> list[Path]:
    """Who asks holds the gate, so that none is just made."""
    folders = [folder for folder in (root / name).iterdir() if folder.is_dir()]
    return [folder for folder in folders if not leases.is_held(f"{name}/{folder.name}/lock")]

"""A lake's folder on this machine, with locks and what is being written. ::

    root/
      incoming/<id>/    what an import is writing
      work.lock         held by the one worker that takes up what is pushed
      refresh.lock      held while days are refreshed, and while files are replaced
      import.lock       shared by imports from when they look at what is there, had alone by who takes one back
      reading.lock      shared by all who read files, had alone by who removes some

The locks are leases (`reportdata.leases`): of files, which hold among the processes of one machine and no further, or
of a shared store, by the same names.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from reportdata.errors import LakeError
from reportdata.lake.files import Incoming
from reportdata.leases import Lease, Leases, folder_of_own, folders_of_dead
from reportdata.presence import Ground, Presence

_LOOK = 0.1
"""Seconds between two tries to become the worker."""


class LakeFolder:
    """The folder ``root``, which is made when it is needed: locks, what imports are writing, and what engines spill.

    :param leases: say who may do what with the lake now.
    :param of_root: say whose the folders in ``root`` are.
    """

    def __init__(self, root: Path, leases: Leases, of_root: Leases) -> None:
        self.root = root
        self._leases = leases
        self._of_root = of_root
        self._refreshing: Lease | None = None
        self._reading: list[Lease] = []
        self._ground = Ground(root)
        self._within = Presence.of(root.parent)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """No file that was listed within this block goes away before it ends, and what is listed stays as it was first
        listed, but for what this lake itself changes. Any number of processes may read."""
        with ExitStack() as held:
            if self.root.is_dir():
                with self._failing("locked"):
                    lease = held.enter_context(self._leases.holding("reading.lock", shared=True))
                self._reading.append(lease)
                held.callback(self._reading.remove, lease)
            yield

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A folder to write facts to, which is emptied when the block ends, or by a later import when this one dies.
        What the lake holds can be read meanwhile, as within `reading`."""
        with ExitStack() as held:
            with self._failing("written"):
                self._make()
                folder = held.enter_context(folder_of_own(self.root, "incoming", self._of_root, within=self.root))
            with self.reading():
                yield Incoming(folder)

    def incoming_within(self, incoming: Incoming) -> Incoming:
        """A folder in one of those, for facts that are to be added, or thrown away, by themselves."""
        folder = incoming.folder / uuid.uuid4().hex
        with self._failing("written"):
            folder.mkdir(mode=0o700)
        return Incoming(folder)

    def abandoned(self) -> list[Path]:
        """What imports and snapshots left that died; the next one removes it."""
        with self._failing("locked"):
            return folders_of_dead(self.root, "incoming", self._of_root)

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Hold the lease under which days are refreshed: one process at a time, so that no older state of a day is
        stored over a newer one. It ends with the process that holds it."""
        with ExitStack() as held:
            with self._failing("locked"):
                self._make()
                self._refreshing = held.enter_context(self._leases.holding("refresh.lock"))
            held.callback(setattr, self, "_refreshing", None)
            yield

    @contextmanager
    def importing(self) -> Iterator[None]:
        """Nothing that an import brought is taken back within this block: what was known when it begins is known when
        it ends. Any number of processes may import."""
        with self._imports(shared=True):
            yield

    @contextmanager
    def taking_back(self) -> Iterator[None]:
        """No process imports within this block; those that do are waited for."""
        with self._imports(shared=False):
            yield

    @contextmanager
    def _imports(self, *, shared: bool) -> Iterator[None]:
        with ExitStack() as held:
            with self._failing("locked"):
                self._make()
                held.enter_context(self._leases.holding("import.lock", shared=shared))
            yield

    @contextmanager
    def working(self, ending: Callable[[], bool]) -> Iterator[Lease | None]:
        """Hold the lease of the one worker, once it can be had; None, and it is not held, when ``ending`` says first
        that it is not to be waited for any more. Whoever finds it invalid works no more."""
        with ExitStack() as held:
            alone: Lease | None = None
            with self._failing("locked"):
                self._make()
                while alone is None:
                    try:
                        alone = held.enter_context(self._leases.holding("work.lock", wait=False))
                    except BlockingIOError:
                        if ending():
                            break
                        time.sleep(_LOOK)
            yield alone

    def _make(self) -> None:
        """Make the folder; not where what it lies in is gone, or another one took its place: it was moved."""
        if lost := self._within.lost():
            raise FileNotFoundError(lost)
        self._ground.make()
        self._within = self._within if self._within.known else Presence.of(self.root.parent)

    @contextmanager
    def _failing(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LakeError(f"the lake {self.root} cannot be {verb}: {error}") from error


def require(lease: Lease | None) -> None:
    """:raises LakeError: when a lease was lost: another may hold it by now."""
    if lease is not None and not lease.valid():
        raise LakeError("this process was stopped, or cut off, for so long that another may go on with its work")

"""What lakes have in common wherever their files lie: a folder on this machine with locks and what is being written. ::

    root/
      incoming/<id>/    what an import is writing
      work.lock         held by the one worker that takes up what is pushed
      refresh.lock      held while days are refreshed, and while files are replaced
      reading.lock      shared by all who read files, had alone by who removes some

The locks are leases (`reportdata.leases`): of files, which hold among the processes of one machine and no further,
or of a shared store, by the same names.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import msgspec

from reportdata.days import Coverage, Observation, by_organisation
from reportdata.errors import LakeError
from reportdata.facts import Kind
from reportdata.lake.files import DayFiles, Incoming
from reportdata.leases import Lease, Leases, folder_of_own, folders_of_dead

_LOOK = 0.1
"""Seconds between two tries to become the worker."""


class BaseLake(ABC):
    """What a `reportdata.lake.Lake` does by its folder ``root`` and by what others of its methods give.

    :param leases: say who may do what with the lake now.
    :param of_root: say whose the folders in ``root`` are.
    """

    def __init__(self, root: Path, leases: Leases, of_root: Leases) -> None:
        self.root = root
        self._leases = leases
        self._of_root = of_root
        self._refreshing: Lease | None = None

    @abstractmethod
    def files(self, kind: Kind, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]: ...

    @abstractmethod
    def paths(self, kind: Kind) -> tuple[Path, ...]: ...

    @abstractmethod
    def observations(self) -> tuple[Path, ...]: ...

    @abstractmethod
    def located(self, paths: Sequence[Path]) -> AbstractContextManager[Sequence[Path]]: ...

    @abstractmethod
    def add(self, incoming: Incoming) -> None: ...

    def days(self, days: Collection[str] | None = None) -> dict[str, DayFiles]:
        sent, commented = self.files("sent", days), self.files("commented", days)
        return {day: DayFiles(sent.get(day, ()), commented.get(day, ())) for day in sorted({*sent, *commented})}

    def withdrawals(self) -> tuple[Path, ...]:
        return self.paths("withdrawn")

    def coverage(self, files: Sequence[Path] | None = None) -> set[Coverage]:
        return {observation.coverage for observation in self.observed(files)}

    def observed(self, files: Sequence[Path] | None = None) -> set[Observation]:
        lines = msgspec.json.Decoder(Observation)
        found: set[Observation] = set()
        with self.reading():
            named = self.observations() if files is None else files
            with self.located(named) as places:
                for path, place in zip(named, places, strict=True):
                    try:
                        found.update(lines.decode_lines(place.read_bytes()))
                    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                        raise LakeError(f"the lake's file {path} cannot be read: {error}") from error
        return found

    def observe(self, observed: Iterable[Coverage], at: int = 0) -> None:
        known = by_organisation(self.observed())
        looks = {Observation(*piece, at) for piece in observed}
        new = sorted(look for look in looks if not any(wide.tells(look) for wide in known.get(look.corp_id, ())))
        if new:
            with self.incoming() as incoming:
                incoming.coverage.write_bytes(msgspec.json.Encoder().encode_lines(new))
                self.add(incoming)

    @contextmanager
    def reading(self) -> Iterator[None]:
        with ExitStack() as held:
            if self.root.is_dir():
                with self._failing("locked"):
                    held.enter_context(self._leases.holding("reading.lock", shared=True))
            yield

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        with ExitStack() as held:
            with self._failing("written"):
                folder = held.enter_context(folder_of_own(self.root, "incoming", self._of_root))
            with self.reading():
                yield Incoming(folder)

    def abandoned(self) -> list[Path]:
        with self._failing("locked"):
            return folders_of_dead(self.root, "incoming", self._of_root)

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        with ExitStack() as held:
            with self._failing("locked"):
                self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._refreshing = held.enter_context(self._leases.holding("refresh.lock"))
            held.callback(setattr, self, "_refreshing", None)
            yield

    @contextmanager
    def working(self, ending: Callable[[], bool]) -> Iterator[Lease | None]:
        with ExitStack() as held:
            alone: Lease | None = None
            with self._failing("locked"):
                self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
                while alone is None:
                    try:
                        alone = held.enter_context(self._leases.holding("work.lock", wait=False))
                    except BlockingIOError:
                        if ending():
                            break
                        time.sleep(_LOOK)
            yield alone

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

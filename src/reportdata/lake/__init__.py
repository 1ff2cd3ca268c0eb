"""The lake: facts at rest, as immutable Parquet files by kind and stat day. ::

    lake/
      sent/stat_day=2021-06-20/<id>.parquet        corp_id, report_id, user_id, sent_at, template, departments
      commented/stat_day=2021-06-20/<id>.parquet   corp_id, report_id, user_id, commented_at
      withdrawn/stat_day=2021-06-20/<id>.parquet   corp_id, report_id, withdrawn_at
      withdrawn/merged/20210601-20210620-<id>.parquet   withdrawals of several days, the first and the last of them
      coverage/<id>.jsonl                        what was observed; a line: [organisation, first day, last day, when]
      incoming/<id>/                             what an import is writing; moved into place when it is whole
      replaced/<id>.json                         which files another stands in for (`reportdata.lake.replacements`)
      work.lock                                  held by the one worker that takes up what is pushed
      refresh.lock                               held while days are refreshed, and while files are replaced
      change.lock                                held while files come to their places or go, and for a snapshot
      reading.lock                               shared by all who read files, had alone by who removes some

Locks of these files are leases (`reportdata.lake.leases`), which with a shared store are rows of it by the same names.

A file is written aside, made durable and then renamed into place, so that a reader sees a whole file or none; it is
never changed afterwards. A fact may stand in several files: facts are a set. A file named ``merged-<id>`` holds each of
its facts once, by organisation.

This module knows names and durability, not Parquet: engines read and write the files.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import msgspec

from reportdata.days import PARTITION, Coverage, Observation
from reportdata.errors import LakeError
from reportdata.facts import KINDS, Kind
from reportdata.lake.files import DayFiles, Incoming, entries, files_of_days, files_of_kind, place_of_merged
from reportdata.lake.leases import FileLeases, Lease, Leases
from reportdata.lake.locks import second_name, sync
from reportdata.lake.replacements import Replacements

__all__ = ["DayFiles", "Incoming", "Lake", "sync"]

_LOOK = 0.1
"""Seconds between two tries to become the worker."""


class Lake:
    """The lake in the folder ``root``, which is made when something is added.

    ``leases`` say who may do what with it now: locks of its own files, unless several machines share the folder.
    """

    def __init__(self, root: Path, leases: Leases | None = None) -> None:
        self.root = root
        self._leases = leases or FileLeases(root)
        self._refreshing: Lease | None = None
        self._replacements = Replacements(root)

    def files(self, kind: Kind, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]:
        """The files of a kind by stat day, the earliest first: of the named days, in place of all. Withdrawals of
        several days stand at each day from the first of them to the last."""
        replaced = self._replacements.files()  # before the files: see there
        return files_of_days(self.root / kind, days, replaced)

    def paths(self, kind: Kind) -> tuple[Path, ...]:
        """All files of a kind, each once."""
        return files_of_kind(self.root / kind, self._replacements.files())

    def days(self, days: Collection[str] | None = None) -> dict[str, DayFiles]:
        """The files of each day that has reports or comments, the earliest first: of the named days, in place of all,
        which then costs the same however many others there are."""
        sent, commented = self.files("sent", days), self.files("commented", days)
        return {day: DayFiles(sent.get(day, ()), commented.get(day, ())) for day in sorted({*sent, *commented})}

    def withdrawals(self) -> tuple[Path, ...]:
        """All files of withdrawals."""
        return self.paths("withdrawn")

    def observations(self) -> tuple[Path, ...]:
        """All files of coverage."""
        replaced = self._replacements.files()
        files = (path for path in entries(self.root / "coverage") if path.suffix == ".jsonl")
        return tuple(sorted(path for path in files if path not in replaced))

    def coverage(self, files: Sequence[Path] | None = None) -> set[Coverage]:
        """What was observed: all of it, or what stands in some of the files."""
        return {observation.coverage for observation in self.observed(files)}

    def observed(self, files: Sequence[Path] | None = None) -> set[Observation]:
        """What was observed and when: all of it, or what stands in some of the files. Releases before 0.1 noted no
        time."""
        lines = msgspec.json.Decoder(Observation)
        found: set[Observation] = set()
        with self.reading():
            for path in self.observations() if files is None else files:
                try:
                    found.update(lines.decode_lines(path.read_bytes()))
                except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise LakeError(f"the lake's file {path} cannot be read: {error}") from error
        return found

    def size(self) -> int:
        """Bytes that the facts take up."""
        with self.reading():
            return sum(path.stat().st_size for kind in KINDS for path in self.paths(kind))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """No file that was listed within this block goes away before it ends. Any number of processes may read."""
        with ExitStack() as held:
            if self.root.is_dir():
                with self._failing("locked"):
                    held.enter_context(self._leases.holding("reading.lock", shared=True))
            yield

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A folder to write facts to, which is emptied when the block ends, or by a later import when this one dies.
        What the lake holds can be read meanwhile, as within `reading`."""
        parent = self.root / "incoming"
        with self._failing("written"):
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with ExitStack() as held:
                with self._leases.holding("incoming/lock"):
                    for left in self._dead(parent):
                        shutil.rmtree(left, ignore_errors=True)
                    folder = parent / uuid.uuid4().hex
                    folder.mkdir()
                    held.enter_context(self._leases.holding(f"incoming/{folder.name}/lock", wait=False))
                kept = held.pop_all()
        with kept:
            try:
                with self.reading():
                    yield Incoming(folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def abandoned(self) -> list[Path]:
        """What imports and snapshots left that died; the next one removes it."""
        parent = self.root / "incoming"
        if not parent.exists():
            return []
        with self._failing("locked"), self._leases.holding("incoming/lock"):
            return self._dead(parent)

    def _dead(self, parent: Path) -> list[Path]:
        """The folders of those that died. Who asks holds the gate, so that none is just made."""
        folders = [folder for folder in parent.iterdir() if folder.is_dir()]
        return [folder for folder in folders if not self._leases.is_held(f"incoming/{folder.name}/lock")]

    @contextmanager
    def snapshot(self) -> Iterator[dict[str, Path]]:
        """The files as they are at one moment: their paths in the lake, and where each can be read until the block
        ends, even when it is removed from the lake meanwhile."""
        with self.incoming() as aside:
            with self._failing("locked"), self._leases.holding("change.lock"):
                paths = [*(path for kind in KINDS for path in self.paths(kind)), *self.observations()]
                places = (aside.folder / str(number) for number in range(len(paths)))
                kept = {str(path.relative_to(self.root)): second_name(path, next(places)) for path in paths}
            yield kept

    def add(self, incoming: Incoming) -> None:
        """Move what was written into place. It is durable when this returns."""
        moves = {
            path: self.root / kind / path.parent.name / f"{incoming.folder.name}-{number}.parquet"
            for kind in KINDS
            for number, path in enumerate(sorted((incoming.folder / kind).glob(f"{PARTITION}*/*.parquet")))
        }
        if incoming.coverage.exists():
            moves[incoming.coverage] = self.root / "coverage" / f"{incoming.folder.name}.jsonl"
        with self._failing("written"):
            for path in moves:
                sync(path)
            self._move(moves)

    def _move(self, moves: dict[Path, Path]) -> None:
        """Bring durable files to their places."""
        folders = {target.parent for target in moves.values()}
        with self._leases.holding("change.lock") as lease:
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            _require(lease)
            for path, target in moves.items():
                path.rename(target)
        for folder in {self.root.parent, self.root, *folders, *(folder.parent for folder in folders)}:
            sync(folder)

    def replace(self, files: Sequence[Path], by: Path | None) -> Path | None:
        """Let one file stand in for others of one kind, and of one day unless they are withdrawals; or none, when
        ``by`` is absent. It is durable when this returns; a reader sees the old files or the new one, and in between
        perhaps both. Who calls this holds the lock for refreshing.

        :param by: the new file, in a folder for incoming facts.
        :returns: the new file in its place.
        """
        with self._failing("written"):
            _require(self._refreshing)
            if by is None:
                self._replacements.note(None, files)
                return None
            sync(by)
            _require(self._refreshing)
            place = place_of_merged(files)
            self._replacements.note(place, files)
            self._move({by: place})
            return place

    def replaced(self) -> list[Path]:
        """Files that are still there though others stand in for them."""
        return [path for path in sorted(self._replacements.files()) if path.exists()]

    def sweep(self, *, wait: bool = False) -> int | None:
        """Remove files that others stand in for, and return how many; None, and nothing is removed, while anybody
        reads and this does not wait. Who calls this holds the lock for refreshing, and does not read itself."""
        with self._failing("written"), ExitStack() as held:
            try:
                held.enter_context(self._leases.holding("reading.lock", wait=wait))
            except BlockingIOError:
                return None
            _require(self._refreshing)
            gone = self._replacements.remove()
            held.enter_context(self._leases.holding("change.lock"))
            for folder in entries(self.root / "withdrawn"):
                with suppress(OSError):  # it is not empty
                    folder.rmdir()
            return gone

    def observe(self, observed: Iterable[Coverage], at: int = 0) -> None:
        """Add to what is observed; what is known already adds no file. It is durable when this returns.

        :param at: when, in milliseconds since 1970; 0 when that is not known.
        """
        known = self.observed()
        looks = {Observation(*piece, at) for piece in observed}
        new = sorted(look for look in looks if not any(wide.tells(look) for wide in known))
        if new:
            with self.incoming() as incoming:
                incoming.coverage.write_bytes(msgspec.json.Encoder().encode_lines(new))
                self.add(incoming)

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Hold the lease under which days are refreshed: one process at a time, so that no older state of a day is
        stored over a newer one. It ends with the process that holds it."""
        with ExitStack() as held:
            with self._failing("locked"):
                self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._refreshing = held.enter_context(self._leases.holding("refresh.lock"))
            held.callback(setattr, self, "_refreshing", None)
            yield

    @contextmanager
    def working(self, ending: Callable[[], bool]) -> Iterator[Lease | None]:
        """Hold the lease of the one worker, once it can be had; None, and it is not held, when ``ending`` says first
        that it is not to be waited for any more. Whoever finds it invalid works no more."""
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


def _require(lease: Lease | None) -> None:
    """:raises LakeError: when a lease was lost: another may hold it by now."""
    if lease is not None and not lease.valid():
        raise LakeError("this process was stopped, or cut off, for so long that another may go on with its work")

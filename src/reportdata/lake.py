"""The lake: facts at rest, as immutable Parquet files by kind and stat day. ::

    lake/
      sent/stat_day=2021-06-20/<id>.parquet        corp_id, report_id, user_id, sent_at, template, departments
      commented/stat_day=2021-06-20/<id>.parquet   corp_id, report_id, user_id, commented_at
      withdrawn/stat_day=2021-06-20/<id>.parquet   corp_id, report_id, withdrawn_at
      coverage/<id>.jsonl                        what an import observed; a line: [organisation, first day, last day]
      incoming/<id>/                             what an import is writing; moved into place when it is whole
      refresh.lock                               held while days are refreshed
      change.lock                                held while files come to their places or go, and for a snapshot

A file is written aside, made durable and then renamed into place, so that a reader sees a whole file or none; it is
never changed afterwards. A fact may stand in several files: facts are a set.

This module knows names and durability, not Parquet: engines read and write the files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.days import PARTITION, Coverage, day_of_folder
from reportdata.errors import LakeError
from reportdata.facts import KINDS, Kind


class DayFiles(NamedTuple):
    """The files that hold a day's facts."""

    sent: tuple[Path, ...]
    commented: tuple[Path, ...]

    def fingerprint(self, definition: str) -> str:
        """What the day's KPIs are computed from, in short: its files, and the definition of the KPIs. Files never
        change, so their names tell all."""
        names = sorted(path.name for path in (*self.sent, *self.commented))
        return hashlib.sha256("\n".join([definition, *names]).encode()).hexdigest()[:32]


class Lake:
    """The lake in the folder ``root``, which is made when something is added."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def files(self, kind: Kind) -> dict[str, tuple[Path, ...]]:
        """The files of a kind by stat day, the earliest first."""
        found: dict[str, tuple[Path, ...]] = {}
        for folder in _entries(self.root / kind):
            if folder.name.startswith(PARTITION):
                names = (path for path in _entries(folder) if path.suffix == ".parquet")
                found[day_of_folder(folder.name)] = tuple(sorted(names))
        return dict(sorted(found.items()))

    def days(self) -> dict[str, DayFiles]:
        """The files of each day that has reports or comments, the earliest first."""
        sent, commented = self.files("sent"), self.files("commented")
        return {day: DayFiles(sent.get(day, ()), commented.get(day, ())) for day in sorted({*sent, *commented})}

    def withdrawals(self) -> tuple[Path, ...]:
        """All files of withdrawals."""
        return tuple(path for paths in self.files("withdrawn").values() for path in paths)

    def coverage(self) -> set[Coverage]:
        """What imports have observed."""
        lines = msgspec.json.Decoder(Coverage)
        found: set[Coverage] = set()
        for path in _entries(self.root / "coverage"):
            if path.suffix == ".jsonl":
                try:
                    found.update(lines.decode_lines(path.read_bytes()))
                except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise LakeError(f"the lake's file {path} cannot be read: {error}") from error
        return found

    def size(self) -> int:
        """Bytes that the facts take up."""
        return sum(path.stat().st_size for kind in KINDS for paths in self.files(kind).values() for path in paths)

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A folder to write facts to, which is emptied when the block ends, or by a later import when this one dies."""
        parent = self.root / "incoming"
        try:
            parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _holding(parent / "lock"):
                for dead in _dead(parent):
                    shutil.rmtree(dead, ignore_errors=True)
                folder = parent / uuid.uuid4().hex
                folder.mkdir()
                lock = _locked(folder / "lock", wait=False)
        except OSError as error:
            raise LakeError(f"the lake {self.root} cannot be written: {error}") from error
        try:
            yield Incoming(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)

    def abandoned(self) -> list[Path]:
        """What imports and snapshots left that died; the next one removes it."""
        parent = self.root / "incoming"
        if not parent.exists():
            return []
        try:
            with _holding(parent / "lock"):
                return _dead(parent)
        except OSError as error:
            raise LakeError(f"the lake {self.root} cannot be locked: {error}") from error

    @contextmanager
    def snapshot(self) -> Iterator[dict[str, Path]]:
        """The files as they are at one moment: their paths in the lake, and where each can be read until the block
        ends, even when it is removed from the lake meanwhile."""
        with self.incoming() as aside:
            try:
                with _holding(self.root / "change.lock"):
                    paths = [path for kind in KINDS for files in self.files(kind).values() for path in files]
                    paths += (path for path in _entries(self.root / "coverage") if path.suffix == ".jsonl")
                    places = (aside.folder / str(number) for number in range(len(paths)))
                    kept = {str(path.relative_to(self.root)): _second_name(path, next(places)) for path in paths}
            except OSError as error:
                raise LakeError(f"the lake {self.root} cannot be locked: {error}") from error
            yield kept

    def add(self, incoming: Incoming) -> None:
        """Move what was written into place. It is durable when this returns."""
        try:
            self._add(incoming)
        except OSError as error:
            raise LakeError(f"the lake {self.root} cannot be written: {error}") from error

    def _add(self, incoming: Incoming) -> None:
        moves = {
            path: self.root / kind / path.parent.name / f"{incoming.folder.name}-{number}.parquet"
            for kind in KINDS
            for number, path in enumerate(sorted((incoming.folder / kind).glob(f"{PARTITION}*/*.parquet")))
        }
        if incoming.coverage.exists():
            moves[incoming.coverage] = self.root / "coverage" / f"{incoming.folder.name}.jsonl"
        for path in moves:
            sync(path)
        folders = {target.parent for target in moves.values()}
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        with _holding(self.root / "change.lock"):
            for path, target in moves.items():
                path.rename(target)
        for folder in {self.root.parent, self.root, *folders, *(folder.parent for folder in folders)}:
            sync(folder)

    def observe(self, observed: Iterable[Coverage]) -> None:
        """Add to what is observed; what is known already adds no file. It is durable when this returns."""
        known = self.coverage()
        new = sorted(piece for piece in set(observed) if not any(wide.includes(piece) for wide in known))
        if new:
            with self.incoming() as incoming:
                incoming.coverage.write_bytes(msgspec.json.Encoder().encode_lines(new))
                self.add(incoming)

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Hold the lock under which days are refreshed: one process at a time, so that no older state of a day is
        stored over a newer one. The lock ends with the process that holds it."""
        with ExitStack() as held:
            try:
                self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
                held.enter_context(_holding(self.root / "refresh.lock"))
            except OSError as error:
                raise LakeError(f"the lake {self.root} cannot be locked: {error}") from error
            yield


class Incoming(NamedTuple):
    """A folder that one import writes to, laid out like the lake."""

    folder: Path

    @property
    def coverage(self) -> Path:
        """The file for what the import observed."""
        return self.folder / "coverage.jsonl"


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise LakeError(f"the lake's folder {folder} cannot be read: {error}") from error


def _dead(parent: Path) -> list[Path]:
    """The folders of those that died: their locks can be had. Who asks holds the gate, so that none is just made."""
    found = []
    for folder in _entries(parent):
        with suppress(OSError):  # the lock is held
            if folder.is_dir():
                if (folder / "lock").exists():
                    os.close(_locked(folder / "lock", wait=False))
                found.append(folder)
    return found


def _second_name(path: Path, place: Path) -> Path:
    """The file under another name, or under its own where a file can have but one."""
    with suppress(OSError):
        place.hardlink_to(path)
        return place
    return path


@contextmanager
def _holding(path: Path) -> Iterator[None]:
    lock = _locked(path, wait=True)
    try:
        yield
    finally:
        os.close(lock)


def _locked(path: Path, *, wait: bool) -> int:
    """A descriptor that holds the lock of the file; closing it lets go."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

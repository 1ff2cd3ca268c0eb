"""The lake in a folder. ::

    lake/
      <kind>/…, coverage/…    the lake's files (`reportdata.lake`)
      incoming/<id>/          what an import is writing; moved into place when it is whole
      replaced/<id>.json      which files another stands in for (`reportdata.lake.replacements`)
      change.lock             held while files come to their places or go, and for a snapshot

A file is written aside, made durable and then renamed into place, so that a reader sees a whole file or none; it is
never changed afterwards.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from reportdata.facts import KINDS, Kind
from reportdata.files import second_name, sync
from reportdata.lake import FileInfo
from reportdata.lake.base import BaseLake, require
from reportdata.lake.files import (
    Incoming,
    entries,
    files_of_days,
    files_of_kind,
    names_of_incoming,
    place_of_merged,
)
from reportdata.lake.replacements import Replacements
from reportdata.leases import FileLeases, Leases

_MAGIC = b"PAR1"
"""How a Parquet file begins and ends."""


class LocalLake(BaseLake):
    """A `reportdata.lake.Lake` whose files lie in its ``root``.

    ``leases`` say who may do what with it now: locks of its own files, unless several machines share the folder.
    """

    def __init__(self, root: Path, leases: Leases | None = None) -> None:
        leases = leases or FileLeases(root)
        super().__init__(root, leases, leases)
        self._replacements = Replacements(root)

    def exists(self) -> bool:
        return self.root.exists()

    def files(self, kind: Kind, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]:
        replaced = self._replacements.files()  # before the files: see there
        return files_of_days(self.root / kind, days, replaced)

    def paths(self, kind: Kind) -> tuple[Path, ...]:
        return files_of_kind(self.root / kind, self._replacements.files())

    def observations(self) -> tuple[Path, ...]:
        replaced = self._replacements.files()
        files = (path for path in entries(self.root / "coverage") if path.suffix == ".jsonl")
        return tuple(sorted(path for path in files if path not in replaced))

    def size(self) -> int:
        with self.reading():
            return sum(path.stat().st_size for kind in KINDS for path in self.paths(kind))

    def info(self, path: Path) -> FileInfo:
        with self._failing("read"):
            found = path.stat()
        return FileInfo(found.st_size, found.st_mtime)

    @contextmanager
    def located(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        yield paths

    def parts(self, paths: Sequence[Path]) -> Iterable[Sequence[Path]]:
        return [paths]

    def uri(self, path: Path) -> str:
        return f"file://{path.absolute()}"

    @contextmanager
    def snapshot(self) -> Iterator[dict[str, Path]]:
        with self.incoming() as aside:
            with self._failing("locked"), self._leases.holding("change.lock"):
                paths = [*(path for kind in KINDS for path in self.paths(kind)), *self.observations()]
                places = (aside.folder / str(number) for number in range(len(paths)))
                kept = {str(path.relative_to(self.root)): second_name(path, next(places)) or path for path in paths}
            yield kept

    def add(self, incoming: Incoming) -> None:
        moves = {path: self.root / name for path, name in names_of_incoming(incoming).items()}
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
            require(lease)
            for path, target in moves.items():
                path.rename(target)
        for folder in {self.root.parent, self.root, *folders, *(folder.parent for folder in folders)}:
            sync(folder)

    def replace(self, files: Sequence[Path], by: Path | None) -> Path | None:
        with self._failing("written"):
            require(self._refreshing)
            if by is None:
                self._replacements.note(None, files)
                return None
            sync(by)
            require(self._refreshing)
            place = place_of_merged(files)
            self._replacements.note(place, files)
            self._move({by: place})
            return place

    def replaced(self) -> list[Path]:
        return [path for path in sorted(self._replacements.files()) if path.exists()]

    def sweep(self, *, wait: bool = False) -> int | None:
        with self._failing("written"), ExitStack() as held:
            try:
                held.enter_context(self._leases.holding("reading.lock", wait=wait))
            except BlockingIOError:
                return None
            require(self._refreshing)
            gone = self._replacements.remove()
            held.enter_context(self._leases.holding("change.lock"))
            for folder in entries(self.root / "withdrawn"):
                with suppress(OSError):  # it is not empty
                    folder.rmdir()
            return gone

    def damaged(self) -> list[str]:
        return [str(path) for kind in KINDS for path in self.paths(kind) if not _is_parquet(path)]

    def try_adding(self) -> None:
        for place in (self.root, *(path for path in self.root.iterdir() if path.is_dir())):
            with TemporaryFile(dir=place):
                pass


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            begins = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), os.SEEK_END)
            return begins == file.read() == _MAGIC
    except OSError:
        return False

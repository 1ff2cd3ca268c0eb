"""The lake in a folder. ::

    lake/
      <kind>/…, coverage/…    the lake's files (`reportdata.lake`)
      log/…                   which of them count (`reportdata.lake.log`)
      incoming/<id>/          what an import is writing; moved into place when it is whole

A file is written aside, made durable and renamed into place; it counts once an entry of the log adds it, and is never
changed. Before there was a log, every file in its place counted unless a note in ``replaced/`` said that another stood
in for it: such a folder is read as it is, and taken over into a first entry by whoever changes it first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryFile

import msgspec

from reportdata.errors import LakeError
from reportdata.files import ASIDE, make, move, read, reading, remove, second_name, sync, write
from reportdata.lake import Lake
from reportdata.lake.folder_files import files_in, first_entry, names_in
from reportdata.lake.membership import FIRST, Added, Entry, signed, twin_of
from reportdata.lake.objects import Missing
from reportdata.lake.place import Content, Found, Wanted, damaged
from reportdata.lake.seen import Seen, content_of
from reportdata.leases import FileLeases, Leases

_MAGIC = b"PAR1"
"""How a Parquet file begins and ends."""
_OWN = re.compile(r"(merged-|\d{8}-\d{8}-)?[0-9a-f]{32}(-\d+)?\.(parquet|jsonl)")
"""The names that lakes give to files."""
_BROUGHT_BACK = "bring it back from a backup, or restore the newest one and import again what came after it"


class LocalLake(Lake):
    """A lake whose files lie in its ``root``.

    ``leases`` say who may do what with it now: locks of its own files, unless several machines share the folder.
    """

    def __init__(self, root: Path, leases: Leases | None = None) -> None:
        leases = leases or FileLeases(root)
        super().__init__(root, FolderPlace(root), leases, leases)


class FolderPlace:
    """A folder as a `reportdata.lake.place.Place`, and as the `reportdata.lake.objects.Objects` of its log."""

    grace = 0.0
    limit = float("inf")
    at_once = 1

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = str(folder)
        self._seen = Seen()

    @property
    def objects(self) -> FolderPlace:
        return self

    def exists(self) -> bool:
        return self.folder.exists()

    def put(self, key: str, content: bytes) -> None:
        with self._failing("written"):
            make(self.folder / "log", self.folder.parent)
            write(self.folder / key, content)

    def get(self, key: str) -> bytes:
        try:
            return read(self.folder / key)
        except FileNotFoundError as error:
            raise Missing(f"the lake's file {self.folder / key} is gone", _BROUGHT_BACK) from error
        except OSError as error:
            raise LakeError(f"the lake's file {self.folder / key} cannot be read: {error}") from error

    def keys(self, folder: str) -> list[str]:
        return sorted(
            f"{folder}/{name}" for name in names_in(self.folder / folder) if name.endswith((".json", ".copy"))
        )

    def remove(self, keys: Iterable[str]) -> None:
        paths = [self.folder / key for key in keys]
        with self._failing("written"):
            remove(paths)
        for folder in {path.parent for path in paths}:
            with suppress(OSError):  # it is not empty
                folder.rmdir()

    def bring(self, names: Mapping[Path, str]) -> dict[str, Content]:
        found = {key: self._seen.brought(key, path) for path, key in names.items()}
        move({path: self.folder / key for path, key in names.items()}, self.folder)
        return found

    def brought(self, names: Mapping[Path, str]) -> None:
        """They are where they are read."""

    @contextmanager
    def located(self, wanted: Sequence[Wanted]) -> Iterator[list[Path]]:
        if lost := self.lost(wanted):
            raise damaged(*lost)
        yield [self.folder / key for key, _ in wanted]

    def pinned(self, keys: Collection[str], aside: Path) -> Mapping[str, Path]:
        found: dict[str, Path] = {}
        for number, key in enumerate(keys):
            place = second_name(self.folder / key, aside / str(number))
            if place is None:
                raise damaged(str(self.folder / key))
            found[key] = place
        return found

    def lost(self, wanted: Sequence[Wanted], *, read: bool = True) -> list[str]:
        return [
            str(self.folder / key)
            for key, added in wanted
            if added is not None
            and not (
                self._seen.is_whole(key, self.folder / key, added) if read else _size(self.folder / key) == added.size
            )
        ]

    def misread(self, wanted: Sequence[Wanted]) -> list[str]:
        return [str(self.folder / one.key) for one in wanted if not self.is_whole(one)]

    def is_whole(self, wanted: Wanted) -> bool:
        key, added = wanted
        return added is None or self._seen.is_whole(key, self.folder / key, added, again=True)

    def damaged(self, files: Mapping[str, Added]) -> list[str]:
        lost = (str(self.folder / key) for key, added in files.items() if _size(self.folder / key) != added.size)
        parquet = (self.folder / key for key in files if key.endswith(".parquet"))
        return sorted({*lost, *(str(path) for path in parquet if not _is_parquet(path))})

    def uri(self, wanted: Wanted) -> str:
        if lost := self.lost([wanted], read=False):  # other machines read it
            raise damaged(*lost)
        return f"file://{(self.folder / wanted.key).absolute()}"

    def written(self) -> list[Found]:
        keys = [key for key, path in files_in(self.folder) if _OWN.fullmatch(path.name)]
        keys += (f"log/{name}" for name in names_in(self.folder / "log") if name.endswith(ASIDE))
        found = []
        for key in keys:
            with suppress(FileNotFoundError):
                stat = (self.folder / key).stat()
                found.append(Found(key, stat.st_size, stat.st_ctime))  # when it was last written or renamed
        return found

    def swept(self, keys: Collection[str]) -> None:
        self._seen.keep_only(keys)

    def tidy(self, needed: Callable[[], Collection[str]]) -> None:
        if self._seen.is_crowded:
            self._seen.keep_only(needed())

    def try_adding(self) -> None:
        for place in (self.folder, *(path for path in self.folder.iterdir() if path.is_dir())):
            with TemporaryFile(dir=place):
                pass

    def unlogged(self) -> Entry | None:
        """The files without their digests: who only reads need not look into them."""
        with self._failing("read"):
            return first_entry(self.folder, lambda _: "")

    def take_over(self) -> None:
        if self.keys("log"):
            return
        with self._failing("written"):
            make(self.folder / "log", self.folder.parent)
            sync(self.folder)  # who made it may have been killed before it was durable
            with suppress(FileExistsError):
                with self._failing("read"):
                    entry = first_entry(self.folder, lambda path: content_of(path).sha256)
                content = signed(msgspec.json.encode(entry))
                write(self.folder / FIRST, content, new=True)
                write(self.folder / twin_of(FIRST), content)
            rmtree(self.folder / "replaced", ignore_errors=True)

    @contextmanager
    def _failing(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise LakeError(f"the lake {self.folder} cannot be {verb}: {error}") from error


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _is_parquet(path: Path) -> bool:
    try:
        with reading(path) as file:
            begins = file.read(len(_MAGIC))
            file.seek(-len(_MAGIC), os.SEEK_END)
            return begins == file.read() == _MAGIC
    except OSError:
        return False

"""What interrupted imports leave, so that the same command goes on where it was. ::

    lake/unfinished/
      lock                     held by the import whose files these are
      <key>/source.json        the file that is imported, as it was
      <key>/parts/<n>/         what is staged of a part of it
      <key>/parts/<n>/done     the part is durable as a whole: where it ends, and its files
      <key>/finished.json      the file's facts are in the lake: what was found, and by which name

The key stands for the file's content and for what else its facts depend on. Nothing here is needed for the facts to be
right, only to find them sooner; all of it goes when the command ends, and what belongs to a file that has changed, is
gone or was left a week ago goes with the next import.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple, TypeVar

import msgspec

from reportdata.engines.duckdb.staging import Staged
from reportdata.errors import BadFile, LakeError
from reportdata.files import locked, sync, write
from reportdata.lake import Lake

FORM = 1
"""Changes when what is staged would be staged in another way."""
_KEPT = 7 * 86_400
_ENDS = 65_536
_T = TypeVar("_T")


class _Source(NamedTuple):
    path: str
    size: int
    changed: int
    """When, in nanoseconds."""


class _Part(NamedTuple):
    size: int
    end: int
    files: dict[str, int]


class _Finished(NamedTuple):
    name: str
    staged: list[Staged]


class UnfinishedFile:
    """What is done of one file's import."""

    def __init__(self, folder: Path, lake: Lake) -> None:
        self.parts = folder / "parts"
        self._folder = folder
        self._lake = lake
        self._size = 0

    def ends(self, size: int) -> dict[int, int]:
        """The parts that need not be staged again, by number: where they end. What is left of others goes, and so do
        parts of a file that was taken apart by another size."""
        self._size = size
        found: dict[int, int] = {}
        for folder in sorted(self.parts.glob("*")):
            part = _read(folder / "done", _Part)
            if (
                part is not None
                and part.size == size
                and all(_size(folder / name) == size for name, size in part.files.items())
            ):
                found[int(folder.name)] = part.end
            else:
                rmtree(folder, ignore_errors=True)
        return found

    def note_part(self, number: int, end: int) -> None:
        """A part is staged. It is noted once it is durable."""
        folder = self.parts / str(number)
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            inside = sorted(folder.rglob("*"))
            for path in [*inside, folder, self.parts]:
                sync(path)
            files = {str(path.relative_to(folder)): path.stat().st_size for path in inside if path.is_file()}
            _write(folder / "done", _Part(self._size, end, files))

    def finished(self) -> list[Staged] | None:
        """What was found in the file, if the lake has all its facts."""
        noted = _read(self._folder / "finished.json", _Finished)
        if noted is None:
            return None
        for staged in noted.staged:
            files = self._lake.files(staged.kind, staged.days)
            own = {
                day: [path for path in files.get(day, ()) if path.name.startswith(noted.name)] for day in staged.days
            }
            if not all(own.values()) or self._lake.lost([path for paths in own.values() for path in paths]):
                return None  # merged, removed or lost since
        return [staged._replace(added=0, days=()) for staged in noted.staged]

    def note_finished(self, name: str, staged: list[Staged]) -> None:
        """The file's facts are in the lake, in files whose names begin so. Its parts are not needed any more."""
        with _writing(self._folder):
            _write(self._folder / "finished.json", _Finished(name, staged))
        rmtree(self.parts, ignore_errors=True)

    def drop(self) -> None:
        """Forget it."""
        rmtree(self._folder, ignore_errors=True)


class Unfinished:
    """What is done of all the files of one command."""

    def __init__(self, folder: Path, lake: Lake) -> None:
        self._folder = folder
        self._lake = lake

    def file(self, path: Path, *depends: object) -> UnfinishedFile:
        """One of the files.

        :param depends: what its facts depend on besides its content.
        """
        source = _source(path)
        try:
            with path.open("rb") as file:
                start = file.read(_ENDS)
                file.seek(max(0, source.size - _ENDS))
                content = hashlib.sha256(start + file.read(_ENDS)).hexdigest()
        except OSError as error:
            raise BadFile(str(path), f"cannot be read: {error}") from error
        key = hashlib.sha256(repr((FORM, source, content, depends)).encode()).hexdigest()[:32]
        folder = self._folder / key
        for other in self._folders():
            if other != folder and (noted := _read(other / "source.json", _Source)) and noted.path == source.path:
                rmtree(other, ignore_errors=True)
        with _writing(folder):
            if not (folder / "source.json").exists():
                folder.mkdir(exist_ok=True)
                _write(folder / "source.json", source)
                sync(self._folder)
        return UnfinishedFile(folder, self._lake)

    def sweep(self) -> None:
        """Remove what cannot be gone on with."""
        for folder in self._folders():
            noted = _read(folder / "source.json", _Source)
            old = folder.stat().st_mtime < time.time() - _KEPT
            if noted is None or old or _source(Path(noted.path)) != noted:
                rmtree(folder, ignore_errors=True)

    def forget_finished(self) -> None:
        """Remove the notes of files whose facts are in the lake."""
        for folder in self._folders():
            if (folder / "finished.json").exists():
                rmtree(folder, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return [folder for folder in self._folder.iterdir() if folder.is_dir()]


@contextmanager
def unfinished(lake: Lake) -> Iterator[Unfinished | None]:
    """What earlier imports left; None while another import is running, which then can be gone on with and this cannot.

    :raises LakeError: when the lake cannot be written.
    """
    folder = lake.root / "unfinished"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = locked(folder / "lock", wait=False)
    except BlockingIOError:
        yield None
        return
    except OSError as error:
        raise LakeError(f"the lake {lake.root} cannot be written: {error}") from error
    try:
        found = Unfinished(folder, lake)
        found.sweep()
        yield found
    finally:
        os.close(lock)


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LakeError(f"{folder} cannot be written: {error}") from error


def _source(path: Path) -> _Source:
    try:
        found = path.stat()
    except OSError:
        return _Source(str(path), -1, -1)
    return _Source(str(path.resolve()), found.st_size, found.st_mtime_ns)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _read(path: Path, type_: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=type_)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _write(path: Path, content: object) -> None:
    write(path, msgspec.json.encode(content))


def forget_finished(lake: Lake) -> None:
    """Of files that were imported: nothing of them is left to do. What other imports left is kept."""
    with unfinished(lake) as left:
        if left is not None:
            left.forget_finished()

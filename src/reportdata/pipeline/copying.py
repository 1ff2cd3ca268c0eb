"""Copies of files, each durable and read again; or hard links to those that an earlier copy has alike."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path, PurePosixPath

import msgspec

from reportdata.errors import BadFile
from reportdata.files import reading, sync
from reportdata.lake import Lake
from reportdata.pipeline import Progress

_LAKE = "lake"
"""The folder of the lake in a data folder."""
_CHUNK = 1 << 20
_AT_ONCE = 4
"""Files that are copied at once: while one waits for the disk, another is hashed."""


class CopiedFile(msgspec.Struct, frozen=True):
    """A file of a backup: its path in the backup, its bytes, and their SHA-256 in hexadecimal."""

    path: str
    size: int
    sha256: str


class Earlier:
    """An earlier copy.

    :param folder: where it is.
    :param files: what was copied then.
    """

    def __init__(self, folder: Path, files: Sequence[CopiedFile]) -> None:
        self._folder = folder
        self._files = {file.path: file for file in files}

    def linked(self, target: Path, path: str, sha256: str) -> CopiedFile | None:
        """A hard link to its file of that path, once it was read; None when it has no such file, has it with another
        content by now, or lies where no link leads, and when others could change it later."""
        known = self._files.get(path)
        if known is None or known.sha256 != sha256:
            return None
        try:
            os.link(self._folder / path, target / path, follow_symlinks=False)
        except OSError:
            return None
        with suppress(OSError):  # what cannot be read is copied anew, too
            if _is_kept(target / path) and digest_of(target / path) == sha256:
                return known
        (target / path).unlink()
        return None


class Copying:
    """Copies files to their paths in a folder.

    :param target: the folder.
    :param lake: whose files they are; absent, they are files of this machine.
    :param earlier: an earlier copy of the lake; what it has alike is not copied.
    """

    def __init__(self, target: Path, lake: Lake | None = None, earlier: Earlier | None = None) -> None:
        self._target = target
        self._lake = lake
        self._earlier = earlier

    def copy(self, sources: Mapping[str, Path], progress: Progress) -> list[CopiedFile]:
        """Copy files to these paths, each durable and read again. The order stays.

        :raises BadFile: when one gives back something else than was written.
        """
        lake = self._lake
        parents = {PurePosixPath(path).parent for path in sources}
        folders = sorted({self._target / folder for parent in parents for folder in (parent, *parent.parents)})
        for folder in folders:
            folder.mkdir(mode=0o700, exist_ok=True)
        total = sum(lake.info(path).size if lake else path.stat().st_size for path in sources.values())
        members = lake.membership()[0] if lake is not None and self._earlier is not None else {}
        copied: list[CopiedFile] = []
        done = 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            digests = {f"{_LAKE}/{name}": added.sha256 for name, added in members.items()}
            for file in pool.map(lambda path: self._one(sources[path], path, digests.get(path)), sources):
                copied.append(file)
                done += file.size
                progress("copying files", done, total)
        for folder in folders:
            sync(folder)
        return copied

    def _one(self, source: Path, path: str, sha256: str | None) -> CopiedFile:
        if self._earlier is not None and sha256 is not None:
            linked = self._earlier.linked(self._target, path, sha256)
            if linked is not None:
                return linked
        if self._lake is None:
            return self._copied(source, path)
        with self._lake.located([source]) as (place,):
            return self._copied(place, path)

    def _copied(self, source: Path, path: str) -> CopiedFile:
        target = self._target / path
        digest = hashlib.sha256()
        size = 0
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as writing, reading(source) as read:
            while chunk := read.read(_CHUNK):
                writing.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            writing.flush()
            os.fsync(writing.fileno())
        if digest_of(target) != digest.hexdigest():
            raise BadFile(str(target), "gives back something else than was written", "see to its disk")
        return CopiedFile(path, size, digest.hexdigest())


def _is_kept(path: Path) -> bool:
    """Whether a file is this user's, and nobody else may write it."""
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o022


def digest_of(path: Path) -> str:
    """The SHA-256 of what the disk has, not of what is remembered of it, where that can be told."""
    with reading(path) as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return hashlib.file_digest(file, "sha256").hexdigest()

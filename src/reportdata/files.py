"""Files that survive ``kill -9`` and power loss.

A durable write is atomic: the content is written aside, synced and renamed into place, and the folder is synced; so a
reader, and whoever comes after a kill, sees the old file or the new one, whole. Every such step of the program is made
here, by `make`, `write`, `move`, `append`, `remove` and `rewrite`.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader
from itertools import takewhile
from pathlib import Path

from reportdata.locks import locked

ASIDE = ".unfinished"
"""How the name of a file ends that is being written aside. One writer at a time has it, under its lock; what a killed
one left is overwritten by the next."""


def sync(path: Path) -> None:
    """Make a file's content, or a folder's names, durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reading(path: Path) -> BufferedReader:
    """A file, opened to be read. A pipe of that name is not waited for.

    :raises OSError: when it cannot be opened, or is no regular file.
    """
    return os.fdopen(_regular(path, os.O_RDONLY), "rb")


def read(path: Path) -> bytes:
    """The content of a file.

    :raises OSError: as of `reading`.
    """
    with reading(path) as file:
        return file.read()


def make(folder: Path, within: Path | None = None) -> None:
    """Make a folder, and those that it lies in, closed to others, whether they are there or not. The names of those
    that are made are durable.

    :param within: as of `made`.
    """
    for path in made(folder, within):
        sync(path.parent)


def made(folder: Path, within: Path | None = None) -> list[Path]:
    """Make a folder, and those that it lies in; returns those that were not there, the outermost first.

    :param within: what the folder lies in, and is not made: where that is gone, it was moved or unmounted, and nobody
        would see what is made in its place.
    :raises FileNotFoundError: when ``within`` is gone.
    """
    missing: list[Path] = []
    for path in (folder, *folder.parents):
        if path == within or path.exists():
            break
        missing.insert(0, path)
    for path in missing:
        path.mkdir(exist_ok=True, mode=0o700)
    return missing


def write(path: Path, content: bytes, *, new: bool = False) -> None:
    """Write a file, atomically and durably, readable by its owner only.

    :param new: do not replace a file: compare-and-set on the name.
    :raises FileExistsError: when there is one and it is to be new; it is durable then.
    """
    aside = path.with_name(f"{path.name}{ASIDE}")
    with _claimed(aside) as descriptor:
        exists = new and path.exists()
        try:
            if not exists:
                os.ftruncate(descriptor, 0)
                write_all(descriptor, content)
                os.fsync(descriptor)
        except BaseException:
            aside.unlink()
            raise
        if exists:
            aside.unlink()
        else:
            aside.rename(path)
    sync(path.parent)
    if exists:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def move(moves: Mapping[Path, Path], base: Path) -> None:
    """Bring files to their places on the same disk, durably: each is whole there or not there at all. Folders are made
    as they are needed, and are durable up to ``base`` and its name.

    :param moves: to each file its place, which is in ``base``.
    :raises FileNotFoundError: when what ``base`` lies in is gone, or a file is.
    """
    for path in moves:
        sync(path)
    for path, place in moves.items():
        while True:
            made(place.parent, base.parent)  # they are synced together below
            try:
                path.rename(place)
                break
            except FileNotFoundError:
                if not path.exists():
                    raise
    folders = {base.parent}
    for place in moves.values():
        folders.update(takewhile(lambda folder: folder not in folders, place.parents))
    for folder in sorted(folders, reverse=True):
        sync(folder)


def remove(paths: Iterable[Path]) -> None:
    """Remove files, durably, whether they are there or not."""
    folders = set()
    for path in paths:
        path.unlink(missing_ok=True)
        folders.add(path.parent)
    for folder in folders:
        with suppress(FileNotFoundError):
            sync(folder)


def append(path: Path, lines: bytes, *, durable: bool = True) -> None:
    """Append lines to a file, which is made when it is not there; a line that a full disk cut off is ended first.
    Several processes may append at once.

    :raises OSError: also when the disk had no room for all of it, and when it is no regular file.
    """
    descriptor = _regular(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        if os.write(descriptor, b"\n" + lines) <= len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if durable:
        sync(path.parent)


def has_line(path: Path, concerned: Callable[[bytes], bool]) -> bool:
    """Whether a file of lines has such a one; not when it is gone."""
    try:
        return any(map(concerned, read(path).splitlines()))
    except FileNotFoundError:
        return False


def rewrite(path: Path, concerned: Callable[[bytes], bool]) -> int:
    """Write a file of lines anew without those, atomically and durably; returns how many they were. What others append
    meanwhile is kept."""
    if not has_line(path, concerned):
        return 0
    aside, removed = path.with_name(f"{path.name}{ASIDE}"), 0
    with reading(path) as old, _claimed(aside) as new:
        os.ftruncate(new, 0)
        for turn in range(2):
            lines = old.read().splitlines(keepends=True)
            kept = [line for line in lines if not concerned(line.rstrip(b"\r\n"))]
            removed += len(lines) - len(kept)
            write_all(new, b"".join(kept))
            os.fsync(new)
            if turn == 0:
                aside.rename(path)
    sync(path.parent)
    return removed


def files_within(folder: Path) -> Iterator[Path]:
    """The regular files in a folder and in those within it; what goes away meanwhile is passed over.

    :raises OSError: when a folder that is there cannot be read.
    """

    def failed(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    for place, _, names in os.walk(folder, onerror=failed):
        yield from (path for name in names if (path := Path(place, name)).is_file())


def second_name(path: Path, place: Path) -> Path | None:
    """The file under another name, a hard link, which stays when the first one goes; the file's own name where it can
    have but one, and None when it is gone."""
    try:
        place.hardlink_to(path)
    except FileNotFoundError:
        return None
    except OSError:
        return path if path.exists() else None
    return place


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, however much a system call takes at a time."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _regular(path: Path, flags: int) -> int:
    """A descriptor of a file, which is made where the flags say so; a pipe is not waited for.

    :raises OSError: also when it is no regular file.
    """
    descriptor = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is no regular file", str(path))


@contextmanager
def _claimed(aside: Path) -> Iterator[int]:
    """A descriptor of the file, which is made, and locked as long as the block runs."""
    while True:
        descriptor = locked(aside, wait=True)
        try:
            try:
                current = os.path.samestat(os.fstat(descriptor), aside.stat())
            except FileNotFoundError:
                current = False
            if current:  # else the writer before this one has renamed or removed it
                yield descriptor
                return
        finally:
            os.close(descriptor)

"""A disk as it may be after the power failed: a model of a file system that knows what was synced.

What was synced is there: the content of a file that was synced, and the names in a folder that was. Of what was done
since, anything may be there and anything may be missing, in any order: parts of writes, changes of sizes, names. A file
may thus have its name and not its content, or be content without a name. A rename is there or not as a whole; from one
folder to another it is durable once the other was synced.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

PAGE = 4096
"""Bytes that a disk writes as a whole, where they begin at a multiple of it."""
SHARED = "-shm"
"""How the name of a file ends that is memory which processes share: after a power failure nobody reads it."""

Image = dict[str, bytes | None]
"""Contents by paths; None for a folder."""
Keep = Callable[[int, bool], bool]
"""Whether a change is there, by its number, and whether it is one of a name."""


class _Change(NamedTuple):
    """Bytes that were written to a file, or a new size of it when there are none."""

    number: int
    offset: int
    written: bytes | None


class _File:
    def __init__(self, content: bytes = b"") -> None:
        self.synced = content
        self.changes: list[_Change] = []
        self.size = len(content)

    def change(self, number: int, offset: int, written: bytes | None) -> None:
        self.size = offset if written is None else max(self.size, offset + len(written))
        self.changes.append(_Change(number, offset, written))

    def sync(self, before: int) -> None:
        self.synced = _applied(self.synced, (change for change in self.changes if change.number < before))
        self.changes = [change for change in self.changes if change.number >= before]

    def content(self, keep: Keep) -> bytes:
        parts = (part for change in self.changes for part in _parts(change))
        return _applied(self.synced, (part for part in parts if keep(part.number, False)))


class _Entry(NamedTuple):
    """A name that a folder got, or lost when it has no node; a rename makes two of the same number."""

    number: int
    name: str
    node: _Node | None
    to: _Folder
    """The folder that must be synced for it: that to which something was renamed."""


class _Folder:
    def __init__(self) -> None:
        self.synced: dict[str, _Node] = {}
        self.names: dict[str, _Node] = {}
        self.entries: list[_Entry] = []

    def put(self, number: int, name: str, node: _Node | None, to: _Folder | None = None) -> None:
        _set(self.names, name, node)
        self.entries.append(_Entry(number, name, node, to or self))

    def settle(self, done: Iterable[_Entry]) -> None:
        for entry in done:
            _set(self.synced, entry.name, entry.node)
            self.entries = [e for e in self.entries if e.name != entry.name or e.number > entry.number]

    def image(self, keep: Keep, place: str = "") -> Iterator[tuple[str, bytes | None]]:
        names = dict(self.synced)
        for entry in self.entries:
            if keep(entry.number, True):
                _set(names, entry.name, entry.node)
        for name, node in names.items():
            path = f"{place}/{name}" if place else name
            if isinstance(node, _Folder):
                yield path, None
                yield from node.image(keep, path)
            elif not name.endswith(SHARED):
                yield path, node.content(keep)


_Node = _File | _Folder


class Disk:
    """The disk that a folder is on, whose content is synced now. Calls are numbered by whoever makes them, upwards."""

    def __init__(self, folder: Path) -> None:
        self._top = str(folder.resolve())
        self._root = _Folder()
        for path in sorted(folder.rglob("*")):
            node = _Folder() if path.is_dir() else _File(path.read_bytes())
            parent, name = self._parent(str(path))
            parent.names[name] = parent.synced[name] = node

    def has(self, path: str) -> bool:
        """Whether a path is on the disk, be there anything or not."""
        return path.startswith(f"{self._top}/") or path == self._top

    def opened(self, number: int, path: str, *, truncate: bool) -> None:
        """A file was opened to be written, and made when it was not there."""
        parent, name = self._parent(path)
        node = parent.names.get(name)
        if node is None:
            parent.put(number, name, _File())
        elif truncate and isinstance(node, _File) and node.size:
            node.change(number, 0, None)

    def written(self, number: int, path: str, offset: int | None, content: bytes) -> None:
        """Bytes were written to a file; at its end when no offset is given."""
        file = self._file(path)
        file.change(number, file.size if offset is None else offset, content)

    def resized(self, number: int, path: str, size: int) -> None:
        """A file was cut, or made longer."""
        file = self._file(path)
        if file.size != size:
            file.change(number, size, None)

    def made(self, number: int, path: str) -> None:
        """A folder was made."""
        parent, name = self._parent(path)
        parent.put(number, name, _Folder())

    def removed(self, number: int, path: str) -> None:
        """A file or folder was removed."""
        parent, name = self._parent(path)
        parent.put(number, name, None)

    def linked(self, number: int, path: str, place: str) -> None:
        """A file got another name."""
        parent, name = self._parent(place)
        parent.put(number, name, self._node(path))

    def renamed(self, number: int, path: str, place: str) -> None:
        """A file or folder was renamed, in place of what had that name."""
        (old, was), (new, name) = self._parent(path), self._parent(place)
        node = old.names[was]
        old.put(number, was, None, new)
        new.put(number, name, node)

    def synced(self, path: str, begun: int) -> None:
        """A file or folder was synced, which covers what was done before the number at which that began."""
        node = self._node(path)
        if isinstance(node, _File):
            node.sync(begun)
            return
        done = [entry for entry in node.entries if entry.number < begun and entry.to is node]
        node.settle(done)
        numbers = {entry.number for entry in done}
        for folder in self._folders(self._root):
            folder.settle([entry for entry in folder.entries if entry.to is node and entry.number in numbers])

    def now(self) -> Image:
        """What is there while the power is on, and after processes were killed."""
        return dict(self._root.image(lambda *_: True))

    def after_failure(self, rng: random.Random) -> Image:
        """What may be there after the power failed now."""
        return dict(self._root.image(_choice(rng, self._last())))

    def _last(self) -> int:
        numbers = [entry.number for folder in self._folders(self._root) for entry in folder.entries]
        return max(numbers, default=0)

    def _folders(self, folder: _Folder) -> Iterator[_Folder]:
        yield folder
        for node in {id(node): node for node in (*folder.synced.values(), *folder.names.values())}.values():
            if isinstance(node, _Folder):
                yield from self._folders(node)

    def _file(self, path: str) -> _File:
        node = self._node(path)
        assert isinstance(node, _File), path
        return node

    def _node(self, path: str) -> _Node:
        if path == self._top:
            return self._root
        parent, name = self._parent(path)
        return parent.names[name]

    def _parent(self, path: str) -> tuple[_Folder, str]:
        assert path.startswith(f"{self._top}/"), path
        *folders, name = path[len(self._top) + 1 :].split("/")
        node = self._root
        for folder in folders:
            found = node.names[folder]
            assert isinstance(found, _Folder), path
            node = found
        return node, name


def _set(names: dict[str, _Node], name: str, node: _Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _applied(content: bytes, changes: Iterable[_Change]) -> bytes:
    found = bytearray(content)
    for _, offset, written in changes:
        if len(found) < offset:
            found.extend(bytes(offset - len(found)))
        if written is None:
            del found[offset:]
        else:
            found[offset : offset + len(written)] = written
    return bytes(found)


def _parts(change: _Change) -> Iterator[_Change]:
    """A change by the pages that it concerns, each of which reaches the disk by itself."""
    if change.written is None:
        yield change
        return
    start = 0
    while start < len(change.written):
        end = (change.offset + start) // PAGE * PAGE + PAGE - change.offset
        yield _Change(change.number, change.offset + start, change.written[start:end])
        start = end


def _choice(rng: random.Random, last: int) -> Keep:
    """What is kept: nothing, names without contents, contents without names, names up to some moment as a journal has
    them, or anything."""
    share = rng.random()
    upto = rng.randrange(last + 1)
    kept: dict[int, bool] = {}

    def any_of(number: int, of_name: bool) -> bool:
        return kept.setdefault(number, rng.random() < share) if of_name else rng.random() < share

    return rng.choice(
        (
            lambda *_: False,
            lambda _, of_name: of_name,
            lambda _, of_name: not of_name,
            lambda number, of_name: number <= upto if of_name else rng.random() < share,
            any_of,
            any_of,
        )
    )


def lay(image: Image, folder: Path) -> None:
    """Make a folder that has what the image says."""
    folder.mkdir()
    for path, content in image.items():
        if content is None:
            (folder / path).mkdir(mode=0o700)
        else:
            (folder / path).write_bytes(content)
            (folder / path).chmod(0o600)


def image_of(folder: Path) -> Image:
    """What a folder has."""
    paths: Sequence[Path] = [path for path in folder.rglob("*") if not path.name.endswith(SHARED)]
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in paths}

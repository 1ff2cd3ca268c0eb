"""Copies of a lake's objects on this machine, for engines that read files. ::

    root/
      copies/<key>            a copy; its time of access is when it was last used
      reading/<id>/<kind>/    second names of the copies that somebody reads, and what is being fetched

Objects never change. A copy is compared with size and SHA-256 of what was added before it comes to its place, and again
when it has changed since; one that is not what was added is fetched anew. Who reads holds names of his own: a copy may
be removed at any moment.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from reportdata.errors import Damaged, LakeError
from reportdata.files import files_within, make, second_name
from reportdata.lake.membership import Added
from reportdata.lake.objects import Missing
from reportdata.lake.place import Wanted, damaged
from reportdata.lake.s3.objects import Objects, several
from reportdata.lake.seen import Seen
from reportdata.leases import FileLeases, folder_of_own
from reportdata.presence import Ground

_LEFT = 0.9
"""How much of the limit is kept when there is more."""


class Cache:
    """The copies in the folder ``root``.

    :param limit: bytes of copies that are kept; what is being read may be more.
    """

    def __init__(self, root: Path, objects: Objects, limit: int) -> None:
        self.folder = root / "copies"
        self._root = root
        self._ground = Ground(root)
        self._objects = objects
        self._seen = Seen()
        self._damaged: dict[str, tuple[int, str]] = {}
        self.limit = limit

    @contextmanager
    def located(self, wanted: Sequence[Wanted]) -> Iterator[list[Path]]:
        """Where the copies can be read until the block ends; those that are not there are fetched.

        :raises Damaged: when an object is gone, or is not what was added.
        """
        with self._own() as own:
            names = [
                own / key.partition("/")[0] / f"{number}-{Path(key).name}" for number, (key, _) in enumerate(wanted)
            ]
            for folder in {name.parent for name in names}:
                folder.mkdir()
            places = [self._second_name(*of, name) for of, name in zip(wanted, names, strict=True)]
            missing = [number for number, place in enumerate(places) if place is None]
            with several() as pool:
                fetched = pool.map(lambda number: self._fetch(*wanted[number], names[number]), missing)
                found = dict(zip(missing, fetched, strict=True))
            all_ = [place or found[number] for number, place in enumerate(places)]
            if missing:
                self.evict(keep=set(all_))
            yield all_

    def lost(self, wanted: Sequence[Wanted]) -> list[str]:
        """The names of objects that are gone, or are not what was added; those of which there is no copy are fetched
        for that."""
        known = [one for one in wanted if not self._is_whole(*one)]
        found: list[str] = []
        while known:
            part, size = 0, 0
            while part < len(known) and (not part or size <= self.limit / 4):
                added = known[part].added
                size += added.size if added is not None else 0
                part += 1
            with self._own() as own, several() as pool:
                names = [own / f"{number}" for number in range(part)]
                found += pool.map(lambda one, name: self._lost(one.key, one.added, name), known[:part], names)
                self.evict()
            known = known[part:]
        return [name for name in found if name]

    def dropped(self, wanted: Sequence[Wanted]) -> list[Wanted]:
        """Remove the copies that are not what was added, by all of their bytes, and return those."""
        found = [one for one in wanted if not self._is_whole(*one, again=True)]
        for key, _ in found:
            (self.folder / key).unlink(missing_ok=True)
        return found

    def _lost(self, key: str, added: Added | None, name: Path) -> str:
        known = self._damaged.get(key)
        if known is not None and self._objects.mark(key) == known:
            return f"{self._objects.address}/{key}"
        try:
            self._fetch(key, added, name)
        except Damaged as error:
            if (mark := self._objects.mark(key)) is not None:
                self._damaged[key] = mark
            return error.files[0]
        self._damaged.pop(key, None)
        return ""

    def _own(self) -> AbstractContextManager[Path]:
        """A folder for what somebody reads."""
        return folder_of_own(self._ground.make(), "reading", FileLeases(self._root), within=self._root)

    def keep(self, key: str, source: Path) -> None:
        """Take a file as the copy of the object that was just made of it."""
        copy = self.folder / key
        with suppress(OSError):  # it is fetched when it is needed
            make(copy.parent, self._root)
            os.link(source, copy)

    def keep_only(self, keys: Collection[str]) -> None:
        """Remove copies of all other objects."""
        self._forget(keys)
        for path in self._copies():
            if path.relative_to(self.folder).as_posix() not in keys:
                path.unlink(missing_ok=True)

    def tidy(self, needed: Callable[[], Collection[str]]) -> None:
        """Forget what was seen of objects that are not needed any more. Their copies stay: others may know of later
        ones."""
        if self._seen.is_crowded:
            self._forget(needed())

    def _forget(self, others_than: Collection[str]) -> None:
        self._seen.keep_only(others_than)
        self._damaged = {key: mark for key, mark in self._damaged.items() if key in others_than}

    def evict(self, keep: Collection[Path] = ()) -> None:
        """Remove what was used longest ago, when there is more than the limit."""
        stats = []
        for path in self._copies():
            with suppress(FileNotFoundError):
                stats.append((path, path.stat()))
        left = sum(stat.st_size for _, stat in stats)
        if left <= self.limit:
            return
        for path, stat in sorted(stats, key=lambda found: found[1].st_atime):
            if left <= _LEFT * self.limit:
                return
            if path not in keep:
                path.unlink(missing_ok=True)
                left -= stat.st_size

    def _second_name(self, key: str, added: Added | None, name: Path) -> Path | None:
        """The copy by a name of the reader's own, if there is one that is whole."""
        copy = self.folder / key
        place = second_name(copy, name)
        with suppress(FileNotFoundError):
            if place is None or (added is not None and not self._seen.is_whole(key, place, added)):
                name.unlink(missing_ok=True)
                return None
            os.utime(copy, ns=(time.time_ns(), copy.stat().st_mtime_ns))
        return place

    def _is_whole(self, key: str, added: Added | None, *, again: bool = False) -> bool:
        return added is None or self._seen.is_whole(key, self.folder / key, added, again=again)

    def _fetch(self, key: str, added: Added | None, name: Path) -> Path:
        copy = self.folder / key
        if added is None:
            raise LakeError(f"{self._objects.address}/{key} was removed meanwhile", "try again")
        aside = name.with_suffix(".fetched")
        try:
            digest = self._objects.fetch(key, aside)
        except Missing as error:
            raise damaged(f"{self._objects.address}/{key}") from error
        if (aside.stat().st_size, digest) != (added.size, added.sha256):
            raise damaged(f"{self._objects.address}/{key}")
        make(copy.parent, self._root)
        try:
            os.link(aside, name)
        except OSError:  # this file system has no second names
            name = copy
        aside.rename(copy)
        return name

    def _copies(self) -> Iterator[Path]:
        return files_within(self.folder)

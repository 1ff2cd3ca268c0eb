"""The lake in object storage. ::

    s3://bucket/prefix/
      <kind>/…, coverage/…    the lake's files (`reportdata.lake`), as objects that never change
      log/…                   which of them count (`reportdata.lake.log`)

A file is uploaded first and counts once an entry of the log adds it. What no entry adds within a day is what an import
left that died, and goes. Objects of replaced files go a day later, since another machine may be reading them.

On this machine the lake has a folder with copies of what is read (`reportdata.lake.s3.cache`) and what imports are
writing. Unless there are leases of a store, its locks hold among the processes of this machine alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from reportdata.lake import DAY, Lake
from reportdata.lake.files import is_file
from reportdata.lake.membership import Added
from reportdata.lake.objects import Missing
from reportdata.lake.place import Content, Found, Wanted
from reportdata.lake.s3.cache import Cache
from reportdata.lake.s3.objects import PATIENCE, Objects, several
from reportdata.leases import FileLeases, Leases

CACHE = 10_000_000_000
"""Bytes of copies that are kept."""


class S3Lake(Lake):
    """A lake at an address ``s3://bucket/prefix``. A listing costs a request.

    :param root: the folder on this machine.
    :param cache: bytes of copies that are kept.
    :param patience: seconds for which a request is tried again.
    :param clock: seconds since 1970.
    :param leases: say who may do what with the lake now, where several machines work on it.
    """

    def __init__(
        self,
        root: Path,
        address: str,
        leases: Leases | None = None,
        *,
        cache: int = CACHE,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        own = FileLeases(root)
        super().__init__(root, S3Place(root, Objects(address, patience), cache), leases or own, own, clock)


class S3Place:
    """Objects with their copies on this machine, as a `reportdata.lake.place.Place`."""

    grace = DAY

    def __init__(self, root: Path, objects: Objects, cache: int) -> None:
        self.objects = objects
        self._cache = Cache(root, objects, cache)
        self.folder = self._cache.folder
        self.limit = cache / 4

    def exists(self) -> bool:
        return True  # others may be adding

    def bring(self, names: Mapping[Path, str]) -> dict[str, Content]:
        sizes = {path: path.stat().st_size for path in names}
        digests = self.objects.put_files(names)
        return {key: Content(sizes[path], digests[path]) for path, key in names.items()}

    def brought(self, names: Mapping[Path, str]) -> None:
        for path, key in names.items():
            self._cache.keep(key, path)
        self._cache.evict()

    @contextmanager
    def located(self, wanted: Sequence[Wanted]) -> Iterator[list[Path]]:
        with self._cache.located(wanted) as places:
            yield places

    def pinned(self, keys: Collection[str], aside: Path) -> Mapping[str, Path]:  # noqa: ARG002 - they stay for a day
        return {key: self.folder / key for key in keys}

    def lost(self, wanted: Sequence[Wanted], *, read: bool = True) -> list[str]:
        if read:
            return self._cache.lost(wanted)
        added = {key: of.size for key, of in wanted if of is not None}
        with several() as pool:
            marks = dict(zip(added, pool.map(self.objects.mark, added), strict=True))
        return [f"{self.objects.address}/{key}" for key, mark in marks.items() if not mark or mark[0] != added[key]]

    def misread(self, wanted: Sequence[Wanted]) -> list[str]:
        return self._cache.lost(self._cache.dropped(wanted))

    def is_whole(self, wanted: Wanted) -> bool:
        try:
            return wanted.added is None or self.objects.content(wanted.key) == (wanted.added.size, wanted.added.sha256)
        except Missing:
            return False

    def damaged(self, files: Mapping[str, Added]) -> list[str]:
        listed = {found.key: found.size for found in self.written()}
        return [
            f"{self.objects.address}/{key}" for key, added in sorted(files.items()) if listed.get(key) != added.size
        ]

    def uri(self, wanted: Wanted) -> str:
        return f"s3a://{self.objects.address.removeprefix('s3://')}/{wanted.key}"

    def written(self) -> list[Found]:
        return [found for found in self.objects.list("") if is_file(found.key)]

    def swept(self, keys: Collection[str]) -> None:
        self._cache.keep_only(keys)

    def tidy(self, needed: Callable[[], Collection[str]]) -> None:
        self._cache.tidy(needed)

    def try_adding(self) -> None:
        self.objects.try_putting()

"""The lake in object storage. ::

    s3://bucket/prefix/
      <kind>/…, coverage/…    the lake's files (`reportdata.lake`), as objects that never change
      log/…                   which of them are the lake's (`reportdata.lake.log`)

A file is uploaded first and counts once an entry of the log adds it; one entry replaces files by another. What no entry
adds within a day is what an import left that died, and goes. Objects of replaced files go a day later, since another
machine may be reading them.

On this machine the lake has a folder with copies of what is read (`reportdata.lake.s3.cache`) and what imports are
writing. Unless there are leases of a store, its locks hold among the processes of this machine alone.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from reportdata.days import PARTITION, day_of_folder, to_date
from reportdata.errors import LakeError
from reportdata.facts import KINDS, Kind
from reportdata.lake import FileInfo
from reportdata.lake.base import BaseLake, require
from reportdata.lake.files import Incoming, by_day, names_of_incoming, place_of_merged
from reportdata.lake.s3.cache import Cache, Wanted
from reportdata.lake.log import HOUR, Added, Entry, Log, State
from reportdata.lake.s3.objects import PATIENCE, Objects
from reportdata.leases import FileLeases, Leases

DAY = 24 * HOUR
CACHE = 10_000_000_000
"""Bytes of copies that are kept."""
_FOLDERS = (*KINDS, "coverage")

log = logging.getLogger("reportdata.lake")


class S3Lake(BaseLake):
    """A `reportdata.lake.Lake` at an address ``s3://bucket/prefix``.

    Within `reading` everything is listed as it was first listed there, with what this object itself changed since: a
    listing costs a request.

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
        super().__init__(root, leases or own, own)
        self._objects = Objects(address, patience)
        self.address = self._objects.address
        self._log = Log(self._objects, clock)
        self._cache = Cache(root, self._objects, cache)
        self._clock = clock
        self._readers = 0
        self._seen: State | None = None
        self._swept: State | None = None

    def exists(self) -> bool:
        return True  # others may be adding

    def files(self, kind: Kind, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]:
        folders = self._state().folders
        if days is None:
            names = [name for name in folders if name.startswith(f"{kind}/{PARTITION}")]
        else:
            names = [name for day in days if (name := f"{kind}/{PARTITION}{to_date(day)}") in folders]
        found = {day_of_folder(name.rpartition("/")[2]): self._paths(folders[name]) for name in names}
        return by_day(found, self._paths(folders.get(f"{kind}/merged", ())), days)

    def paths(self, kind: Kind) -> tuple[Path, ...]:
        return self._in_folder(kind)

    def observations(self) -> tuple[Path, ...]:
        return self._in_folder("coverage")

    def size(self) -> int:
        return sum(added.size for key, added in self._state().live.items() if key.partition("/")[0] in KINDS)

    def info(self, path: Path) -> FileInfo:
        added = self._added(path)
        if added is None:
            raise LakeError(f"{self.uri(path)} was removed meanwhile", "try again")
        return FileInfo(added.size, added.at)

    @contextmanager
    def located(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        own = [path for path in dict.fromkeys(paths) if path.is_relative_to(self._cache.folder)]
        if not own:  # files of this machine
            yield paths
            return
        with ExitStack() as held:
            with self._failing("read"):
                found = held.enter_context(self._cache.located([Wanted(path, self._added(path)) for path in own]))
            places = dict(zip(own, found, strict=True))
            yield [places.get(path, path) for path in paths]

    def parts(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        part: list[Path] = []
        size = 0
        for path in paths:
            added = self._added(path) if path.is_relative_to(self._cache.folder) else None
            if part and size + (added.size if added else 0) > self._cache.limit // 4:
                yield part
                part, size = [], 0
            part.append(path)
            size += added.size if added else 0
        yield part

    def uri(self, path: Path) -> str:
        return f"s3a://{self._objects.address.removeprefix('s3://')}/{self._cache.key(path)}"

    @contextmanager
    def reading(self) -> Iterator[None]:
        with super().reading():
            self._readers += 1
            try:
                yield
            finally:
                self._readers -= 1
                if not self._readers:
                    self._seen = None

    @contextmanager
    def snapshot(self) -> Iterator[Mapping[str, Path]]:
        with self.reading():
            yield {key: self._cache.folder / key for key in self._state().live}

    def add(self, incoming: Incoming) -> None:
        names = names_of_incoming(incoming)
        if names:
            self._append(Entry(adds=self._upload(names)))
            for path, key in names.items():
                self._cache.keep(self._cache.folder / key, path)
            self._cache.evict()

    def replace(self, files: Sequence[Path], by: Path | None) -> Path | None:
        require(self._refreshing)
        keys = [self._cache.key(path) for path in files]
        if not all(key in self._log.state().live for key in keys):
            raise LakeError("other files stand in for these already: another machine merged them", "try again")
        place = place_of_merged(files) if by is not None else None
        adds = self._upload({by: self._cache.key(place)}) if by is not None and place is not None else {}
        require(self._refreshing)
        self._append(Entry(adds=adds, replaces=dict.fromkeys(keys, self._clock())))
        if by is not None and place is not None:
            self._cache.keep(place, by)
        return place

    def replaced(self) -> list[Path]:
        state = self._state()
        return [self._cache.folder / key for key in sorted(state.replaced.keys() - state.gone)]

    def sweep(self, *, wait: bool = False) -> int | None:
        with ExitStack() as held:
            with self._failing("written"):
                try:
                    held.enter_context(self._leases.holding("reading.lock", wait=wait))
                except BlockingIOError:
                    return None
            require(self._refreshing)
            state = self._log.state()
            old = self._clock() - DAY
            due = sorted(key for key, at in state.replaced.items() if key not in state.gone and (wait or at < old))
            if due:
                self._objects.remove(due)
                self._log.append(Entry(gone=tuple(due)))
                state = self._log.state()
            if state is not self._swept:
                with self._failing("written"):
                    self._cache.keep_only(state.live.keys() | (state.replaced.keys() - state.gone))
                self._swept = state
            self._remove_garbage(old)
            self._log.tidy()
            return len(due)

    def damaged(self) -> list[str]:
        listed = {found.key: found.size for folder in _FOLDERS for found in self._objects.list(folder)}
        address = self._objects.address
        return [
            f"{address}/{key}" for key, added in sorted(self._state().live.items()) if listed.get(key) != added.size
        ]

    def try_adding(self) -> None:
        key = f"trial/{uuid.uuid4().hex}"
        self._objects.put(key, b"An object that shows that more can be added; it may be removed.\n")
        self._objects.remove([key])

    def _upload(self, names: Mapping[Path, str]) -> dict[str, Added]:
        began = time.monotonic()
        with self._failing("written"):
            sizes = {path: path.stat().st_size for path in names}
            digests = self._objects.put_files(names)
        if time.monotonic() - began > DAY / 2:
            raise LakeError("the upload took so long that its first objects may be gone", "add less at a time")
        return {key: Added(sizes[path], digests[path], self._clock()) for path, key in names.items()}

    def _append(self, entry: Entry) -> None:
        self._log.append(entry)
        if self._seen is not None:
            self._seen = self._seen.after([entry])
        try:
            self._log.tidy()
        except LakeError as error:  # what was to be done is done
            log.warning("%s; it is tidied up later", error.message)

    def _remove_garbage(self, old: float) -> None:
        """Remove objects that were uploaded a day ago and are not the lake's. Looked for once a day by a machine."""
        note = self.root / "garbage"
        with self._failing("written"):
            if note.exists() and note.stat().st_mtime > old:
                return
        listed = [found for folder in _FOLDERS for found in self._objects.list(folder)]
        state = self._log.state()  # after the objects: what was added meanwhile is in it
        kept = state.live.keys() | state.replaced.keys()
        self._objects.remove([found.key for found in listed if found.key not in kept and found.written < old])
        with self._failing("written"):
            note.touch()
            os.utime(note, (self._clock(), self._clock()))

    def _state(self) -> State:
        if self._seen is not None:
            return self._seen
        state = self._log.state()
        if self._readers:
            self._seen = state
        return state

    def _added(self, path: Path) -> Added | None:
        """What is known of a file; it may have been listed a while ago."""
        key = self._cache.key(path)
        for state in (self._seen, self._log.latest):
            if state is not None and key in state.live:
                return state.live[key]
        return self._log.state().live.get(key)

    def _in_folder(self, kind: str) -> tuple[Path, ...]:
        folders = self._state().folders
        return self._paths(sorted(key for name in folders if name.partition("/")[0] == kind for key in folders[name]))

    def _paths(self, keys: Sequence[str]) -> tuple[Path, ...]:
        return tuple(self._cache.folder / key for key in keys)

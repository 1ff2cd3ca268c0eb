"""The lake as its log lists it: files by kind and day, what was observed, and where files can be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.days import PARTITION, day_of_folder, to_date
from reportdata.errors import Damaged, LakeError
from reportdata.lake.files import COVERAGE, COVERAGE_REPEATS, by_day, is_file
from reportdata.lake.folder import LakeFolder
from reportdata.lake.log import Log
from reportdata.lake.membership import Added, Entry, State, named, twin_of
from reportdata.lake.place import Place, Wanted, damaged
from reportdata.leases import Leases


class FileInfo(NamedTuple):
    """A file's size in bytes, and when it was added, in seconds since 1970."""

    size: int
    added: float


class Listing(LakeFolder):
    """What can be read of a lake at some place.

    :param clock: seconds since 1970.
    """

    def __init__(self, root: Path, place: Place, leases: Leases, of_root: Leases, clock: Callable[[], float]) -> None:
        super().__init__(root, leases, of_root)
        self._place = place
        self._log = Log(place.objects, clock)
        self._prefix = str(place.folder / "x")[:-1]
        self._readers = 0
        self._seen: State | None = None

    @property
    def address(self) -> str:
        """Where the files lie."""
        return self._place.objects.address

    def exists(self) -> bool:
        """Whether anything may have been added."""
        return self._place.exists()

    def is_blank(self) -> bool:
        """Whether nothing was ever added: files that were and are gone leave tombstones."""
        state = self._state()
        return not (state.folders or state.replaced or state.gone)

    def files(self, kind: str, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]:
        """The files of a kind by stat day, the earliest first: of the named days, in place of all, which then costs the
        same however many others there are; none for a day that lost all of its own. A file of several days stands at
        each day from the first of them to the last."""
        return self._files(self._state(), kind, days)

    def kinds(self) -> tuple[str, ...]:
        """The kinds of which there are files, or were, and the folders of their repeats."""
        return tuple(sorted({name.partition("/")[0] for name in self._state().folders} - {COVERAGE, COVERAGE_REPEATS}))

    def size(self) -> int:
        """Bytes that the facts take up."""
        return sum(added.size for key, added in self._state().live.items() if key.endswith(".parquet"))

    def info(self, path: Path) -> FileInfo:
        """What is known of a listed file, or of another one of this machine."""
        added = self.added(path)
        if added is not None:
            return FileInfo(added.size, added.at)
        try:
            found = path.stat()
        except OSError as error:
            raise LakeError(f"{path} was removed meanwhile", "try again") from error
        return FileInfo(found.st_size, found.st_mtime)

    @contextmanager
    def located(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        """Where this machine can read the files until the block ends, in their order.

        :raises Damaged: when a file is gone, or is not what was added; also where that shows only while it is read, by
            an error that ends the block.
        """
        own = [path for path in dict.fromkeys(paths) if self.key(path)]
        if not own:  # other files of this machine
            yield paths
            return
        with ExitStack() as held:
            with self._failing("read"):
                found = held.enter_context(self._place.located([self._wanted(path) for path in own]))
            places = dict(zip(own, found, strict=True))
            try:
                yield [places.get(path, path) for path in paths]
            except Damaged:
                raise
            except LakeError as error:
                if lost := self._place.misread([self._wanted(path) for path in own]):
                    raise damaged(*lost) from error
                raise

    def lost(self, paths: Iterable[Path], *, read: bool = True) -> list[str]:
        """The names of those of some listed files that are gone, or are not what was added. A file that has changed
        since it was last found whole is read for that; unless ``read``, sizes alone are compared."""
        with self._failing("read"):
            return self._place.lost([self._wanted(path) for path in paths], read=read)

    def sound(self, paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
        """Those of some listed files that are what was added, and the names of the others."""
        lost = set(self.lost(paths))
        return [path for path in paths if self.name(path) not in lost] if lost else list(paths), sorted(lost)

    def name(self, path: Path) -> str:
        """What a file is called where it lies."""
        return f"{self.address}/{self.key(path)}"

    def key(self, path: Path) -> str:
        """The path of one of its files in the lake; empty for any other file."""
        text = str(path)
        key = text.removeprefix(self._prefix)
        return key if text.startswith(self._prefix) and is_file(key) else ""

    def member(self, name: str) -> Path | None:
        """The file that counts and is called so where it lies, or by its path in the lake; None when there is none."""
        key = name.removeprefix(f"{self.address}/")
        return self._place.folder / key if self._state().get(key) is not None else None

    def is_whole(self, path: Path) -> bool:
        """Whether a listed file is what was added, by all of its bytes, which are read at its place."""
        return self._place.is_whole(self._wanted(path))

    def not_whole(self, paths: Sequence[Path]) -> list[str]:
        """The names of those of some listed files that are gone, or are not what was added, by all of their bytes."""
        with ThreadPoolExecutor(self._place.objects.at_once, "verify") as pool:
            whole = pool.map(self.is_whole, paths)
            return [self.name(path) for path, is_whole in zip(paths, whole, strict=True) if not is_whole]

    def members(self) -> tuple[Path, ...]:
        """All files that count."""
        return tuple(self._paths(self._state().live))

    def faults_of_log(self) -> list[str]:
        """The objects of the log that are gone or damaged; each is read for that. As long as an entry has another one,
        it is read from there."""
        return self._log.faults()

    def parts(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        """The files in batches that can be located at once, where all of them might be too many."""
        part: list[Path] = []
        size = 0
        for path in paths:
            added = self.added(path)
            if part and size + (added.size if added else 0) > self._place.limit:
                yield part
                part, size = [], 0
            part.append(path)
            size += added.size if added else 0
        yield part

    def uri(self, path: Path) -> str:
        """The file's address as Hadoop writes it, for programs on other machines, which have to see a folder, too."""
        return self._place.uri(self._wanted(path))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See `LakeFolder.reading`."""
        with super().reading():
            self._readers += 1
            try:
                yield
            finally:
                self._readers -= 1
                if not self._readers:
                    state, self._seen = self._seen, None
                    if state is not None:
                        self._place.tidy(lambda: state.needed)

    @contextmanager
    def snapshot(self) -> Iterator[Mapping[str, Path]]:
        """The files as they are at one moment: their paths in the lake, and a path of each that `info` and `located`
        take until the block ends, even when it is removed from the lake meanwhile."""
        with self.incoming() as aside:
            self._place.objects.take_over()
            self._seen = self._log.state()
            yield self._place.pinned(self._seen.live, aside.folder)

    def membership(self) -> tuple[Mapping[str, Added], Mapping[str, bytes]]:
        """The log of a folder with the files of this lake, as they are now, or within `snapshot` were then: the files,
        and by their names the objects of the log."""
        live = self._state().live
        content = msgspec.json.encode(Entry(adds=dict(live)))
        name = named(0, content)
        return live, {name: content, twin_of(name): content}

    def replaced(self) -> list[Path]:
        """Files that are still there though others stand in for them."""
        state = self._state()
        return list(self._paths(state.replaced.keys() - state.gone))

    def damaged(self) -> list[str]:
        """The files that are gone or damaged, as far as that shows without reading them whole."""
        return self._place.damaged(self._state().live)

    def _state(self) -> State:
        if self._seen is not None:
            return self._seen
        state = self._log.state()
        if self._readers:
            self._seen = state
        return state

    def _files(self, state: State, kind: str, days: Collection[str] | None) -> dict[str, tuple[Path, ...]]:
        folders = state.folders
        if days is None:
            names = [name for name in folders if name.startswith(f"{kind}/{PARTITION}")]
        else:
            names = [name for day in days if (name := f"{kind}/{PARTITION}{to_date(day)}") in folders]
        found = {day_of_folder(name.rpartition("/")[2]): self._paths(folders[name]) for name in names}
        return by_day(found, self._paths(folders.get(f"{kind}/merged", ())), days)

    def _wanted(self, path: Path) -> Wanted:
        return Wanted(self.key(path), self.added(path))

    def added(self, path: Path) -> Added | None:
        """What the log says of a file, which may have been listed a while ago; None of another one."""
        key = self.key(path)
        for state in (self._seen, self._log.latest) if key else ():
            if state is not None and (added := state.get(key)) is not None:
                return added
        return self._log.state().get(key) if key else None

    def paths(self, kind: str) -> tuple[Path, ...]:
        """All files of a kind, each once."""
        folders = self._state().folders
        return self._paths(key for name in folders if name.partition("/")[0] == kind for key in folders[name])

    def _paths(self, keys: Iterable[str]) -> tuple[Path, ...]:
        return tuple(self._place.folder / key for key in sorted(keys))

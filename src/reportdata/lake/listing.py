"""The lake as its log lists it: files by kind and day, what was observed, and where files can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.days import PARTITION, Coverage, Observation, day_of_folder, to_date
from reportdata.errors import LakeError
from reportdata.lake.files import COVERAGE, COVERAGE_REPEATS, by_day, is_file
from reportdata.lake.folder import LakeFolder
from reportdata.lake.log import Log
from reportdata.lake.membership import FIRST, Added, Entry, State
from reportdata.lake.place import Place, Wanted
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

    def files(self, kind: str, days: Collection[str] | None = None) -> dict[str, tuple[Path, ...]]:
        """The files of a kind by stat day, the earliest first: of the named days, in place of all, which then costs the
        same however many others there are; none for a day that lost all of its own. A file of several days stands at
        each day from the first of them to the last."""
        return self._files(self._state(), kind, days)

    def paths(self, kind: str) -> tuple[Path, ...]:
        """All files of a kind, each once."""
        return self._in_folder(kind)

    def kinds(self) -> tuple[str, ...]:
        """The kinds of which there are files, or were, and the folders of their repeats."""
        return tuple(sorted({name.partition("/")[0] for name in self._state().folders} - {COVERAGE, COVERAGE_REPEATS}))

    def observations(self) -> tuple[Path, ...]:
        """All files of coverage."""
        return self._in_folder(COVERAGE)

    def repeated_observations(self) -> tuple[Path, ...]:
        """All files of what imports observed that others had told already."""
        return self._in_folder(COVERAGE_REPEATS)

    def coverage(self, files: Sequence[Path] | None = None) -> set[Coverage]:
        """What was observed: all of it, or what stands in some of the files."""
        return {observation.coverage for observation in self.observed(files)}

    def observed(self, files: Sequence[Path] | None = None) -> Set[Observation]:
        """What was observed and when, in the order in which it stands there: all of it, or what stands in some of the
        files. Releases before 0.1 noted no time."""
        lines = msgspec.json.Decoder(Observation)
        found: dict[Observation, None] = {}
        with self.reading():
            named = self.observations() if files is None else files
            with self.located(named) as places:
                for path, place in zip(named, places, strict=True):
                    try:
                        content = place.read_bytes()
                        self._check(path, content)
                        found |= dict.fromkeys(lines.decode_lines(content))
                    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
                        raise LakeError(f"the lake's file {path} cannot be read: {error}") from error
        return found.keys()

    def size(self) -> int:
        """Bytes that the facts take up."""
        return sum(added.size for key, added in self._state().live.items() if key.endswith(".parquet"))

    def info(self, path: Path) -> FileInfo:
        """What is known of a listed file, or of another one of this machine."""
        added = self._added(path)
        if added is not None:
            return FileInfo(added.size, added.at)
        try:
            found = path.stat()
        except OSError as error:
            raise LakeError(f"{path} was removed meanwhile", "try again") from error
        return FileInfo(found.st_size, found.st_mtime)

    @contextmanager
    def located(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        """Where this machine can read the files until the block ends, in their order."""
        own = [path for path in dict.fromkeys(paths) if self._key(path)]
        if not own:  # other files of this machine
            yield paths
            return
        with ExitStack() as held:
            with self._failing("read"):
                found = held.enter_context(self._place.located([self._wanted(path) for path in own]))
            places = dict(zip(own, found, strict=True))
            yield [places.get(path, path) for path in paths]

    def lost(self, paths: Iterable[Path]) -> list[str]:
        """The names of those of some listed files that are gone or have another size, as far as that shows without a
        request."""
        return self._place.lost([self._wanted(path) for path in paths])

    def parts(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        """The files in batches that can be located at once, where all of them might be too many."""
        part: list[Path] = []
        size = 0
        for path in paths:
            added = self._added(path)
            if part and size + (added.size if added else 0) > self._place.limit:
                yield part
                part, size = [], 0
            part.append(path)
            size += added.size if added else 0
        yield part

    def uri(self, path: Path) -> str:
        """The file's address as Hadoop writes it, for programs on other machines, which have to see a folder, too."""
        for name in self.lost([path]):
            raise LakeError(f"the lake's file {name} is gone, or is not what was added", "restore the newest backup")
        return self._place.uri(self._key(path))

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
                    self._seen = None

    @contextmanager
    def snapshot(self) -> Iterator[Mapping[str, Path]]:
        """The files as they are at one moment: their paths in the lake, and a path of each that `info` and `located`
        take until the block ends, even when it is removed from the lake meanwhile."""
        with self.incoming() as aside:
            self._place.objects.take_over()
            self._seen = self._log.state()
            yield self._place.pinned(self._seen.live, aside.folder)

    def membership(self) -> tuple[str, Mapping[str, Added], bytes]:
        """The log of a folder with the files of this lake, as they are now, or within `snapshot` were then: the name of
        its entry, the files, and the entry."""
        live = self._state().live
        return FIRST, live, msgspec.json.encode(Entry(adds=dict(live)))

    def replaced(self) -> list[Path]:
        """Files that are still there though others stand in for them."""
        state = self._state()
        return list(self._paths(state.replaced.keys() - state.gone))

    def damaged(self) -> list[str]:
        """The files that are gone or damaged, as far as that shows without reading them whole."""
        return self._place.damaged(self._state().live)

    def _check(self, path: Path, content: bytes) -> None:
        added = self._added(path)
        if added is not None and added.sha256 and hashlib.sha256(content).hexdigest() != added.sha256:
            raise LakeError(f"the lake's file {path} cannot be read: it is not what was added", "restore a backup")

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

    def _key(self, path: Path) -> str:
        """The key of a file of the lake; empty for any other file."""
        text = str(path)
        key = text.removeprefix(self._prefix)
        return key if text.startswith(self._prefix) and is_file(key) else ""

    def _wanted(self, path: Path) -> Wanted:
        return Wanted(self._key(path), self._added(path))

    def _added(self, path: Path) -> Added | None:
        """What is known of a file; it may have been listed a while ago."""
        key = self._key(path)
        for state in (self._seen, self._log.latest) if key else ():
            if state is not None and (added := state.get(key)) is not None:
                return added
        return self._log.state().get(key) if key else None

    def _in_folder(self, kind: str) -> tuple[Path, ...]:
        folders = self._state().folders
        return self._paths(key for name in folders if name.partition("/")[0] == kind for key in folders[name])

    def _paths(self, keys: Iterable[str]) -> tuple[Path, ...]:
        return tuple(self._place.folder / key for key in sorted(keys))

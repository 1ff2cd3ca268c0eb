"""The membership log: which files are the lake's. A two-phase set (2P-set) of names, with tombstones. ::

    log/<when>-<digest>.json    an entry: files that are added, tombstones of files, entries that it stands for
    log/<when>-<digest>.copy    the same once more

A file is the lake's when an entry adds it and no tombstone names it. Names are never used again, so what is replaced
once is replaced for ever, and entries, which are only ever added, may be read in any order and more than once: writers
need no lock and no conditional request (Alibaba Cloud's OSS has none by S3's protocol), and an entry that is written
twice, because the first answer was lost, changes nothing. An entry is one object, so what it does is atomic: all files
of an addition, or the files that go and the one that stands in for them.

An entry's name has its SHA-256, and it is written twice: so one that is gone or damaged shows, and is read from its
second object until a writer writes the first one anew. It counts once one of the two is there.

So that it does not grow for ever, a writer now and then **folds** the log: it writes an entry that says what several
say, which then need not be read any more, and are removed an hour later. Small entries are folded among themselves
until they weigh enough beside a large one, as in a log-structured merge tree. Two writers may fold at once: what one
of them does not know of is not folded by it, and stays. The name of an entry sorts after those it folds; listings come
in the order of names. So who misses an entry that was removed while he listed finds the one that stands for it, and
who gets no entry that he had listed lists again.

Times are those of the writers' clocks, which S3 keeps from differing by more than 15 minutes: it refuses the requests
of any other. Every pause here is an hour or longer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import msgspec

from reportdata.errors import LakeError
from reportdata.lake.folding import HOUR, SLOWEST, folded, light
from reportdata.lake.membership import FIRST, FORMAT, Entry, State, checked, is_checked, name_of, named, twin_of
from reportdata.lake.objects import Missing, Objects

MANY = 64
"""Entries that have to be read: more than these are folded."""
_TRIES = 20
_BATCH = 32
"""Entries that are read at once."""


class Log:
    """The log of the lake at these objects.

    :param clock: seconds since 1970.
    """

    def __init__(self, objects: Objects, clock: Callable[[], float]) -> None:
        self._objects = objects
        self._clock = clock
        self._known: dict[str, Entry] = {}
        self._written: dict[str, Entry] = {}
        self._state = State()
        self._listed: Sequence[str] = ()
        self._objects_listed: frozenset[str] = frozenset()
        self._damaged: set[str] = set()
        self._unchecked: set[str] = set()
        self._lock = Lock()
        self.latest = self._state

    def state(self) -> State:
        """What is the lake's now: with all that was acknowledged before this is called. Several threads may ask."""
        with self._lock:
            for _ in range(_TRIES):
                listed = self._list()
                unlogged = self._objects.unlogged() if not listed else None
                if unlogged is not None:
                    if self._objects.keys("log"):  # it was taken over meanwhile, and may have changed
                        continue
                    self.latest = State().after([unlogged])
                    return self.latest
                try:
                    return self._read(listed)
                except Missing:  # it was folded an hour ago, and removed since it was listed
                    continue
        raise LakeError(f"{self._objects.address}/log changes faster than it can be read", "try again")

    def append(self, entry: Entry) -> None:
        """Do what an entry says. It is done for everybody and durable when this returns.

        :raises LakeError: when it cannot be written; it may be done nevertheless.
        """
        self._write(entry, 0)
        self.latest = self.latest.after([entry])

    def tidy(self) -> None:
        """Fold the log when it was long when it was last read, or has entries of older releases, whose names have no
        digest; remove what was folded an hour ago; and write objects anew that are gone or damaged."""
        if len(self._known) > MANY or self._unchecked & self._known.keys():
            began = self._clock()
            state = self.state()
            names = self._light()
            if self._clock() - began < SLOWEST:  # else what it knows may be of no use any more
                self._write(self._folded(state, names), _when(self._listed[-1]) + 1)
                self.state()
        gone = sorted(self._to_remove())
        self._objects.remove(key for name in gone for key in (name, twin_of(name)))
        self._mend([name for name in self._known if name not in gone])

    def faults(self) -> list[str]:
        """The names of objects that are gone or damaged; each is read for that."""
        found = []
        for name in self._list():
            for key in (name, twin_of(name)):
                try:
                    if key in self._objects_listed or not self._is_old(name):
                        self._decoded(name, key)
                except LakeError:
                    found.append(key)
                    self._damaged.add(key)
        listed = set(self._list())  # what was removed meanwhile is not damaged
        return [f"{self._objects.address}/{key}" for key in found if name_of(key) in listed]

    def _list(self) -> list[str]:
        """The names of the entries of which an object is there."""
        self._objects_listed = frozenset(self._objects.keys("log"))
        return sorted({name_of(key) for key in self._objects_listed})

    def _is_old(self, name: str) -> bool:
        """Whether a release wrote an entry that wrote it once, without a digest."""
        return name in self._unchecked or not (is_checked(name) or name == FIRST)

    def _mend(self, names: Iterable[str]) -> None:
        """Write the objects of entries anew that are gone or damaged."""
        for name in names:
            wrong = [
                key
                for key in (name, twin_of(name))
                if key in self._damaged or (key not in self._objects_listed and not self._is_old(name))
            ]
            if len(wrong) == 1 and name in self._listed:
                try:
                    content = self._objects.get(twin_of(name) if wrong[0] == name else name)
                except Missing:
                    continue
                if checked(name, content) is not None:
                    self._objects.put(wrong[0], content)
                    self._damaged.discard(wrong[0])

    def _write(self, entry: Entry, least: int) -> None:
        content = msgspec.json.encode(entry)
        name = named(max(int(self._clock() * 1000), least), content)
        with ThreadPoolExecutor(min(2, self._objects.at_once), "log") as pool:
            list(pool.map(lambda key: self._objects.put(key, content), (name, twin_of(name))))
        self._written[name] = entry

    def _read(self, listed: Sequence[str]) -> State:
        if listed != self._listed:
            known: dict[str, Entry] = {}
            folded: set[str] = set()
            latest_first = listed[::-1]  # they may stand for others
            for start in range(0, len(listed), _BATCH):
                batch = [name for name in latest_first[start : start + _BATCH] if name not in folded]
                for name, entry in zip(batch, self._entries(batch), strict=True):
                    if name not in folded:
                        known[name] = entry
                        folded.update(entry.folds)
            new = [entry for name, entry in known.items() if name not in self._known]
            if known.keys() & self._known.keys() and self._known.keys() - known.keys() <= folded:
                self._state = self._state.after(new)
            else:  # what nobody needs to know any more is forgotten
                self._state = State().after(known.values())
            self._known, self._listed = known, listed
            self._written.clear()
        self.latest = self._state
        return self._state

    def _entries(self, names: Sequence[str]) -> list[Entry]:
        unknown = [name for name in names if name not in self._known and name not in self._written]
        if len(unknown) > 1 and self._objects.at_once > 1:
            with ThreadPoolExecutor(self._objects.at_once, "log") as pool:
                read = dict(zip(unknown, pool.map(self._entry, unknown), strict=True))
        else:
            read = {name: self._entry(name) for name in unknown}
        return [self._known.get(name) or self._written.get(name) or read[name] for name in names]

    def _entry(self, name: str) -> Entry:
        """An entry by its first object or, where that is gone or damaged, by its second one."""
        wrong: LakeError | None = None
        for key in (name, twin_of(name)):
            if key == name and key not in self._objects_listed:
                continue
            try:
                return self._decoded(name, key)
            except Missing as error:
                wrong = wrong or error
            except LakeError as error:
                self._damaged.add(key)
                wrong = error if wrong is None or isinstance(wrong, Missing) else wrong
        raise wrong or Missing(f"{self._objects.address}/{name} is gone")

    def _decoded(self, name: str, key: str) -> Entry:
        content = self._objects.get(key)
        place = f"{self._objects.address}/{key}"
        said = checked(name, content)
        if not is_checked(name, content):
            if name == FIRST and twin_of(name) in self._objects_listed:
                said = None  # a release that writes twice writes a digest
            else:
                self._unchecked.add(name)
        if said is None:
            raise LakeError(f"{place} cannot be read: it is not what was written", "restore the newest backup")
        try:
            entry = msgspec.json.decode(said, type=Entry)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LakeError(f"{place} cannot be read: {error}", "restore the newest backup") from error
        if entry.format > FORMAT:
            raise LakeError(f"a newer version of reportdata wrote {place}", "use that version")
        return entry

    def _light(self) -> list[str]:
        """The entries that are folded, the smallest ones, those without a digest, and what these stand for and is still
        there."""
        names = light(self._known, [name for name in self._known if name in self._unchecked])
        stood_for = {name for one in names for name in self._known[one].folds}
        return [name for name in self._listed if name in stood_for or name in names]

    def _folded(self, state: State, names: Sequence[str]) -> Entry:
        return folded(self._known, state, names, self._clock())

    def _to_remove(self) -> set[str]:
        """Folded entries that are old enough: every reader has seen the one that stands for them."""
        old = self._clock() - HOUR
        listed = set(self._listed)
        return {
            name for entry in self._known.values() for name, at in entry.folds.items() if at < old and name in listed
        }


def _when(name: str) -> int:
    return int(name.removeprefix("log/").partition("-")[0])

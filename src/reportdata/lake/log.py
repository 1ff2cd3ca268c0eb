"""What belongs to a lake in object storage: the union of its log's entries. ::

    log/<when>-<id>.json    an entry: files that were added, files that are replaced, entries that it stands for

A file is the lake's when an entry adds it and none replaces it. Names are never used again, so a file that is replaced
once is replaced for ever, and entries may be read in any order and more than once, like facts: writers need no lock
and no conditional request (Alibaba Cloud's OSS has none by S3's protocol), and an entry that is written twice, because
the first answer was lost, changes nothing. An entry is one object; so what it does is done at once.

So that it does not grow for ever, a writer now and then **folds** the log: it writes an entry of all that the listed
ones say, which then need not be read any more, and are removed an hour later. Two writers may fold at once: what one of
them does not know of is not folded by it, and stays. The name of an entry sorts after those it folds; listings come in
the order of names. So who misses an entry that was removed while he listed finds the one that stands for it, and who
gets no entry that he had listed lists again.

Times are those of the writers' clocks, which S3 keeps from differing by more than 15 minutes: it refuses the requests
of any other. All that waits, waits for an hour or more.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

from reportdata.errors import LakeError
from reportdata.lake.s3.objects import Found, Missing, Objects, several

MANY = 64
"""Entries that have to be read: more than these are folded."""
HOUR = 3600.0
_KEPT = 48 * HOUR
"""Seconds for which it is kept in mind that a file was replaced: longer than any writer can take."""
_FORMAT = 1
_TRIES = 20
_BATCH = 32
"""Entries that are read at once."""


class Added(NamedTuple):
    """A file: its bytes, their SHA-256 in hexadecimal, and when it was added, in seconds since 1970."""

    size: int
    sha256: str
    at: float


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a writer did, or several together.

    ``replaces`` says since when a file is the lake's no more; ``gone`` are files among these whose objects were
    removed; ``folds`` are the entries that this one stands for, and since when one did. Times are in seconds since
    1970.
    """

    format: int = _FORMAT
    adds: dict[str, Added] = {}
    replaces: dict[str, float] = {}
    gone: tuple[str, ...] = ()
    folds: dict[str, float] = {}


@dataclass(frozen=True)
class State:
    """What is the lake's at a moment: its files, the files that are replaced and since when, and those of them whose
    objects are gone."""

    live: Mapping[str, Added] = field(default_factory=dict)
    replaced: Mapping[str, float] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    @cached_property
    def folders(self) -> Mapping[str, Sequence[str]]:
        """The lake's files by folder, like ``sent/stat_day=2021-06-20``."""
        found: dict[str, list[str]] = {}
        for key in sorted(self.live):
            found.setdefault(key.rpartition("/")[0], []).append(key)
        return found

    def after(self, entries: Iterable[Entry]) -> State:
        """The state with some entries more."""
        adds = dict(self.live)
        replaced, gone = dict(self.replaced), set(self.gone)
        for entry in entries:
            adds.update(entry.adds)
            gone.update(entry.gone)
            for key, at in entry.replaces.items():
                replaced[key] = min(at, replaced.get(key, at))
        return State({key: added for key, added in adds.items() if key not in replaced}, replaced, frozenset(gone))


class Log:
    """The log of the lake at these objects.

    :param clock: seconds since 1970.
    """

    def __init__(self, objects: Objects, clock: Callable[[], float]) -> None:
        self._objects = objects
        self._clock = clock
        self._known: dict[str, Entry] = {}
        self._state = State()
        self._listed: list[Found] = []
        self.latest = self._state

    def state(self) -> State:
        """What is the lake's now: with all that was acknowledged before this is called."""
        for _ in range(_TRIES):
            self._listed = self._objects.list("log")
            try:
                return self._read([found.key for found in self._listed])
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
        """Fold the log when it was long when it was last read, and remove what was folded an hour ago."""
        if len(self._known) > MANY:
            began = self._clock()
            state = self.state()
            names = [found.key for found in self._listed]
            if self._clock() - began < HOUR / 2:  # else what it knows may be of no use any more
                self._write(self._folded(state, names), _when(names[-1]) + 1)
                self.state()
        self._objects.remove(sorted(self._to_remove()))

    def _write(self, entry: Entry, least: int) -> None:
        name = f"log/{max(int(self._clock() * 1000), least):014}-{uuid.uuid4().hex}.json"
        self._objects.put(name, msgspec.json.encode(entry))

    def _read(self, names: Sequence[str]) -> State:
        known: dict[str, Entry] = {}
        folded: set[str] = set()
        latest_first = sorted(names, reverse=True)
        with several() as pool:
            for start in range(0, len(latest_first), _BATCH):
                batch = [name for name in latest_first[start : start + _BATCH] if name not in folded]
                for name, entry in zip(batch, pool.map(self._entry, batch), strict=True):
                    if name not in folded:
                        known[name] = entry
                        folded.update(entry.folds)
        if known.keys() != self._known.keys():
            self._known = known
            self._state = State().after(known.values())
        self.latest = self._state
        return self._state

    def _entry(self, name: str) -> Entry:
        if name in self._known:
            return self._known[name]
        content = self._objects.get(name)
        try:
            entry = msgspec.json.decode(content, type=Entry)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LakeError(f"{self._objects.address}/{name} cannot be read: {error}") from error
        if entry.format > _FORMAT:
            raise LakeError(f"a newer version of reportdata wrote {self._objects.address}/{name}", "use that version")
        return entry

    def _folded(self, state: State, names: Sequence[str]) -> Entry:
        old = self._clock() - _KEPT
        replaces = {key: at for key, at in state.replaced.items() if key not in state.gone or at > old}
        gone = sorted(state.gone & replaces.keys())
        folds = dict.fromkeys(names, self._clock())
        for entry in self._known.values():
            folds.update((name, min(at, folds[name])) for name, at in entry.folds.items() if name in folds)
        return Entry(adds=dict(state.live), replaces=replaces, gone=tuple(gone), folds=folds)

    def _to_remove(self) -> set[str]:
        """Entries for which others have stood long enough for everybody who reads to know these."""
        old = self._clock() - HOUR
        listed = {found.key for found in self._listed}
        return {
            name for entry in self._known.values() for name, at in entry.folds.items() if at < old and name in listed
        }


def _when(name: str) -> int:
    return int(name.removeprefix("log/").partition("-")[0])

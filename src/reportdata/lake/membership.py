"""A two-phase set (2P-set) of files: what writers added, less what has a tombstone. In whatever order its entries are
taken in, and however often, it is the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import msgspec

FIRST = "log/00000000000000-first.json"
"""The name of an entry of what was there before the log began."""
FORMAT = 1
_DIGEST = 64
"""Digits of a SHA-256 in hexadecimal."""


class Added(NamedTuple):
    """A file: its bytes, their SHA-256 in hexadecimal, and when it was added, in seconds since 1970. The digest is
    empty as long as nobody has looked into a file from before there was a log."""

    size: int
    sha256: str
    at: float


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a writer did, or several together.

    ``replaces`` are tombstones, with the time since when a file is the lake's no more; ``gone`` are files among these
    whose objects were removed; ``folds`` are the entries that this one stands for, and since when one did. Times are in
    seconds since 1970.
    """

    format: int = FORMAT
    adds: dict[str, Added] = {}
    replaces: dict[str, float] = {}
    gone: tuple[str, ...] = ()
    folds: dict[str, float] = {}

    @property
    def weight(self) -> int:
        """How much it says."""
        return 1 + len(self.adds) + len(self.replaces) + len(self.gone)


@dataclass(frozen=True)
class State:
    """The 2P-set at a moment: by folder, like ``sent/stat_day=2021-06-20``, the lake's files, none in a folder that
    lost all of its own; the tombstones with their times, and those of them whose objects are gone."""

    folders: Mapping[str, Mapping[str, Added]] = field(default_factory=dict)
    replaced: Mapping[str, float] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    @cached_property
    def live(self) -> Mapping[str, Added]:
        """The lake's files."""
        return {key: added for files in self.folders.values() for key, added in files.items()}

    @property
    def needed(self) -> Set[str]:
        """The keys of its files, and of those that somebody may still be reading."""
        return self.live.keys() | (self.replaced.keys() - self.gone)

    def get(self, key: str) -> Added | None:
        """What is known of one of the lake's files."""
        return self.folders.get(folder_of(key), {}).get(key)

    def after(self, entries: Iterable[Entry]) -> State:
        """The state with some entries more, in whatever order. It costs what these say, and what the state holds of the
        same kind, since no state changes: additions alone do not cost what it has of tombstones."""
        entries = list(entries)
        folders = dict(self.folders)
        gone = (
            self.gone.union(*(entry.gone for entry in entries)) if any(entry.gone for entry in entries) else self.gone
        )
        replaced = self.replaced
        if any(entry.replaces for entry in entries):
            replaced = earliest([replaced, *(entry.replaces for entry in entries)])
        own: dict[str, dict[str, Added]] = {}

        def inside(key: str) -> dict[str, Added]:
            folder = folder_of(key)
            if folder not in own:
                own[folder] = dict(folders.get(folder, {}))
            return own[folder]

        for entry in entries:
            for key in entry.replaces:
                inside(key).pop(key, None)
            for key, added in entry.adds.items():
                files = inside(key)
                if key not in replaced:
                    files[key] = added
        return State({**folders, **own}, replaced, gone)


def earliest(tombstones: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Tombstones together, each with its earliest time."""
    found: dict[str, float] = {}
    for some in tombstones:
        if found:
            found.update((key, min(at, found.get(key, at))) for key, at in some.items())
        else:
            found.update(some)
    return found


def twin_of(name: str) -> str:
    """The name of an entry's second object, which has the same content."""
    return f"{name.removesuffix('.json')}.copy"


def name_of(key: str) -> str:
    """The name of the entry that an object is."""
    return f"{key.removesuffix('.copy')}.json" if key.endswith(".copy") else key


def named(at: int, content: bytes) -> str:
    """The name of a new entry with that content, written at a time in milliseconds since 1970."""
    return f"log/{at:014}-{hashlib.sha256(content).hexdigest()}.json"


def signed(content: bytes) -> bytes:
    """The content of the entry `FIRST`, whose name cannot hold its digest."""
    return content + b"\n" + hashlib.sha256(content).hexdigest().encode() + b"\n"


def is_checked(name: str, content: bytes = b"") -> bool:
    """Whether an entry's name or content holds its digest; those of older releases do not."""
    if name == FIRST:
        return len(content.rstrip().rpartition(b"\n")[2]) == _DIGEST and b"\n" in content.rstrip()
    return len(name.rpartition("-")[2]) == _DIGEST + len(".json")


def checked(name: str, content: bytes) -> bytes | None:
    """What an entry says, without its digest; None when it is not what was written."""
    digest = name.rpartition("-")[2].removesuffix(".json")
    if name == FIRST and is_checked(name, content):
        content, _, last = content.rstrip().rpartition(b"\n")
        digest = last.decode("latin-1")
    elif not is_checked(name):
        return content
    return content if hashlib.sha256(content).hexdigest() == digest else None


def folder_of(key: str) -> str:
    """The folder of a file, like ``sent/stat_day=2021-06-20``."""
    return key.rpartition("/")[0]

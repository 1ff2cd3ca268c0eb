"""How entries of the log are folded: one entry says what several said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportdata.lake.membership import Entry, State, earliest, folder_of

HOUR = 3600.0
SLOWEST = HOUR / 2
"""Seconds within which an entry that was folded is to be written; after that it is of no use."""
KEPT = 2 * HOUR
"""Seconds for which tombstones of removed files are kept. Only an entry that was folded before a tombstone was there
can add its file again: it is written within `SLOWEST`, and counts by then, though clocks differ by a quarter of an hour
each."""
_LIGHT = 4
"""How many times as much as the smaller entries together an entry may weigh to be folded with them."""


def light(known: Mapping[str, Entry], first: Sequence[str]) -> list[str]:
    """The names of the entries that are folded: these, and the smallest ones."""
    names = list(first)
    weight = sum(known[name].weight for name in names)
    for name in sorted(known.keys() - set(names), key=lambda name: known[name].weight):
        if len(names) > 1 and known[name].weight > _LIGHT * weight:
            break
        names.append(name)
        weight += known[name].weight
    return names


def folded(known: Mapping[str, Entry], state: State, names: Sequence[str], now: float) -> Entry:
    """An entry that stands for these. Only one that stands for all can leave tombstones out, and keeps one in a folder
    that has nothing else: a day that lost all of its facts is not a day that never had any."""
    entries = [known[name] for name in names if name in known]
    adds = {key: added for entry in entries for key, added in entry.adds.items() if state.get(key) is not None}
    replaces = earliest(entry.replaces for entry in entries)
    gone = {key for entry in entries for key in entry.gone}
    if len(entries) == len(known):
        last = {folder_of(key): key for key in replaces if not state.folders.get(folder_of(key))}
        needed = {key for key, at in replaces.items() if key not in gone or at > now - KEPT}.union(last.values())
        replaces = {key: at for key, at in replaces.items() if key in needed}
        gone &= replaces.keys()
    folds = dict.fromkeys(names, now)
    for entry in entries:
        folds.update((name, min(at, folds[name])) for name, at in entry.folds.items() if name in folds)
    return Entry(adds=adds, replaces=replaces, gone=tuple(sorted(gone)), folds=folds)

"""Looks at days, by what they add to others.

A look of an import can be taken back, any other look stays. So a look that tells nothing new is kept when only looks of
other imports tell the same: it takes their place when they are taken back.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.coverage import Observation, latest
from reportdata.days import ordinal


class Looks(NamedTuple):
    """Looks that tell something, and those of imports that tell what looks of other imports tell already."""

    told: list[Observation]
    repeats: list[Observation]


def apart(looks: Iterable[Observation], known: Iterable[Observation] = ()) -> Looks:
    """Looks told apart by what they add to each other and to those that are known. What a look tells that stays, or
    another one of the same import, is in neither."""
    wanted = sorted(set(looks), key=_order)
    seen = {look.corp_id: dict[str, _Seen]() for look in wanted}
    for look in known:
        if look.corp_id in seen:
            seen[look.corp_id].setdefault(look.kind, _Seen()).add(look)
    found = Looks([], [])
    for look in wanted:
        own = seen[look.corp_id].setdefault(look.kind, _Seen())
        tellers = set(own.superseding(look))
        if not tellers.isdisjoint(("", look.origin)):
            continue
        (found.repeats if tellers and look.origin else found.told).append(look)
        own.add(look)
    return Looks(sorted(found.told), sorted(found.repeats))


class _Seen:
    """Looks of one organisation and kind, found by the days that they cover."""

    def __init__(self) -> None:
        self._by_length: dict[int, list[tuple[int, int, str]]] = {}

    def add(self, look: Observation) -> None:
        """Add a look."""
        first, last = ordinal(look.first_day), ordinal(look.last_day)
        insort(self._by_length.setdefault(last - first, []), (first, look.at, look.origin))

    def superseding(self, look: Observation) -> Iterator[str]:
        """The origins of looks that are at least as late and cover all of its days."""
        first, last = ordinal(look.first_day), ordinal(look.last_day)
        for length, pieces in self._by_length.items():
            if length < last - first:
                continue
            for place in range(bisect_left(pieces, (last - length,)), len(pieces)):
                begin, at, origin = pieces[place]
                if begin > first:
                    break
                if at >= look.at:
                    yield origin


def fewest(looks: Iterable[Observation]) -> list[Observation]:
    """The latest look of each origin at each day, in as few pieces as possible."""
    by_origin: dict[str, list[Observation]] = {}
    for look in looks:
        by_origin.setdefault(look.origin, []).append(look)
    pieces = ((piece._replace(origin=origin) for piece in latest(own)) for origin, own in by_origin.items())
    return list(chain.from_iterable(pieces))


def _order(look: Observation) -> tuple[bool, int, str, int, str, str, str]:
    """Those that stay first; of the others the latest and the widest."""
    return (
        bool(look.origin),
        -look.at,
        look.first_day,
        -int(look.last_day),
        look.corp_id,
        look.kind,
        look.origin,
    )


def written(path: Path, looks: Sequence[Observation]) -> Path | None:
    """A new file of coverage with these looks; None, and none is made, without any."""
    if not looks:
        return None
    path.write_bytes(msgspec.json.Encoder().encode_lines(looks))
    return path

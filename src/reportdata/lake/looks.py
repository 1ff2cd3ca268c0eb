"""Looks at days, by what they add to others.

A look of an import can be taken back, any other look stays. So a look that tells nothing new is kept when only looks of
other imports tell the same: it takes their place when they are taken back.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from reportdata.days import Observation, latest


class Looks(NamedTuple):
    """Looks that tell something, and those of imports that tell what looks of other imports tell already."""

    told: list[Observation]
    repeats: list[Observation]


def apart(looks: Iterable[Observation], known: Iterable[Observation] = ()) -> Looks:
    """Looks told apart by what they add to each other and to those that are known. What a look tells that stays, or
    another one of the same import, is in neither."""
    wanted = sorted(set(looks), key=_order)
    corp_ids = {look.corp_id for look in wanted}
    firm: dict[tuple[str, str], list[Observation]] = {}
    others: dict[tuple[str, str], list[Observation]] = {}
    for look in known:
        if look.corp_id in corp_ids:
            (others if look.origin else firm).setdefault((look.corp_id, look.kind), []).append(look)
    found = Looks([], [])
    for look in wanted:
        key = look.corp_id, look.kind
        if any(wide.supersedes(look) for wide in firm.get(key, ())):
            continue
        tellers = {wide.origin for wide in others.get(key, ()) if wide.supersedes(look)} if look.origin else set()
        if look.origin in tellers:
            continue
        (found.repeats if tellers else found.told).append(look)
        (others if look.origin else firm).setdefault(key, []).append(look)
    return Looks(sorted(found.told), sorted(found.repeats))


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

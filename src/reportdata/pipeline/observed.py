"""What was observed, from the lake to the store: only what the store has not been told."""

from __future__ import annotations

import gc
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from reportdata.coverage import Observation, told_by
from reportdata.days import day_after, day_before
from reportdata.kinds import Kinds


def clipped(observed: Collection[Observation], days: Collection[str]) -> Iterator[Observation]:
    """What was observed of these days."""
    for corp_id, first, last, at, kind, _ in observed:
        for day in days:
            if first <= day <= last:
                yield Observation(corp_id, day, day, at, kind)


def outside(observed: Iterable[Observation], days: Collection[str]) -> Iterator[Observation]:
    """What was observed of other days than these."""
    left_out = sorted(days)
    for look in observed:
        first = look.first_day
        for place in range(bisect_left(left_out, first), len(left_out)):
            day = left_out[place]
            if day > look.last_day:
                break
            if first < day:
                yield look._replace(first_day=first, last_day=day_before(day))
            first = day_after(day)
        if first == look.first_day:
            yield look
        elif first <= look.last_day:
            yield look._replace(first_day=first)


def told_by_kind(observed: Iterable[Observation], kinds: Kinds) -> list[Observation]:
    """What was observed, kind by kind, whatever the origin; what names no kind was noted before they were told
    apart."""
    found: list[Observation] = []
    for look in observed:
        corp_id, first, last, at, kind, origin = look
        if not kind:
            found += [look._replace(kind=kind) for kind in kinds.before_kinds()]
        else:
            found.append(Observation(corp_id, first, last, at, kind) if origin else look)
    return found


def untold(observed: Sequence[Observation], told: Sequence[Observation]) -> Sequence[Observation]:
    """What was observed of which the store has not been told as much."""
    if not told:
        return observed
    there = set(told)
    new = [look for look in observed if look not in there]
    looked_at = {look.corp_id for look in new}
    known: dict[tuple[str, str], list[Observation]] = {}
    for piece in told if new else ():
        if piece.corp_id in looked_at:
            known.setdefault((piece.corp_id, piece.kind), []).append(piece)
    if not known:
        return new
    return [look for look in new if not told_by(known.get((look.corp_id, look.kind), ()), look)]


@contextmanager
def without_collections() -> Iterator[None]:
    """Without the collector of cycles: it would go through millions of looks, of which none is in a cycle, again and
    again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()

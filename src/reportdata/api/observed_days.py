"""Which days of an organisation may have numbers of a service: those that were observed for the kinds they need."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from reportdata.coverage import Observation, partly
from reportdata.services import Service

Pieces = Sequence[tuple[str, str]]
"""Pieces of days, the first and the last day of each, by day; they do not overlap."""


def by_kind(observed: Iterable[Observation]) -> dict[str, list[tuple[str, str]]]:
    """What was observed, by kind."""
    found: dict[str, list[tuple[str, str]]] = {}
    for look in observed:
        found.setdefault(look.kind, []).append((look.first_day, look.last_day))
    return found


def newest_of(service: Service, kpi_ids: Iterable[str], observed: Mapping[str, Pieces], until: str) -> str | None:
    """The newest day up to one on which all kinds were observed that one of these KPIs needs, in whole or in part."""
    days = [_newest(service.observed(kpi), observed, until) for kpi in kpi_ids]
    return max((day for day in days if day is not None), default=None)


def first_of(service: Service, kpi_ids: Iterable[str], observed: Mapping[str, Pieces], until: str) -> str | None:
    """The first day of a piece up to a day on which a kind was observed that one of these KPIs needs: no number is from
    before it."""
    kinds = {name for kpi in kpi_ids for kind in service.observed(kpi) for name in (kind, partly(kind))}
    return min((piece[0] for kind in kinds for piece in observed.get(kind, ()) if piece[0] <= until), default=None)


def _newest(kinds: Iterable[str], observed: Mapping[str, Pieces], until: str) -> str | None:
    """The newest day up to one that pieces of each kind have."""
    every = [[observed[name] for name in (kind, partly(kind)) if name in observed] for kind in kinds]
    day: str | None = until
    while day is not None:
        reached = [max((at for one in of if (at := _at_most(one, day)) is not None), default=None) for of in every]
        lowest = None if None in reached else min((at for at in reached if at is not None), default=None)
        if lowest == day:
            return day
        day = lowest
    return None


def _at_most(pieces: Pieces, day: str) -> str | None:
    """The newest day up to one that pieces have."""
    place = bisect_right(pieces, day, key=lambda piece: piece[0])
    return min(pieces[place - 1][1], day) if place else None

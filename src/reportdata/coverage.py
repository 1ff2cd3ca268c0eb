"""Which days an organisation was observed for, and when it was looked at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from heapq import heappop, heappush
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple, TypeVar

from reportdata.days import MILLISECOND, from_date, instant_of, ordinal, to_date


class Coverage(NamedTuple):
    """An organisation was observed for a kind of facts from ``first_day`` to ``last_day``, both included: no facts of
    the kind there means zero. An empty ``kind`` stands for what was observed before kinds were told apart, or for
    whatever kind."""

    corp_id: str
    first_day: str
    last_day: str
    kind: str = ""

    def includes(self, other: Coverage) -> bool:
        """Whether all of the other's days are covered by this, for the same kind."""
        same = (self.corp_id, self.kind) == (other.corp_id, other.kind)
        return same and self.first_day <= other.first_day and other.last_day <= self.last_day


_PARTLY = " partly"


def partly(kind: str) -> str:
    """The kind under which it is noted that some of a kind's facts were seen, and others were not."""
    return kind + _PARTLY


class Observation(NamedTuple):
    """A look at an organisation's facts of a kind from ``first_day`` to ``last_day``, both included; ``at`` is when it
    was, in milliseconds since 1970, 0 when that is not known. An empty ``kind`` is as in `Coverage`; one of `partly`
    says that facts are missing: what is known is too little, or just right. ``origin`` is the id of the import that
    looked, which can be taken back; empty for any other look."""

    corp_id: str
    first_day: str
    last_day: str
    at: int = 0
    kind: str = ""
    origin: str = ""

    @property
    def coverage(self) -> Coverage:
        """The days that were looked at."""
        return Coverage(self.corp_id, self.first_day, self.last_day, self.kind)


def observation(coverage: Coverage, at: int) -> Observation:
    """A look at what is covered."""
    return Observation(coverage.corp_id, coverage.first_day, coverage.last_day, at, coverage.kind)


def believed(look: Observation, now: float) -> Observation:
    """A look as it is believed now, in seconds since 1970. One whose time is after that was noted by a clock that was
    wrong: when it was is not known, so it counts for no later than the beginning of its days."""
    if look.at <= now * 1000:
        return look
    begin = datetime.combine(to_date(look.first_day), time.min, UTC)
    return look._replace(at=max(1, min(instant_of(begin) // MILLISECOND, int(now * 1000))))


_Piece = TypeVar("_Piece", Coverage, Observation)


def by_organisation(pieces: Iterable[_Piece]) -> dict[str, list[_Piece]]:
    """Each organisation's pieces, in their order."""
    found: dict[str, list[_Piece]] = {}
    for piece in pieces:
        found.setdefault(piece.corp_id, []).append(piece)
    return found


_OF = attrgetter("corp_id", "kind")


def latest(observations: Iterable[Observation]) -> list[Observation]:
    """The latest look at each day, whatever its origin, in as few pieces as possible, of which those of a kind do not
    overlap, by organisation, kind and day."""
    found: list[Observation] = []
    for (corp_id, kind), group in groupby(sorted(observations, key=_OF), key=_OF):
        pieces = list(group)
        if len(pieces) > 1:
            pieces = _latest(corp_id, kind, pieces)
        elif pieces[0].origin:
            pieces = [pieces[0]._replace(origin="")]
        found += pieces
    return found


def told_by(pieces: Sequence[Observation], look: Observation) -> bool:
    """Whether pieces of the same organisation and kind tell all that a look does: of each of its days a look as late.
    They come in the order of their days and do not overlap."""
    day, last = ordinal(look.first_day), ordinal(look.last_day)
    for place in range(bisect_left(pieces, look.first_day, key=attrgetter("last_day")), len(pieces)):
        piece = pieces[place]
        if ordinal(piece.first_day) > day or piece.at < look.at:
            return False
        day = ordinal(piece.last_day) + 1
        if day > last:
            return True
    return False


def _latest(corp_id: str, kind: str, pieces: Sequence[Observation]) -> list[Observation]:
    starts = {ordinal(piece.first_day) for piece in pieces}
    ends = {ordinal(piece.last_day) + 1 for piece in pieces}
    edges = sorted(starts | ends)
    opening = sorted(pieces, key=lambda piece: piece.first_day, reverse=True)
    open_: list[tuple[int, int]] = []  # a heap: the latest look first, with the day before which it ends
    merged: list[tuple[int, int, int]] = []
    for start, end in pairwise(edges):
        while opening and ordinal(opening[-1].first_day) <= start:
            piece = opening.pop()
            heappush(open_, (-piece.at, ordinal(piece.last_day) + 1))
        while open_ and open_[0][1] <= start:
            heappop(open_)
        if not open_:
            continue
        at = -open_[0][0]
        begun = merged.pop()[0] if merged and merged[-1][1:] == (start, at) else start
        merged.append((begun, end, at))
    return [Observation(corp_id, _day(start), _day(end - 1), at, kind) for start, end, at in merged]


@lru_cache(maxsize=8192)
def _day(number: int) -> str:
    return from_date(date.fromordinal(number))

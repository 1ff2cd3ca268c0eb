"""Which stat day an instant belongs to.

An instant is a whole number of microseconds since 1970-01-01T00:00:00Z. A stat day is the text ``yyyyMMdd`` of the
organisation's local calendar day, the form that the contract uses; such texts sort as their days do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from itertools import groupby, pairwise
from operator import attrgetter
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from reportdata.errors import BadDay, BadValue

DEFAULT_TIME_ZONE = "Asia/Shanghai"
PARTITION = "stat_day="
"""How the names of the lake's folders begin, as tools that read partitioned Parquet expect; an ISO date follows."""
SECOND = 1_000_000
"""Microseconds in a second."""
MILLISECOND = 1_000
"""Microseconds in a millisecond."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST = date.max.toordinal()

FIRST_INSTANT = (datetime(2000, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""Facts before this instant are refused: no report is that old, so its time is a mistake (seconds read as
milliseconds, for one)."""
END_INSTANT = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
"""Facts from this instant on are refused, for the same reason."""


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
def ordinal(day: str) -> int:
    """The number of a stat day, one more each day."""
    return to_date(day).toordinal()


@lru_cache(maxsize=8192)
def _day(number: int) -> str:
    return from_date(date.fromordinal(number))


def is_day(text: str) -> bool:
    """Whether ``text`` is a real date written yyyyMMdd, and nothing else."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def parse_day(text: str) -> str:
    """The stat day that a person wrote as yyyyMMdd or yyyy-MM-dd."""
    day = text.replace("-", "") if len(text) == 10 and text[4] == text[7] == "-" else text
    if not is_day(day):
        raise BadValue(f"{text!r} is not a day", "write it as yyyyMMdd, for example 20210620")
    return day


def to_date(day: str) -> date:
    """The calendar date of a stat day.

    :raises BadDay: when it is none.
    """
    try:
        return date(int(day[:4]), int(day[4:6]), int(day[6:]))
    except ValueError as error:
        raise BadDay(
            f"{day!r} is not a day", "what it stands in is damaged: see `reportdata doctor --thorough`"
        ) from error


def from_date(value: date) -> str:
    """The stat day of a calendar date."""
    return f"{value.year:04}{value.month:02}{value.day:02}"


def day_of_folder(name: str) -> str:
    """The stat day of a folder of the lake, which is named like ``stat_day=2021-06-20``."""
    return name.removeprefix(PARTITION).replace("-", "")


def day_before(day: str) -> str:
    """The stat day before one."""
    return from_date(date.fromordinal(to_date(day).toordinal() - 1))


def days_between(first: str, last: str) -> Iterator[str]:
    """Every stat day from ``first`` to ``last``, both included; none when ``last`` is earlier."""
    for number in range(to_date(first).toordinal(), to_date(last).toordinal() + 1):
        yield from_date(date.fromordinal(number))


@lru_cache(maxsize=1024)
def time_zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name, for example ``Asia/Shanghai``."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise BadValue(
            f"{name!r} is not a time zone", "use an IANA name, for example Asia/Shanghai or Europe/Berlin"
        ) from error


def instant_of(moment: datetime) -> int:
    """The instant of an aware datetime. A local time that happens twice means its first occurrence, one that is
    skipped is read with the offset before the gap, as :pep:`495` does for ``fold=0``."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(instant: int, zone: ZoneInfo) -> datetime:
    """The local time of an instant."""
    return (_EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def day_of(instant: int, zone: ZoneInfo) -> str:
    """The stat day that an instant belongs to in that time zone."""
    return from_date(moment_of(instant, zone))


@lru_cache(maxsize=8192)
def end_of(day: str, zone: ZoneInfo) -> int:
    """The instant that ends a stat day in that time zone; that which begins the last day of all, which has no other."""
    return instant_of(datetime.combine(date.fromordinal(min(to_date(day).toordinal() + 1, _LAST)), time.min, zone))


LONGEST_STEP = 6 * 86_400 * SECOND
"""No zone's clocks change twice within this time (the shortest known time between two changes is nearly 7 days)."""


class Offset(NamedTuple):
    """From ``start`` (an instant) on, local time is UTC plus ``offset`` microseconds."""

    start: int
    offset: int


@lru_cache(maxsize=64)
def offsets(zone: ZoneInfo) -> tuple[Offset, ...]:
    """The zone's offsets over all instants that facts may have, the earliest first.

    With these an engine converts whole columns, and Python's zone data stays the only authority.
    """
    found = [Offset(FIRST_INSTANT, _offset(FIRST_INSTANT, zone))]
    step = LONGEST_STEP
    for end in range(FIRST_INSTANT + step, END_INSTANT + step, step):
        if _offset(end, zone) != found[-1].offset:
            found.append(_first_change(end - step, end, zone))
    return tuple(found)


def _offset(instant: int, zone: ZoneInfo) -> int:
    """The offset at an instant that is a whole second."""
    offset = datetime.fromtimestamp(instant // SECOND, zone).utcoffset()
    return (offset or timedelta()) // _MICROSECOND


def _first_change(before: int, after: int, zone: ZoneInfo) -> Offset:
    old = _offset(before, zone)
    while after - before > SECOND:
        middle = before + (after - before) // (2 * SECOND) * SECOND
        if _offset(middle, zone) == old:
            before = middle
        else:
            after = middle
    return Offset(after, _offset(after, zone))

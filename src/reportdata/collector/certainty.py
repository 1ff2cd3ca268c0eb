"""How certain what was collected of a day is: of its reports, and of the comments that were made on it.

Reports are *missing* before a day was listed, *partial* when some of it was, *provisional* when all of it was, and
*final* when it is not listed again. Comments are *missing* before any were read that could be of the day, *partial*
while some reports were never read that could have one, *provisional* while some were not read since the day ended, and
*final* after that: a report's comments are read for a number of days after it was sent, and then left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reportdata.days import days_between, end_of
from reportdata.dingtalk.collector import Collector
from reportdata.dingtalk.planning import DAY, LATE, REVIEWED_FOR, Piece, before, day_at, start_of
from reportdata.states import State


class Certainty(NamedTuple):
    """The states of a day's reports and comments, and when either was last looked at (milliseconds since 1970)."""

    stat_day: str
    reports: State
    reports_as_of: int
    comments: State
    comments_as_of: int


def certainties(collector: Collector, first_day: str, last_day: str, now: int) -> Iterator[Certainty]:
    """The certainty of every day from ``first_day`` to ``last_day``."""
    zone, days = collector.zone, collector.readings.days
    listed = collector.listings.listed()
    looks = [Piece(look.first_at, look.last_at) for look in collector.listings.looks()]
    looked_at = collector.listings.looked_at(before(first_day, days), last_day)
    read = collector.readings.by_day(before(first_day, days), last_day)
    today = day_at(now, zone)
    for day in days_between(first_day, last_day):
        whole = Piece(start_of(day, zone), end_of(day, zone) // 1000)
        ended = day < today
        reports = _reports(whole, listed, looks, looked_at.get(day, 0), now, ended=ended)
        comments, as_of = _comments(day, whole.last_at, days, read, listed, now, collector)
        yield Certainty(
            day,
            reports,
            looked_at.get(day, 0),
            comments if reports is not State.MISSING else State.MISSING,
            as_of or looked_at.get(day, 0),
        )


def _reports(day: Piece, listed: list[Piece], looks: list[Piece], looked_at: int, now: int, *, ended: bool) -> State:
    if not ended:
        return State.PROVISIONAL if looked_at else State.MISSING
    if _inside(day, listed):
        over = now >= day.last_at + REVIEWED_FOR * DAY or looked_at >= day.last_at + (REVIEWED_FOR - LATE) * DAY
        return State.FINAL if over else State.PROVISIONAL
    seen = looked_at or any(_touch(day, piece) for piece in [*listed, *looks])
    return State.PARTIAL if seen else State.MISSING


def _comments(
    day: str,
    ended_at: int,
    days: int,
    read: dict[str, tuple[int, int, int]],
    listed: list[Piece],
    now: int,
    collector: Collector,
) -> tuple[State, int]:
    """The state of the comments made on a day: on reports of that day and of the days before it."""
    first = before(day, days - 1)
    found = [read[sent] for sent in days_between(first, day) if sent in read]
    as_of = max((newest for _, _, newest in found), default=0)
    zone = collector.zone
    known = _inside(Piece(start_of(first, zone), min(ended_at, start_of(day_at(now, zone), zone))), listed)
    if found and not as_of:
        return State.MISSING, 0
    if not known or any(unread for _, unread, _ in found):
        return State.PARTIAL, as_of
    if all(oldest >= ended_at for oldest, _, _ in found) and now >= ended_at:
        return State.FINAL, as_of
    left = now >= ended_at + (days + LATE + 1) * DAY
    return State.PARTIAL if left else State.PROVISIONAL, as_of


def _inside(whole: Piece, pieces: list[Piece]) -> bool:
    return any(piece.first_at <= whole.first_at and whole.last_at <= piece.last_at for piece in pieces)


def _touch(one: Piece, other: Piece) -> bool:
    return one.first_at < other.last_at and other.first_at < one.last_at

"""How certain what was collected of a day is: of its reports, and of the comments that were made on it.

Reports are *missing* before a day was listed, *partial* when some of it was, *provisional* when all of it was, and
*final* when it is not listed again. Comments are *missing* before any were read that could be of the day, and where the
suite tells none; *partial* while some reports were never read that could have one, *provisional* while some were not
read since the day ended, and *final* after that: a report's comments are read for a number of days after it was sent,
and then left. A record that was set aside makes *partial* what would be more certain.

What is collected of an organisation is as certain as the least certain of its sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.planning import COMMENT_DAYS, DAY, LATE, REVIEWED_FOR, Piece, before, day_at, start_of
from reportdata.collector.readings import Readings
from reportdata.collector.set_aside import COMMENT, REPORT
from reportdata.collector.sources import Source, sources
from reportdata.days import days_between, end_of
from reportdata.states import State, least_certain


class Certainty(NamedTuple):
    """The states of a day's reports and comments, and when either was last looked at (milliseconds since 1970).

    ``observed`` says whether all of the day was listed, up to now while it runs: what is not there then is not missing,
    but for what was set aside.
    """

    stat_day: str
    observed: bool
    reports: State
    reports_as_of: int
    comments: State
    comments_as_of: int


def certainties(ledger: Ledger, corp_id: str, zone: ZoneInfo, now: int) -> Iterator[Certainty]:
    """The certainty of every day of an organisation from the first that is collected up to now."""
    own = sources(ledger, corp_id)
    days = {source.id: _of_source(source, ledger, zone, now) for source in own}
    first_day = min((source.first_day for source in own), default="")
    for day in days_between(first_day, max(first_day, day_at(now, zone))) if own else ():
        yield _together([next(days[source.id]) for source in own if source.first_day <= day])


def _together(found: Sequence[Certainty]) -> Certainty:
    """What several sources have of one day, which is the union."""
    if len(found) == 1:
        return found[0]
    return Certainty(
        found[0].stat_day,
        all(one.observed for one in found),
        _state_of([one.reports for one in found]),
        min((one.reports_as_of for one in found if one.reports_as_of), default=0),
        _state_of([one.comments for one in found]),
        min((one.comments_as_of for one in found if one.comments_as_of), default=0),
    )


def _state_of(states: Sequence[State]) -> State:
    state = least_certain(states)
    return State.PARTIAL if state is State.MISSING and set(states) != {State.MISSING} else state


def _of_source(source: Source, ledger: Ledger, zone: ZoneInfo, now: int) -> Iterator[Certainty]:
    """The certainty of every day of a source from its first one up to now."""
    today = day_at(now, zone)
    first_day, last_day = source.first_day, max(source.first_day, today)
    listings, readings = Listings(ledger, source.id, zone), Readings(ledger, source.id, zone)
    seen = _Seen(
        listings.listed(),
        [*(Piece(look.first_at, look.last_at) for look in listings.looks()), *listings.failures.looks()],
        listings.set_aside.spans(REPORT),
        listings.set_aside.spans(COMMENT),
    )
    looked_at = listings.looked_at(before(first_day, readings.days), last_day)
    read = readings.by_day(before(first_day, readings.days), last_day)
    for day in days_between(first_day, last_day):
        whole = Piece(start_of(day, zone), end_of(day, zone) // 1000)
        span = Piece(start_of(before(day, readings.days - 1), zone), min(whole.last_at, start_of(today, zone)))
        found = [read[sent] for sent in days_between(before(day, readings.days - 1), day) if sent in read]
        reports = _reports(whole, seen, looked_at.get(day, 0), now, ended=day < today)
        comments, as_of = _comments(whole, span, seen, found, now)
        if reports is State.MISSING or not source.comments:
            comments = State.MISSING
        commented_on = Piece(span.first_at, whole.last_at)
        yield Certainty(
            day,
            reports in (State.FINAL, State.PROVISIONAL),
            _demoted(reports, whole, seen.unusable_reports),
            looked_at.get(day, 0),
            _demoted(_demoted(comments, commented_on, seen.unusable_reports), whole, seen.unusable_comments),
            as_of or looked_at.get(day, 0),
        )


class _Seen(NamedTuple):
    """What a source has seen: times that were listed, times of which some was, and times of records set aside."""

    listed: list[Piece]
    begun: list[Piece]
    unusable_reports: list[Piece]
    unusable_comments: list[Piece]


def _reports(day: Piece, seen: _Seen, looked_at: int, now: int, *, ended: bool) -> State:
    if not ended:
        return State.PROVISIONAL if looked_at else State.MISSING
    if any(piece.includes(day) for piece in seen.listed):
        over = now >= day.last_at + REVIEWED_FOR * DAY or looked_at >= day.last_at + (REVIEWED_FOR - LATE) * DAY
        return State.FINAL if over else State.PROVISIONAL
    some = looked_at or any(piece.touches(day) for piece in [*seen.listed, *seen.begun])
    return State.PARTIAL if some else State.MISSING


def _comments(
    day: Piece, span: Piece, seen: _Seen, found: Sequence[tuple[int, int, int]], now: int
) -> tuple[State, int]:
    """The state of the comments made on a day: on reports of ``span``, the days up to it; and the last look at any.

    :param found: of each of these days, when its report was last read that is longest ago, how many never were, and
        when one was last read at all.
    """
    as_of = max((newest for _, _, newest in found), default=0)
    if found and not as_of:
        return State.MISSING, 0
    if not any(piece.includes(span) for piece in seen.listed) or any(unread for _, unread, _ in found):
        return State.PARTIAL, as_of
    if all(oldest >= day.last_at for oldest, _, _ in found) and now >= day.last_at:
        return State.FINAL, as_of
    left = now >= day.last_at + (COMMENT_DAYS + LATE + 1) * DAY
    return State.PARTIAL if left else State.PROVISIONAL, as_of


def _demoted(state: State, span: Piece, unusable: Sequence[Piece]) -> State:
    """A state where records of a time may have been set aside."""
    if state in (State.FINAL, State.PROVISIONAL) and any(span.touches(piece) for piece in unusable):
        return State.PARTIAL
    return state

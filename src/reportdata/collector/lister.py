"""Which days are listed, and when; and reports that a later look misses, which may have been withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.collector.absences import Absent
from reportdata.collector.listings import PAST, PRESENT, REVIEW, RUNNING, Look
from reportdata.collector.pauses import COMMENTS, REPORTS, Pauses
from reportdata.collector.planning import (
    MINUTE,
    MISSED_FOR_GOOD,
    OVERLAP,
    REVIEWED_FOR,
    Piece,
    Plan,
    before,
    day_at,
    joined,
    past_window,
    present_window,
    review_due,
    settled_day,
    slots,
    start_of,
)
from reportdata.collector.schedule import Schedule
from reportdata.collector.suite import ReportPage, Suite
from reportdata.collector.turning import Turning
from reportdata.days import end_of
from reportdata.errors import BadAnswer, NotPermitted, Rejected

_AGAIN = 10 * MINUTE
"""The running day is not listed again before that, however eager one is."""
_STALE_CURSOR = 6 * 60 * MINUTE
"""A look that stood still for so long begins again: nobody knows how long a cursor is good for."""


class Lister:
    """Lists one source's reports, a page at a time.

    :param eager: list the running day at once, in place of at its times.
    """

    def __init__(self, suite: Suite, schedule: Schedule, pauses: Pauses, *, eager: bool) -> None:
        self._suite = suite
        self._schedule = schedule
        self._zone = schedule.zone
        self._listings = schedule.listings
        self._readings = schedule.readings
        self._pauses = pauses
        self._eager = eager
        self._quiet = -1
        """The last minute in which there was nothing to list."""
        self._turned: tuple[int, Turning] = (0, Turning())
        """The look whose pages are turned, and these."""

    def step(self, now: int) -> bool:
        """Turn a page, or look for a report that a look missed. Whether there was something to do.

        :raises SourceError: when the suite refuses.
        """
        if now // MINUTE == self._quiet or self._pauses.until(REPORTS, now):
            return False
        looks = self._listings.looks()
        if looks:
            look = looks[0]
            if look.cursor and now - look.moved_at > _STALE_CURSOR:
                look = self._listings.begin_again(look, now)
        else:
            found = self._next_look(now)
            if found is None:
                if self._look_for_absent(now):
                    return True
                self._quiet = now // MINUTE
                return False
            look = self._listings.begin(*found, now)
        self._turn_page(look)
        return True

    def _next_look(self, now: int) -> tuple[str, Piece] | None:
        settled = settled_day(now, self._zone)
        last_day = min(settled, self._schedule.period.last_day or settled)
        failed = self._listings.failures.left_alone(now)
        listed = joined([*self._listings.listed(), *(piece for pieces in failed.values() for piece in pieces)])
        present = present_window(listed, last_day, self._zone)
        if present is not None and last_day >= self._schedule.period.first_day:
            return PRESENT, present
        today = day_at(now, self._zone)
        planned = self._schedule.plan(now)
        if planned.for_past > 0:
            first = before(self._schedule.period.first_day, self._readings.days)
            past = past_window(listed, first, last_day, self._schedule.pages(today), self._zone)
            if past is not None and (
                past.last_at > start_of(self._schedule.period.first_day, self._zone) or self._cheap(planned)
            ):
                return PAST, past
        for day in self._to_review(now, planned):
            whole = Piece(start_of(day, self._zone), end_of(day, self._zone) // 1000)
            if not any(piece.touches(whole) for piece in failed.get(REVIEW, ())):
                return REVIEW, whole
        if self._schedule.period.last_day is None or self._schedule.period.last_day >= today:
            return self._running_look(now, today, planned, failed.get(RUNNING, ()))
        return None

    def _cheap(self, planned: Plan) -> bool:
        """Whether the reports of the weeks before the first day, which may be commented on later, cost little."""
        pages = self._schedule.pages(day_at(self._schedule.now(), self._zone))
        first = self._schedule.period.first_day
        return pages.between(before(first, self._readings.days), before(first, 1)) <= planned.for_past // 10

    def _to_review(self, now: int, planned: Plan) -> list[str]:
        today = day_at(now, self._zone)
        first = max(self._schedule.period.first_day, before(today, REVIEWED_FOR + 1))
        looked_at = self._listings.looked_at(first, self._schedule.period.last_day or before(today, 1))
        return [
            day
            for day, at in looked_at.items()
            if day < today and review_due(at, end_of(day, self._zone) // 1000, now, planned.ages)
        ]

    def _running_look(self, now: int, today: str, planned: Plan, failed: Sequence[Piece]) -> tuple[str, Piece] | None:
        begin = start_of(today, self._zone)
        if any(piece.last_at > begin for piece in failed):
            return None
        looked_at = self._listings.looked_at(today, today).get(today, 0)
        due = [slot for slot in slots(today, planned.looks, self._zone) if looked_at < slot <= now]
        if not due and not (self._eager and planned.for_past > 0 and now - looked_at > _AGAIN):
            return None
        first = max(begin, looked_at - OVERLAP)
        return (RUNNING, Piece(first, now)) if now > first else None

    def _turn_page(self, look: Look) -> None:
        try:
            page = self._reports(look.first_at - OVERLAP, look.last_at, look.cursor)
            if self._turned[0] != look.id or not look.cursor:
                self._turned = look.id, Turning()
            self._turned[1].add(_records(page), page.cursor)
        except (BadAnswer, Rejected) as error:
            piece = Piece(look.first_at, look.last_at)
            self._listings.failures.add_look(look.purpose, piece, self._schedule.now(), error.message)
            raise
        self._listings.add_page(look, page, self._schedule.now())

    def _reports(self, first_at: int, last_at: int, cursor: str, user_id: str | None = None) -> ReportPage:
        try:
            return self._suite.reports(first_at, last_at, cursor, user_id)
        except NotPermitted:
            self._pauses.pause(REPORTS, self._schedule.now(), minutes=360)
            raise

    def _look_for_absent(self, now: int) -> bool:
        """Look for a report by itself that a look missed. It is withdrawn when it is not there and the suite does not
        know its id any more, or when it was not there several times: a list may leave something out."""
        absent = self._listings.absences.due(now)
        if absent is None:
            return False
        try:
            there = self._is_listed(absent)
        except (BadAnswer, Rejected) as error:
            self._listings.failures.add_report(absent.report_id, absent.sent_at, now, error.message)
            raise
        if there:
            self._listings.absences.is_there(absent.report_id)
            if absent.rejected:
                reason = "its comments are rejected, and it is listed"
                self._listings.failures.add_report(absent.report_id, absent.sent_at, now, reason)
            return True
        self._listings.absences.miss(absent.report_id, now)
        if absent.rejected or absent.missed + 1 >= MISSED_FOR_GOOD or self._is_unknown(absent, now):
            self._listings.absences.withdraw(absent.report_id, now)
        return True

    def _is_listed(self, absent: Absent) -> bool:
        """Whether a list of its own time and author has a report."""
        cursor: str | None = ""
        turned = Turning()
        while cursor is not None:
            page = self._reports(absent.sent_at, absent.sent_at + 999, cursor, absent.user_id)
            turned.add(_records(page), page.cursor)
            ids = {report.report_id for report in page.reports} | {record.report_id for record in page.unusable}
            if absent.report_id in ids:
                return True
            cursor = page.cursor
        return False

    def _is_unknown(self, absent: Absent, now: int) -> bool:
        """Whether the suite does not know a report's id any more; asked when it was missed for the first time."""
        if not self._suite.kind.capabilities.comments or absent.missed or self._pauses.until(COMMENTS, now):
            return False
        try:
            self._suite.comments(absent.report_id)
        except Rejected:
            return True
        except BadAnswer:  # there is something to be told
            return False
        except NotPermitted:
            self._pauses.pause(COMMENTS, now, minutes=24 * 60)
        return False


def _records(page: ReportPage) -> list[tuple[object, ...]]:
    return [(report.report_id,) for report in page.reports] + [tuple(record) for record in page.unusable]

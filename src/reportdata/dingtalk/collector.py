"""The collector of one organisation: does one thing at a time, each durable before the next, so that it may be killed
at any point and goes on where it was."""

from __future__ import annotations

import logging
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import end_of
from reportdata.dingtalk.budget import Budget, Month
from reportdata.dingtalk.client import Client
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.forecast import COMMENT_DAYS, plan_of, recent_counts
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.listings import PAST, PRESENT, REVIEW, RUNNING, Absent, Listings, Look
from reportdata.dingtalk.pauses import Pauses
from reportdata.dingtalk.planning import (
    DAY,
    MINUTE,
    MISSED_FOR_GOOD,
    OVERLAP,
    REVIEWED_FOR,
    SETTLE,
    Pages,
    Piece,
    Plan,
    before,
    day_at,
    past_window,
    present_window,
    review_due,
    settled_day,
    slots,
    start_of,
)
from reportdata.dingtalk.readings import Open, Readings
from reportdata.dingtalk.reports import COMMENTS, LISTS, ReportPage, list_comments, list_reports
from reportdata.dingtalk.sources import Source, put_source
from reportdata.dingtalk.visits import LEFT_OVER, WORTH, Session
from reportdata.errors import BudgetSpent, NotPermitted, Rejected, SourceError, Unavailable

_IDLE = 300.0
"""Seconds after which it is looked for something to do, when nothing is known to become due."""
_MISSED = 2_000
"""Old reports without a reading that are considered at a time."""
_CHOICE = 40
"""How many reports are considered for each that can be read."""
_AGAIN = 10 * MINUTE
"""The running day is not listed again before that, however eager one is."""
_STALE_CURSOR = 6 * 60 * MINUTE
"""A look that stood still for so long begins again: nobody knows how long a cursor is good for."""

log = logging.getLogger("reportdata.dingtalk")


class Period(NamedTuple):
    """What is collected: days from ``first_day`` on; up to ``last_day`` when there is one, and then no running day."""

    first_day: str
    last_day: str | None = None


class Collector:
    """Collects one organisation's reports and comments into the ledger, whose outbox holds the new facts.

    :param eager: list the running day at once, in place of at its times.
    """

    def __init__(
        self,
        source: Source,
        client: Client,
        ledger: Ledger,
        budget: Budget,
        clock: Clock,
        zone: ZoneInfo,
        *,
        period: Period | None = None,
        comment_days: int = COMMENT_DAYS,
        eager: bool = False,
    ) -> None:
        self.source = source
        self.zone = zone
        self.period = period or Period(source.first_day)
        self.listings = Listings(ledger, source.corp_id, zone)
        self.readings = Readings(ledger, source.corp_id, zone, comment_days)
        self.pauses = Pauses(ledger, source.corp_id)
        self._client = client
        self._ledger = ledger
        self._budget = budget
        self._clock = clock
        self._eager = eager
        self._planned: tuple[object, Plan] | None = None
        self._quiet = -1
        """The last minute in which there was nothing to list."""
        self._session: tuple[int, Session] | None = None
        self._pages: tuple[str, Pages] | None = None

    def step(self) -> float:
        """Do the next thing: a page, or the comments of a report. Returns 0 when it was done, or else the seconds until
        there may be something to do.

        :raises SourceError: when DingTalk refuses; what it refuses is not asked for before a pause is over.
        """
        now = self._now()
        if self.is_gone():
            return _IDLE
        until = self.pauses.until("all", now)
        if until:
            return (until - now) / 1000
        month = self._budget.month()
        if month.left <= 0:
            return min(_IDLE, 3600.0)
        try:
            if self._list(now) or self._read(now):
                self.pauses.worked()
                return 0.0
            return self._wait(now)
        except Unavailable:
            self.pauses.pause("all", now, growing=True)
            raise
        except (BudgetSpent, NotPermitted):
            raise
        except SourceError:
            self.pauses.pause("all", now, minutes=30)
            raise

    def month(self) -> Month:
        """The month of the budget."""
        return self._budget.month()

    def is_gone(self) -> bool:
        """Whether the source was removed since."""
        return not self._ledger.number("select count(*) from sources where corp_id = ?", (self.source.corp_id,))

    def pages(self, today: str) -> Pages:
        """How many pages days probably have."""
        if self._pages is None or self._pages[0] != today:
            self._pages = today, Pages(recent_counts(self.listings, today))
        return self._pages[1]

    # Lists

    def _list(self, now: int) -> bool:
        if now // MINUTE == self._quiet or self.pauses.until(LISTS[1], now):
            return False
        looks = self.listings.looks()
        if looks:
            look = looks[0]
            if look.cursor and now - look.moved_at > _STALE_CURSOR:
                look = self.listings.begin_again(look, now)
        else:
            found = self._next_look(now)
            if found is None:
                if self._look_for_absent(now):
                    return True
                self._quiet = now // MINUTE
                return False
            look = self.listings.begin(*found, now)
        self._turn_page(look)
        return True

    def _next_look(self, now: int) -> tuple[str, Piece] | None:
        settled = settled_day(now, self.zone)
        last_day = min(settled, self.period.last_day or settled)
        listed = self.listings.listed()
        present = present_window(listed, last_day, self.zone)
        if present is not None and last_day >= self.period.first_day:
            return PRESENT, present
        today = day_at(now, self.zone)
        planned = self._plan(now)
        if planned.for_past > 0:
            first = before(self.period.first_day, self.readings.days)
            past = past_window(listed, first, last_day, self.pages(today), self.zone)
            if past is not None and (past.last_at > start_of(self.period.first_day, self.zone) or self._cheap(planned)):
                return PAST, past
        for day in self._to_review(now, planned):
            return REVIEW, Piece(start_of(day, self.zone), end_of(day, self.zone) // 1000)
        if self.period.last_day is None or self.period.last_day >= today:
            return self._running_look(now, today, planned)
        return None

    def _cheap(self, planned: Plan) -> bool:
        """Whether the reports of the weeks before the first day, which may be commented on later, cost little."""
        pages = self.pages(day_at(self._now(), self.zone))
        first = self.period.first_day
        return pages.between(before(first, self.readings.days), before(first, 1)) <= planned.for_past // 10

    def _to_review(self, now: int, planned: Plan) -> list[str]:
        today = day_at(now, self.zone)
        first = max(self.period.first_day, before(today, REVIEWED_FOR + 1))
        looked_at = self.listings.looked_at(first, self.period.last_day or before(today, 1))
        return [
            day
            for day, at in looked_at.items()
            if day < today and review_due(at, end_of(day, self.zone) // 1000, now, planned.ages)
        ]

    def _running_look(self, now: int, today: str, planned: Plan) -> tuple[str, Piece] | None:
        begin = start_of(today, self.zone)
        looked_at = self.listings.looked_at(today, today).get(today, 0)
        due = [slot for slot in slots(today, planned.looks, self.zone) if looked_at < slot <= now]
        if not due and not (self._eager and planned.for_past > 0 and now - looked_at > _AGAIN):
            return None
        first = max(begin, looked_at - OVERLAP)
        return (RUNNING, Piece(first, now)) if now > first else None

    def _turn_page(self, look: Look) -> None:
        page = self._reports(look.first_at - OVERLAP, look.last_at, look.cursor)
        self.listings.add_page(look, page, self._now())

    def _reports(self, first_at: int, last_at: int, cursor: int, user_id: str | None = None) -> ReportPage:
        """A page of the list, by the API that the app may use: the one without texts where it may."""
        choices = [self.source.listing] if self.source.listing else list(LISTS)
        refused: NotPermitted | None = None
        for api in choices:
            try:
                page = list_reports(self._client, api, first_at, last_at, cursor, user_id)
            except NotPermitted as error:
                refused = error
                if not error.scope:
                    break
                continue
            self._list_by(api)
            return page
        self._list_by("")
        self.pauses.pause(LISTS[1], self._now(), minutes=360)
        raise refused or NotPermitted("no API lists the reports")

    def _list_by(self, api: str) -> None:
        if api == self.source.listing:
            return
        self.source = msgspec.structs.replace(self.source, listing=api)
        put_source(self._ledger, self.source)

    def _look_for_absent(self, now: int) -> bool:
        """Look for a report by itself that a look missed. It is withdrawn when it is not there and DingTalk does not
        know its id any more, or when it was not there several times: a list may leave something out."""
        absent = self.listings.absent(now)
        if absent is None:
            return False
        cursor: int | None = 0
        while cursor is not None:
            page = self._reports(absent.sent_at, absent.sent_at + 999, cursor, absent.user_id)
            if any(report.report_id == absent.report_id for report in page.reports):
                self.listings.is_there(absent.report_id)
                return True
            cursor = page.cursor
        self.listings.miss(absent.report_id, now)
        if absent.rejected or absent.missed + 1 >= MISSED_FOR_GOOD or self._is_unknown(absent, now):
            self.listings.withdraw(absent.report_id, now)
        return True

    def _is_unknown(self, absent: Absent, now: int) -> bool:
        """Whether DingTalk does not know a report's id any more; asked when it was missed for the first time."""
        if absent.missed or self.pauses.until(COMMENTS, now):
            return False
        try:
            list_comments(self._client, absent.report_id, 0)
        except Rejected:
            return True
        except NotPermitted:
            self.pauses.pause(COMMENTS, now, minutes=24 * 60)
        return False

    # Comments

    def _read(self, now: int) -> bool:
        if self.pauses.until(COMMENTS, now):
            return False
        for report in self.readings.unfinished():
            return self._read_comments(report)
        planned = self._plan(now)
        if planned.for_past <= 0:
            return False
        for report in self._owed(now, planned) if planned.whole else ():
            return self._read_comments(report)
        return self._read_early(now, planned)

    def _owed(self, now: int, planned: Plan) -> list[Open]:
        """A report whose last reading is due, or else an old one that was never read, of which there are many when one
        begins: these may take as much as leaves half of a month's pace to the rest."""
        found = self.readings.due(now, 1)
        if not found and 2 * planned.early > self._budget.month().calls // 30:
            found = self.readings.missed(now, 1)
        return found

    def _read_early(self, now: int, planned: Plan) -> bool:
        """One of the readings that this night, or this hour, may be spent on."""
        today = day_at(now, self.zone)
        begin = start_of(today, self.zone) + SETTLE
        turn = max([begin, *slots(today, planned.looks, self.zone)], key=lambda at: (at <= now, at))
        if turn > now:
            return False
        left = self._ledger.row(
            "select left_over from nights where corp_id = ? and stat_day = ?", (self.source.corp_id, today)
        )
        if left is None:
            self._ledger.write("insert into nights values (?, ?, ?)", (self.source.corp_id, today, planned.early))
            left = (planned.early,)
        if left[0] <= 0:
            return False
        if self._session is None or self._session[0] != turn:
            if not planned.whole:
                self.readings.leave(now)
            missed = 0 if planned.whole else _MISSED
            last = turn == max([begin, *slots(today, planned.looks, self.zone)])
            worth = LEFT_OVER if last else WORTH
            fresh = max(_MISSED, _CHOICE * left[0])
            self._session = (
                turn,
                Session(self.readings, now, self.zone, self.period.first_day, fresh=fresh, missed=missed, worth=worth),
            )
        report = self._session[1].next()
        if report is None:
            return False
        self._ledger.write(
            "update nights set left_over = left_over - 1 where corp_id = ? and stat_day = ?",
            (self.source.corp_id, today),
        )
        return self._read_comments(report)

    def _read_comments(self, report: Open) -> bool:
        """A page of a report's comments."""
        begun_at = report.begun_at if report.offset else self._now()
        try:
            page = list_comments(self._client, report.report_id, report.offset)
        except Rejected:
            self.listings.reject(report.report_id, self._now())  # it may be withdrawn
            return True
        except NotPermitted:
            self.pauses.pause(COMMENTS, self._now(), minutes=24 * 60)
            raise
        self.readings.add_page(report, page, begun_at)
        if self._session is not None:
            self._session[1].learn(
                {(comment.user_id, day_at(comment.at // 1000, self.zone)) for comment in page.comments}
            )
        return True

    # Time

    def _plan(self, now: int) -> Plan:
        """The plan, made anew when some calls were spent or a quarter of an hour has passed."""
        key = now // (15 * MINUTE), self._budget.month().left // 16
        if self._planned is None or self._planned[0] != key:
            pages = self.pages(day_at(now, self.zone))
            self._planned = key, plan_of(self._budget.month(), now, pages, self.readings, self.zone)
        return self._planned[1]

    def _wait(self, now: int) -> float:
        """Seconds until something is known to become due."""
        today = day_at(now, self.zone)
        times = [start_of(before(today, -1), self.zone) + SETTLE, start_of(today, self.zone) + SETTLE]
        times += slots(today, self._plan(now).looks, self.zone)
        times += [at for at in (self.listings.next_absent(), self.readings.next_due()) if at is not None]
        due = min((at for at in times if at > now), default=now + DAY)
        return max(1.0, (due - now) / 1000)

    def _now(self) -> int:
        return int(self._clock.now() * 1000)

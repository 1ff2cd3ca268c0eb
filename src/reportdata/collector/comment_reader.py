"""Whose comments are read, and when: last readings that are due first, then what the calls left are worth most for."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.collector.ledger import Ledger
from reportdata.collector.pauses import COMMENTS, Pauses
from reportdata.collector.planning import SETTLE, Plan, day_at, slots, start_of
from reportdata.collector.priorities import WORTH, WORTH_AT_LAST, Session
from reportdata.collector.readings import Open
from reportdata.collector.schedule import Schedule
from reportdata.collector.suite import Suite
from reportdata.collector.turning import Turning
from reportdata.errors import BadAnswer, NotPermitted, Rejected

_MISSED = 2_000
"""Old reports without a reading that are considered at a time."""
_CHOICE = 40
"""How many reports are considered for each that can be read."""


class CommentReader:
    """Reads the comments of one source's reports, a page at a time; none where the suite tells none."""

    def __init__(
        self,
        source: int,
        suite: Suite,
        ledger: Ledger,
        schedule: Schedule,
        pauses: Pauses,
    ) -> None:
        self._source = source
        self._suite = suite
        self._ledger = ledger
        self._schedule = schedule
        self._zone = schedule.zone
        self._listings = schedule.listings
        self._readings = schedule.readings
        self._pauses = pauses
        self._session: tuple[int, Session] | None = None
        self._turned: tuple[str, Turning] = ("", Turning())
        """The report whose comments are read, and their pages."""

    def step(self, now: int) -> bool:
        """Read a page of comments. Whether there was something to do.

        :raises SourceError: when the suite refuses.
        """
        if not self._suite.kind.capabilities.comments or self._pauses.until(COMMENTS, now):
            return False
        for report in self._readings.unfinished(now):
            return self._read(report)
        planned = self._schedule.plan(now)
        if planned.for_past <= 0:
            return False
        for report in self._owed(now, planned) if planned.whole else ():
            return self._read(report)
        return self._read_early(now, planned)

    def _owed(self, now: int, planned: Plan) -> list[Open]:
        """A report whose last reading is due, or else an old one that was never read, of which there are many when one
        begins: these may take as much as leaves half of a month's pace to the rest."""
        found = self._readings.due(now, 1)
        if not found and 2 * planned.early > self._schedule.month().calls // 30:
            found = self._readings.missed(now, 1)
        return found

    def _read_early(self, now: int, planned: Plan) -> bool:
        """One of the readings that this night, or this hour, may be spent on."""
        today = day_at(now, self._zone)
        turns = [start_of(today, self._zone) + SETTLE, *slots(today, planned.looks, self._zone)]
        turn = _latest(turns, now)
        if turn is None:
            return False
        left = self._left_over(today, planned)
        if left <= 0:
            return False
        if self._session is None or self._session[0] != turn:
            worth = WORTH_AT_LAST if turn == max(turns) else WORTH
            self._session = turn, self._begin_session(now, planned, left, worth)
        report = self._session[1].next()
        if report is None:
            return False
        self._ledger.write(
            "update nights set left_over = left_over - 1 where source = ? and stat_day = ?", (self._source, today)
        )
        return self._read(report)

    def _left_over(self, today: str, planned: Plan) -> int:
        """How many of the day's early readings are left."""
        left = self._ledger.row("select left_over from nights where source = ? and stat_day = ?", (self._source, today))
        if left is not None:
            return int(left[0])
        self._ledger.write("insert into nights values (?, ?, ?)", (self._source, today, planned.early))
        return planned.early

    def _begin_session(self, now: int, planned: Plan, left: int, worth: float) -> Session:
        if not planned.whole:
            self._readings.leave(now)
        first_day = self._schedule.period.first_day
        missed = 0 if planned.whole else _MISSED
        fresh = max(_MISSED, _CHOICE * left)
        return Session(self._readings, now, self._zone, first_day, fresh=fresh, missed=missed, worth=worth)

    def _read(self, report: Open) -> bool:
        """A page of a report's comments."""
        begun_at = report.begun_at if report.offset else self._schedule.now()
        try:
            page = self._suite.comments(report.report_id, report.offset)
            if self._turned[0] != report.report_id or not report.offset:
                self._turned = report.report_id, Turning()
            self._turned[1].add([*page.comments, *page.unusable], page.offset)
        except Rejected:
            self._listings.absences.reject(report.report_id, self._schedule.now())  # it may be withdrawn
            return True
        except BadAnswer as error:
            self._readings.failures.add_report(report.report_id, report.sent_at, self._schedule.now(), error.message)
            raise
        except NotPermitted:
            self._pauses.pause(COMMENTS, self._schedule.now(), minutes=24 * 60)
            raise
        self._readings.add_page(report, page, begun_at)
        if self._session is not None:
            self._session[1].learn(
                {(comment.user_id, day_at(comment.at // 1000, self._zone)) for comment in page.comments}
            )
        return True


def _latest(turns: Sequence[int], now: int) -> int | None:
    """The latest of the day's turns that has come, None before the first."""
    return max((turn for turn in turns if turn <= now), default=None)

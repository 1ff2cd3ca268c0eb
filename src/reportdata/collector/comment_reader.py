"""Whose comments are read, and when: last readings that are due first, then what the calls left are worth most for."""

from __future__ import annotations

from reportdata.dingtalk.client import Client
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.pauses import Pauses
from reportdata.dingtalk.planning import SETTLE, Plan, day_at, slots, start_of
from reportdata.dingtalk.readings import Open
from reportdata.dingtalk.reports import COMMENTS, list_comments
from reportdata.dingtalk.schedule import Schedule
from reportdata.dingtalk.visits import LEFT_OVER, WORTH, Session
from reportdata.errors import NotPermitted, Rejected

_MISSED = 2_000
"""Old reports without a reading that are considered at a time."""
_CHOICE = 40
"""How many reports are considered for each that can be read."""


class CommentReader:
    """Reads the comments of one organisation's reports, a page at a time."""

    def __init__(
        self,
        corp_id: str,
        client: Client,
        ledger: Ledger,
        schedule: Schedule,
        pauses: Pauses,
    ) -> None:
        self._corp_id = corp_id
        self._client = client
        self._ledger = ledger
        self._schedule = schedule
        self._zone = schedule.zone
        self._listings = schedule.listings
        self._readings = schedule.readings
        self._pauses = pauses
        self._session: tuple[int, Session] | None = None

    def step(self, now: int) -> bool:
        """Read a page of comments. Whether there was something to do.

        :raises SourceError: when DingTalk refuses.
        """
        if self._pauses.until(COMMENTS, now):
            return False
        for report in self._readings.unfinished():
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
        begin = start_of(today, self._zone) + SETTLE
        turn = max([begin, *slots(today, planned.looks, self._zone)], key=lambda at: (at <= now, at))
        if turn > now:
            return False
        left = self._left_over(today, planned)
        if left <= 0:
            return False
        if self._session is None or self._session[0] != turn:
            last = turn == max([begin, *slots(today, planned.looks, self._zone)])
            self._session = turn, self._begin_session(now, planned, left, LEFT_OVER if last else WORTH)
        report = self._session[1].next()
        if report is None:
            return False
        self._ledger.write(
            "update nights set left_over = left_over - 1 where corp_id = ? and stat_day = ?", (self._corp_id, today)
        )
        return self._read(report)

    def _left_over(self, today: str, planned: Plan) -> int:
        """How many of the day's early readings are left."""
        left = self._ledger.row(
            "select left_over from nights where corp_id = ? and stat_day = ?", (self._corp_id, today)
        )
        if left is not None:
            return int(left[0])
        self._ledger.write("insert into nights values (?, ?, ?)", (self._corp_id, today, planned.early))
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
            page = list_comments(self._client, report.report_id, report.offset)
        except Rejected:
            self._listings.reject(report.report_id, self._schedule.now())  # it may be withdrawn
            return True
        except NotPermitted:
            self._pauses.pause(COMMENTS, self._schedule.now(), minutes=24 * 60)
            raise
        self._readings.add_page(report, page, begun_at)
        if self._session is not None:
            self._session[1].learn(
                {(comment.user_id, day_at(comment.at // 1000, self._zone)) for comment in page.comments}
            )
        return True

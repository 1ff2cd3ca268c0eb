"""The collector of one organisation: does one thing at a time, each durable before the next, so that it may be killed
at any point and goes on where it was."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from reportdata.dingtalk.budget import Budget, Month
from reportdata.dingtalk.client import Client
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.comment_reader import CommentReader
from reportdata.dingtalk.forecast import COMMENT_DAYS
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.lister import Lister
from reportdata.dingtalk.listings import Listings
from reportdata.dingtalk.pauses import Pauses
from reportdata.dingtalk.readings import Readings
from reportdata.dingtalk.schedule import Period, Schedule
from reportdata.dingtalk.sources import Source
from reportdata.errors import BudgetSpent, NotPermitted, SourceError, Unavailable

_IDLE = 300.0
"""Seconds after which it is looked for something to do, when nothing is known to become due."""


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
        self.zone = zone
        self.period = period or Period(source.first_day)
        self.listings = Listings(ledger, source.corp_id, zone)
        self.readings = Readings(ledger, source.corp_id, zone, comment_days)
        self.pauses = Pauses(ledger, source.corp_id)
        self._ledger = ledger
        self._schedule = Schedule(self.period, zone, clock, budget, self.listings, self.readings)
        self._lister = Lister(source, client, ledger, self._schedule, self.pauses, eager=eager)
        self._comments = CommentReader(source.corp_id, client, ledger, self._schedule, self.pauses)

    @property
    def source(self) -> Source:
        """The source, with the API that lists its reports as soon as that is known."""
        return self._lister.source

    def step(self) -> float:
        """Do the next thing: a page, or the comments of a report. Returns 0 when it was done, or else the seconds until
        there may be something to do.

        :raises SourceError: when DingTalk refuses; what it refuses is not asked for before a pause is over.
        """
        now = self._schedule.now()
        if self.is_gone():
            return _IDLE
        until = self.pauses.until("all", now)
        if until:
            return (until - now) / 1000
        month = self._schedule.month()
        if month.left <= 0:
            return min(_IDLE, 3600.0)
        try:
            if self._lister.step(now) or self._comments.step(now):
                self.pauses.worked()
                return 0.0
            return self._schedule.wait(now)
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
        return self._schedule.month()

    def is_gone(self) -> bool:
        """Whether the source was removed since."""
        return not self._ledger.number("select count(*) from sources where corp_id = ?", (self.source.corp_id,))

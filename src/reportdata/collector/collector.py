"""The collector of one source: does one thing at a time, each durable before the next, so that it may be killed at any
point and goes on where it was."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import msgspec

from reportdata.collector.budget import Budget, Month
from reportdata.collector.clock import Clock
from reportdata.collector.comment_reader import CommentReader
from reportdata.collector.ledger import Ledger
from reportdata.collector.lister import Lister
from reportdata.collector.outbox import Waiting, count_waiting, remove, waiting
from reportdata.collector.pauses import ALL, Pauses
from reportdata.collector.people import People
from reportdata.collector.schedule import Period, Schedule
from reportdata.collector.sources import Source, is_there, put_source
from reportdata.collector.suite import Suite
from reportdata.errors import BadAnswer, BudgetSpent, NotPermitted, Rejected, SourceError, Unavailable

_IDLE = 300.0
"""Seconds after which it is looked for something to do, when nothing is known to become due."""


class Collector:
    """Collects one source's reports and comments into the ledger, whose outbox holds the new facts.

    :param eager: list the running day at once, in place of at its times.
    """

    def __init__(
        self,
        source: Source,
        suite: Suite,
        ledger: Ledger,
        budget: Budget,
        clock: Clock,
        zone: ZoneInfo,
        *,
        period: Period | None = None,
        eager: bool = False,
    ) -> None:
        able = suite.kind.capabilities
        if source.comments != able.comments:
            source = put_source(ledger, msgspec.structs.replace(source, comments=able.comments))
        self.source = source
        self.ledger = ledger
        self.clock = clock
        self.zone = zone
        self._pauses = Pauses(ledger, source.id)
        self._schedule = Schedule(source, period or Period(source.first_day), zone, clock, budget, ledger)
        self._lister = Lister(suite, self._schedule, self._pauses, eager=eager)
        self._comments = CommentReader(source.id, suite, ledger, self._schedule, self._pauses)
        self._people = People(suite, ledger, source.id, clock) if able.departments else None

    def step(self) -> float:
        """Do the next thing: a page, or the comments of a report. Returns 0 when it was done, or else the seconds until
        there may be something to do.

        :raises SourceError: when the suite refuses; what it refuses is not asked for before a pause is over.
        """
        now = self._schedule.now()
        if self.is_gone():
            return _IDLE
        until = self._pauses.until(ALL, now)
        if until:
            return (until - now) / 1000
        month = self._schedule.month()
        if month.left <= 0:
            return min(_IDLE, 3600.0)
        try:
            if self._lister.step(now) or self._comments.step(now):
                self._pauses.worked()
                return 0.0
            return self._schedule.wait(now)
        except Unavailable:
            self._pauses.pause(ALL, now, growing=True)
            raise
        except (BadAnswer, BudgetSpent, NotPermitted, Rejected):  # of one list, of one report, or noted
            raise
        except SourceError:
            self._pauses.pause(ALL, now, minutes=30)
            raise

    def try_again(self) -> None:
        """Ask at once for what was refused before."""
        self._pauses.end()
        self._schedule.listings.failures.try_again()

    def month(self) -> Month:
        """The month of the budget."""
        return self._schedule.month()

    def is_gone(self) -> bool:
        """Whether the source was removed since."""
        return not is_there(self.ledger, self.source)

    def waiting(self, most: int) -> Waiting | None:
        """The first new facts that were not taken yet, None when there are none."""
        if not count_waiting(self.ledger, self.source):
            return None
        return waiting(self.ledger, self.source, most, self._people)

    def taken(self, last: int) -> None:
        """The facts up to that place are in the lake, durably."""
        remove(self.ledger, self.source, last)

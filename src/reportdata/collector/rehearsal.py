"""What a collector would ask now: the collector itself, on a copy of the ledger, with a suite that nobody answers.

A list is answered with the reports that are known of its time, comments with none. So what becomes known only by
asking is not foreseen: new reports, whose comments cost calls, too. How many pages a list has is told by the weeks
before; without any, each list counts as one page, which is the least that it can have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.budget import Account, Budget
from reportdata.collector.clock import Clock
from reportdata.collector.collector import Collector
from reportdata.collector.forecast import recent_counts
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import PRESENT, Listings
from reportdata.collector.planning import Pages, day_at
from reportdata.collector.schedule import Period
from reportdata.collector.sources import Source
from reportdata.collector.suite import CommentPage, Kind, Report, ReportPage
from reportdata.days import days_between

LISTS, COMMENTS = "lists", "comments"
"""What foreseen calls are booked as."""


class Listed(NamedTuple):
    """A list that would be asked for: why, its days, and about how many pages it has."""

    purpose: str
    first_day: str
    last_day: str
    pages: int


class Foreseen(NamedTuple):
    """What would be asked of a source: lists, of how many reports the comments, and the calls that are left before."""

    source: Source
    lists: Sequence[Listed]
    comments: int
    calls: int
    left: int
    guessed: bool
    """Whether it is known about how many reports a day has, so that more than the least can be told."""

    @property
    def spent(self) -> int:
        """About how many calls that takes, at most what is left."""
        return min(self.left, sum(one.pages for one in self.lists) + self.comments)


@contextmanager
def copied(path: Path) -> Iterator[Ledger]:
    """A copy of the ledger at that path, which is gone when the block ends."""
    with TemporaryDirectory(prefix="reportdata-") as folder:
        copy = Path(folder) / path.name
        with closing(Ledger(path)) as ledger:
            ledger.copy(copy)
        with closing(Ledger(copy)) as ledger:
            ledger.connection.execute("pragma synchronous = off")
            yield ledger


def foresee(ledger: Ledger, source: Source, kind: Kind, clock: Clock, zone: ZoneInfo, period: Period) -> Foreseen:
    """What collecting a source would ask now.

    :param ledger: a copy, which is used as if all that had been asked.
    """
    budget = Budget(ledger, Account.of(kind, source.corp_id), clock)
    month = budget.month()
    suite = _Unanswered(kind, ledger, source, budget, zone, int(clock.now() * 1000))
    collector = Collector(source, suite, ledger, budget, clock, zone, period=period, eager=True)
    collector.try_again()
    while not collector.step():
        pass
    return Foreseen(source, suite.lists, suite.comments_asked, month.calls, month.left, suite.guesses)


class _Unanswered:
    """See `reportdata.collector.suite.Suite`: counts what it is asked."""

    def __init__(self, kind: Kind, ledger: Ledger, source: Source, budget: Budget, zone: ZoneInfo, now: int) -> None:
        self.kind = kind
        self.lists: list[Listed] = []
        self.comments_asked = 0
        self._ledger = ledger
        self._source = source.id
        self._budget = budget
        self._zone = zone
        self._listings = Listings(ledger, source.id, zone)
        counts = recent_counts(self._listings, day_at(now, zone))
        self._counts = Pages(counts, kind.limits.page)
        self.guesses = bool(counts)

    def reports(self, first_at: int, last_at: int, cursor: str = "", user_id: str | None = None) -> ReportPage:  # noqa: ARG002
        """The reports that are known of that time, on one page."""
        looks = self._listings.looks() if user_id is None else []
        if looks:
            first_day, last_day = day_at(looks[0].first_at, self._zone), day_at(looks[0].last_at - 1, self._zone)
            reports = sum(map(self._counts.reports_of, days_between(first_day, last_day)))
            pages = max(1, ceil(reports / self.kind.limits.page))
            self.lists.append(Listed(looks[0].purpose, first_day, last_day, pages))
        else:  # one report is looked for by itself
            pages = 1
            self.lists.append(Listed(PRESENT, day_at(first_at, self._zone), day_at(last_at, self._zone), pages))
        self._budget.foresee(LISTS, pages)
        rows = self._ledger.rows(
            "select report_id, user_id, sent_at, template from reports "
            "where source = ? and sent_at between ? and ? and withdrawn = 0",
            (self._source, first_at, last_at),
        )
        return ReportPage([Report(row[0], row[1], row[2], row[3], None) for row in rows], None)

    def comments(self, report_id: str, offset: int = 0) -> CommentPage:  # noqa: ARG002
        """None."""
        self.comments_asked += 1
        self._budget.foresee(COMMENTS, 1)
        return CommentPage((), None)

    def departments(self) -> Mapping[str, str]:
        """None: the directory costs no call."""
        return {}

    def departments_of(self, user_id: str) -> Sequence[str]:  # noqa: ARG002
        """None."""
        return ()

    def names(self) -> Mapping[str, str]:
        """None."""
        return {}

    def hello(self) -> None:
        """Nobody is asked."""

    def close(self) -> None:
        """Nothing is open."""

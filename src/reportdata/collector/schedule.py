"""When a collector does what: its present, its plan of the budget, and when something becomes due."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.budget import Budget, Month
from reportdata.collector.clock import Clock
from reportdata.collector.forecast import plan_of, recent_counts, share_of
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.planning import DAY, MINUTE, SETTLE, Pages, Plan, before, day_at, slots, start_of
from reportdata.collector.readings import Readings
from reportdata.collector.sources import Source


class Period(NamedTuple):
    """What is collected: days from ``first_day`` on; up to ``last_day`` when there is one, and then no running day."""

    first_day: str
    last_day: str | None = None


class Schedule:
    """The times of one source's collector, which follow from what it has listed and read."""

    def __init__(
        self, source: Source, period: Period, zone: ZoneInfo, clock: Clock, budget: Budget, ledger: Ledger
    ) -> None:
        self.period = period
        self.zone = zone
        self._clock = clock
        self._budget = budget
        self._source = source
        self._ledger = ledger
        self.listings = Listings(ledger, source.id, zone)
        self.readings = Readings(ledger, source.id, zone)
        self._planned: tuple[object, Plan] | None = None
        self._pages: tuple[str, Pages] | None = None

    def now(self) -> int:
        """Milliseconds since 1970."""
        return int(self._clock.now() * 1000)

    def month(self) -> Month:
        """The month of the budget."""
        return self._budget.month()

    def pages(self, today: str) -> Pages:
        """How many pages days probably have."""
        if self._pages is None or self._pages[0] != today:
            self._pages = today, Pages(recent_counts(self.listings, today), self._budget.account.limits.page)
        return self._pages[1]

    def plan(self, now: int) -> Plan:
        """The plan, made anew when some calls were spent or a quarter of an hour has passed."""
        key = now // (15 * MINUTE), self.month().left // 16
        if self._planned is None or self._planned[0] != key:
            pages = self.pages(day_at(now, self.zone))
            left = share_of(self.month().left, self._source, self._ledger)
            self._planned = key, plan_of(self.month(), left, now, pages, self.readings, self.zone)
        return self._planned[1]

    def wait(self, now: int) -> float:
        """Seconds until something is known to become due."""
        today = day_at(now, self.zone)
        times = [start_of(before(today, -1), self.zone) + SETTLE, start_of(today, self.zone) + SETTLE]
        times += slots(today, self.plan(now).looks, self.zone)
        others = self.listings.absences.next_due(), self.readings.next_due(), self.listings.failures.next_retry(now)
        times += [at for at in others if at is not None]
        due = min((at for at in times if at > now), default=now + DAY)
        return max(1.0, (due - now) / 1000)

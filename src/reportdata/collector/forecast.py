"""What the rest of a month's calls buys."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.collector.budget import Budget, Month
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.planning import Pages, Plan, before, day_at, plan
from reportdata.collector.readings import Readings
from reportdata.collector.sources import Source, sources
from reportdata.days import end_of

_WEEKS = 28
"""Days from which is told how many reports a day has."""


class Forecast(NamedTuple):
    """A source's month at the suite of that title, and how what is left of it is used."""

    source: Source
    title: str
    month: Month
    plan: Plan

    @property
    def spent_in_the_end(self) -> int:
        """Calls that will have been spent when the month ends, at most."""
        plan = self.plan
        rest = plan.listing + plan.reviews + plan.running + plan.last + plan.early * self.month.days_left
        return sum(self.month.spent.values()) + min(self.month.left, rest)


def forecast(source: Source, budget: Budget, ledger: Ledger, zone: ZoneInfo, now: int) -> Forecast:
    """The forecast of a source, as of now, in milliseconds since 1970."""
    listings = Listings(ledger, source.id, zone)
    readings = Readings(ledger, source.id, zone)
    pages = Pages(recent_counts(listings, day_at(now, zone)), budget.account.limits.page)
    month = budget.month()
    left = share_of(month.left, source, ledger)
    return Forecast(source, budget.account.title, month, plan_of(month, left, now, pages, readings, zone))


def share_of(left: int, source: Source, ledger: Ledger) -> int:
    """The calls that one of the sources of an organisation at a suite may plan with: they share a budget."""
    sharing = [other for other in sources(ledger, source.corp_id) if other.suite == source.suite]
    return left // max(1, len(sharing))


def recent_counts(listings: Listings, today: str) -> dict[str, int]:
    """Reports of each listed day of the last weeks."""
    return listings.counts(before(today, _WEEKS), before(today, 1))


def plan_of(month: Month, left: int, now: int, pages: Pages, readings: Readings, zone: ZoneInfo) -> Plan:
    """How what is left of a month is used."""
    today = day_at(now, zone)
    last_day = max(today, month.last_day)
    end = end_of(last_day, zone) // 1000
    return plan(left, today, last_day, pages, last_readings=readings.count_due(now, end))

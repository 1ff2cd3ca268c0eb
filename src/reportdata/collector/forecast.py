"""What the rest of a month's calls buys."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import end_of
from reportdata.dingtalk.budget import Budget, Month
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.listings import Listings
from reportdata.dingtalk.planning import Pages, Plan, before, day_at, plan
from reportdata.dingtalk.readings import Readings
from reportdata.dingtalk.sources import Source

COMMENT_DAYS = 30
"""Days after which a report's comments are read for the last time."""
_WEEKS = 28
"""Days from which is told how many reports a day has."""


class Forecast(NamedTuple):
    """An organisation's month, and how what is left of it is used."""

    corp_id: str
    month: Month
    plan: Plan

    @property
    def spent_in_the_end(self) -> int:
        """Calls that will have been spent when the month ends, at most."""
        plan = self.plan
        rest = plan.listing + plan.reviews + plan.running + plan.last + plan.early * self.month.days_left
        return sum(self.month.spent.values()) + min(self.month.left, rest)


def forecast(source: Source, ledger: Ledger, clock: Clock, zone: ZoneInfo) -> Forecast:
    """The forecast of a source, as of now."""
    listings = Listings(ledger, source.corp_id, zone)
    readings = Readings(ledger, source.corp_id, zone, COMMENT_DAYS)
    now = int(clock.now() * 1000)
    pages = Pages(recent_counts(listings, day_at(now, zone)))
    month = Budget(ledger, source.corp_id, clock).month()
    return Forecast(source.corp_id, month, plan_of(month, now, pages, readings, zone))


def recent_counts(listings: Listings, today: str) -> dict[str, int]:
    """Reports of each listed day of the last weeks."""
    return listings.counts(before(today, _WEEKS), before(today, 1))


def plan_of(month: Month, now: int, pages: Pages, readings: Readings, zone: ZoneInfo) -> Plan:
    """How what is left of a month is used."""
    today = day_at(now, zone)
    last_day = max(today, month.last_day)
    end = end_of(last_day, zone) // 1000
    return plan(month.left, today, last_day, pages, last_readings=readings.count_due(now, end))

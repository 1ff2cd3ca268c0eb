"""Checks of what is collected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from reportdata.cli.collectors import account_of
from reportdata.cli.doctor.findings import Examined, Finding, fail, ok, warn
from reportdata.cli.places import ledger_of
from reportdata.collector.budget import Budget
from reportdata.collector.clock import StillClock
from reportdata.collector.clocks import ahead_of, said
from reportdata.collector.forecast import forecast
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.planning import before, day_at
from reportdata.collector.sources import Source, SourceNotes, sources
from reportdata.days import SECOND, day_of, time_zone
from reportdata.plurals import count_of
from reportdata.suites import SUITES

_BEHIND = 2
"""Days that the newest listed day may be behind today."""


def collected(examined: Examined) -> Iterator[Finding]:
    """What the collector remembers is whole, it is up to date, leaves nothing out, and its calls last until the month
    ends."""
    if not examined.settings.ledger.exists():
        yield ok("nothing is collected")
        return
    with closing(ledger_of(examined.settings, new=False)) as ledger:
        faults = ledger.faults(thorough=examined.thorough)
        if faults:
            yield fail(
                f"{ledger.path} is damaged: {faults[0]}", "bring back the newest backup with `reportdata restore`"
            )
            return
        zones = {o.corp_id: o.time_zone for o in examined.store.organisations()} if examined.store else {}
        found = [finding for source in sources(ledger) for finding in _of_source(source, zones, ledger, examined.now)]
        yield from found or [
            ok(f"{count_of(len(sources(ledger)), 'source', 'sources')}, up to date and within their calls")
        ]


def _of_source(source: Source, zones: dict[str, str], ledger: Ledger, now: float) -> Iterator[Finding]:
    name, corp_id = source.name, source.corp_id
    if corp_id not in zones:
        yield fail(f"{corp_id} is collected and not known", f"reportdata org add {corp_id}")
        return
    if source.suite not in SUITES:
        yield fail(f"{name} is collected from {source.suite!r}, which is not known", f"reportdata source remove {name}")
        return
    ahead = ahead_of(SourceNotes(ledger, source.id))
    if ahead:
        yield fail(
            f"{name}: {said(ahead)}: what is collected makes no day certain",
            "set the clock, and keep it right with NTP; it goes on by itself when they agree",
        )
    zone = time_zone(zones[corp_id])
    today = day_of(int(now) * SECOND, zone)
    listings = Listings(ledger, source.id, zone)
    listed = listings.listed()
    newest = day_at(listed[-1].last_at - 1, zone) if listed else None
    if newest is None:
        yield warn(f"{name}: nothing was collected yet", f"reportdata collect --once --source {name}")
    elif newest < before(today, _BEHIND):
        yield warn(
            f"{name}: the newest day that was listed is {newest}",
            f"reportdata collect --once --source {name}, and see what it says",
        )
    yield from _left_out(name, listings, int(now * 1000))
    budget = Budget(ledger, account_of(source), StillClock(now))
    told = forecast(source, budget, ledger, zone, int(now * 1000))
    if told.month.left <= 0 or told.plan.for_past < 0:
        yield warn(f"{name}: this month's calls do not last to its end", f"reportdata budget --corp {corp_id}")


def _left_out(name: str, listings: Listings, now: int) -> Iterator[Finding]:
    """What cannot be used of what the suite says."""
    records, failures = listings.set_aside.count(), listings.failures.count(now)
    if records:
        yield warn(
            f"{name}: {count_of(records, 'record that cannot be used was', 'records that cannot be used were')} "
            "set aside; the last: "
            f"{listings.set_aside.example()}",
            "their days are partial; tell the suite's support, or whoever sent them",
        )
    if failures:
        yield warn(
            f"{name}: {failures:,} lists or reports are left alone for now; the last: {listings.failures.example()}",
            "they are tried again, ever later; `reportdata collect --once` tries at once",
        )

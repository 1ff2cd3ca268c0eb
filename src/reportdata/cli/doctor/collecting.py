"""Checks of what is collected from DingTalk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from reportdata.cli.doctor.findings import Examined, Finding, fail, ok, warn
from reportdata.cli.places import ledger_of
from reportdata.days import SECOND, day_of, time_zone
from reportdata.dingtalk.forecast import forecast
from reportdata.dingtalk.ledger import Ledger
from reportdata.dingtalk.listings import Listings
from reportdata.dingtalk.planning import before, day_at
from reportdata.dingtalk.sources import Source, sources

_BEHIND = 2
"""Days that the newest listed day may be behind today."""


class _Still:
    """A clock that shows one time."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


def collected(examined: Examined) -> Iterator[Finding]:
    """What the collector remembers is whole, it is up to date, and its calls last until the month ends."""
    if not examined.settings.ledger.exists():
        yield ok("nothing is collected from DingTalk")
        return
    with closing(ledger_of(examined.settings)) as ledger:
        faults = ledger.faults()
        if faults:
            yield fail(
                f"{ledger.path} is damaged: {faults[0]}", "bring back the newest backup with `reportdata restore`"
            )
            return
        zones = {o.corp_id: o.time_zone for o in examined.store.organisations()} if examined.store else {}
        found = [finding for source in sources(ledger) for finding in _of_source(source, zones, ledger, examined.now)]
        yield from found or [ok(f"{len(sources(ledger)):,} organisations, up to date and within their calls")]


def _of_source(source: Source, zones: dict[str, str], ledger: Ledger, now: float) -> Iterator[Finding]:
    corp_id = source.corp_id
    if corp_id not in zones:
        yield fail(f"{corp_id} is collected and not known", f"reportdata org add {corp_id}")
        return
    zone = time_zone(zones[corp_id])
    today = day_of(int(now) * SECOND, zone)
    listed = Listings(ledger, corp_id, zone).listed()
    newest = day_at(listed[-1].last_at - 1, zone) if listed else None
    if newest is None:
        yield warn(f"{corp_id}: nothing was collected yet", f"reportdata collect --once --source {corp_id}")
    elif newest < before(today, _BEHIND):
        yield warn(
            f"{corp_id}: the newest day that was listed is {newest}",
            f"reportdata collect --once --source {corp_id}, and see what it says",
        )
    told = forecast(source, ledger, _Still(now), zone)
    if told.month.left <= 0 or told.plan.for_past < 0:
        yield warn(f"{corp_id}: this month's calls do not last to its end", f"reportdata budget --corp {corp_id}")

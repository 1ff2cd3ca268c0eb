"""Reads what keeps the numbers coming, for metrics: see `reportdata.api.upkeep`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing

from reportdata.api.upkeep import SourceUpkeep, Upkeep
from reportdata.certificates import validity
from reportdata.cli.collectors import account_of
from reportdata.cli.places import ledger_of
from reportdata.collector.budget import Budget
from reportdata.collector.clock import StillClock
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.sources import sources
from reportdata.days import time_zone
from reportdata.errors import ReportDataError
from reportdata.pipeline.known_backups import newest_backup
from reportdata.settings import Settings


def upkeep_of(settings: Settings, zones: Mapping[str, str], now: float) -> Upkeep:
    """How a data folder is kept at a time, in seconds since 1970.

    :param zones: the time zones of the organisations that are known.
    """
    found: list[SourceUpkeep] = []
    if settings.ledger.exists():
        with closing(ledger_of(settings)) as ledger:
            found = list(_sources(ledger, zones, now))
    free = shutil.disk_usage(settings.data).free
    return Upkeep(found, newest_backup(settings.data), _certificate_ends(settings), free)


def _sources(ledger: Ledger, zones: Mapping[str, str], now: float) -> Iterator[SourceUpkeep]:
    for source in sources(ledger):
        if source.corp_id not in zones:
            continue
        listings = Listings(ledger, source.id, time_zone(zones[source.corp_id]))
        listed = listings.listed()
        yield SourceUpkeep(
            name=source.name,
            listed_until=listed[-1].last_at / 1000 if listed else None,
            left_alone=listings.failures.count(int(now * 1000)),
            set_aside=listings.set_aside.count(),
            calls_left=Budget(ledger, account_of(source), StillClock(now)).month().left,
        )


def _certificate_ends(settings: Settings) -> float | None:
    if settings.tls_cert is None:
        return None
    try:
        return validity(settings.tls_cert).ends.timestamp()
    except (ReportDataError, OSError):  # the server itself tells of a certificate that cannot be read
        return None

"""Reads what keeps the numbers coming, for metrics: see `reportdata.api.upkeep`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from typing import TypeVar

from msgspec import MsgspecError

from reportdata.api.upkeep import BACKUPS, COLLECTING, SourceUpkeep, Upkeep
from reportdata.certificates import validity
from reportdata.cli.collectors import account_of
from reportdata.cli.places import ledger_of
from reportdata.cli.troubles import Troubles
from reportdata.collector.budget import Budget
from reportdata.collector.clock import StillClock
from reportdata.collector.clocks import differing
from reportdata.collector.ledger import Ledger
from reportdata.collector.listings import Listings
from reportdata.collector.sources import sources
from reportdata.days import time_zone
from reportdata.errors import ReportDataError
from reportdata.pipeline.known_backups import newest_backup
from reportdata.settings import Settings

_Found = TypeVar("_Found")
_Collecting = tuple[list[SourceUpkeep], dict[str, float]]


def upkeep_of(settings: Settings, zones: Mapping[str, str], now: float, troubles: Troubles) -> Upkeep:
    """How a data folder is kept at a time, in seconds since 1970.

    :param zones: the time zones of the organisations that are known.
    :param troubles: is told what cannot be read.
    """
    parts = _Parts(troubles)
    nothing: _Collecting = ([], {})
    found, clocks = parts.read(COLLECTING, partial(_collecting, settings, zones, now), nothing)
    backup_at = parts.read(BACKUPS, partial(newest_backup, settings.data), None)
    free = shutil.disk_usage(settings.data).free
    return Upkeep(found, clocks, backup_at, _certificate_ends(settings), free, parts.unreadable)


class _Parts:
    """What is read part by part: one that cannot be read keeps no other from being told."""

    def __init__(self, troubles: Troubles) -> None:
        self._troubles = troubles
        self.unreadable: dict[str, bool] = {}

    def read(self, part: str, read: Callable[[], _Found], otherwise: _Found) -> _Found:
        """What is read, or ``otherwise``."""
        try:
            found = read()
        except (ReportDataError, OSError, MsgspecError) as error:
            self._troubles.tell(part, error)
            self.unreadable[part] = True
            return otherwise
        self._troubles.over(part, f"metrics tell of {part} again")
        self.unreadable[part] = False
        return found


def _collecting(settings: Settings, zones: Mapping[str, str], now: float) -> _Collecting:
    """How sources are collected, and by how many seconds this machine's clock is ahead of suites, where they differ."""
    if not settings.ledger.exists():
        return [], {}
    with closing(ledger_of(settings, new=False)) as ledger:
        return list(_sources(ledger, zones, now)), differing(ledger)


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

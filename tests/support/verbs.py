"""The verbs of the pipeline, which tests call one by one."""

from __future__ import annotations

import itertools
import time
from datetime import datetime, timedelta
from typing import Any

from reportdata.pipeline.compacting import compact
from reportdata.pipeline.refreshing import Refreshed, refresh
from reportdata.pipeline.staleness import stale_days
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent
from tests.support.random_facts import ZONES
from tests.support.services import working
from tests.support.writing import write

A, B = "ding-shanghai", "ding-new-york"
ZONE = ZONES[A]
AT = datetime(2026, 3, 9, 12, tzinfo=ZONE)
"""A noon in the organisation A, which is a midnight in B."""

_numbers = itertools.count()


def import_facts(folder: Folder, *found: Fact, refreshed: bool = False) -> None:
    """Import facts, and refresh only when that is wanted."""
    for path, corp_id in write(folder.path.parent / f"facts{next(_numbers)}", found, "jsonl", "iso", ZONES):
        now = int(time.time() * 1000)
        assert not folder.import_(path, corp_id=corp_id, refresh=False, exported_at=now).failures
    if refreshed:
        refresh_days(folder)


def refresh_days(
    folder: Folder, *, first_day: str | None = None, last_day: str | None = None, **chosen: Any
) -> Refreshed:
    """Refresh what is stale, or chosen days."""
    with working(folder) as work:
        return refresh(work, time.time(), period=(first_day, last_day), **chosen)


def compact_all(folder: Folder, *, everything: bool = True, **how: Any) -> int:
    """Compact everything, or what is worth it by ``how``; how many files were merged from others."""
    quiet = {"quiet": None} if everything else {}
    with working(folder) as work:
        return compact(work, **{"now": time.time()} | quiet | how)


def stale(folder: Folder) -> list[str]:
    """The days whose numbers are not those of their facts."""
    with working(folder) as work:
        return stale_days(work)


def import_two_days(folder: Folder) -> None:
    """Import a report and a comment of both organisations on each of two days, without a refresh."""
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    for corp_id in (A, B):
        for number, at in enumerate((AT, AT + timedelta(days=1))):
            import_facts(folder, Sent(corp_id, f"r{number}", "u1", at), Commented(corp_id, f"r{number}", "u2", at))

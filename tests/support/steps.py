"""Steps of a pipeline, as tests take them one by one."""

from __future__ import annotations

import itertools
import time
from contextlib import closing
from datetime import datetime
from typing import Any

from reportdata.catalogue import REPORT_DATA, read_catalogue
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.pipeline.compacting import compact
from reportdata.pipeline.refreshing import Refreshed, refresh, stale_days
from tests.support.folders import Folder
from tests.support.oracle import Fact
from tests.support.random_facts import ZONES
from tests.support.writing import write

SERVICE = read_catalogue().service(REPORT_DATA)


ZONE = ZONES["ding-shanghai"]


A, B = "ding-shanghai", "ding-new-york"


AT = datetime(2026, 3, 9, 12, tzinfo=ZONE)


_numbers = itertools.count()


def import_facts(folder: Folder, *found: Fact, refreshed: bool = False) -> None:
    """Import facts, and refresh only when that is wanted."""
    for path, corp_id in write(folder.path.parent / f"facts{next(_numbers)}", found, "jsonl", "iso", ZONES):
        assert not folder.import_(path, corp_id=corp_id, refresh=refreshed).failures


def refresh_days(folder: Folder, **chosen: Any) -> Refreshed:
    with closing(DuckDBEngine()) as engine:
        return refresh(folder.lake, folder.store, engine, SERVICE, now=time.time(), **chosen)


def compact_all(folder: Folder, **how: Any) -> int:
    with closing(DuckDBEngine()) as engine:
        return compact(folder.lake, folder.store, engine, SERVICE, **{"now": time.time(), "everything": True} | how)


def stale(folder: Folder) -> list[str]:
    with closing(DuckDBEngine()) as engine:
        return stale_days(folder.lake, folder.store, engine, SERVICE)

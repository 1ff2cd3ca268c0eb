"""DingTalk's own figures of all services, as they are mirrored."""

from __future__ import annotations

import json
import os
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.ledger import Ledger
from reportdata.collector.suite import Access
from reportdata.days import days_between
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Mirrored, Source, Wanted, mirror_all
from reportdata.services import read_services
from reportdata.suites.dingtalk import KIND
from reportdata.suites.dingtalk.client import Client
from reportdata.suites.dingtalk.official import TRIES, OfficialFigures
from reportdata.twin import BEIJING, Server, Twin
from tests.support.folders import Folder
from tests.support.waiting import SOON

SERVICES = list(read_services())

FIRST, LAST = "20260901", "20260903"

DAYS = list(days_between(FIRST, LAST))

NOW = datetime(2026, 10, 1, 9, tzinfo=BEIJING)

LONGEST = int(os.environ.get("REPORTDATA_TESTS_MIRRORED_DAYS", "6"))
"""Days that are mirrored of every service by processes that are killed."""

YEAR = int(os.environ.get("REPORTDATA_TESTS_MIRRORED_YEAR", "30"))
"""Those that are mirrored within budgets, too; 365 in full."""


def a_twin(**properties: Any) -> Twin:
    return Twin(people=7, first_day="20250801", now=NOW, **{"rate": 0, "budget": 0, **properties})


def environment(server: Server) -> dict[str, str]:
    return {
        "REPORTDATA_DINGTALK_APP_KEY": server.twin.app_key,
        "REPORTDATA_DINGTALK_APP_SECRET": server.twin.app_secret,
        "REPORTDATA_DINGTALK_ENDPOINT": server.url,
    }


class Unhurried:
    """The time of this machine, for calls that keep no distance: the twin is this machine, too."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Go on."""


def fetch_all(folder: Folder, server: Server, first: str = FIRST, calls: int = 1_000_000) -> dict[str, Mirrored]:
    """Fetch the figures of every service, within a budget of calls a month."""
    twin = server.twin
    access = Access(twin.app_key, twin.app_secret, {"api": server.url})
    return fetch_by(folder, access, twin.corp_id, first, calls)


def fetch_by(folder: Folder, access: Access, corp_id: str, first: str, calls: int) -> dict[str, Mirrored]:
    clock = Unhurried()
    with closing(Ledger(folder.settings.ledger)) as ledger:
        budget = Budget(ledger, Account.of(KIND, corp_id), clock)
        budget.set(calls, 1_000_000)
        with closing(Client(access, BookedCalls(budget, clock, tries=TRIES))) as client:
            sources = [Source(service, OfficialFigures(client, service).figures) for service in SERVICES]
            wanted = Wanted(Organisation(corp_id, "Asia/Shanghai"), first, LAST)
            return mirror_all(folder.store, sources, wanted, now=clock.now)


def asked_of(twin: Twin) -> list[Any]:
    """The calls for figures that the twin has answered."""
    return [call for call in twin.calls.log if "datacenter" in call.api and call.outcome == "ok"]


def truth(twin: Twin, days: list[str]) -> dict[str, dict[str, Any]]:
    return {service.id: {day: twin.figures(service.id, day) for day in days} for service in SERVICES}


def kept(folder: Folder, twin: Twin) -> dict[str, dict[str, Any]]:
    return {
        service.id: {one.stat_day: one.values for one in folder.store.official(service.id, twin.corp_id, "0", "9")}
        for service in SERVICES
    }


def fetch_in_a_process(path: Path, url: str, first: str, calls: str = "1000000") -> None:
    """What the processes do that are killed, or end when the month's calls are spent."""
    with urlopen(f"{url}/twin/app", timeout=SOON) as answer:
        app = json.loads(answer.read())
    folder = Folder(path)
    with closing(folder.store):
        fetch_by(folder, Access(app["appKey"], app["appSecret"], {"api": url}), app["corpId"], first, int(calls))

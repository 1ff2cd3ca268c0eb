"""DingTalk's own figures of a made-up month, and what is fetched of them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result

from reportdata.collector.calls import BookedCalls, Pace
from reportdata.collector.suite import Access
from reportdata.days import days_between
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Mirrored, Wanted, mirror
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.services import read_services
from reportdata.suites.dingtalk.client import Client
from reportdata.suites.dingtalk.official import TRIES, OfficialFigures
from reportdata.twin import BEIJING, Habits, Server, Twin
from tests.support.folders import Folder, run
from tests.support.twins import Caller

SERVICE = read_services().service(REPORT_DATA)

FIRST, LAST = "20260901", "20260910"

NOW = datetime(2026, 12, 1, 9, tzinfo=BEIJING)

DAYS = list(days_between(FIRST, LAST))


class StillClock:
    """The twin's time, which goes on only by waiting; counts the seconds that were waited."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self.waited = 0.0

    def now(self) -> float:
        return self._twin.clock()

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self._twin.clock.sleep(seconds)


def a_month() -> Twin:
    habits = Habits(comments_per_report=1.5)
    return Twin(people=12, habits=habits, first_day=FIRST, last_day="20260930", now=NOW, rate=0, budget=0)


class Imported(NamedTuple):
    """A data folder with everything that an organisation's report APIs say."""

    folder: Folder
    server: Server


def client(
    server: Server, clock: StillClock | None = None, secret: str = "", endpoint: str | None = None
) -> OfficialFigures:
    twin, clock = server.twin, clock or StillClock(server.twin)
    access = Access(twin.app_key, secret or twin.app_secret, {"api": server.url if endpoint is None else endpoint})
    return OfficialFigures(Client(access, BookedCalls(Pace(10, clock), clock, tries=TRIES)), SERVICE)


def fetch(folder: Folder, server: Server, asking: OfficialFigures | None = None, **options: Any) -> Mirrored:
    asking = asking or client(server)
    again = options.pop("again", False)
    organisation = Organisation(server.twin.corp_id, "Asia/Shanghai")
    return mirror(
        folder.store,
        SERVICE,
        Wanted(organisation, FIRST, LAST, again),
        asking.figures,
        now=server.twin.clock,
        **options,
    )


def kept(folder: Folder, server: Server) -> dict[str, Any]:
    return {f.stat_day: f.values for f in folder.store.official(REPORT_DATA, server.twin.corp_id, FIRST, "20261231")}


# The commands.


def access(server: Server) -> dict[str, str]:
    """The twin's app, as commands find it in the environment."""
    return {
        "REPORTDATA_DINGTALK_APP_KEY": server.twin.app_key,
        "REPORTDATA_DINGTALK_APP_SECRET": server.twin.app_secret,
        "REPORTDATA_DINGTALK_ENDPOINT": server.url,
    }


def command(folder: Folder, server: Server, *arguments: object) -> Result:
    """Run ``mirror`` with the twin's app in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in access(server).items():
            patch.setenv(name, value)
        return run(folder, "mirror", *arguments)


def import_all(folder: Folder, server: Server, tmp_path: Path) -> None:
    """Import what the twin's report APIs say, as saved exchanges."""
    path = tmp_path / "exchanges.jsonl"
    with Caller(server) as caller, path.open("w") as file:
        start = int(datetime(2026, 9, 1, tzinfo=BEIJING).timestamp() * 1000)
        end = int(datetime(2026, 10, 1, tzinfo=BEIJING).timestamp() * 1000)
        for report in caller.reports(start, end):
            sent = {"report_id": report["report_id"], "user_id": report["creator_id"], "sent_at": report["create_time"]}
            file.write(json.dumps(sent) + "\n")
            for comment in caller.comments(report["report_id"]):
                made = {"report_id": report["report_id"], "user_id": comment["userid"]}
                at = f"{comment['create_time']}+08:00"
                file.write(json.dumps({**made, "commented_at": at}) + "\n")
    folder.import_(path, corp_id=server.twin.corp_id, first_day=FIRST, last_day="20260930")

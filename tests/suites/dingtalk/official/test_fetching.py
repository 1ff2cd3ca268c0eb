"""DingTalk's own figures: fetched day by day, once, whatever troubles there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from reportdata.errors import (
    BadCredentials,
    BadValue,
    BudgetSpent,
    NotPermitted,
    Rejected,
    SourceError,
    Unavailable,
)
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Wanted, mirror
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import Official
from reportdata.twin import BEIJING, Server
from tests.support.folders import Folder
from tests.support.official import DAYS, FIRST, LAST, SERVICE, StillClock, client, fetch, kept


def test_figures_are_kept_day_by_day_and_fetched_once(known: Folder, twin: Server) -> None:
    done = fetch(known, twin)
    assert (done.fetched, done.empty, done.known) == (DAYS, [], [])
    assert kept(known, twin) == twin.twin.truth(FIRST, LAST)
    assert known.days() == {}, "nothing of it is served"
    again = fetch(known, twin)
    assert (again.fetched, again.known) == ([], DAYS)
    assert twin.twin.calls.by_api["v1.0/datacenter/reportData"] == len(DAYS)
    assert fetch(known, twin, again=True).fetched == DAYS


def test_a_mirror_that_is_interrupted_goes_on(known: Folder, twin: Server) -> None:
    asking = client(twin)

    def ask(corp_id: str, day: str) -> Any:
        if day == DAYS[4]:
            raise KeyboardInterrupt
        return asking.figures(corp_id, day)

    organisation = Organisation(twin.twin.corp_id, "Asia/Shanghai")
    with pytest.raises(KeyboardInterrupt):
        mirror(known.store, SERVICE, Wanted(organisation, FIRST, LAST), ask, now=twin.twin.clock)
    assert list(kept(known, twin)) == DAYS[:4]
    done = fetch(known, twin)
    assert (done.known, done.fetched) == (DAYS[:4], DAYS[4:])


def test_days_without_figures_are_asked_for_again_and_those_that_go_on_are_left_out(
    known: Folder, twin: Server
) -> None:
    twin.twin.clock.set(datetime(2026, 9, 9, 9, tzinfo=BEIJING).timestamp(), 0)
    calls = []

    def ask(corp_id: str, day: str) -> None:
        calls.append(day)

    organisation = Organisation(twin.twin.corp_id, "Asia/Shanghai")
    for _ in range(2):
        done = mirror(known.store, SERVICE, Wanted(organisation, FIRST, LAST), ask, now=twin.twin.clock)
        assert (done.empty, done.unfinished) == (DAYS[:8], DAYS[8:])
    assert calls == DAYS[:8] * 2


def test_a_figure_from_before_the_end_of_its_day_is_fetched_anew(known: Folder, twin: Server) -> None:
    noon = int(datetime(2026, 9, 1, 12, tzinfo=BEIJING).timestamp() * 1000)
    known.store.put_official(REPORT_DATA, [Official(twin.twin.corp_id, FIRST, {"4100": 1}, noon)])
    assert fetch(known, twin).fetched == DAYS


@pytest.mark.whole
@pytest.mark.parametrize("trouble", ["busy=1,4,9", "504=2,3", "reset=3,5", "expired=4", "qps=2,3,4", "qps-all=5"])
def test_troubles_that_pass_are_waited_out(known: Folder, twin: Server, trouble: str) -> None:
    twin.twin.trouble(f"{trouble.partition('=')[0]}@v1.0/datacenter/reportData={trouble.partition('=')[2]}")
    clock = StillClock(twin.twin)
    assert fetch(known, twin, client(twin, clock)).fetched == DAYS
    assert kept(known, twin) == twin.twin.truth(FIRST, LAST)
    assert clock.waited < 60


@pytest.mark.whole
@pytest.mark.parametrize(
    ("trouble", "error", "hint"),
    [
        ("busy", Unavailable, "goes on where it stopped"),
        ("reset", Unavailable, "goes on where it stopped"),
        ("expired", BadCredentials, "enabled"),
        ("qps", Unavailable, "goes on where it stopped"),
        ("quota", BudgetSpent, "next month"),
        ("permission", NotPermitted, "2023-09-01"),
        ("address", NotPermitted, "open-dev.dingtalk.com"),
        ("ban-page", Unavailable, "5 minutes"),
        ("ban-json", Unavailable, "minutes"),
    ],
)
def test_troubles_that_stay_are_named_with_what_to_do(
    known: Folder, twin: Server, trouble: str, error: type[SourceError], hint: str
) -> None:
    twin.twin.trouble(f"{trouble}@v1.0/datacenter/reportData")
    with pytest.raises(error) as raised:
        fetch(known, twin)
    assert hint in raised.value.hint
    assert FIRST in raised.value.message
    assert twin.twin.calls.by_api["v1.0/datacenter/reportData"] <= 5
    assert kept(known, twin) == {}
    twin.twin.trouble()
    twin.twin.clock.sleep(60)
    assert fetch(known, twin).fetched == DAYS


def test_wrong_access_is_named(known: Folder, twin: Server) -> None:
    with pytest.raises(BadCredentials, match="secret is wrong"):
        fetch(known, twin, client(twin, secret="wrong"))
    with pytest.raises(Unavailable, match="no connection"):
        fetch(known, twin, client(twin, endpoint="http://127.0.0.1:9"))
    for endpoint in ("127.0.0.1:8080", "file:///etc/passwd", "https://"):
        with pytest.raises(BadValue, match="no endpoint"):
            client(twin, endpoint=endpoint)
    with pytest.raises(Rejected, match="belongs to the organisation"):
        client(twin).figures("another", FIRST)


def test_calls_keep_their_distance(twin: Server) -> None:
    clock = StillClock(twin.twin)
    asking = client(twin, clock)
    for day in DAYS:
        asking.figures(twin.twin.corp_id, day)
    assert clock.waited == pytest.approx(len(DAYS) * 0.1)

"""DingTalk's own figures of all services: fetched from the twin within a budget."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from reportdata.errors import BudgetSpent
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Source, Wanted, keep_export, left, mirror, mirror_all
from reportdata.store import Official
from reportdata.twin import BEIJING, Server, running
from tests.support.folders import Folder, run
from tests.support.mirrored import DAYS, FIRST, LAST, SERVICES, a_twin, asked_of, environment, fetch_all, kept, truth
from tests.support.stores import OPENERS, STORES


def test_all_services_are_fetched_newest_first_and_each_day_once(known: Folder, twin: Server) -> None:
    fetch_all(known, twin)
    assert kept(known, twin.twin) == truth(twin.twin, DAYS)
    asked = [json.loads(call.parameters)["statDate"] for call in asked_of(twin.twin)]
    assert asked == [day for day in reversed(DAYS) for _ in SERVICES]
    again = fetch_all(known, twin)
    assert all((found.known, found.fetched) == (DAYS, []) for found in again.values())
    assert len(asked_of(twin.twin)) == len(asked)


def test_figures_that_dingtalk_has_no_more_stay(known: Folder, twin: Server) -> None:
    fetch_all(known, twin)
    organisation = Organisation(twin.twin.corp_id, "Asia/Shanghai")
    wanted = Wanted(organisation, FIRST, LAST, again=True)
    sources = [Source(service, lambda _corp_id, _day: None) for service in SERVICES]
    store = known.store
    again = mirror_all(store, sources, wanted, now=twin.twin.clock)
    assert all((found.known, found.empty) == (DAYS, []) for found in again.values())
    for service in SERVICES:
        one = mirror(store, service, wanted, lambda _corp_id, _day: None, now=twin.twin.clock)
        assert (one.known, one.empty) == (DAYS, [])
        nothing = [Official(organisation.corp_id, day, None, int(twin.twin.clock() * 1000)) for day in DAYS]
        assert keep_export(store, service, nothing).known == DAYS
    assert kept(known, twin.twin) == truth(twin.twin, DAYS)


def test_a_service_without_permission_is_left_out(folder: Folder) -> None:
    allowed = {service.scope for service in SERVICES} - {"DataCenter.Ding.Read"}
    with running(a_twin(scopes=allowed)) as server:
        folder.add_organisation(server.twin.corp_id)
        done = fetch_all(folder, server)
        assert {name for name, found in done.items() if found.refused} == {"dingSendData", "dingReciveData"}
        assert all((found.fetched == []) == bool(found.refused) for found in done.values())
        assert server.twin.calls.by_outcome["Forbidden.AccessDenied.AccessTokenPermissionDenied"] == 2


def test_what_the_budget_leaves_is_fetched_when_there_is_more(known: Folder, twin: Server) -> None:
    with pytest.raises(BudgetSpent, match="the 30 calls a month") as raised:
        fetch_all(known, twin, calls=30)
    assert "--calls N" in raised.value.hint
    found = kept(known, twin.twin)
    assert sum(map(len, found.values())) == 30
    assert all(LAST in days for days in found.values()), "the newest day is whole"
    fetch_all(known, twin, calls=72)
    assert kept(known, twin.twin) == truth(twin.twin, DAYS)
    assert (len(asked_of(twin.twin)), twin.twin.calls.charged) == (72, 72)


@pytest.mark.whole
def test_the_command_tells_what_is_to_be_made_and_what_it_did(known: Folder, twin: Server) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(twin).items():
            patch.setenv(name, value)
        command = ("mirror", "--service", "all", "--from", LAST, "--to", LAST, "--rate", 20, "--calls", 100)
        done = run(known, *command)
        assert done.exit_code == 0, done.output
        assert "37 calls are to be made; 100 are left until" in done.output
        found = json.loads(run(known, *command, "--json").stdout)
        assert all(found[service.id]["known"] == [LAST] for service in SERVICES)
        assert "0 calls are to be made; 63 are left" in run(known, *command).output
        month = json.loads(run(known, "budget", "--corp", twin.twin.corp_id, "--json").stdout)[0]
        assert (month["calls"], month["spent"], month["left"]) == (100, 37, 63)
        assert "37 of 100 calls spent" in run(known, "budget", "--corp", twin.twin.corp_id).output
        refused = run(known, *command, "--file", str(known.settings.store))
        assert "figures import" in refused.output
    assert kept(known, twin.twin) == truth(twin.twin, [LAST])


@pytest.mark.parametrize("kind", STORES)
def test_a_day_without_figures_is_asked_for_until_it_is_settled(tmp_path: Path, kind: str) -> None:
    service = next(service for service in SERVICES if service.id == "healtheUserData")
    wanted = Wanted(Organisation("c", "Asia/Shanghai"), FIRST, LAST)
    asked: list[str] = []

    def ask(_corp: str, day: str) -> dict[str, int | float] | None:
        asked.append(day)
        return None if day != LAST else {"4082": 3}

    with closing(OPENERS[kind](tmp_path)()) as store:
        store.add_organisations([wanted.organisation])
        for month, day, due in ((9, 4, DAYS), (9, 9, [FIRST, "20260902"]), (9, 20, ["20260902"]), (10, 1, [])):
            now = datetime(2026, month, day, 12, tzinfo=BEIJING).timestamp()
            calls, _ = left(store, [service], wanted, now)
            asked.clear()
            done = mirror_all(store, [Source(service, ask)], wanted, now=lambda now=now: now)  # type: ignore[misc]
            assert asked == [day for day, _ in calls] == due[::-1]
            assert done[service.id].empty == [day for day in due if day != LAST]
        assert store.kpis(service.id, "c", LAST) == {"4082": 3}
        assert store.kpis(service.id, "c", FIRST) is None

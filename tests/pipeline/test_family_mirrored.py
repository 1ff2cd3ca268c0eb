"""DingTalk's own figures of all services: fetched from the twin within a budget, whatever interrupts it; brought from
files; and served."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import pytest
import xlsxwriter

from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.ledger import Ledger
from reportdata.collector.suite import Access
from reportdata.days import days_between, from_date, to_date
from reportdata.errors import BudgetSpent
from reportdata.identity import Organisation
from reportdata.measures import decimal_of
from reportdata.pipeline.brought import Brought
from reportdata.pipeline.mirroring import Mirrored, Source, Wanted, left, mirror_all
from reportdata.services import REPORTS, read_services
from reportdata.statistics.words import read_question
from reportdata.store import Official
from reportdata.suites.dingtalk import KIND
from reportdata.suites.dingtalk.client import Client
from reportdata.suites.dingtalk.official import TRIES, OfficialFigures
from reportdata.twin import BEIJING, Server, Twin, running
from tests.support.calling import Call
from tests.support.catalogue import FIGURES, row_of
from tests.support.folders import Folder, run
from tests.support.serving import serving
from tests.support.stores import OPENERS, STORES
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


@pytest.fixture
def twin() -> Iterator[Server]:
    with running(a_twin()) as server:
        yield server


@pytest.fixture
def known(folder: Folder, twin: Server) -> Folder:
    folder.add_organisation(twin.twin.corp_id)
    return folder


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


def test_all_services_are_fetched_newest_first_and_each_day_once(known: Folder, twin: Server) -> None:
    fetch_all(known, twin)
    assert kept(known, twin.twin) == truth(twin.twin, DAYS)
    asked = [json.loads(call.parameters)["statDate"] for call in asked_of(twin.twin)]
    assert asked == [day for day in reversed(DAYS) for _ in SERVICES]
    again = fetch_all(known, twin)
    assert all((found.known, found.fetched) == (DAYS, []) for found in again.values())
    assert len(asked_of(twin.twin)) == len(asked)


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


@pytest.mark.slow
@pytest.mark.whole
def test_kills_and_troubles_cost_no_call_twice(known: Folder, twin: Server) -> None:
    first = from_date(date.fromordinal(to_date(LAST).toordinal() - LONGEST + 1))
    days = list(days_between(first, LAST))
    twin.twin.trouble("busy=0.02", "reset=0.02", "504=0.01", "expired=0.01")
    program = [sys.executable, "-c", PROGRAM, str(known.path), twin.url, first]
    kills = 0
    for part in (0.2, 0.5, 0.8, 2.0, 2.0, 2.0):
        with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and twin.twin.calls.total < part * len(days) * len(SERVICES):
                time.sleep(0.01)
            process.kill()
        if process.returncode == 0:
            break
        kills += process.returncode == -signal.SIGKILL
    assert kills >= 3
    assert kept(known, twin.twin) == truth(twin.twin, days)
    assert len(asked_of(twin.twin)) <= len(days) * len(SERVICES) + kills, "a kill may come between answer and keeping"
    served = {day: known.store.kpis("onlineUserData", twin.twin.corp_id, day) for day in days}
    assert served == truth(twin.twin, days)["onlineUserData"]


PROGRAM = """
import sys
from pathlib import Path
from tests.pipeline import test_family_mirrored as test
test.fetch_in_a_process(Path(sys.argv[1]), *sys.argv[2:])
"""


def fetch_in_a_process(path: Path, url: str, first: str, calls: str = "1000000") -> None:
    """What the processes do that are killed, or end when the month's calls are spent."""
    with urlopen(f"{url}/twin/app", timeout=SOON) as answer:
        app = json.loads(answer.read())
    folder = Folder(path)
    with closing(folder.store):
        fetch_by(folder, Access(app["appKey"], app["appSecret"], {"api": url}), app["corpId"], first, int(calls))


class Run(NamedTuple):
    """A process that mirrors: of all figures, the share that the month has calls for, and at which it is killed."""

    calls: float
    killed_at: float = 9


RUNS = (Run(0.3, 0.1), Run(0.3, 0.2), Run(0.3), Run(0.7, 0.5), Run(0.7), Run(2, 0.9), Run(2))


@pytest.mark.slow
def test_a_year_of_all_services_is_mirrored_within_budgets_whatever_interrupts_it(known: Folder, twin: Server) -> None:
    first = from_date(date.fromordinal(to_date(LAST).toordinal() - YEAR + 1))
    days = list(days_between(first, LAST))
    total = len(days) * len(SERVICES)
    twin.twin.trouble("busy=0.02", "reset=0.02", "504=0.01", "expired=0.01")
    kills = 0
    for run_ in RUNS:
        calls = int(run_.calls * total)
        program = [sys.executable, "-c", PROGRAM, str(known.path), twin.url, first, str(calls)]
        with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
            while process.poll() is None and twin.twin.calls.total < run_.killed_at * total:
                time.sleep(0.01)
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        assert twin.twin.calls.charged <= calls, "no call is made that the month has not"
    assert kills == sum(run_.killed_at < 1 for run_ in RUNS)
    assert process.returncode == 0
    answered = Counter((call.api, json.loads(call.parameters)["statDate"]) for call in asked_of(twin.twin))
    assert len(answered) == total
    assert answered.total() <= total + kills, "a kill may come between answer and keeping"
    told = truth(twin.twin, days)
    assert kept(known, twin.twin) == told
    _served(known, twin.twin.corp_id, told, [days[0], days[len(days) // 2], days[-1]])
    _asked(known, twin.twin.corp_id, told)


def _served(folder: Folder, corp_id: str, told: dict[str, dict[str, Any]], days: Sequence[str]) -> None:
    """What the contract and a file have of figures is what was told."""
    token = folder.token(folder.add_app(corp_id, scopes=tuple({service.scope for service in SERVICES}))[0])
    with serving(folder) as served:
        for service in FIGURES:
            for day in days:
                body = Call(served.address, token, day, path=service.path).answer().body
                row = json.loads(body, parse_float=decimal_of)["dataList"][0]
                assert {kpi.id: row[kpi.key] for kpi in service.kpis} == told[service.id][day]
                assert list(row) == list(service.row)
    for service in FIGURES:
        target = folder.path.parent / "figures.csv"
        words = ("query", min(told[service.id]), "--to", LAST, "--service", service.id, "--by", "day")
        assert run(folder, *words, "--format", "csv", "--output", target).exit_code == 0
        lines = list(csv.DictReader(target.read_text("utf-8-sig").splitlines()))
        numbers = [{kpi: str(number) for kpi, number in of.items()} for of in told[service.id].values()]
        assert [{kpi.id: line[kpi.id] for kpi in service.kpis} for line in lines] == numbers


def _asked(folder: Folder, corp_id: str, told: dict[str, dict[str, Any]]) -> None:
    """By month, what adds up is added up, what is stated is that of the last day, and nothing else is known."""
    services = read_services()
    for service in FIGURES:
        months: dict[str, list[dict[str, Any]]] = {}
        for day, numbers in told[service.id].items():
            months.setdefault(day[:6], []).append(numbers)
        asked = read_question([("from", min(told[service.id])), ("to", LAST), ("by", "month")], service)
        rows = Brought(folder.store, services.service(service.id), services).answer(asked, corp_id, time.time()).data
        found = {row["periodStart"].replace("-", "")[:6]: row for row in rows}
        for month, days in months.items():
            for kpi in service.kpis if len(days) > 1 else ():
                expected = {"sum": sum(day[kpi.id] for day in days), "last": days[-1][kpi.id]}.get(kpi.over)
                if not kpi.ratio:  # ratios, also of several services, are tried by themselves
                    assert (found[month][kpi.id] if month in found else None) == expected, (service.id, kpi.id, month)


@pytest.mark.whole
def test_saved_figures_are_brought_in_every_form_and_tell_their_service(
    known: Folder, twin: Server, tmp_path: Path
) -> None:
    corp = twin.twin.corp_id
    brought = SERVICES[::3]
    for number, service in enumerate(brought):
        rows = []
        for day in DAYS[:2]:
            values = twin.twin.figures(service.id, day)
            rows.append({"stat_date": day, "corp_id": corp, **{kpi.key: values[kpi.id] for kpi in service.kpis}})
        path = tmp_path / f"figures{number}.{('jsonl', 'json', 'csv', 'xlsx')[number % 4]}"
        match number % 4:
            case 0:
                path.write_text("\n".join(json.dumps({"metaList": [], "dataList": [row]}) for row in rows))
            case 1:
                path.write_text(json.dumps(rows, indent=1))
            case 2:
                path.write_text("\n".join(",".join(map(str, line)) for line in [rows[0], *(r.values() for r in rows)]))
            case 3:
                with xlsxwriter.Workbook(str(path)) as book:
                    page = book.add_worksheet()
                    page.write_row(0, 0, ["统计日期", "组织ID", *(kpi.name for kpi in service.kpis)])
                    for at, row in enumerate(rows, 1):
                        page.write_row(at, 0, list(row.values()))
    done = run(known, "figures", "import", *sorted(tmp_path.glob("figures*")))
    assert done.exit_code == 0, done.output
    expected, found = truth(twin.twin, DAYS[:2]), kept(known, twin.twin)
    assert all(found[service.id] == expected[service.id] for service in brought)


def test_what_a_row_of_json_lacks_is_not_known_and_decimals_keep_their_digits(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c")
    path = tmp_path / "figures.json"
    path.write_text('{"dataList":[{"stat_date":"20260901","4007_DAY":null,"4008_DAY":0.99770}]}')
    assert "activeUserData" in run(folder, "figures", "import", path).output
    shown = run(folder, "query", "20260901", "--service", "activeUserData", "--format", "json").output
    assert '"4008_DAY":0.99770,' in shown.replace(" ", "")
    assert "4007_DAY" not in shown
    for text, words in {
        '[{"stat_date":"20260901"}]': "no service has its KPIs",
        '[{"stat_date":"20260901","4004_DAY":1}]': "there are onlineUserData, singleMessagerData",
        "stat_date,4007_DAY\n20260901,1\n": "no service has its KPIs",
    }.items():
        path.write_text(text)
        refused = run(folder, "figures", "import", path)
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
    path.write_text("stat_date,4007_DAY\n20260901,1\n")
    assert (
        "4008_DAY: no column holds it" in run(folder, "figures", "import", path, "--service", "activeUserData").output
    )


@pytest.mark.whole
def test_figures_of_two_services_in_one_file_are_refused_and_taken_one_by_one(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c")
    both = "stat_date,4007_DAY,4008_DAY,4117_DAY,4118_DAY,4119_DAY\n20260901,5,0.5,1,2,3\n"
    part = "统计日期,累计激活人数,激活率,钉盘用户数\n20260901,5,0.5,1\n"
    rows = '[{"stat_date":"20260901","4007_DAY":5,"4008_DAY":0.5,"4117_DAY":1}]'
    for name, text, column in (
        ("a.csv", both, "4007_DAY, 4008_DAY"),
        ("b.csv", part, "钉盘用户数"),
        ("c.json", rows, "4117_DAY"),
    ):
        (tmp_path / name).write_text(text)
        refused = run(folder, "figures", "import", tmp_path / name)
        assert refused.exit_code == 1
        assert all(said in refused.output for said in ("activeUserData", "driveData", column, "--service"))
        assert folder.store.official("activeUserData", "c", FIRST, LAST) == []
    for service in ("activeUserData", "driveData"):
        assert run(folder, "figures", "import", tmp_path / "a.csv", "--service", service).exit_code == 0
    assert folder.store.kpis("activeUserData", "c", FIRST) == {"4007": 5, "4008": 0.5}
    assert folder.store.kpis("driveData", "c", FIRST) == {"4117": 1, "4118": 2, "4119": 3}
    (tmp_path / "d.json").write_text(json.dumps([row_of(next(one for one in FIGURES if one.id == "onlineUserData"))]))
    folder.add_organisation("ding16b241fd05********288")
    done = run(folder, "figures", "import", tmp_path / "d.json")
    assert (done.exit_code, "onlineUserData" in done.output) == (0, True), "4004 is a KPI of another service, too"


def test_official_figures_are_served_where_an_organisation_says_so(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-01 09:00\n")
    for corp in ("c1", "c2"):
        folder.add_organisation(corp)
        folder.import_(path, corp_id=corp)
    at = int(NOW.timestamp() * 1000)
    for corp in ("c1", "c2"):
        folder.store.put_official(REPORTS, [Official(corp, FIRST, {"4100": 9, "4101": 8}, at)])
    tokens = [folder.token(folder.add_app(corp)[0]) for corp in ("c1", "c2")]
    with serving(folder) as served:
        calls = [Call(served.address, token, FIRST) for token in tokens]
        counted = [call.answer() for call in calls]
        assert all('"4100_DAY":1' in answer.body.decode() for answer in counted)
        assert run(folder, "figures", "serve", "official", "--corp", "c1").exit_code == 0
        answer, other = (call.answer() for call in calls)
        assert answer.body.endswith(b'[{"stat_date":"20260901","4100_DAY":9,"corp_id":"c1","4101_DAY":8}]}')
        assert answer.headers["x-reportdata-origin"] == "official"
        assert answer.headers["x-reportdata-states"] == "4100=final,4101=final,4102=missing"
        assert (other.body, other.headers.get("x-reportdata-origin")) == (counted[1].body, None)
        uncovered = calls[0]._replace(stat_date=LAST).answer()
        assert uncovered.body.endswith(b'"dataList":[]}'), "what is counted is in no official row"
        week = calls[0]._replace(path="/v1.0/datacenter/yydLogDayDatas").answer()
        assert week.body == answer.body
        assert run(folder, "figures", "serve", "computed", "--corp", "c1", "--service", REPORTS).exit_code == 0
        assert calls[0].answer().body == counted[0].body
    run(folder, "figures", "serve", "official", "--corp", "c1")
    assert folder.store.official_services() == {("c1", REPORTS)}
    folder.store.forget("c1")
    assert folder.store.official_services() == frozenset()


@pytest.mark.parametrize("kind", STORES)
def test_every_store_keeps_whose_official_figures_are_served(tmp_path: Path, kind: str) -> None:
    with closing(OPENERS[kind](tmp_path)()) as store:
        store.add_organisations([Organisation("c", "Asia/Shanghai"), Organisation("d", "Asia/Shanghai")])
        for corp in ("c", "d"):
            store.serve_official(corp, [REPORTS, "x"], official=True)
        store.serve_official("c", [REPORTS], official=True)
        store.serve_official("c", ["x"], official=False)
        assert store.official_services() == {("c", REPORTS), ("d", REPORTS), ("d", "x")}
        store.forget("d")
        assert store.official_services() == {("c", REPORTS)}

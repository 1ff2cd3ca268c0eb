"""DingTalk's own figures of all services: brought from files, and served where an organisation says so."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
import xlsxwriter

from reportdata.identity import Organisation
from reportdata.services import REPORTS
from reportdata.store import Official
from reportdata.twin import Server
from tests.support.calling import Call
from tests.support.catalogue import FIGURES, row_of
from tests.support.folders import Folder, run
from tests.support.mirrored import DAYS, FIRST, LAST, NOW, SERVICES, kept, truth
from tests.support.serving import serving
from tests.support.stores import OPENERS, STORES


@pytest.mark.slow
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
        "stat_date,4007_DAY\n20260901,1\n": "4008_DAY: no column holds it",  # only one service has any of its columns
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

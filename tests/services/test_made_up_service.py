"""A service from data alone: imported, pushed, computed, served, forgotten and backed up as the built-in one is."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.engines import measured
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.spark import SparkEngine
from reportdata.errors import BadFile
from reportdata.pipeline.mirroring import keep_export
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.working import Worker
from reportdata.services import read_services
from reportdata.services.sql import kpis_of_days
from reportdata.store import Official
from reportdata.store.standing import standing
from reportdata.twin import BEIJING
from tests.support import postgres
from tests.support.calling import Call
from tests.support.cluster import LOCAL, SHORT, Cluster
from tests.support.folders import Folder, run
from tests.support.paths import DATA
from tests.support.pushing import post
from tests.support.scopes import REPORT_READ
from tests.support.services import working
from tests.support.serving import serving
from tests.support.stores import STORES

LESSONS = DATA / "services" / "lessons"
CORP, DAY, NEXT = "dinglesson", "20260921", "20260922"
PATH, WEEK = "/v1.0/datacenter/lessonData", "/v1.0/datacenter/lessonWeekData"
READ, WRITE = "DataCenter.Lesson.Read", "DataCenter.Lesson.Write"
ATTENDED = """lesson_id,学员id,attended_at,minutes,fee,room
L1,a,2026-09-21 09:00:00,30,9.90,东
L1,a,2026-09-21 10:00:00,15,9.90,
L1,b,2026-09-21 09:00:00,45,9.90,东
L2,a,2026-09-21 14:00:00,60,0.10,西
L3,c,2026-09-21 15:00:00,90,5,西
L1,a,2026-09-22 09:00:00,30,9.90,东
"""
CANCELLED = '{"lesson_id": "L3", "cancelled_at": "2026-10-01 09:00:00"}\n'
NUMBERS = {"9001": 4, "9002": 2, "9003": 150, "9004": 19.9, "9005": 75.0}


@pytest.fixture(params=STORES)
def lessons(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Folder]:
    """A data folder with the made-up service, its facts imported."""
    database = postgres.address() if request.param == "postgres" else None
    folder = Folder(tmp_path / "data", database, services=(LESSONS,))
    with closing(folder.store):
        folder.add_organisation(CORP)
        (tmp_path / "attended.csv").write_text(ATTENDED)
        (tmp_path / "cancelled.jsonl").write_text(CANCELLED)
        for name, added in (("attended.csv", 6), ("cancelled.jsonl", 1), ("attended.csv", 0)):
            done = run(folder, "import", tmp_path / name, "--json")
            assert done.exit_code == 0, done.output
            assert json.loads(done.stdout)["added"] == added
        yield folder


def known(folder: Folder, day: str = DAY) -> dict[str, int | float]:
    """The numbers of a day that are known."""
    service = read_services(*folder.settings.services).service("lessonData")
    (found,) = standing(folder.store, service, CORP, day, day, time.time())
    return dict(found.values)


@pytest.mark.whole
def test_its_numbers_are_counted_and_what_was_not_observed_is_not_known(lessons: Folder) -> None:
    assert known(lessons) == NUMBERS
    assert known(lessons, "20260923") == {}, "its kinds were not observed that day"
    reports = "report_id,user_id,sent_at\nr1,u1,2026-09-20 09:00:00\nr2,u1,2026-09-25 09:00:00\n"
    path = lessons.path.parent / "reports.csv"
    path.write_text(reports)
    assert run(lessons, "import", path).exit_code == 0
    assert known(lessons, "20260923") == {}, "that reports were observed says nothing of lessons"
    shown = run(lessons, "query", DAY, "--service", "lessonData", "--format", "json")
    (row,) = json.loads(shown.stdout)
    assert {key: value for key, value in row.items() if key.endswith("_DAY")} == {
        f"{kpi}_DAY": number for kpi, number in NUMBERS.items()
    }
    assert row["states"]["9006"] == "missing"


@pytest.mark.whole
def test_it_is_served_as_the_contract_has_it(lessons: Folder) -> None:
    scopes = (READ, WRITE, REPORT_READ)
    exact = lessons.token(lessons.add_app(CORP, scopes=scopes)[0])
    zeros = lessons.token(lessons.add_app(CORP, scopes=scopes, zero_unknown=True)[0])
    other = lessons.token(lessons.add_app(CORP, scopes=(REPORT_READ,))[0])
    with serving(lessons) as served:
        answer = Call(served.address, exact, DAY, path=PATH).answer()
        row = b'{"stat_date":"20260921","corp_id":"dinglesson","9001_DAY":4,"9002_DAY":2,"9003_DAY":150,'
        row += b'"9004_DAY":19.9,"9005_DAY":75.0%s}'
        assert answer.body.endswith(b',"dataList":[' + row % b"" + b"]}")
        assert answer.headers["x-reportdata-state"] == "missing"
        assert answer.headers["x-reportdata-states"].endswith("9005=final,9006=missing")
        padded = Call(served.address, zeros, DAY, path=PATH).answer()
        assert padded.body.endswith(b',"dataList":[' + row % b',"9006_DAY":0' + b"]}")
        assert padded.headers["x-reportdata-states"] == answer.headers["x-reportdata-states"]
        for token in (exact, zeros):
            assert Call(served.address, token, "20260923", path=PATH).answer().body.endswith(b'"dataList":[]}')
        assert Call(served.address, exact, DAY).answer().body.endswith(b'"dataList":[]}')
        refused = Call(served.address, other, DAY, path=PATH).answer()
        assert READ.encode() in refused.body


@pytest.mark.whole
def test_it_is_served_over_weeks_as_its_data_says(lessons: Folder) -> None:
    token = lessons.token(lessons.add_app(CORP, scopes=(READ,))[0])
    with serving(lessons) as served:
        call = Call(served.address, token, NEXT, path=WEEK)
        assert call.answer().body.endswith(b',"dataList":[]}')
        answer = call._replace(headers={"x-reportdata-partial": "include"}).answer()
        # Two days are known: what was paid for a lesson counts once, and the ratio is that of the period.
        row = b'{"stat_date":"20260922","corp_id":"dinglesson","9001_WEEK":5,"9002_WEEK":2,"9003_WEEK":180,'
        row += b'"9004_WEEK":19.9,"9005_WEEK":90.0}'
        assert answer.body.endswith(b',"dataList":[' + row + b"]}")
        assert answer.headers["x-reportdata-period"] == "2026-09-21/2026-09-27"
        assert answer.headers["x-reportdata-states"].endswith("9005=partial,9006=missing")


@pytest.mark.whole
def test_its_facts_are_pushed_with_its_own_scope(lessons: Folder) -> None:
    app, _ = lessons.add_app(CORP, scopes=(WRITE,))
    headers = {"x-acs-dingtalk-access-token": lessons.token(app)}
    facts = [
        {"learner_id": "z", "asked_at": "2026-09-21 20:00:00"},
        {"lesson_id": "L9", "learner_id": "z", "attended_at": "2026-09-22 20:00:00", "minutes": 7, "fee": 0.5},
        {"lesson_id": "L9", "learner_id": "z", "attended_at": "2026-09-22 20:00:00", "minutes": 7.5, "fee": 1},
        {"report_id": "r", "user_id": "u", "sent_at": "2026-09-21 20:00:00"},
    ]
    with serving(lessons) as served:
        answer = post(served.address, json.dumps(facts).encode(), headers)
    assert (answer.status, answer.body["added"]) == (200, 2)
    assert [(said["record"], said["field"]) for said in answer.body["records"]] == [(2, "minutes"), (3, "kind")]
    with working(lessons) as work:
        worker = Worker(work)
        while worker.step(1.8e9):
            pass
    assert known(lessons) == {**NUMBERS, "9006": 1}
    assert known(lessons, NEXT) == {"9001": 2, "9002": 2, "9003": 37, "9004": 10.4, "9005": 18.5}


@pytest.mark.whole
def test_an_organisation_and_a_person_are_forgotten(lessons: Folder) -> None:
    done = run(lessons, "forget", "--corp", CORP, "--user", "a", "--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout)["found"]) == (0, [])
    assert known(lessons) == {"9001": 1, "9002": 1, "9003": 45, "9004": 9.9, "9005": 45.0}
    assert known(lessons, NEXT) == {"9001": 0, "9002": 0, "9003": 0, "9004": 0}, "nothing to divide by"
    done = run(lessons, "forget", "--corp", CORP, "--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout)["found"]) == (0, [])
    assert (known(lessons), lessons.store.organisations()) == ({}, [])


@pytest.mark.whole
def test_it_is_backed_up_compacted_and_restored(lessons: Folder, tmp_path: Path) -> None:
    assert run(lessons, "compact", "--all").exit_code == 0
    assert run(lessons, "backup", tmp_path / "backup").exit_code == 0
    restored = tmp_path / "restored"
    command = ["restore", tmp_path / "backup", "--data", restored, "--services", LESSONS, "--json"]
    done = CliRunner().invoke(cli, list(map(str, command)))
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["daysComputed"] == []
    assert known(Folder(restored, services=(LESSONS,))) == known(lessons) == NUMBERS


def test_spark_counts_the_same(lessons: Folder, spark_cluster: Cluster) -> None:
    services = read_services(LESSONS)
    what = kpis_of_days(services.service("lessonData"), services.kinds)
    files = {kind: lessons.lake.paths(kind) for kind in ("attended", "asked", "cancelled")}
    with closing(DuckDBEngine()) as here, closing(SparkEngine(here, spark_cluster.master, {**LOCAL, **SHORT})) as spark:
        rows = list(measured(what, spark.rows(what, files)))
        assert rows == list(measured(what, here.rows(what, files)))
        assert rows[0].numbers == {kpi: NUMBERS.get(kpi, 0) for kpi in what.numbers}
        cancelled, attended = services.kinds["cancelled"], services.kinds["attended"]
        for engine in (spark, here):
            taken = engine.retracted(cancelled, attended, files["cancelled"], files["attended"])
            assert list(taken) == [(CORP, DAY)]


def test_a_service_without_facts_answers_the_official_figures_that_were_brought(tmp_path: Path) -> None:
    text = (LESSONS / "service.toml").read_text("utf-8")
    without = text[: text.index("[relations.held]")].replace(f'WEEK = "{WEEK}"', "")
    (tmp_path / "online").mkdir()
    (tmp_path / "online" / "service.toml").write_text(without, "utf-8")
    folder = Folder(tmp_path / "data", services=(tmp_path,))
    service = read_services(tmp_path).service("lessonData")
    with closing(folder.store):
        folder.add_organisation(CORP)
        figures: dict[str, int | float] = {kpi.id: number for number, kpi in enumerate(service.kpis)}
        figures["9005"] = 0.38461538461538464
        at = 1_795_000_000_000
        keep_export(folder.store, service, [Official(CORP, DAY, figures, at), Official(CORP, NEXT, None, at)])
        token = folder.token(folder.add_app(CORP, scopes=(READ,))[0])
        with serving(folder) as served:
            answer = Call(served.address, token, DAY, path=PATH).answer()
            assert b'"9004_DAY":3,"9005_DAY":0.38461538461538464,"9006_DAY":5}' in answer.body
            assert answer.headers["x-reportdata-state"] == "final"
            assert Call(served.address, token, NEXT, path=PATH).answer().body.endswith(b'"dataList":[]}')
        assert folder.refresh().days == []


KPI = """
[[kpis]]
kpiId = "{id}"
kpiName = "{name}"
unit = ""
kpiCaliber = "{name}"
period = "DAY"
relation = "{relation}"
distinct = "{column}"
"""
TEMPLATES = """
id = "templateData"
path = "/v1.0/datacenter/templateData"
title = "模板统计"
scope = "DataCenter.Template.Read"
row = ["stat_date", "corp_id", "9100_DAY"]
"""
OF_SENT = """
[relations.sent]
rows = "sent"
reads = ["sent"]
observed = ["sent"]
"""
"""A service of its own over the facts of another one."""
READ_KIND = """
[relations.read]
rows = "read"
reads = ["read"]
observed = ["read"]

[[kinds]]
name = "read"
time = "read_at"
key = ["report_id", "user_id"]
person = "user_id"

[kinds.columns]
report_id = "id"
user_id = "id"
read_at = "instant"
"""


HISTORY = {
    "20260918": ["日报", "周报", "日报"],
    "20260919": [],
    "20260920": [""],
    "20260921": ["周报"],
}
"""The templates of the reports of each day that was observed for them."""
COMMENTED, READ_ON, NEVER = "20260923", "20260925", "20260927"
"""Days that were observed for comments alone, for reading alone, and for nothing."""


def with_more_kpis(target: Path) -> Path:
    """The service of reports with a fourth KPI, of its own facts, and a fifth, of a new kind of facts."""
    shutil.copytree(Path(read_services.__code__.co_filename).parent / "reports", target)
    text = (target / "service.toml").read_text("utf-8").replace('"4102_DAY"]', '"4102_DAY", "4190_DAY", "4191_DAY"]')
    text += KPI.format(id="4190", name="模板数", relation="kept", column="template")
    text += KPI.format(id="4191", name="已读人数", relation="read", column="user_id") + READ_KIND
    (target / "service.toml").write_text(text, "utf-8")
    return target


def with_history(folder: Folder, path: Path) -> None:
    """Import some days of reports and another one of comments."""
    rows = [
        f"r{day}{number},u{number},{day[:4]}-{day[4:6]}-{day[6:]} 09:00:00,{template}\n"
        for day, templates in HISTORY.items()
        for number, template in enumerate(templates)
    ]
    (path / "reports.csv").write_text("report_id,user_id,sent_at,template\n" + "".join(rows))
    (path / "comments.csv").write_text("report_id,user_id,commented_at\nr1,u1,2026-09-23 09:00:00\n")
    folder.add_organisation(CORP)
    assert folder.import_(path / "reports.csv", path / "comments.csv", corp_id=CORP).added == len(rows) + 1


def shown_of(folder: Folder, *days: str, service: str = "reportData") -> list[dict[str, int | float]]:
    """The numbers of days that are known."""
    found = read_services(*folder.settings.services).service(service)
    return [dict(known.values) for day in days for known in standing(folder.store, found, CORP, day, day, time.time())]


@pytest.mark.whole
def test_kpis_of_reports_are_added_by_data_alone(folder: Folder, tmp_path: Path) -> None:
    with_history(folder, tmp_path)
    more = Folder(folder.path, services=(with_more_kpis(tmp_path / "reports"),))
    with closing(more.store):
        assert more.refresh().days == [*(day for day in HISTORY if HISTORY[day]), COMMENTED]
        expected = [
            {"4100": len(found), "4101": len(found), "4190": len(set(found) - {""})} for found in HISTORY.values()
        ]
        assert shown_of(more, *HISTORY) == expected, "all history that was observed has the fourth"
        assert shown_of(more, COMMENTED, NEVER) == [{"4102": 1}, {}], "and nothing else has"
        at = datetime(2026, 9, 25, 9, tzinfo=BEIJING).timestamp()
        (tmp_path / "read.jsonl").write_text(json.dumps({"report_id": "r1", "user_id": "u9", "read_at": int(at)}))
        assert more.import_(tmp_path / "read.jsonl", corp_id=CORP).added == 1
        assert shown_of(more, READ_ON, NEVER) == [{"4191": 1}, {}], "what was read says nothing of what was sent"
        assert shown_of(more, *HISTORY) == expected, "what was sent says nothing of what was read"
        token = more.token(more.add_app(CORP)[0])
        with serving(more) as served:
            answer = Call(served.address, token, READ_ON).answer()
            assert answer.body.endswith(b'{"stat_date":"20260925","corp_id":"dinglesson","4191_DAY":1}]}')
            states = dict.fromkeys(("4100", "4101", "4102", "4190"), "missing") | {"4191": "provisional"}
            assert answer.headers["x-reportdata-states"].endswith(
                ",".join(f"{kpi}={state}" for kpi, state in states.items())
            )


@pytest.mark.whole
def test_a_kpi_is_missing_until_it_was_computed_of_all_days(folder: Folder, tmp_path: Path) -> None:
    with_history(folder, tmp_path)
    before = shown_of(folder, *HISTORY, COMMENTED)
    reports = with_more_kpis(tmp_path / "reports")
    (tmp_path / "templates").mkdir()
    text = KPI.format(id="9100", name="模板数", relation="sent", column="template")
    (tmp_path / "templates" / "service.toml").write_text(TEMPLATES + text + OF_SENT, "utf-8")
    more = Folder(folder.path, services=(reports, tmp_path / "templates"))
    with closing(more.store):
        assert shown_of(more, *HISTORY, COMMENTED) == before, "of what is new, nothing is known yet"
        assert shown_of(more, *HISTORY, service="templateData") == [{}] * len(HISTORY)
        token = more.token(more.add_app(CORP, scopes=("DataCenter.Template.Read",))[0])
        with serving(more) as served:
            for day in HISTORY:
                answer = Call(served.address, token, day, path="/v1.0/datacenter/templateData").answer()
                assert answer.body.endswith(b'"dataList":[]}')
                assert answer.headers["x-reportdata-state"] == "missing"
        with working(more) as work:  # a server's worker that is told of one day computes all, this once
            done = refresh(work, 1.8e9, days=["20260918"])
            assert set(done.days) == {*(day for day in HISTORY if HISTORY[day]), COMMENTED}
            assert refresh(work, 1.8e9, days=["20260918"]).days == []
        assert [day["9100"] for day in shown_of(more, *HISTORY, service="templateData")] == [2, 0, 0, 1]
        assert [day["4190"] for day in shown_of(more, *HISTORY)] == [2, 0, 0, 1]
        assert folder.refresh().days, "the KPI is taken away"
        assert shown_of(more, *HISTORY, COMMENTED) == before, "and added again: days were computed without it"


def _closed(path: str, kpi: str, more: str = "") -> str:
    return f'[[closed]]\npath = "{path}"\ntitle = "x"\nnumbers = {{ count = "{kpi}" }}\n{more}\n[periods]'


@pytest.mark.parametrize(
    ("was", "becomes", "reason"),
    [
        ('distinct = "learner_id"', 'distinct = "pupil_id"', "the relation held has no column 'pupil_id'"),
        ('sum = "minutes"', 'sum = "room"', "room cannot be summed"),
        ('ratio = ["9003", "9002"]', 'ratio = ["9003", "9005"]', "the ratio 9005 is of 9005, which is not counted"),
        ('reads = ["asked"]', 'reads = ["said"]', "the relation asked reads the kind 'said', which is not there"),
        ('retracts = "attended"', 'retracts = "sent"', "cancelled takes back sent, no kind of lessonData"),
        ('minutes = "integer"', 'minutes = "float"', "attended.minutes is 'float'"),
        ('name = "asked"', 'name = "coverage"', "'coverage' is no name of a kind"),
        ('room = "text?"', 'order = "text?"', "the kind attended has a column 'order'"),
        ('id = "lessonData"', "id = 3", "is no service"),
        ('"9006_DAY"]', "]", "the row of /v1.0/datacenter/lessonData does not name each of its keys once"),
        ("[relations.asked]", "[relations.questions]", "there is no relation 'asked'"),
        (
            "[relations.asked]",
            '[relations.other]\nrows = "asked"\nreads = []\nobserved = []\n[relations.asked]',
            "relations.sql has no other",
        ),
        (
            'reads = ["attended", "cancelled"]',
            'reads = ["attended"]',
            "the relation held reads cancelled in relations.sql and does not say so",
        ),
        (f'"{PATH}"', '"/v1.0/datacenter/reportData"', "two services have the path /v1.0/datacenter/reportData"),
        (WEEK, PATH, f"two services have the path {PATH}"),
        ("WEEK =", "YEAR =", "'YEAR' is no period of the contract"),
        ("[periods]", '[rare]\nasked = "attended"\n[periods]', "asked takes no facts of a kind 'attended'"),
        (
            "[periods]",
            '[rare]\nheld = "attended"\n[periods]',
            "held takes facts of attended, and relations.sql has it read cancelled",
        ),
        ("[periods]", _closed("/x", "9001"), "/x does not say where the day is"),
        ("[periods]", _closed("/x/{dataId}", "9999"), "/x/{dataId} has no KPI 9999"),
        ("[periods]", _closed("/x/{dataId}", "9001", "by_department = true"), "/x/{dataId} has no scope or no facts"),
    ],
)
def test_a_service_that_is_none_is_refused_with_its_reason(tmp_path: Path, was: str, becomes: str, reason: str) -> None:
    shutil.copytree(LESSONS, tmp_path / "lessons")
    path = tmp_path / "lessons" / "service.toml"
    assert was in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(was, becomes), "utf-8")
    with pytest.raises(BadFile, match=reason.replace("[", r"\[")):
        read_services(tmp_path)

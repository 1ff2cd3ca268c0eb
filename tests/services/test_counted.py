"""The services of the catalogue that can be counted from facts: against a plain-Python oracle, and from files and
pushes to the contract."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.engines.duckdb import DuckDBEngine
from reportdata.errors import BadFile
from reportdata.pipeline.working import Worker
from reportdata.services import read_services
from reportdata.services.counting import counted_names
from reportdata.services.sql import computation
from reportdata.store import Official
from reportdata.store.standing import standing
from reportdata.twin import BEIJING
from tests.support.calling import Call
from tests.support.effort import examples
from tests.support.folders import Folder, run
from tests.support.paths import DATA
from tests.support.pushing import post
from tests.support.services import working
from tests.support.serving import serving
from tests.support.waiting import until

COUNTED = Path("counted")
SERVICES = read_services(COUNTED)
BY_ID = {service.id: service for service in SERVICES if service.has_facts and service.id != "reportData"}
DAY = date(2026, 8, 27)
EXAMPLES = int(os.environ.get("REPORTDATA_TESTS_COUNTED_EXAMPLES", "3"))
"""Of each service."""


class Fact(NamedTuple):
    """A fact of a kind: whose, on which day and at which hour, and its columns."""

    kind: str
    corp: str
    day: date
    hour: int
    values: dict[str, Any]


Facts = Sequence[Fact]


def users(facts: Facts, kind: str, **having: str) -> int:
    return len({f.values["user_id"] for f in facts if f.kind == kind and having.items() <= f.values.items()})


def things(facts: Facts, kind: str, column: str, **having: str) -> int:
    return len({f.values[column] for f in facts if f.kind == kind and having.items() <= f.values.items()})


def stated(facts: Facts, column: str) -> int | None:
    """What was said last; of what was said at one time, the most."""
    said = [(f.hour, f.values[column]) for f in facts if f.kind == "forms_stated" and f.values[column] is not None]
    return max(said)[1] if said else None


ORACLE: dict[str, Callable[[Facts], int | None]] = {
    "4090": lambda f: len({(x.values["user_id"], x.day, x.hour) for x in f if x.kind == "checked_in"}),
    "4091": lambda f: users(f, "checked_in"),
    "4092": lambda f: stated(f, "forms"),
    "4093": lambda f: stated(f, "custom_forms"),
    "4094": lambda f: things(f, "form_created", "form_id"),
    "4095": lambda f: things(f, "approval_submitted", "approval_id"),
    "4096": lambda f: users(f, "approval_submitted"),
    "4097": lambda f: things(f, "approval_submitted", "form_id"),
    "4098": lambda f: len({(*sorted(x.values.items()), x.day, x.hour) for x in f if x.kind == "approval_acted"}),
    "4099": lambda f: users(f, "approval_acted"),
    "4103": lambda f: things(f, "document_created", "document_id"),
    "4104": lambda f: things(f, "document_edited", "document_id"),
    "4105": lambda f: things(f, "document_shared", "document_id"),
    "4106": lambda f: things(f, "document_read", "document_id"),
    "4049": lambda f: sum(
        n for _, n in {(x.values["meeting_id"], x.values["minutes"]) for x in f if x.kind == "meeting_connected"}
    ),
    "4050": lambda f: len({(x.values["meeting_id"], x.values["user_id"]) for x in f if x.kind == "meeting_invited"}),
    "4051": lambda f: things(f, "meeting_called", "meeting_id"),
    "4052": lambda f: users(f, "meeting_joined"),
    "4053": lambda f: things(f, "meeting_connected", "meeting_id"),
    "4054": lambda f: users(f, "meeting_called"),
    "4055": lambda f: users(f, "meeting_invited"),
    "4036": lambda f: things(f, "ding_sent", "ding_id"),
    "4037": lambda f: users(f, "ding_sent"),
    "4038": lambda f: things(f, "ding_sent", "ding_id", way="app"),
    "4039": lambda f: users(f, "ding_sent", way="app"),
    "4040": lambda f: things(f, "ding_sent", "ding_id", way="sms"),
    "4041": lambda f: users(f, "ding_sent", way="sms"),
    "4042": lambda f: things(f, "ding_sent", "ding_id", way="call"),
    "4043": lambda f: users(f, "ding_sent", way="call"),
    "4125": lambda f: len({x.values["user_id"] for x in f if x.kind.startswith("event_")}),
    "4126": lambda f: users(f, "event_created"),
    "4127": lambda f: users(f, "event_received"),
    "4108": lambda f: users(f, "todo_used"),
}
"""What each KPI is of the facts of an organisation and a period."""

_WORDS: dict[str, Sequence[Any]] = {"id": "abc", "text": ["app", "sms", "call", "letter"], "count": [0, 7, 30]}


@st.composite
def facts_of(draw: st.DrawFn, service_id: str) -> list[Fact]:
    found = []
    for kind in BY_ID[service_id].kinds:
        columns = {
            c.name: st.sampled_from([*_WORDS[c.type], *([] if c.required else [None])])
            for c in kind.fields()
            if c.type != "instant"
        }
        one = st.builds(
            Fact,
            st.just(kind.name),
            st.sampled_from(["c1", "c2"]),
            st.integers(0, 40).map(lambda days: DAY + timedelta(days)),
            st.integers(1, 2),
            st.fixed_dictionaries(columns),
        )
        found += draw(st.lists(one, max_size=12))
    return found


def file_of(folder: Path, kind: Any, facts: Facts) -> Path:
    """The facts of a kind as a file of the lake has them."""
    types = {"id": "varchar", "text": "varchar", "count": "bigint", "instant": "timestamptz"}
    path = folder / f"{kind.name}.parquet"
    with duckdb.connect() as connection:
        columns = ", ".join(f"{c.name} {types[c.type]}" for c in kind.fields())
        connection.execute(f"create table facts (corp_id varchar, stat_day date, {columns})")
        rows = []
        for fact in facts:
            at = datetime(fact.day.year, fact.day.month, fact.day.day, fact.hour, tzinfo=BEIJING)
            rows.append([fact.corp, fact.day, *(fact.values.get(c.name, at) for c in kind.fields())])
        if rows:
            connection.executemany(f"insert into facts values ({', '.join('?' * len(rows[0]))})", rows)
        connection.execute(f"copy facts to '{path}' (format parquet)")
    return path


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


PERIODS: dict[str, Callable[[date], Any]] = {
    "stat_day": lambda day: day,
    "week": lambda day: day - timedelta(day.weekday()),
    "month": lambda day: day.replace(day=1),
}


@pytest.mark.parametrize("service_id", BY_ID)
def test_each_number_is_the_oracles_over_every_period(engine: DuckDBEngine, tmp_path: Path, service_id: str) -> None:
    service = BY_ID[service_id]

    @settings(
        max_examples=examples(EXAMPLES), deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
    )
    @given(found=facts_of(service_id))
    def check(found: list[Fact]) -> None:
        files = {
            kind.name: [file_of(tmp_path, kind, [f for f in found if f.kind == kind.name])] for kind in service.kinds
        }
        for key, begin in PERIODS.items():
            measures = {k.id: k.measure for k in service.counted if k.measure and (key == "stat_day" or not k.stated)}
            what = computation(service, SERVICES.kinds, ("corp_id", key), measures)
            rows = {tuple(row[:2]): dict(zip(what.numbers, row[2:], strict=True)) for row in engine.rows(what, files)}
            groups = {(f.corp, begin(f.day)) for f in found}
            expected = {
                group: {kpi: ORACLE[kpi]([f for f in found if (f.corp, begin(f.day)) == group]) for kpi in what.numbers}
                for group in groups
            }
            assert rows == {group: numbers for group, numbers in expected.items() if group in rows}
            assert all(not any(expected[group].values()) for group in groups - rows.keys())

    check()


def test_every_number_that_can_be_counted_is() -> None:
    counted = {kpi.id for service in BY_ID.values() for kpi in service.counted}
    assert counted == set(ORACLE)
    assert {kpi.id for service in BY_ID.values() for kpi in service.kpis} == counted, "4092 and 4093 are stated"
    assert set(counted_names()) == {
        "approvals", "calendar", "checkins", "ding_sent", "documents", "todos", "video_meetings",
    }  # fmt: skip
    assert [s.id for s in read_services(COUNTED / "todos") if s.has_facts] == ["reportData", "todoUserData"]
    assert [s.id for s in read_services() if s.has_facts] == ["reportData"], "nobody else pays for their kinds"
    with pytest.raises(BadFile):
        read_services(COUNTED / "drive")


@given(parts=st.dictionaries(st.sampled_from(["4001", "4002", "4004", "4026", "4084", "4086"]), st.integers(0, 9)))
def test_a_ratio_is_that_of_its_parts_and_missing_without_one(parts: dict[str, int]) -> None:
    for service_id, ratio, part, whole in (
        ("onlineUserData", "4003", "4002", "4001"),
        ("singleMessagerData", "4029", "4026", "4004"),
        ("attendanceData", "4087", "4084", "4086"),
    ):
        found = SERVICES.service(service_id).kpi(ratio).of_parts(parts)
        known = part in parts and parts.get(whole, 0) > 0
        assert found == (parts[part] / parts[whole] if known else None)


CHECKINS = "姓名,员工ID,签到时间\n甲,u1,2026-09-01 08:00:00\n甲,u1,2026-09-01 18:00:00\n乙,u2,2026-09-01 08:30:00\n"
DINGS = "ding_id,user_id,way,ding_sent_at\nd1,u1,app,2026-09-01 09:00:00\nd2,u1,call,2026-09-01 09:10:00\n"


@pytest.mark.whole
def test_from_files_and_pushes_to_the_contract(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", services=(COUNTED,))
    with closing(folder.store):
        folder.add_organisation("c")
        for name, text in (("checkins.csv", CHECKINS), ("dings.csv", DINGS)):
            (tmp_path / name).write_text(text)
            done = run(folder, "import", tmp_path / name, "--json")
            assert done.exit_code == 0, done.output
        services = {name: SERVICES.service(name) for name in ("checkinData", "dingSendData", "documentData")}
        scopes = tuple(scope for one in services.values() for scope in (one.scope, one.push_scope) if scope)
        token = folder.token(folder.add_app("c", scopes=scopes)[0])
        with serving(folder) as served:
            calls = {name: Call(served.address, token, "20260901", path=one.path) for name, one in services.items()}
            pushed = {"document_id": "x", "user_id": "u1", "document_read_at": "2026-09-01 12:00:00"}
            answer = post(served.address, json.dumps([pushed]).encode(), {"x-acs-dingtalk-access-token": token})
            assert (answer.status, answer.body["added"]) == (200, 1)
            with working(folder) as work:
                worker = Worker(work)
                until(
                    lambda: (
                        not worker.step(1.8e9)
                        and b"4106_DAY" in calls["documentData"].answer().body.split(b"dataList")[1]
                    )
                )
            answers = {name: call.answer() for name, call in calls.items()}
            row = b'"dataList":[{"stat_date":"20260901","4091_DAY":2,"4090_DAY":3,"corp_id":"c"}]}'
            assert answers["checkinData"].body.endswith(row)
            assert "x-reportdata-origin" not in answers["checkinData"].headers
            assert b'"4036_DAY":2' in answers["dingSendData"].body
            assert b'"4041_DAY":0' in answers["dingSendData"].body, "what was observed and had none is 0"
            read = b'"dataList":[{"stat_date":"20260901","4106_DAY":1,"corp_id":"c"}]}'
            assert answers["documentData"].body.endswith(read), "of what was not observed nothing is known"
            at = int(datetime(2026, 9, 3, tzinfo=BEIJING).timestamp() * 1000)
            folder.store.put_official("checkinData", [Official("c", "20260901", {"4090": 4, "4091": 2}, at)])
            compared = json.loads(run(folder, "reconcile", "--service", "checkinData", "--json").stdout)
            assert compared["days"][0]["differences"] == {"4090": 1}
            assert run(folder, "figures", "serve", "official", "--service", "checkinData").exit_code == 0
            official = calls["checkinData"].answer()
            assert b'"4091_DAY":2,"4090_DAY":4' in official.body
            assert official.headers["x-reportdata-origin"] == "official"


def test_numbers_that_no_fact_states_are_missing_and_keep_the_others_from_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", services=(COUNTED / "approvals",))
    with closing(folder.store):
        folder.add_organisation("c")
        heading = "approval_id,form_id,user_id,approval_submitted_at"
        (tmp_path / "a.csv").write_text(f"{heading}\na1,f1,u1,2026-09-01 08:00\na2,f1,u1,2026-09-01 09:00\n")
        done = run(folder, "import", tmp_path / "a.csv")
        assert done.exit_code == 0, done.output
        found = folder.store.day("approvalData", "c", "20260901").values or {}
        assert {kpi: found[kpi] for kpi in ("4095", "4096", "4097")} == {"4095": 2, "4096": 1, "4097": 1}
        assert found.keys().isdisjoint(("4092", "4093"))
        heading = "forms,custom_forms,forms_stated_at"
        (tmp_path / "f.csv").write_text(f"{heading}\n113,,2026-09-01 08:00\n112,96,2026-09-01 07:00\n")
        done = run(folder, "import", tmp_path / "f.csv")
        assert done.exit_code == 0, done.output
        found = folder.store.day("approvalData", "c", "20260901").values or {}
        assert {kpi: found[kpi] for kpi in ("4092", "4093", "4095")} == {"4092": 113, "4093": 96, "4095": 2}


SHIFTS = DATA / "services" / "shifts"
HEADS = """unit_id,user_id,stated_at,own,planned
a,u1,2026-09-01 08:00,3,9
b,u1,2026-09-01 09:00,4,
a,u1,2026-09-04 08:00,5,
"""


def test_what_stands_holds_on_observed_days_until_it_is_changed(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", services=(SHIFTS,))
    service = read_services(SHIFTS).service("shiftData")
    with closing(folder.store):
        folder.add_organisation("c")
        (tmp_path / "heads.csv").write_text(HEADS)
        assert folder.import_(tmp_path / "heads.csv", corp_id="c").added == 3
        stated = {"20260901": {"9104": 7, "9105": 9}, "20260904": {"9104": 5, "9105": 9}}
        stands = {"9105": 9}
        expected = {**dict.fromkeys(("20260902", "20260903"), stands), **stated, "20260831": {}, "20260905": {}}
        token = folder.token(folder.add_app("c", scopes=(service.scope,))[0])
        with serving(folder) as served:
            for day, numbers in expected.items():
                answer = json.loads(Call(served.address, token, day, path=service.path).answer().body)
                row = answer["dataList"][0] if answer["dataList"] else {}
                assert {kpi.id: row[kpi.key] for kpi in service.kpis if kpi.key in row} == numbers, day
        days = standing(folder.store, service, "c", "20260831", "20260905", time.time())
        assert {day.stat_day: dict(day.values) for day in days} == expected

"""The offline DingTalk counts calls, keeps quotas, goes by its own clock, and obeys the paths under /twin/."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import pytest

from reportdata.errors import BadValue
from reportdata.twin import BEIJING, Clock, Habits, Trouble, Twin, running
from tests.support.twins import LIST, Caller, new, old, token


def test_reports_and_datacenter_count_and_the_rest_is_free() -> None:
    twin = Twin()
    old(twin, "report/list")
    old(twin, "report/simplelist")
    new(twin)
    old(twin, "v2/department/listsub", {})
    old(twin, "v2/user/get", {"userid": "manager0000"})
    old(twin, "report/notexist")
    assert (twin.calls.charged, twin.calls.by_month) == (3, {"202609": 3})
    assert twin.calls.by_api["gettoken"] == 6
    assert twin.calls.by_outcome == {"ok": 11, "22": 1}


def test_the_month_ends_the_calls_and_the_next_one_gives_new_ones() -> None:
    twin = Twin(budget=2, rate=0, now=datetime(2026, 9, 30, 23, 59, 59, tzinfo=BEIJING))
    codes = [json.loads(old(twin, "report/list", size=size).body).get("sub_code") for size in (1, 2, 3, 4)]
    assert codes == [None, None, "90020", "90020"]
    assert json.loads(old(twin, "v2/department/listsub", {}).body)["errcode"] == 0
    assert (twin.calls.charged, twin.calls.over_budget) == (2, 2)
    twin.clock.sleep(1)
    assert json.loads(old(twin, "report/list").body)["errcode"] == 0
    assert twin.calls.by_month == {"202609": 2, "202610": 1}


def test_each_api_has_its_calls_a_second_and_refused_ones_do_not_count() -> None:
    twin = Twin(rate=2)
    codes = [json.loads(old(twin, "report/list").body).get("sub_code") for _ in range(3)]
    assert codes == [None, None, "90018"]
    assert json.loads(old(twin, "report/simplelist").body)["errcode"] == 0
    assert (twin.calls.charged, twin.calls.over_rate) == (3, 1)
    twin.clock.sleep(1)
    assert json.loads(old(twin, "report/list").body)["errcode"] == 0


def test_repetitions_are_told_from_new_looks() -> None:
    twin = Twin()
    token(twin)
    for _ in range(2):
        old(twin, "report/list")
    assert twin.calls.repeats == 1  # tokens are not counted
    assert [call.api for call in twin.calls.repeated(60)] == ["topapi/report/list"]
    twin.calls.forget()
    twin.trouble("busy@topapi/report/list")
    old(twin, "report/list")
    twin.trouble()
    old(twin, "report/list")  # the first was no answer
    twin.clock.sleep(61)
    old(twin, "report/list")  # things may be different now
    old(twin, "report/list", cursor=1)
    assert (twin.calls.repeats, twin.calls.repeated(60)) == (0, [])
    assert [call.number for call in twin.calls.repeated(600)] == [11]


def test_the_log_has_no_token_and_no_secret() -> None:
    twin = Twin()
    old(twin, "report/list")
    kept = repr(list(twin.calls.log))
    assert "start_time" in kept
    assert token(twin) not in kept
    assert twin.app_secret not in kept


def test_a_clock_stands_runs_and_is_set() -> None:
    seconds = 0.0
    clock = Clock(1000.0, source=lambda: seconds)
    seconds = 5.0
    assert clock() == 1000.0
    clock.set(speed=60)
    seconds = 7.0
    assert clock() == 1120.0
    clock.sleep(30)
    clock.sleep(-30)
    assert clock() == 1150.0
    clock.set(2000.0)
    seconds = 8.0
    assert (clock(), clock.speed) == (2060.0, 60)


@pytest.mark.parametrize("text", ["nothing", "busy=2.0", "busy=x", "busy=1.x"])
def test_a_switch_that_is_none(text: str) -> None:
    with pytest.raises(BadValue):
        Trouble.parse(text)


def test_switches_hit_shares_numbers_and_apis() -> None:
    assert Trouble.parse("busy@a,b=3,5") == Trouble("busy", 1.0, (3, 5), ("a", "b"))
    hits = [number for number in range(1, 10_001) if Trouble.parse("busy=0.1").hits(1, number, "a")]
    assert 800 < len(hits) < 1200
    assert hits == [number for number in range(1, 10_001) if Trouble("busy", 0.1).hits(1, number, "a")]
    assert [number for number in range(10) if Trouble.parse("reset=3,5").hits(1, number, "a")] == [3, 5]
    assert not Trouble.parse("busy@a").hits(1, 1, "b")


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ({"people": 0}, "0 people"),
        ({"first_day": "20260901", "last_day": "20260831"}, "no reports can be sent"),
        ({"first_day": "19990101"}, "no reports can be sent"),
        ({"first_day": "soon"}, "is not a day"),
    ],
)
def test_an_organisation_that_cannot_be(properties: dict[str, Any], says: str) -> None:
    with pytest.raises(BadValue, match=says):
        Twin(**properties)


def test_people_are_as_many_as_the_reports_need() -> None:
    sizes = [len(made.organisation.people) for made in (Twin(), Twin(reports_per_day=8), Twin(people=3))]
    assert sizes == [50, 10, 3]
    twin = Twin(reports_per_day=300, first_day="2026-09-01", last_day="2026-09-03")
    counts = [len(twin.activity.of_day(day)) for day in ("20260901", "20260902", "20260903")]
    assert all(250 < count < 350 for count in counts)


def test_a_reset_connection_and_a_stall() -> None:
    import httpx

    twin = Twin(rate=0, stall=0.2)
    with running(twin) as server, Caller(server) as caller:
        twin.trouble("reset")
        with pytest.raises(httpx.ReadError):
            caller.post("report/list", **LIST)
        assert twin.calls.by_outcome["reset"] == 1
        twin.trouble("stall")
        began = time.monotonic()
        assert caller.post("report/list", **LIST).json()["errcode"] == 15
        assert time.monotonic() - began >= 0.2
        twin.trouble()
        assert caller.post("report/list", **LIST).json()["errcode"] == 0


def test_an_address_that_is_taken() -> None:
    with (
        running(Twin()) as server,
        pytest.raises(BadValue, match="cannot be listened on"),
        running(Twin(), port=server.address[1]),
    ):
        pass


def test_tests_in_any_language_have_the_same_hold() -> None:
    twin = Twin(people=10, first_day="20260901", now=datetime(2026, 9, 3, tzinfo=BEIJING))
    with running(twin) as server, Caller(server) as caller:
        http = caller.http
        app = {"corpId": twin.corp_id, "appKey": twin.app_key, "appSecret": twin.app_secret}
        assert http.get("/twin/app").json() == app
        http.post("/twin/troubles", json={"troubles": ["busy-1"]})
        assert caller.post("report/list", **LIST).json()["errcode"] == -1
        assert http.delete("/twin/troubles").json()["troubles"] == []
        assert caller.post("report/list", **LIST).json()["errcode"] == 0
        calls = http.get("/twin/calls").json()
        assert (calls["charged"], calls["byOutcome"]) == (2, {"-1": 1, "ok": 2})
        assert [call["api"] for call in http.get("/twin/log").json()] == ["gettoken", *["topapi/report/list"] * 2]
        assert http.delete("/twin/calls").json()["total"] == 0
        said = {"now": "2026-09-10 12:00:00", "speed": 0, "advance": 60}
        assert http.post("/twin/clock", json=said).json()["local"] == "2026-09-10 12:01:00"
        truth = http.get("/twin/truth", params={"from": "20260901", "to": "20260902"}).json()
        assert truth == twin.truth("20260901", "20260902")
        assert list(http.get("/twin/truth").json()) == ["20260910"]
        summed = http.get("/twin/truth", params={"from": "2026-09-01", "calibre": "summed"}).json()
        assert summed["20260901"]["4102"] >= truth["20260901"]["4102"]
        wrong = [
            http.post("/twin/troubles", json={"troubles": ["nothing"]}),
            http.post("/twin/clock", json={"now": "soon"}),
            http.post("/twin/clock", json={"speed": "fast"}),
            http.post("/twin/clock", content=b"{"),
            http.get("/twin/truth", params={"from": "x"}),
        ]
        assert [answer.status_code for answer in wrong] == [400] * 5
        assert http.get("/twin/nothing").status_code == 404
        assert twin.calls.total == 0


def test_withdrawn_reports_with_comments_on_demand() -> None:
    habits = Habits(withdrawn=0.5, withdrawn_commented=True, comments_per_report=2)
    twin = Twin(people=30, habits=habits, first_day="20260901", last_day="20260904")
    reports = [report for day in ("20260901", "20260902") for report in twin.activity.of_day(day)]
    gone = [report for report in reports if report.withdrawn_at is not None and report.comments]
    assert gone
    assert all(comment.at < (report.withdrawn_at or 0) for report in gone for comment in report.comments)

"""Odd answers of a suite: what cannot be used is named and set aside or left alone, and the rest goes on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.cli.doctor.collecting import collected
from reportdata.cli.doctor.findings import Examined
from reportdata.collector.failures import Failures
from reportdata.collector.set_aside import SetAside
from reportdata.collector.sources import sources
from reportdata.errors import BadAnswer, Rejected
from reportdata.twin import BEIJING, running
from tests.support.collecting import Simulation, at
from tests.support.folders import Folder, run
from tests.support.odd_twin import COMMENTS, LISTS, OddTwin, odd, simulated_oddly

pytestmark = pytest.mark.whole

FIRST, MIDDLE, LAST = "20260907", "20260909", "20260911"
FINAL = "20261024"
"""When the comments of all reports were read for the last time."""


@pytest.fixture
def simulation(memory: Path) -> Iterator[Simulation]:
    """An organisation whose people send reports for five days, at a twin with odd answers."""
    with simulated_oddly(memory, FIRST, LAST) as found:
        yield found


def set_aside(simulation: Simulation) -> list[tuple[Any, ...]]:
    """What was set aside."""
    with simulation.ledger() as ledger:
        return ledger.rows("select kind, report_id, user_id, reason from set_aside order by kind, report_id")


def findings(simulation: Simulation) -> str:
    """What the doctor says of collecting."""
    folder = simulation.folder
    examined = Examined(folder.settings, simulation.clock.now(), None, folder.store)
    return "; ".join(f"{found.state.value} {found.found}" for found in collected(examined))


def reports_of(simulation: Simulation, day: str) -> list[str]:
    """The ids of a day's reports that are never withdrawn."""
    reports = simulation.twin.activity.of_day(day)
    return [report.report_id for report in reports if report.seen_at(int(at(FINAL) * 1000))]


def without_creator(report_id: str) -> Callable[[Any, Any], None]:
    """One report has no creator."""

    def change(body: Any, _: Any) -> None:
        for report in body["result"]["data_list"]:
            if report["report_id"] == report_id:
                del report["creator_id"]

    return change


@pytest.mark.slow
def test_lists_that_are_null_are_empty(simulation: Simulation) -> None:
    def change(body: Any, _: Any) -> None:
        for name in ("data_list", "comments"):
            if body["result"].get(name) == []:
                body["result"][name] = None

    odd(simulation, (*LISTS, COMMENTS), change)
    simulation.until(at(FINAL))
    assert simulation.errors == []
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)
    assert set(simulation.states(FIRST, LAST).values()) == {"final"}


@pytest.mark.slow
def test_a_report_that_cannot_be_used_is_set_aside_and_its_day_is_partial(simulation: Simulation) -> None:
    bad = reports_of(simulation, MIDDLE)[0]
    odd(simulation, LISTS, without_creator(bad))
    simulation.until(at("20260912", 12))
    assert simulation.errors == []
    assert set_aside(simulation) == [("sent", bad, "", "creator_id is missing")]
    truth, found = simulation.twin.truth(FIRST, LAST), simulation.numbers(FIRST, LAST)
    assert found[MIDDLE]["4100"] == truth[MIDDLE]["4100"] - 1
    assert {day: kpis["4100"] for day, kpis in found.items() if day != MIDDLE} == {
        day: kpis["4100"] for day, kpis in truth.items() if day != MIDDLE
    }
    states = simulation.states(FIRST, LAST)
    assert [day for day in truth if states[day, "4100"] == "partial"] == [MIDDLE]
    assert {states[day, "4102"] for day in truth if day >= MIDDLE} == {"partial"}, "it may have comments"
    assert states[FIRST, "4102"] != "partial"
    simulation.until(at(FINAL))
    assert simulation.states(FIRST, LAST)[MIDDLE, "4100"] == "partial"
    said = findings(simulation)
    assert "warn" in said
    assert f"1 record that cannot be used was set aside; the last: report {bad}: creator_id is missing" in said
    status = json.loads(run(simulation.folder, "status", "--json").stdout)
    assert status["organisations"][0]["setAside"] == 1
    assert "set aside" in run(simulation.folder, "status").stdout


@pytest.mark.slow
def test_a_record_that_can_be_used_later_is_cleared(simulation: Simulation) -> None:
    bad = reports_of(simulation, MIDDLE)[0]
    odd(simulation, LISTS, without_creator(bad))
    simulation.until(at("20260911"))
    assert len(set_aside(simulation)) == 1
    odd(simulation, (), without_creator(""))
    simulation.until(at(FINAL))
    assert set_aside(simulation) == []
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)
    assert set(simulation.states(FIRST, LAST).values()) == {"final"}
    assert "set aside" not in findings(simulation)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (None, "the report is no object"),
        (7, "the report is no object"),
        ({}, "report_id is missing"),
        ({"report_id": "odd", "creator_id": "u"}, "create_time is missing"),
        ({"report_id": "odd", "creator_id": "u", "create_time": "私人的文"}, "create_time is a str that is not a time"),
        ({"report_id": "odd", "creator_id": ["私人"], "create_time": 0}, "creator_id is a list that is not an id"),
        ({"report_id": "私" * 200, "creator_id": "u", "create_time": 0}, "report_id is a str that is not an id"),
    ],
)  # fmt: skip
def test_whatever_stands_in_a_list_is_set_aside_without_its_text(
    simulation: Simulation, record: object, reason: str
) -> None:
    def change(body: Any, parameters: Any) -> None:
        if not body["result"]["has_more"] and parameters["start_time"] <= at(MIDDLE) * 1000 < parameters["end_time"]:
            body["result"]["data_list"].append(record)

    odd(simulation, LISTS, change)
    simulation.until(at("20260912", 12))
    assert simulation.errors == []
    assert {row[3] for row in set_aside(simulation)} == {reason}
    truth = simulation.twin.truth(FIRST, LAST)
    assert {day: kpis["4100"] for day, kpis in simulation.numbers(FIRST, LAST).items()} == {
        day: kpis["4100"] for day, kpis in truth.items()
    }
    assert simulation.states(FIRST, LAST)[MIDDLE, "4100"] == "partial"
    with simulation.ledger() as ledger:
        assert ledger.mentions("私") == {}


@pytest.mark.slow
def test_a_comment_that_cannot_be_used_makes_its_day_partial_and_only_that(simulation: Simulation) -> None:
    truth = simulation.twin.activity
    report = next(found for found in truth.of_day(FIRST) if found.comments)

    def change(body: Any, parameters: Any) -> None:
        if parameters["report_id"] == report.report_id:
            body["result"]["comments"].append({"create_time": "2026-09-10 12:00:00", "content": "私"})

    odd(simulation, (COMMENTS,), change)
    simulation.until(at(FINAL))
    assert simulation.errors == []
    assert set_aside(simulation) == [("commented", report.report_id, "", "userid is missing")]
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)
    states = simulation.states(FIRST, LAST)
    assert [key for key, state in states.items() if state != "final"] == [("20260910", "4102")]
    assert states["20260910", "4102"] == "partial"


@pytest.mark.slow
def test_an_answer_without_a_result_is_not_an_empty_list(simulation: Simulation) -> None:
    bodies: list[Any] = [
        {"errcode": 0, "errmsg": "ok"},
        {"errcode": 0, "result": {}},
        {"errcode": 0, "result": None},
        {"errcode": 0, "success": False, "result": {"data_list": [], "has_more": False}},
        {},
    ]
    for number, body in enumerate(bodies):
        odd(simulation, LISTS, lambda *_, body=body: body)
        simulation.until(at(FIRST) + (number + 1) * 86_400)
        assert simulation.errors, body
        simulation.errors.clear()
    states = simulation.states(FIRST, LAST)
    assert not set(states.values()) & {"final", "provisional"}
    assert simulation.numbers(FIRST, LAST) == {}
    odd(simulation, (), lambda *_: None)
    simulation.until(at(FINAL))
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)


def more_and_not_where(body: Any, _: Any) -> None:
    """There is more, and it is not said where."""
    body["result"] |= {"has_more": True}
    body["result"].pop("next_cursor", None)


@pytest.mark.slow
def test_a_list_that_does_not_say_where_it_goes_on_is_left_alone_and_others_are_not(simulation: Simulation) -> None:
    def change(body: Any, parameters: Any) -> None:
        if parameters["start_time"] <= at(MIDDLE) * 1000 < parameters["end_time"]:
            more_and_not_where(body, parameters)

    odd(simulation, LISTS, change)
    simulation.until(at("20260913"))
    assert {type(error) for error in simulation.errors} == {BadAnswer}
    assert "there is more, and not where" in simulation.errors[0].message
    assert len(simulation.errors) < 40, "ever more rarely"
    truth, found = simulation.twin.truth(FIRST, LAST), simulation.numbers(FIRST, LAST)
    assert {day for day in truth if found.get(day, {}).get("4100") == truth[day]["4100"]} == set(truth) - {MIDDLE}
    assert simulation.states(FIRST, LAST)[MIDDLE, "4100"] in ("partial", "missing")
    assert simulation.states(FIRST, LAST)[LAST, "4100"] == "provisional"
    assert simulation.twin.calls.by_api[COMMENTS] > 0, "comments are read meanwhile"
    assert "left alone for now" in findings(simulation)
    odd(simulation, (), more_and_not_where)
    simulation.until(at(FINAL))
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)
    assert set(simulation.states(FIRST, LAST).values()) == {"final"}
    with simulation.ledger() as ledger:
        assert ledger.number("select count(*) from failures") == 0
        (source,) = sources(ledger)
        assert Failures(ledger, source.id).example() == SetAside(ledger, source.id).example() == ""


@pytest.mark.slow
def test_a_report_whose_comments_cannot_be_read_is_left_alone_and_others_are_not(simulation: Simulation) -> None:
    bad = next(report.report_id for report in simulation.twin.activity.of_day(FIRST) if report.comments)

    def change(body: Any, parameters: Any) -> None:
        if parameters["report_id"] == bad:
            body["result"] |= {"has_more": True, "next_cursor": parameters["offset"]}

    odd(simulation, (COMMENTS,), change)
    simulation.until(at("20260914"))
    assert {type(error) for error in simulation.errors} == {BadAnswer}
    states = simulation.states(FIRST, LAST)
    assert {states[day, "4100"] for day in (FIRST, MIDDLE, LAST)} == {"provisional"}
    with simulation.ledger() as ledger:
        unread = ledger.rows("select report_id from reports where reads = 0")
        assert unread == [(bad,)]
    odd(simulation, (), more_and_not_where)
    simulation.until(at(FINAL))
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)


def test_a_rejected_list_says_what_the_suite_says_and_others_go_on(simulation: Simulation) -> None:
    def change(body: Any, parameters: Any) -> Any:
        if parameters["start_time"] <= at(MIDDLE) * 1000 < parameters["end_time"]:
            return {"errcode": 40035, "errmsg": f"不合法的参数\nstart_time {simulation.twin.app_secret}"}
        return body

    odd(simulation, LISTS, change)
    simulation.until(at("20260913"))
    assert {type(error) for error in simulation.errors} == {Rejected}
    assert simulation.errors[0].message.endswith("(40035): 不合法的参数 start_time …"), "on one line, without a secret"
    truth, found = simulation.twin.truth(FIRST, LAST), simulation.numbers(FIRST, LAST)
    assert {day for day in truth if found.get(day, {}).get("4100") == truth[day]["4100"]} == set(truth) - {MIDDLE}


def test_forgetting_a_person_removes_what_was_set_aside_of_them(simulation: Simulation) -> None:
    twin = simulation.twin
    person = twin.organisation.people[twin.activity.of_day(FIRST)[0].person].user_id

    def change(body: Any, _: Any) -> None:
        for report in body["result"]["data_list"]:
            if report["creator_id"] == person:
                report["create_time"] = None

    odd(simulation, LISTS, change)
    simulation.until(at("20260909"))
    assert {row[2] for row in set_aside(simulation)} == {person}
    with simulation.ledger() as ledger:
        ledger.forget(simulation.twin.corp_id, person)
    simulation.until(at("20260913"))
    with simulation.ledger() as ledger:
        assert ledger.mentions(person) == {}


def test_collecting_once_goes_on_with_what_can_be_had_and_tells_the_rest(folder: Folder) -> None:
    def day(ago: int) -> str:
        return f"{datetime.now(BEIJING) - timedelta(days=ago):%Y%m%d}"

    twin = OddTwin(seed=3, people=8, first_day=day(65), last_day=day(35), now=time.time(), rate=0, budget=0)
    newest = day(36)
    start = datetime.strptime(newest, "%Y%m%d").replace(tzinfo=BEIJING).timestamp() * 1000

    def change(body: Any, parameters: Any) -> None:
        if parameters["start_time"] <= start + 43_200_000 < parameters["end_time"]:
            more_and_not_where(body, parameters)

    twin.changes = dict.fromkeys(LISTS, change)
    with running(twin) as server:
        addresses = ("--api", server.url, "--oapi", server.url, "--per-second", 1000, "--calls", 20_000)
        key = ("--corp", twin.corp_id, "--app-key", twin.app_key, "--from", day(65))
        assert run(folder, "source", "add", "dingtalk", *key, *addresses).exit_code == 0
        secret = {"REPORTDATA_DINGTALK_APP_SECRET": twin.app_secret}
        said = CliRunner().invoke(cli, ["collect", "--once", "--data", str(folder.path)], env=secret)
        assert said.exit_code == 1
        assert "there is more, and not where" in said.output
        rows = json.loads(run(folder, "query", day(65), "--to", newest, "--format", "json").stdout)
        found = {row["stat_date"]: row["4100_DAY"] for row in rows}
        truth = {of: kpis["4100"] for of, kpis in twin.truth(day(65), newest).items()}
        assert found == {of: truth[of] for of in found}
        assert newest not in found
        assert found, "other days were listed"
        twin.changes = {}
        again = CliRunner().invoke(cli, ["collect", "--once", "--data", str(folder.path)], env=secret)
        assert again.exit_code == 0, again.output
        rows = json.loads(run(folder, "query", day(65), "--to", newest, "--format", "json").stdout)
        assert {row["stat_date"]: row["4100_DAY"] for row in rows} == truth

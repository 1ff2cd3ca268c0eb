"""Lists without an end, of another time, or that do not say whether they end: calls are not spent on them, and no day
is taken for listed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reportdata.collector.turning import Turning
from reportdata.errors import BadAnswer
from tests.support.collecting import Simulation, at
from tests.support.odd_twin import COMMENTS, LISTS, odd, simulated_oddly

pytestmark = pytest.mark.whole

FIRST, MIDDLE, LAST = "20260907", "20260908", "20260909"
FINAL = "20261022"


@pytest.fixture
def simulation(memory: Path) -> Iterator[Simulation]:
    """An organisation whose people send reports for three days, at a twin with odd answers."""
    with simulated_oddly(memory, FIRST, LAST) as found:
        yield found


def to_and_fro(body: Any, parameters: Any) -> None:
    """The cursor goes back to where it was."""
    body["result"] |= {"has_more": True, "next_cursor": 2 if parameters["cursor"] != 2 else 1}


def always_further(body: Any, parameters: Any) -> None:
    """The cursor always goes on."""
    body["result"] |= {"has_more": True, "next_cursor": parameters["cursor"] + 20}


def empty_for_ever(body: Any, parameters: Any) -> None:
    """There is always more, and nothing in it."""
    always_further(body, parameters)
    body["result"]["data_list"] = []


def of_another_time(body: Any, _: Any) -> None:
    """What is listed was sent a year before."""
    for report in body["result"]["data_list"]:
        report["create_time"] -= 365 * 86_400_000


def full_and_no_word_of_more(body: Any, _: Any) -> None:
    """A full page does not say whether it is the last."""
    result = body["result"]
    if result["data_list"]:
        report = result["data_list"][0]
        result["data_list"] = [report | {"report_id": f"{report['report_id']}-{number}"} for number in range(20)]
        result.pop("has_more")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (to_and_fro, "the list has no end: it goes on at a place where it was before"),
        (always_further, "the list has no end: it goes on, and its last 5 pages told nothing new"),
        (empty_for_ever, "the list has no end: it goes on, and its last 5 pages told nothing new"),
        (of_another_time, "lists reports of another time than it was asked for"),
        (full_and_no_word_of_more, "does not say whether there is more"),
    ],
)
def test_such_a_list_is_left_alone_ever_longer_and_its_days_are_not_listed(
    simulation: Simulation, change: Callable[[Any, Any], Any], said: str
) -> None:
    odd(simulation, LISTS, change)
    simulation.until(at("20260912", 12))
    assert {type(error) for error in simulation.errors} == {BadAnswer}
    assert {error.message.endswith(said) for error in simulation.errors} == {True}
    assert len(simulation.errors) < 120, "ever more rarely"
    assert sum(simulation.twin.calls.by_api[api] for api in LISTS) < 8 * len(simulation.errors)
    assert not set(simulation.states(FIRST, LAST).values()) & {"final", "provisional"}
    simulation.errors.clear()
    odd(simulation, (), change)
    with simulation.ledger() as ledger:
        ledger.write("update failures set retry_at = 0")
    simulation.until(at(FINAL))
    if change is not full_and_no_word_of_more:
        assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)
        assert set(simulation.states(FIRST, LAST).values()) == {"final"}


@pytest.mark.slow
def test_comments_without_an_end_are_left_alone_and_others_are_not(simulation: Simulation) -> None:
    bad = next(report.report_id for report in simulation.twin.activity.of_day(FIRST) if report.comments)

    def change(body: Any, parameters: Any) -> None:
        if parameters["report_id"] == bad:
            body["result"] |= {"has_more": True, "next_cursor": parameters["offset"] + 20}

    odd(simulation, (COMMENTS,), change)
    simulation.until(at("20260914"))
    assert {type(error) for error in simulation.errors} == {BadAnswer}
    with simulation.ledger() as ledger:
        assert ledger.rows("select report_id from reports where reads = 0") == [(bad,)]
    odd(simulation, (), change)
    simulation.until(at(FINAL))
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)


@pytest.mark.slow
def test_a_report_that_is_listed_and_whose_comments_are_rejected_costs_few_calls(simulation: Simulation) -> None:
    bad = next(report.report_id for report in simulation.twin.activity.of_day(FIRST) if report.comments)
    asked: list[str] = []

    def change(body: Any, parameters: Any) -> Any:
        asked.append(parameters["report_id"])
        return {"errcode": 400002, "errmsg": "x"} if parameters["report_id"] == bad else body

    odd(simulation, (COMMENTS,), change)
    simulation.until(at(FINAL))
    assert asked.count(bad) < 60, "ever more rarely"
    found, truth = simulation.numbers(FIRST, LAST), simulation.twin.truth(FIRST, LAST)
    assert {day: kpis["4100"] for day, kpis in found.items()} == {day: kpis["4100"] for day, kpis in truth.items()}
    assert simulation.states(FIRST, LAST)[FIRST, "4102"] == "partial"


def test_a_list_that_shifts_while_it_is_read_has_an_end() -> None:
    turning = Turning()
    for number in range(40):
        turning.add([number // 5], number + 1)
    turning.add([], None)

"""Whatever goes wrong at DingTalk, and wherever the collector is killed: the numbers become the truth, within the
budget, and nothing that was answered is asked again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from reportdata.twin import TROUBLES, Habits, Twin
from tests.support.collecting import FIRST, LAST, Simulation, at, simulated

HABITS = Habits(reports_per_day=5, comments_per_report=0.8, withdrawn=0.05, popular=0.04)
MIXTURES = range(40)
BEFORE_END = "20261025"
"""When the comments of all reports were read for the last time."""
SHARES = dict.fromkeys(TROUBLES, 0.15) | {
    "ban-page": 0.02,
    "ban-json": 0.02,
    "stall": 0.02,
    "permission": 0.05,
    "address": 0.05,
    "quota": 0.0,
    "vanish": 0.1,
}
ALWAYS = ("shuffle", "shift", "change", "big-cursors", "left")
TEMPORARY = sorted(name for name in TROUBLES if name != "quota")


def some(cases: Sequence[Any], *quick: int) -> list[Any]:
    """All cases; those but of these numbers take long together."""
    return [case if at in quick else pytest.param(case, marks=pytest.mark.slow) for at, case in enumerate(cases)]


def twin(seed: int) -> Twin:
    """An organisation whose people send reports on a Friday and on a Monday."""
    return Twin(seed=seed, people=8, habits=HABITS, first_day=FIRST, last_day=LAST, now=at(FIRST), rate=20, stall=0.05)


def switch(name: str) -> str:
    """The switch of a trouble, for some of the calls or for all."""
    return name if name in ALWAYS else f"{name}={SHARES[name]}"


def check(simulation: Simulation) -> None:
    """The numbers are the truth, within the budget."""
    assert simulation.numbers(FIRST, LAST) == simulation.twin.truth(FIRST, LAST)
    assert simulation.twin.calls.over_budget == 0
    assert simulation.twin.calls.over_rate == 0
    with simulation.ledger() as ledger:
        booked = ledger.number("select sum(count) from calls")
    assert simulation.twin.calls.charged <= booked


@pytest.mark.whole
def test_without_trouble_every_call_has_its_use_and_days_become_final(memory: Path) -> None:
    with simulated(memory, twin(1), calls=1_000) as simulation:
        simulation.until(at(FIRST, 18))
        assert simulation.states(FIRST, FIRST)[FIRST, "4100"] == "provisional"
        simulation.until(at(BEFORE_END))
        check(simulation)
        states = simulation.states(FIRST, LAST)
        assert set(states.values()) == {"final"}
        assert len(states) == 12
        assert simulation.twin.calls.repeats == 0
        assert simulation.errors == []


@pytest.mark.parametrize("name", some(TEMPORARY))
def test_one_trouble(memory: Path, name: str) -> None:
    with simulated(memory, twin(2), calls=300) as simulation:
        simulation.twin.trouble(switch(name))
        simulation.until(at("20260916"), rng=random.Random(3), kills=0.04)
        simulation.twin.trouble()
        simulation.until(at(BEFORE_END))
        check(simulation)
        assert simulation.kills > 0


@pytest.mark.parametrize("number", some(MIXTURES, 0))
@pytest.mark.whole
def test_troubles_together_and_kills(memory: Path, number: int) -> None:
    rng = random.Random(number)
    with simulated(memory, twin(10 + number), calls=300) as simulation:
        simulation.twin.trouble(*map(switch, rng.sample(TEMPORARY, 5)))
        simulation.until(at("20260919"), rng=rng, kills=0.05)
        simulation.twin.trouble()
        simulation.until(at(BEFORE_END))
        check(simulation)


@pytest.mark.whole
def test_a_spent_month_is_waited_out(memory: Path) -> None:
    with simulated(memory, twin(5), calls=20) as simulation:
        simulation.until(at("20260930", 23))
        assert simulation.twin.calls.charged <= 20
        assert set(simulation.states(LAST, LAST).values()) != {"final"}
        simulation.twin.calls.budget = 400
        with simulation.ledger() as ledger:
            ledger.write("update budgets set calls = 400")
        simulation.until(at(BEFORE_END))
        check(simulation)


@pytest.mark.whole
def test_when_dingtalk_says_that_the_month_is_spent_nothing_is_asked_until_the_next(memory: Path) -> None:
    with simulated(memory, twin(6), calls=300) as simulation:
        simulation.twin.trouble("quota")
        simulation.until(at("20260920"))
        assert len(simulation.errors) == 1
        assert "all calls" in simulation.errors[0].message or "spent" in simulation.errors[0].message
        assert simulation.twin.calls.by_outcome["90020"] == 1
        simulation.twin.trouble()
        simulation.until(at(BEFORE_END))
        check(simulation)


@pytest.mark.whole
def test_a_missing_permission_is_named_and_not_asked_for_all_the_time(memory: Path) -> None:
    with simulated(memory, twin(7), calls=300) as simulation:
        simulation.twin.trouble("permission@topapi/report/comment/list")
        simulation.until(at("20260917"))
        assert "qyapi_report_query" in simulation.errors[0].message
        assert "open-dev.dingtalk.com/appscope/apply" in simulation.errors[0].hint
        assert simulation.twin.calls.by_outcome["60011"] <= 9
        numbers, truth = simulation.numbers(FIRST, LAST), simulation.twin.truth(FIRST, LAST)
        assert {day: row["4100"] for day, row in numbers.items()} == {day: row["4100"] for day, row in truth.items()}
        assert simulation.states(FIRST, FIRST)[FIRST, "4102"] == "missing"
        simulation.twin.trouble()
        simulation.until(at(BEFORE_END))
        check(simulation)


@pytest.mark.whole
def test_reports_are_listed_with_the_wider_permission_when_the_narrower_one_is_missing(memory: Path) -> None:
    with simulated(memory, twin(8), calls=1_000) as simulation:
        simulation.twin.trouble("permission@topapi/report/simplelist")
        simulation.until(at("20260913"))
        assert simulation.twin.calls.by_api["topapi/report/list"] > 0
        assert simulation.twin.calls.by_outcome["60011"] == 1
        assert simulation.errors == []

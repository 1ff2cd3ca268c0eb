"""Whatever facts there are, whatever is covered and damaged: the numbers of weeks and months are the oracle's."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import from_date
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.pipeline.asking import Asking
from reportdata.services import REPORTS
from reportdata.states import DayState, State
from reportdata.statistics.periods import around
from reportdata.statistics.spans import Counts, Span
from reportdata.store import Damage
from tests.support.examples import tried_with
from tests.support.known_lake import KnownLake
from tests.support.oracle import Commented, Sent, Withdrawn
from tests.support.question_oracle import NEEDS, Known, state_of
from tests.support.services import KINDS, SERVICE
from tests.support.worlds import AROUND, BEGIN, ZONES, worlds

ORDER = [state.value for state in State]
Said = tuple[dict[str, tuple[str, int]], dict[str, dict[str, int]]]
"""By KPI, the state and the days over which it is counted; by department, the numbers by KPI."""


class Troubles(NamedTuple):
    """What else is known of days: those that rest on damaged files, and what a collector noted of a KPI."""

    damaged: Collection[date]
    noted: Mapping[tuple[date, str], str]


def expected(
    corp_id: str, zone: ZoneInfo, days: Sequence[date], batches: Sequence[Known], troubles: Troubles, *, split: bool
) -> Said:
    """What the facts say, in plain Python."""
    facts = {fact for batch in batches for fact in batch.facts if fact.corp_id == corp_id}
    looks = [look for batch in batches for look in batch.looks if look.corp_id == corp_id]
    gone = {fact.report_id for fact in facts if isinstance(fact, Withdrawn)}
    kpis: dict[str, tuple[str, int]] = {}
    numbers: dict[str, dict[str, int]] = {}
    metrics = ("4100", "4101") if split else ("4100", "4101", "4102")
    for metric in metrics:
        covered = {day: state_of(NEEDS[metric], day, zone, looks) for day in days}
        states = {day: troubles.noted.get((day, metric), state) for day, state in covered.items()}
        known = {day for day in days if covered[day] != "missing" != states[day]}
        counted = known - set(troubles.damaged)
        states |= dict.fromkeys(known - counted, "damaged")
        state = max((states[day] for day in known or days), key=ORDER.index)
        if 0 < len(known) < len(days):
            state = max(state, "partial", key=ORDER.index)
        kpis[metric] = (state, len(counted))
        found: dict[str, set[str]] = {}
        for fact in facts:
            kind = Commented if metric == "4102" else Sent
            if (
                isinstance(fact, kind)
                and fact.at.astimezone(zone).date() in counted
                and (metric == "4102" or fact.report_id not in gone)
            ):
                for department in (getattr(fact, "departments", ()) or ("",)) if split else ("",):
                    found.setdefault(department, set()).add(fact.report_id if metric == "4100" else fact.user_id)
        if counted:
            for department, things in (found if split else {"": found.get("", set())}).items():
                numbers.setdefault(department, {})[metric] = len(things)
    for of in numbers.values():  # a department that has one number has none of the others that are counted
        of |= {metric: 0 for metric, (_, days_counted) in kpis.items() if days_counted and metric not in of}
    return kpis, numbers


def told(counts: Counts) -> Said:
    kpis = {kpi: (standing.state.value, standing.days) for kpi, standing in counts.kpis.items()}
    return kpis, {department: {kpi: int(number) for kpi, number in of.items()} for department, of in counts.groups}


def _noted(near: st.SearchStrategy[date]) -> st.SearchStrategy[dict[tuple[date, str], str]]:
    of = st.tuples(near, st.sampled_from(("4100", "4101", "4102")))
    return st.just({}) | st.dictionaries(of, st.sampled_from(("partial", "missing")), max_size=4)


@pytest.mark.whole
@tried_with(6, 200)
def test_numbers_of_weeks_and_months_are_the_oracles(examples: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, closing(DuckDBEngine(Path(temporary))) as engine:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds(), st.data())
        def check(world: tuple[Any, list[Known]], data: st.DataObject) -> None:
            turn, batches = world
            with tempfile.TemporaryDirectory() as folder, closing(KnownLake(Path(folder), ZONES)) as made:
                for batch in batches:
                    made.add(batch.at, batch.facts, batch.looks)
                near = st.integers(-9, 9).map(lambda n: (turn + timedelta(days=n)).date())
                damaged = data.draw(st.just([]) | st.lists(near, max_size=3))
                made.store.put_damage([Damage(REPORTS, from_date(day), "lost.parquet") for day in damaged])
                noted = data.draw(_noted(near))
                of_all = [
                    DayState(corp_id, from_date(day), kpi, State(state), 1)
                    for (day, kpi), state in noted.items()
                    for corp_id in ZONES
                ]
                made.store.put_states(REPORTS, of_all)
                asking = Asking(made.lake, made.store, engine, SERVICE, KINDS)
                for kind in ("day", "week", "month"):
                    first, last = around(kind, data.draw(near))
                    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
                    corp_id, split = data.draw(st.sampled_from(sorted(ZONES))), data.draw(st.booleans())
                    metrics = ("4100", "4101") if split else ("4100", "4101", "4102")
                    span = Span(REPORTS, from_date(first), from_date(last), metrics, by_department=split)
                    counts = asking.span(span, corp_id, (BEGIN + timedelta(days=1)).timestamp())
                    assert counts.days == len(days)
                    assert told(counts) == expected(
                        corp_id, ZONES[corp_id], days, batches, Troubles(damaged, noted), split=split
                    )

        check()


@pytest.mark.parametrize("turn", [*(turn.date() for turn in AROUND), date(2020, 12, 31), date(2021, 1, 3)])
def test_a_period_holds_its_days_and_no_others(turn: date) -> None:
    for day in (turn + timedelta(days=n) for n in range(-40, 40)):
        for kind, named in (("week", lambda d: d.isocalendar()[:2]), ("month", lambda d: (d.year, d.month))):
            first, last = around(kind, day)
            assert first <= day <= last
            assert {named(first), named(last)} == {named(day)}
            assert named(first - timedelta(days=1)) != named(day) != named(last + timedelta(days=1))


def test_the_calendars_first_and_last_weeks_end_with_it() -> None:
    assert around("week", date.min) == (date(1, 1, 1), date(1, 1, 7))
    assert around("week", date.max) == (date(9999, 12, 27), date.max)
    assert around("month", date.max) == (date(9999, 12, 1), date.max)

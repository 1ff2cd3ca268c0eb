"""How days stand: the short way that most of them take says what the long one does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.coverage import partly
from reportdata.days import MILLISECOND, end_of, time_zone
from reportdata.services import Service, official
from reportdata.states import DayState, State
from reportdata.store import Day
from reportdata.store.standing import changes_at, stand, stands_as_one
from tests.support.effort import examples
from tests.support.services import SERVICES

DAY, ZONE = "20240105", "Asia/Shanghai"
END = end_of(DAY, time_zone(ZONE)) // MILLISECOND
services = st.sampled_from(list(SERVICES))
times = st.sampled_from((0, 1, END - 1, END, END + 1, END + 10))


@st.composite
def days(draw: st.DrawFn) -> Day:
    """A day as a store may have it."""
    kinds = ("sent", "commented", partly("sent"), partly("commented"), *(official(one) for one in SERVICES))
    ids = [kpi.id for one in SERVICES for kpi in one.kpis]
    states = st.builds(DayState, st.just("c"), st.just(DAY), st.sampled_from(ids), st.sampled_from(State), times)
    whole = draw(st.booleans())
    looks = draw(st.dictionaries(st.sampled_from(kinds), times, max_size=3))
    if whole:
        looks = {kind: draw(times) for kind in ("sent", "commented")}
    values = (
        dict.fromkeys(("4100", "4101", "4102"), 1)
        if whole
        else draw(st.dictionaries(st.sampled_from(ids), st.integers(0, 3)))
    )
    return Day(
        values if looks else None,
        draw(times),
        looks,
        draw(st.lists(states, max_size=1)),
        draw(st.sampled_from((ZONE, ZONE, None))),
        draw(st.frozensets(st.sampled_from(ids))),
        draw(st.booleans()) and not whole,
    )


@settings(max_examples=examples(500), deadline=None)
@given(service=services, day=days(), now=times)
def test_a_day_that_stands_as_one_stands_as_each_of_its_kpis(service: Service, day: Day, now: int) -> None:
    found = stands_as_one(service, DAY, day, now / 1000)
    if found is None:
        return
    known = stand(service, "c", DAY, day, now / 1000)
    assert found == (known.state, known.as_of)
    assert {kpi.state for kpi in known.kpis} == {known.state}
    assert known.values == day.values
    assert changes_at(day._replace(computed_at=0), now / 1000) == float("inf")

"""The views of a store for programs of others: they say of each day what the contract and statistics by day say."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation, partly
from reportdata.days import MILLISECOND, SECOND, days_between, end_of, from_date, ordinal, time_zone
from reportdata.errors import StoreError
from reportdata.identity import Organisation
from reportdata.pipeline.covered import certainty_of
from reportdata.services import REPORTS
from reportdata.states import DayState, State
from reportdata.statistics.answers import answer
from reportdata.statistics.meta import Found
from reportdata.statistics.plan import cells
from reportdata.statistics.question import Question, fixed
from reportdata.store import Damage, DayKpis, Store
from reportdata.store.standing import Standing, standing
from reportdata.store.zones import rows_of_zones
from tests.support.effort import examples
from tests.support.services import SERVICE
from tests.support.stores import many, of_kinds
from tests.support.views import VIEWED, WORDS, Viewed, metrics_viewed, viewed

ZONES = {  # the clocks of all but the first change within the days
    "Asia/Shanghai": ("20260301", "20260304"),
    "America/New_York": ("20261030", "20261103"),
    "America/Havana": ("20261030", "20261103"),  # the hour after midnight happens twice
    "Africa/Cairo": ("20260422", "20260425"),  # midnight is left out
    "Australia/Lord_Howe": ("20260402", "20260406"),
}
WORD = dict(zip(("4100", "4101", "4102"), WORDS, strict=True))
KINDS = ("sent", "commented", partly("sent"), partly("commented"))
fresh = itertools.count()
with_views = pytest.mark.parametrize("another", of_kinds(VIEWED), indirect=True)


class Known(NamedTuple):
    """What a store is told of an organisation."""

    zone: str
    looks: list[Observation]
    rows: list[DayKpis]
    computed_at: float
    states: list[DayState]
    computed: frozenset[str]
    damaged: frozenset[str]


@st.composite
def known(draw: st.DrawFn) -> Known:
    """Few days, with looks before, at and after their ends, of unknown times, and of times that are to come."""
    corp_id = f"c{next(fresh)}"
    zone = draw(st.sampled_from(sorted(ZONES)))
    first, last = ZONES[zone]
    days = list(days_between(first, last))
    now = int(time.time() * 1000)
    ends = [end_of(day, time_zone(zone)) // MILLISECOND for day in days]
    moments = st.one_of(
        st.sampled_from([0, 5, now - 3_600_000, now + 400 * 86_400_000]),
        st.tuples(st.sampled_from(ends), st.sampled_from([-3_600_000, -1, 0, 1, 1999])).map(sum),
    )
    spans = st.tuples(st.sampled_from(days), st.sampled_from(days)).map(lambda drawn: (min(drawn), max(drawn)))
    looks = [
        Observation(corp_id, *draw(spans), draw(moments), draw(st.sampled_from(KINDS)))
        for _ in range(draw(st.integers(0, 6)))
    ]
    numbers = st.dictionaries(st.sampled_from(sorted(WORD)), st.integers(0, 10**12))
    having = draw(st.lists(st.sampled_from(days), unique=True))
    return Known(
        zone,
        looks,
        [DayKpis(corp_id, day, draw(numbers)) for day in sorted(having)],
        draw(moments) / 1000,
        [
            DayState(
                corp_id, day, kpi, draw(st.sampled_from([s for s in State if s is not State.DAMAGED])), draw(moments)
            )
            for day, kpi in draw(
                st.lists(st.tuples(st.sampled_from(days), st.sampled_from(sorted(WORD))), unique=True, max_size=4)
            )
        ],
        draw(st.frozensets(st.sampled_from(sorted(WORD)))) if draw(st.booleans()) else SERVICE.ids,
        draw(st.frozensets(st.sampled_from(days), max_size=2)) if draw(st.booleans()) else frozenset(),
    )


def put(store: Store, corp_id: str, told: Known) -> None:
    def own(of: Observation) -> Observation:
        return of._replace(corp_id=corp_id)

    store.add_organisations([Organisation(corp_id, told.zone)])
    store.put_coverage(REPORTS, [own(look) for look in told.looks], [])
    found = [row._replace(corp_id=corp_id) for row in told.rows]
    store.put_days(
        REPORTS,
        {row.stat_day: f"{corp_id} {row.stat_day}" for row in found},
        found,
        told.computed_at,
        only={row.stat_day: [corp_id] for row in found},
    )
    store.put_states(REPORTS, [state._replace(corp_id=corp_id) for state in told.states])
    store.put_computed(REPORTS, told.computed)
    store.put_damage([Damage(REPORTS, day, "f") for day in told.damaged])


def expected(day: Standing) -> Viewed:
    """The row of a day, by what the contract answers."""
    return Viewed(
        f"{day.stat_day[:4]}-{day.stat_day[4:6]}-{day.stat_day[6:]}",
        {word: day.values.get(kpi) for kpi, word in WORD.items()},  # type: ignore[misc]
        day.state.value,
        {WORD[kpi.kpi_id]: kpi.state.value for kpi in day.kpis},
        day.as_of // 1000 or None,
    )


def _told_apart(states: str | None) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in (states or "").split(",") if pair)


def asked(days: list[Standing], zone: str, now: float) -> list[Viewed]:
    """The rows of days, by what statistics by day answer."""
    place = time_zone(zone)
    question = Question(first_day=days[0].stat_day, last_day=days[-1].stat_day, by=("day",), metrics=tuple(WORD))
    planned = cells(question, place)
    values = {day.stat_day: day.values for day in days}
    groups = {tuple(key): values[cell.days[0]] for key, cell in planned.items()}
    said = answer(fixed(question, place, now), SERVICE, place, Found(planned, certainty_of(days), groups))
    return [
        Viewed(
            row["period"],
            {word: row[word] for word in WORDS},
            row["state"],
            _told_apart(row["states"]) or dict.fromkeys(WORDS, str(row["state"])),
            None if row["asOf"] is None else int(datetime.fromisoformat(row["asOf"]).timestamp()),
        )
        for row in said.data
    ]


@with_views
@settings(many, max_examples=examples(25))
@given(told=known())
def test_views_say_what_the_contract_and_statistics_say(store: Store, told: Known) -> None:
    _require_same(store, told)


@pytest.mark.slow
@with_views
@settings(many, max_examples=int(os.environ.get("REPORTDATA_TESTS_VIEWS", "150")))
@given(told=known())
def test_views_say_the_same_of_many_more_days(store: Store, told: Known) -> None:
    _require_same(store, told)


def _require_same(store: Store, told: Known) -> None:
    corp_id = f"v{next(fresh)}"
    put(store, corp_id, told)
    now = time.time()
    days = list(standing(store, SERVICE, corp_id, *ZONES[told.zone], now))
    found = viewed(store, corp_id)
    assert found == [expected(day) for day in days if day.values]
    assert found == asked(days, told.zone, now)
    covered = {day for day, _ in metrics_viewed(store, corp_id)}
    kpis = {
        (expected(day).day, WORD[kpi.kpi_id]): (day.values.get(kpi.kpi_id), kpi.state.value, kpi.as_of // 1000 or None)
        for day in days
        for kpi in day.kpis
        if expected(day).day in covered
    }
    assert metrics_viewed(store, corp_id) == kpis


@settings(max_examples=examples(30))
@example(zone="Pacific/Apia", day=ordinal("20111229"))  # the next day is left out
@example(zone="Pacific/Apia", day=ordinal("20111230"))
@given(zone=st.sampled_from(sorted(available_timezones())), day=st.integers(ordinal("20000101"), ordinal("20991231")))
def test_days_end_by_the_offsets_of_a_store_as_they_do_elsewhere(zone: str, day: int) -> None:
    here = from_date(date.fromordinal(day))
    midnight = (day + 1 - ordinal("19700101")) * 86_400
    offset = [seconds for _, local, seconds in rows_of_zones([zone]) if local <= midnight][-1]
    assert midnight - offset == end_of(here, time_zone(zone)) // SECOND


def test_the_views_have_the_metrics_of_the_service() -> None:
    """A KPI more, or one that needs other facts, is a migration."""
    needs = {kpi.name_of_column: SERVICE.observed(kpi.id) for kpi in SERVICE.kpis}
    assert needs == {"reports": {"sent"}, "senders": {"sent"}, "commenters": {"commented"}}
    assert {kpi.id: kpi.name_of_column for kpi in SERVICE.kpis} == WORD
    assert not any(kpi.may_be_broken for kpi in SERVICE.kpis)


@with_views
def test_zones_are_told_where_they_are_missing_or_have_changed(store: Store, another: Callable[[], Store]) -> None:
    def told() -> list[tuple[str, int, int]]:
        found = store.database.rows("select * from zone_offsets order by 1, 2")  # type: ignore[attr-defined]
        return [(zone, local, offset) for zone, local, offset in found]

    store.add_organisations([Organisation("c1", "Africa/Cairo"), Organisation("c2", "Asia/Shanghai")])
    right = rows_of_zones(["Africa/Cairo", "Asia/Shanghai"])
    assert told() == right
    with store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("delete from zone_offsets where time_zone = 'Africa/Cairo'")
        connection.execute("update zone_offsets set offset_seconds = 7 where time_zone = 'Asia/Shanghai'")
    another()
    assert told() == [*right[:-1], ("Asia/Shanghai", 0, 7)]
    store.tell_zones(again=True)
    assert told() == right
    assert rows_of_zones(["no zone"]) == []


@with_views
def test_days_that_facts_cannot_have_are_left_out(store: Store) -> None:
    store.add_organisations([Organisation("c1", "Asia/Shanghai")])
    looks = [
        Observation("c1", first, last, 1, "sent")
        for first, last in (("00010101", "20000101"), ("20991231", "99991231"))
    ]
    store.put_coverage(REPORTS, looks, [])
    store.put_computed(REPORTS, SERVICE.ids)
    assert [row.day for row in viewed(store, "c1")] == ["2000-01-01", "2099-12-31"]


@with_views
def test_views_cannot_be_written(store: Store) -> None:
    for statement in ("update statistics_day set reports = 1", "delete from statistics_day_metrics"):
        with pytest.raises(StoreError), store.database.writing() as connection:  # type: ignore[attr-defined]
            connection.execute(statement)

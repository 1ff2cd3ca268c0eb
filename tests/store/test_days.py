"""What every store owes of the numbers of days, against each implementation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.days import days_between
from reportdata.errors import LakeError, Overtaken
from reportdata.identity import Organisation
from reportdata.states import DayState, State
from reportdata.store import Damage, DayKpis, Store
from tests.support.stores import NOW, UNIVERSE, cover, many, row, spans, together

fresh = itertools.count()


def test_outside_the_coverage_a_day_is_unknown_and_inside_it_is_zero(
    store: Store, another: Callable[[], Store]
) -> None:
    assert store.put_days("s", {"20240102": "f"}, [row("c1", "20240102", 3, 2, 1)], NOW) == 1
    other = another()
    assert other.kpis("s", "c1", "20240102") is None
    assert other.kpis_between("s", None, "20240101", "20240103") == []
    cover(store, ("c1", "20240101", "20240102"))
    assert other.kpis("s", "c1", "20240102") == {"4100": 3, "4101": 2, "4102": 1}
    assert other.kpis("s", "c1", "20240101") == other.kpis("another service", "c1", "20240102") == {}
    assert other.kpis("s", "c1", "20240103") is other.kpis("s", "c2", "20240102") is None


def test_rows_are_taken_one_by_one_and_what_stops_them_changes_nothing(store: Store) -> None:
    cover(store, ("c1", "20240101", "20240109"))
    days = {"20240101": "f", "20240102": "f"}
    assert store.put_days("s", days, (row("c1", day, 1) for day in days), NOW) == 2

    def ending() -> Iterator[DayKpis]:
        yield row("c1", "20240101", 9)
        raise LakeError("a file went away")

    with pytest.raises(LakeError):
        store.put_days("s", dict.fromkeys(days, "g"), ending(), NOW)
    assert store.kpis("s", "c1", "20240101") == store.kpis("s", "c1", "20240102") == row("c1", "", 1).values
    assert store.fingerprints("s") == days
    assert store.put_days("s", dict.fromkeys(days, "g"), (row("c1", "20240101", 2) for _ in range(1)), NOW) == 2
    assert store.kpis("s", "c1", "20240102") == {}


def test_numbers_come_back_as_they_were_put_whoever_has_them(store: Store, another: Callable[[], Store]) -> None:
    """Ids with signs that mean something elsewhere, and numbers with digits after the point."""
    ids = ['a"b', "a\\b", "a'b", "a{},:[]b", "组织", "a b", "😀"]
    values: list[dict[str, int | float]] = [{"a": 0.1, "b": 2**53}, {"a": 1e-7}, {"a": 1e300, "b": -1}, {}]
    rows = [DayKpis(corp_id, "20240102", values[number % 4]) for number, corp_id in enumerate(ids)]
    cover(store, *((corp_id, "20240102", "20240102") for corp_id in ids))
    assert store.put_days("s", {"20240102": "f"}, rows, NOW) == len(ids)
    assert [another().kpis("s", corp_id, "20240102") for corp_id in ids] == [row.values for row in rows]
    assert store.put_days("s", {"20240102": "g"}, rows, NOW) == 0


def test_a_day_of_many_organisations_is_put_and_put_again(store: Store) -> None:
    ids = [f"many {number:05}" for number in range(2500)]
    cover(store, *((corp_id, "20240105", "20240105") for corp_id in ids))
    first = [row(corp_id, "20240105", number, 1, 1) for number, corp_id in enumerate(ids)]
    assert store.put_days("many", {"20240105": "f"}, first, NOW) == 2500
    again = [one._replace(values={"4100": 7}) if number % 1000 == 3 else one for number, one in enumerate(first)]
    assert store.put_days("many", {"20240105": "g"}, again[:-1], NOW) == 4
    assert store.kpis("many", ids[-1], "20240105") == {}
    assert [version.fingerprint for version in store.history("many", ids[1003], "20240105")] == ["f", "g"]
    found = {corp_id: values for corp_id, _, values in store.kpis_between("many", None, "20240105", "20240105")}
    assert [found[one.corp_id] for one in again[:-1]] == [one.values for one in again[:-1]]
    assert found[ids[-1]] == {}


def test_an_organisation_that_lost_its_facts_of_a_day_has_zeros_and_a_history(store: Store) -> None:
    cover(store, ("c1", "20240101", "20240109"), ("c2", "20240101", "20240109"))
    rows = [row(corp, day, 5, 4, 3) for corp in ("c1", "c2") for day in ("20240102", "20240103")]
    store.put_days("s", {"20240102": "f1", "20240103": "f1"}, rows, NOW)
    assert store.put_days("s", {"20240102": "f2"}, [row("c2", "20240102", 5, 4, 3)], NOW + 1) == 1
    assert store.kpis("s", "c1", "20240102") == {}
    assert store.kpis("s", "c1", "20240103") == store.kpis("s", "c2", "20240102") == rows[0].values
    assert [(version.values, version.fingerprint) for version in store.history("s", "c1", "20240102")] == [
        (rows[0].values, "f1"),
        ({}, "f2"),
    ]


@many
@given(data=st.data())
def test_every_value_that_a_day_had_is_in_its_history_once(store: Store, data: st.DataObject) -> None:
    service, days, corps = f"history {next(fresh)}", UNIVERSE[10:13], ("c1", "c2")
    history: dict[tuple[str, str], list[tuple[dict[str, int], int, str]]] = {}
    fingerprints: dict[str, str] = {}
    for number in range(data.draw(st.integers(1, 5))):
        named = data.draw(st.sets(st.sampled_from(days), min_size=1))
        rows = data.draw(st.dictionaries(st.tuples(st.sampled_from(corps), st.sampled_from(sorted(named))), st.just(0)))
        values = {key: {"4100": data.draw(st.integers(0, 2)), "4102": 1} for key in rows}
        changed = 0
        for key in itertools.product(corps, named):
            was, new = history.get(key), values.get(key, {})
            if new != (was[-1][0] if was else {}):
                history.setdefault(key, []).append((new, number * 1000, f"f{number}"))
                changed += 1
        put = [DayKpis(*key, value) for key, value in values.items()]
        assert store.put_days(service, dict.fromkeys(named, f"f{number}"), put, number) == changed
        fingerprints |= dict.fromkeys(named, f"f{number}")
    assert store.fingerprints(service) == fingerprints
    for key in itertools.product(corps, days):
        assert [tuple(version) for version in store.history(service, *key)] == history.get(key, [])


def test_the_files_of_a_day_are_noted_with_its_fingerprint(store: Store, another: Callable[[], Store]) -> None:
    assert store.computed_files("s", ["20240101"]) == {}
    assert store.fingerprints("s", ["20240101"]) == {}
    files = {"20240101": ["sent/b", "sent/a"], "20240102": ["commented/c"]}
    store.put_days("s", dict.fromkeys((*files, "20240103"), "f"), [], NOW, files=files)
    other = another()
    assert other.computed_files("s", ["20240101", "20240103", "20240109"]) == {
        "20240101": {"sent/a", "sent/b"},
        "20240103": set(),
    }
    assert other.fingerprints("s", ["20240102", "20240109"]) == {"20240102": "f"}
    assert other.fingerprints("s", []) == {}
    assert other.computed_files("s", []) == other.computed_files("t", files) == {}
    store.put_days("s", {"20240101": "g"}, [], NOW)
    assert other.computed_files("s", files) == {"20240101": set(), "20240102": {"commented/c"}}


def test_files_are_exchanged_only_if_they_are_still_what_the_day_was_computed_from(
    store: Store, another: Callable[[], Store]
) -> None:
    cover(store, ("c1", "20240101", "20240109"))
    store.put_days("s", {"20240101": "f"}, [row("c1", "20240101", 1, 1, 1)], NOW, files={"20240101": ["a", "b"]})
    other = another()
    assert other.exchange_files("s", "20240101", "f", "g", ["m"])
    assert not store.exchange_files("s", "20240101", "f", "h", ["n"])
    assert not store.exchange_files("s", "20240102", "f", "h", ["n"])
    assert not store.exchange_files("t", "20240101", "g", "h", ["n"])
    assert store.fingerprints("s") == {"20240101": "g"}
    assert store.computed_files("s", ["20240101"]) == {"20240101": {"m"}}
    assert [version.fingerprint for version in store.history("s", "c1", "20240101")] == ["f"]
    assert store.newest() == NOW


def test_the_kpis_that_were_computed_of_all_days_are_those_that_were_put_last(
    store: Store, another: Callable[[], Store]
) -> None:
    other = another()
    version = other.version()
    for kpis in ({"4100", "4101"}, {"4101", "4190"}, set[str]()):
        store.put_computed("s", kpis)
        assert other.computed("s") == other.day("s", "c1", "20240102").computed == kpis
        assert other.computed("t") == other.day("t", "c1", "20240102").computed == frozenset()
    assert other.remote or other.version() != version


def test_some_organisations_of_a_day_are_replaced_and_others_stay(store: Store) -> None:
    cover(store, *((corp, "20240101", "20240109") for corp in ("c1", "c2", "c3")))
    days = ("20240101", "20240102")
    store.put_days("s", dict.fromkeys(days, "f"), [row(c, d, 5, 4, 3) for c in ("c1", "c2") for d in days], NOW)
    only = {"20240101": {"c1", "c3"}}
    put = [row("c3", "20240101", 1, 1, 1), row("c2", "20240102", 6, 6, 6)]
    assert store.put_days("s", dict.fromkeys(days, "g"), put, NOW, only=only) == 4
    found = {(corp, day): store.kpis("s", corp, day) for corp in ("c1", "c2", "c3") for day in days}
    assert found == {
        ("c1", "20240101"): {},
        ("c2", "20240101"): {"4100": 5, "4101": 4, "4102": 3},
        ("c3", "20240101"): {"4100": 1, "4101": 1, "4102": 1},
        ("c1", "20240102"): {},
        ("c2", "20240102"): {"4100": 6, "4101": 6, "4102": 6},
        ("c3", "20240102"): {},
    }
    assert store.put_days("s", {"20240101": "h"}, [], NOW, only={"20240101": []}) == 0
    assert store.fingerprints("s") == {"20240101": "h", "20240102": "g"}


def test_days_are_put_only_if_they_are_still_as_they_were(store: Store, another: Callable[[], Store]) -> None:
    days = ("20240101", "20240102")
    put = [row("c1", day, 1, 1, 1) for day in days]
    was: dict[str, str | None] = dict.fromkeys(days)
    assert store.put_days("s", dict.fromkeys(days, "f"), put, NOW, was=was) == 2
    late = [row("c1", day, 2, 2, 2) for day in days]
    for wrong in (was, {days[0]: "f", days[1]: None}, {days[0]: "f", days[1]: "e"}, {days[1]: "e"}):
        with pytest.raises(Overtaken, match="2024010"):
            another().put_days("s", dict.fromkeys(days, "g"), late, NOW, was=wrong)
    assert store.fingerprints("s") == dict.fromkeys(days, "f")
    assert [len(store.history("s", "c1", day)) for day in days] == [1, 1]
    assert another().put_days("s", dict.fromkeys(days, "g"), late, NOW, was=dict.fromkeys(days, "f")) == 2


def test_of_two_who_put_a_day_at_once_one_is_overtaken(another: Callable[[], Store]) -> None:
    stores = another(), another()

    def put(store: Store, number: int, fingerprint: str) -> bool:
        try:
            store.put_days("s", {"20240101": fingerprint}, [row("c1", "20240101", number)], NOW, was=was)
        except Overtaken:
            return False
        return True

    was: dict[str, str | None] = {"20240101": None}
    for number in range(10):
        names = [f"{number}a", f"{number}b"]
        done = together(*(lambda s=s, n=n: put(s, number, n) for s, n in zip(stores, names, strict=True)))  # noqa: B023
        assert sorted(done) == [False, True]
        was = {"20240101": names[done.index(True)]}
        assert stores[0].fingerprints("s") == was


def test_days_are_put_as_a_whole_or_not_at_all(store: Store, another: Callable[[], Store]) -> None:
    cover(store, ("c1", "20240101", "20240109"))
    store.put_days("s", {"20240101": "f1"}, [row("c1", "20240101", 1, 1, 1)], NOW)
    wrong = DayKpis("c9", "20240102", {"4100": object()})  # type: ignore[dict-item]
    with pytest.raises(Exception):  # noqa: B017 - which one is no promise
        store.put_days(
            "s",
            {"20240101": "f2", "20240102": "f2"},
            [row("c1", "20240101", 2, 2, 2), row("c1", "20240102", 2, 2, 2), wrong],
            NOW,
        )
    for seen in (store, another()):
        assert seen.kpis("s", "c1", "20240101") == {"4100": 1, "4101": 1, "4102": 1}
        assert seen.kpis("s", "c1", "20240102") == {}
        assert seen.fingerprints("s") == {"20240101": "f1"}


@many
@given(
    pieces=st.lists(spans, max_size=4),
    numbers=st.dictionaries(st.tuples(st.sampled_from("ab"), st.sampled_from(UNIVERSE)), st.integers(0, 9)),
    period=st.tuples(st.sampled_from(UNIVERSE), st.sampled_from(UNIVERSE)),
)
def test_a_period_says_what_its_days_say(
    store: Store, pieces: list[tuple[str, str, str]], numbers: dict[tuple[str, str], int], period: tuple[str, str]
) -> None:
    service = f"period {next(fresh)}"
    cover(store, *pieces)
    store.put_days(service, dict.fromkeys(UNIVERSE, "f"), [row(*key, value) for key, value in numbers.items()], NOW)
    for corp_id in (None, "a", "b", "c"):
        days = itertools.product(days_between(*period), "ab" if corp_id is None else corp_id)
        known = ((corp, day, store.kpis(service, corp, day)) for day, corp in days)
        assert store.kpis_between(service, corp_id, *period) == [found for found in known if found[2] is not None]


@many
@given(
    pieces=st.lists(spans, max_size=4),
    numbers=st.dictionaries(st.tuples(st.sampled_from("ab"), st.sampled_from(UNIVERSE)), st.integers(0, 9)),
    wanted=st.lists(st.tuples(st.sampled_from(["a", "b", 'c"\\,{}', ""]), st.sampled_from(UNIVERSE)), min_size=1),
)
def test_days_asked_for_at_once_are_what_each_is(
    store: Store,
    pieces: list[tuple[str, str, str]],
    numbers: dict[tuple[str, str], int],
    wanted: list[tuple[str, str]],
) -> None:
    service = f"at once {next(fresh)}"
    cover(store, *pieces)
    store.put_days(service, dict.fromkeys(UNIVERSE, "f"), [row(*key, value) for key, value in numbers.items()], NOW)
    store.put_states(service, [DayState(corp_id, day, "4102", State.PARTIAL, 7) for corp_id, day in list(numbers)[::2]])
    assert store.days(service, wanted) == [store.day(service, *one) for one in wanted]


corps, kinds, days, moments = (
    st.sampled_from(found) for found in (("a", "b"), ("", "sent", "commented"), UNIVERSE, (0, 1, 7))
)
changes = st.lists(
    st.one_of(
        st.builds(
            lambda span, kind, at: ("look", Observation(*span)._replace(at=at, kind=kind)), spans, kinds, moments
        ),
        st.tuples(st.just("uncover"), corps, kinds),
        st.builds(
            lambda corp, day, of, at: ("state", DayState(corp, day, "4102", of, at)),
            corps,
            days,
            st.sampled_from(State),
            moments,
        ),
        st.builds(lambda corp, day, number: ("numbers", row(corp, day, number)), corps, days, st.integers(0, 9)),
        st.tuples(st.just("computed"), st.frozensets(st.sampled_from(("4100", "4101")))),
        st.builds(lambda service, day: ("damage", service, day), st.booleans(), days),
        st.tuples(st.just("zone"), corps),
        st.tuples(st.just("remove"), corps),
    ),
    max_size=6,
)


@many
@given(changes=changes)
def test_a_store_that_has_read_days_knows_of_every_change_to_them(
    store: Store, another: Callable[[], Store], changes: list[tuple[Any, ...]]
) -> None:
    service, asked = f"known {next(fresh)}", list(itertools.product("abc", UNIVERSE))
    reading = another()
    for change in changes:
        match change:
            case "look", look:
                store.put_coverage(service, [look], [])
            case "uncover", corp_id, kind:
                store.replace_coverage({(corp_id, kind): []})
            case "state", state:
                store.put_states(service, [state])
            case "numbers", found:
                store.put_days(service, {found.stat_day: f"f{next(fresh)}"}, [found], NOW)
            case "computed", kpi_ids:
                store.put_computed(service, kpi_ids)
            case "damage", own, day:
                store.put_damage([Damage(service if own else "another", day, "file")])
            case "zone", corp_id:
                store.add_organisations([Organisation(corp_id, "Asia/Shanghai")])
            case "remove", corp_id:
                store.forget(corp_id)
        assert reading.days(service, asked) == store.days(service, asked)
    with closing(another()) as unread:
        assert reading.days(service, asked) == unread.days(service, asked)
    reading.close()

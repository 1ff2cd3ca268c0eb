"""What every store owes of what was observed, how certain it is, and official figures, against each implementation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.coverage import Coverage, Observation
from reportdata.days import days_between
from reportdata.states import DayState, State
from reportdata.store import ImportedFile, ImportNote, Official, Store
from tests.support.stores import NOW, UNIVERSE, cover, many, row, spans, state

fresh = itertools.count()


def test_coverage_and_applied_withdrawals_are_put_together(store: Store, another: Callable[[], Store]) -> None:
    def failing() -> Iterator[str]:
        yield "w1"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.put_coverage("s", [Observation("c1", "20240101", "20240101")], failing())
    assert (store.coverage(), store.applied_withdrawals("s")) == ([], set())
    store.put_coverage("s", [Observation("c1", "20240101", "20240101")], ["w1", "w2"])
    store.put_coverage("s", [], ["w2", "w3"])
    assert another().applied_withdrawals("s") == {"w1", "w2", "w3"}
    assert another().applied_withdrawals("t") == set()
    assert another().coverage() == [Coverage("c1", "20240101", "20240101")]


def runs(corp_id: str, covered: set[str]) -> list[Coverage]:
    """The covered days of the universe in as few pieces as possible."""
    pieces = (list(group) for is_in, group in itertools.groupby(UNIVERSE, covered.__contains__) if is_in)
    return [Coverage(corp_id, piece[0], piece[-1]) for piece in pieces]


@many
@given(puts=st.lists(st.lists(spans, max_size=3), min_size=1, max_size=5))
def test_coverage_is_the_union_of_all_pieces_in_any_order(store: Store, puts: list[list[tuple[str, str, str]]]) -> None:
    prefix = f"{next(fresh):06}"
    covered: dict[str, set[str]] = {"a": set(), "b": set()}
    for pieces in puts:
        cover(store, *((prefix + corp, first, last) for corp, first, last in pieces))
        for corp, first, last in pieces:
            covered[corp] |= set(days_between(first, last))
        own = [piece for piece in store.coverage() if piece.corp_id.startswith(prefix)]
        assert own == [piece for corp in "ab" for piece in runs(prefix + corp, covered[corp])]
    for corp, day in itertools.product("ab", UNIVERSE):
        assert (store.kpis("s", prefix + corp, day) is None) == (day not in covered[corp])


def test_the_last_day_of_all_may_be_covered(store: Store) -> None:
    cover(store, ("c1", "20240101", "99991231"))
    cover(store, ("c1", "20231231", "20240101"), ("c1", "99991231", "99991231"))
    assert store.coverage() == [Coverage("c1", "20231231", "99991231")]
    assert store.kpis_between("s", "c1", "99991230", "99991231")[-1] == ("c1", "99991231", {})


looks = st.builds(
    lambda corp_id, days, at, kind: Observation(corp_id, min(days), max(days), at, kind),
    st.sampled_from("ab"),
    st.tuples(st.sampled_from(UNIVERSE), st.sampled_from(UNIVERSE)),
    st.integers(0, 3),
    st.sampled_from(("k", "l")),
)


@many
@given(puts=st.lists(st.lists(looks, max_size=4), min_size=1, max_size=4), data=st.data())
def test_the_last_look_at_each_day_is_kept_in_any_order(
    store: Store, puts: list[list[Observation]], data: st.DataObject
) -> None:
    prefix = f"look {next(fresh):06} "
    last: dict[tuple[str, str, str], int] = {}
    for put in puts:
        store.put_coverage("s", [look._replace(corp_id=prefix + look.corp_id) for look in put], [])
        for corp, first, end, at, kind, _ in put:
            for day in days_between(first, end):
                last[corp, kind, day] = max(last.get((corp, kind, day), 0), at)
    period = sorted(data.draw(st.tuples(st.sampled_from(UNIVERSE), st.sampled_from(UNIVERSE))))
    for corp, kind in itertools.product("ab", "kl"):
        own = {day: at for (corp_id, of, day), at in last.items() if (corp_id, of) == (corp, kind)}
        found = [look for look in store.observations(prefix + corp, *period) if look.kind == kind]
        days = [(day, look.at) for look in found for day in days_between(look.first_day, look.last_day)]
        assert days == [(day, own[day]) for day in days_between(*period) if day in own]
        assert all(one.last_day < two.first_day for one, two in itertools.pairwise(found))
        inside = [look for look in store.observations() if (look.corp_id, look.kind) == (prefix + corp, kind)]
        values = [value for value, _ in itertools.groupby(own.get(day) for day in UNIVERSE)]
        assert len(inside) == len([value for value in values if value is not None])
        looked = {day: store.day("s", prefix + corp, day).looks.get(kind) for day in UNIVERSE}
        assert looked == {day: own.get(day) for day in UNIVERSE}


def test_withdrawals_are_exchanged_for_the_file_they_were_merged_into(store: Store) -> None:
    store.put_coverage("s", [], ["a", "b", "c"])
    store.put_coverage("t", [], ["a"])
    store.exchange_withdrawals("s", ["a", "b", "none"], "m")
    assert store.applied_withdrawals("s") == {"c", "m"}
    store.exchange_withdrawals("s", ["m"], None)
    assert (store.applied_withdrawals("s"), store.applied_withdrawals("t")) == ({"c"}, {"a"})


def test_the_states_of_days_are_replaced_one_by_one(store: Store, another: Callable[[], Store]) -> None:
    first = [state(corp, day, kpi) for day in UNIVERSE[:3] for corp in ("c1", "c2") for kpi in ("4100", "4102")]
    store.put_states("s", reversed(first))
    other = another()
    assert other.states("s", None, UNIVERSE[0], UNIVERSE[-1]) == first
    assert other.states("t", None, UNIVERSE[0], UNIVERSE[-1]) == []
    other.put_states("s", [state("c2", UNIVERSE[1], "4102", State.PARTIAL, 7)])
    assert store.states("s", "c2", UNIVERSE[1], UNIVERSE[1]) == [
        state("c2", UNIVERSE[1], "4100"),
        state("c2", UNIVERSE[1], "4102", State.PARTIAL, 7),
    ]
    assert len(store.states("s", "c1", UNIVERSE[1], UNIVERSE[2])) == 4


def test_states_are_put_together_or_not_at_all(store: Store) -> None:
    def failing() -> Iterator[DayState]:
        yield state("c1", "20240101", "4100")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.put_states("s", failing())
    assert store.states("s", None, "20240101", "20240101") == []


def test_official_figures_are_apart_from_computed_ones(store: Store, another: Callable[[], Store]) -> None:
    cover(store, ("c1", "20240101", "20240102"))
    store.put_days("s", {"20240101": "f"}, [row("c1", "20240101", 1, 1, 1)], NOW)
    put = [Official("c1", "20240101", {"4100": 5, "4101": 4, "4102": 3}, 17), Official("c1", "20240102", None, 18)]
    store.put_official("s", put)
    store.put_official("s", [Official("c2", "20240101", {"4100": 9}, 19)])
    other = another()
    assert other.official("s", "c1", "20240101", "20240131") == put
    assert other.official("s", "c1", "20240102", "20240102") == put[1:]
    assert other.official("t", "c1", "20240101", "20240131") == []
    assert other.kpis("s", "c1", "20240101") == {"4100": 1, "4101": 1, "4102": 1}
    assert len(other.history("s", "c1", "20240101")) == 1
    other.put_official("s", [Official("c1", "20240102", {"4100": 0}, 20)])
    assert store.official("s", "c1", "20240102", "20240102") == [Official("c1", "20240102", {"4100": 0}, 20)]
    assert store.official("s", "c1", "20240101", "20240101") == put[:1]


def test_coverage_is_replaced_by_organisation_and_kind(store: Store, another: Callable[[], Store]) -> None:
    def look(corp_id: str, kind: str, first: str = "20240101", last: str = "20240110", at: int = 5) -> Observation:
        return Observation(corp_id, first, last, at, kind)

    store.put_coverage("s", [look(corp_id, kind) for corp_id in ("c1", "c2") for kind in ("k", "l")], [])
    before = another().observations()

    def failing() -> Iterator[Observation]:
        yield look("c1", "k", "20240201")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.replace_coverage({("c1", "l"): [], ("c1", "k"): failing()})
    assert another().observations() == before
    parts = [look("c1", "k", "20240101", "20240103", 4), look("c1", "k", "20240102", "20240104", 2)]
    store.replace_coverage({("c1", "k"): parts, ("c2", "l"): [], ("c3", "k"): []})
    assert another().observations() == [
        look("c1", "k", "20240101", "20240103", 4),
        look("c1", "k", "20240104", "20240104", 2),
        look("c1", "l"),
        look("c2", "k"),
    ]
    store.replace_coverage({("c2", "k"): []})
    assert another().kpis("s", "c2", "20240105") is None, "it is not known, and not 0"


def test_imports_are_noted_in_place_of_what_was_noted_of_them(store: Store, another: Callable[[], Store]) -> None:
    file = ImportedFile("abc", 10, 5, 3, 1, "20240101", "20240102")
    none = ImportedFile("def", 0, 0, 0, 0, None, None)
    store.put_import(ImportNote("b", 2, ()))
    store.put_import(ImportNote("a", 2, (file, none)))
    store.put_import(ImportNote("c", 1, (none,), reversible=False))
    noted = another().imports()
    assert noted == [
        ImportNote("c", 1, (none,), reversible=False),
        ImportNote("a", 2, (file, none)),
        ImportNote("b", 2, ()),
    ]
    assert [note.days for note in noted] == [None, ("20240101", "20240102"), None]
    store.put_import(ImportNote("a", 2, (file,), taken_back_at=7))
    assert another().imports()[1] == ImportNote("a", 2, (file,), taken_back_at=7)

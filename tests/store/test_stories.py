"""What every store owes of what changed numbers, against each implementation."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.days import days_between
from reportdata.store import Announced, KnownChange, Store
from tests.support.stores import NOW, UNIVERSE, many, row, together

fresh = itertools.count()
DAY, OTHER = "20240102", "20240103"


def told(store: Store, corp_id: str, after: int = -1) -> list[tuple[str, float, tuple[str, ...] | None]]:
    values = store.story("s", corp_id, "20240101", "20240131", after).values
    return [(value.stat_day, value.values.get("4100", 0), value.causes) for value in values]


def test_a_value_has_the_causes_that_its_computation_was_given(store: Store, another: Callable[[], Store]) -> None:
    def put(number: int, *rows: int, **causes: list[str]) -> None:
        given = [row(f"c{n}", DAY, value) for n, value in enumerate(rows, 1)]
        named = {"" if name == "all" else name: of for name, of in causes.items()}
        store.put_days("s", {DAY: f"f{number}"}, given, NOW + number, causes={DAY: named})

    store.put_days("s", {DAY: "f"}, [row("c1", DAY, 1), row("c2", DAY, 1), row("c3", DAY, 1)], NOW - 1)
    put(0, 2, 2, 1, all=["definition"], c2=["push", "push"])
    put(1, 2, 3, 1, c1=["push"])
    put(2, 2, 4, 5, all=[], c2=[f"import {n} file 1" for n in range(30)], c4=["push"])
    other = another()
    assert told(other, "c1") == [(DAY, 1, None), (DAY, 2, ("definition",))]
    two = told(other, "c2")
    assert two[:3] == [(DAY, 1, None), (DAY, 2, ("push", "definition")), (DAY, 3, ())]
    assert two[3][2] is not None
    assert two[3][2][-1] == "more"
    assert len(two[3][2]) == 21
    assert told(other, "c3") == [(DAY, 1, None), (DAY, 5, ())]
    assert told(other, "c4") == told(other, "c1", after=int((NOW + 2) * 1000)) == []
    assert told(other, "c2", after=int((NOW + 1) * 1000)) == two


def test_what_was_announced_is_taken_over_by_the_next_computation_of_the_whole_day(
    store: Store, another: Callable[[], Store]
) -> None:
    store.put_days("s", dict.fromkeys((DAY, OTHER), "f"), [row("c1", DAY, 1), row("c2", DAY, 1)], NOW)
    store.announce("s", [Announced("c1", DAY, "forgetting"), Announced("c1", DAY, "forgetting")])
    store.announce("s", [Announced("", DAY, "repair"), Announced("c1", OTHER, "push"), Announced("c3", DAY, "push")])
    other = another()
    other.put_days("s", {DAY: "g"}, [row("c1", DAY, 2)], NOW, only={DAY: ["c1"]}, causes={DAY: {"c1": ["push"]}})
    rows = [row("c1", DAY, 3), row("c2", DAY, 3)]
    other.put_days("s", {DAY: "h"}, rows, NOW, causes={DAY: {"c1": ["push"]}})
    other.put_days("s", {DAY: "i"}, [row("c1", DAY, 4), row("c2", DAY, 4)], NOW)
    assert [causes for _, _, causes in told(store, "c1")] == [None, ("push",), ("forgetting", "push", "repair"), None]
    assert [causes for _, _, causes in told(store, "c2")] == [None, ("repair",), None]
    store.put_days("s", {OTHER: "g"}, [row("c1", OTHER, 1)], NOW)
    assert told(store, "c1")[-1] == (OTHER, 1, ("push",))


@many
@given(data=st.data())
def test_the_history_of_what_is_covered_gives_what_is_covered(store: Store, data: st.DataObject) -> None:
    corp_id = f"known {next(fresh)}"
    covered: dict[str, set[str]] = {"a": set(), "b": set()}
    for number in range(1, data.draw(st.integers(2, 6))):
        kind = data.draw(st.sampled_from(("a", "b")))
        spans = data.draw(st.lists(st.tuples(st.sampled_from(UNIVERSE), st.sampled_from(UNIVERSE)), max_size=3))
        looks = [Observation(corp_id, min(span), max(span), data.draw(st.integers(1, 3)), kind) for span in spans]
        days = {day for look in looks for day in days_between(look.first_day, look.last_day)}
        if data.draw(st.booleans()):
            store.put_coverage("s", looks, [], number)
            covered[kind] |= days
        else:
            store.replace_coverage({(corp_id, kind): looks}, number, "repair")
            covered[kind] = days
        story = store.story("s", corp_id, UNIVERSE[0], UNIVERSE[-1]).known
        found: dict[str, set[str]] = {"a": set(), "b": set()}
        for change in story:
            own = set(days_between(change.first_day, change.last_day))
            assert own.isdisjoint(found[change.kind]) if change.covered else own <= found[change.kind]
            assert change.cause in (None, "repair") if change.covered else change.cause == "repair"
            found[change.kind] ^= own
        assert found == covered
        assert [change.at for change in story] == sorted(change.at for change in story)


def test_what_was_covered_before_this_was_kept_has_no_time(store: Store) -> None:
    store.put_coverage("s", [Observation("c1", DAY, DAY, 5, "k")], [], 0)
    store.put_coverage("s", [Observation("c1", DAY, OTHER, 6, "k")], [], 7)
    assert store.story("s", "c1", DAY, OTHER).known == [
        KnownChange("k", DAY, DAY, 0, True, None, 1),
        KnownChange("k", OTHER, OTHER, 7000, True, None, 2),
    ]
    assert store.story("s", "c1", DAY, DAY).known == [KnownChange("k", DAY, DAY, 0, True, None, 1)]


def test_two_at_once_announce_and_compute(store: Store, another: Callable[[], Store]) -> None:
    stores = [another() for _ in range(3)]
    together(*(lambda s=s, n=n: s.announce("s", [Announced("c1", DAY, f"unimport {n}")]) for n, s in enumerate(stores)))
    store.put_days("s", {DAY: "f"}, [row("c1", DAY, 1)], NOW)
    assert told(store, "c1") == [(DAY, 1, ("unimport 0", "unimport 1", "unimport 2"))]

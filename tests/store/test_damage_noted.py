"""What every store owes of damage: one note takes the place of another, and of nothing that others noted meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from reportdata.store import Damage, Store

ONE, TWO, THREE = (Damage("s", "20240101", file) for file in "abc")


def test_a_note_takes_the_place_of_all_that_was(store: Store, another: Callable[[], Store]) -> None:
    store.put_damage([TWO, ONE, ONE])
    assert another().damage() == [ONE, TWO]
    store.put_damage([THREE])
    assert another().damage() == [THREE]
    store.put_damage([])
    assert another().damage() == []


def test_what_others_noted_since_it_was_found_out_stays(store: Store, another: Callable[[], Store]) -> None:
    store.put_damage([ONE])
    was = store.damage()
    another().put_damage([ONE, TWO], was)
    store.put_damage([THREE], was)
    assert another().damage() == [TWO, THREE]
    store.put_damage([TWO, ONE], [THREE, ONE])
    assert another().damage() == [ONE, TWO]

"""What every store owes of people who were forgotten."""

from __future__ import annotations

from collections.abc import Callable

from reportdata.digests import of_person
from reportdata.identity import Organisation
from reportdata.store import Store


def test_digests_of_forgotten_people_are_kept_until_they_are_remembered(
    store: Store, another: Callable[[], Store]
) -> None:
    one, other = of_person("c1", "u1"), of_person("c1", "u2")
    assert store.forgotten() == frozenset()
    for digest in (one, other, one):
        store.put_forgotten(digest)
    assert another().forgotten() == {one, other}
    assert another().remember(one)
    assert not another().remember(one)
    assert store.forgotten() == {other}


def test_they_outlive_their_organisation_and_do_not_name_it(store: Store) -> None:
    store.add_organisations([Organisation("c1-organisation", "Asia/Shanghai")])
    store.put_forgotten(of_person("c1-organisation", "u1"))
    store.forget("c1-organisation")
    assert store.forgotten() == {of_person("c1-organisation", "u1")}
    assert store.mentions("c1-organisation") == {}


def test_digests_tell_organisations_and_people_apart() -> None:
    assert len({of_person("a", "bc"), of_person("ab", "c"), of_person("c", "ab")}) == 3

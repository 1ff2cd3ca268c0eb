"""What every store owes as a whole, against each implementation."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from reportdata.coverage import Observation
from reportdata.errors import StoreError
from reportdata.identity import Organisation, hash_of, mint
from reportdata.links import Holder, Link, begin_session
from reportdata.store import Official, Store
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore
from tests.support.stores import APP, NOW, UNIVERSE, ask, cover, row, state, with_app
from tests.support.waiting import until

LINK = Link(link_id="link1", name="n", corp_id="c1", secret_hash="h")
SESSION = begin_session(LINK, 1, NOW)


def test_the_version_is_another_one_after_each_change_by_another(store: Store, another: Callable[[], Store]) -> None:
    other = another()
    changes: list[Callable[[], object]] = [
        lambda: with_app(other),
        lambda: ask(other),
        lambda: other.change_app("key1", lambda app: msgspec.structs.replace(app, disabled=True)),
        lambda: other.add_token(mint(APP, NOW)[1]),
        lambda: other.add_link(LINK, NOW),
        lambda: other.open_session(Holder(None, "link1"), lambda _: SESSION, NOW),
        lambda: other.revoke_link("link1", NOW),
        lambda: other.end_session(SESSION.kept.session_hash),
        lambda: other.put_days("s", {"20240101": "f"}, [row("c1", "20240101", 1)], NOW),
        lambda: cover(other, ("c1", "20240101", "20240101")),
        lambda: other.replace_coverage({("c1", "k"): [Observation("c1", "20240101", "20240102", 1, "k")]}),
        lambda: other.put_states("s", [state("c1", "20240101", "4100")]),
        lambda: other.put_official("s", [Official("c1", "20240101", None, 1)]),
        lambda: other.forget("c1"),
    ]
    for change in changes:
        before = settled(store)
        change()
        if isinstance(store, PostgresStore):  # it looks every now and then
            until(lambda: store.version() != before)  # noqa: B023
        assert store.version() != before


def settled(store: Store) -> int:
    """The version, once it stays. While a store cannot be sure, each is another one."""
    versions: list[int] = []

    def stays() -> bool:
        versions[:] = [store.version(), store.version()]
        return versions[0] == versions[1]

    until(stays)
    return versions[0]


def test_a_store_takes_up_space(store: Store) -> None:
    assert store.size() > 0


def test_a_store_knows_when_its_newest_thing_was_recorded(store: Store) -> None:
    assert store.newest() == 0
    with_app(store)
    assert store.newest() == NOW
    store.put_days("s", {"20240101": "f"}, [row("c1", "20240101", 1)], NOW + 10)
    assert store.newest() == NOW + 10
    store.claim_client_token("key1", "t", "r", NOW + 20)
    assert store.newest() == int(NOW) + 20


def test_a_whole_store_has_no_faults(store: Store) -> None:
    with_app(store)
    assert store.faults() == store.faults(thorough=True) == []


def test_a_copy_says_what_the_store_said_at_one_moment(
    store: Store, another: Callable[..., Store], tmp_path: Path
) -> None:
    app = with_app(store)
    token = ask(store)
    cover(store, ("c1", "20240101", "20240131"))
    over = threading.Event()
    writer = another()

    def write() -> int:
        for number in itertools.count(1):
            put = [row("c1", day, number) for day in UNIVERSE]
            writer.put_days("s", dict.fromkeys(UNIVERSE, f"f{number}"), put, number)
            if over.is_set():
                return number
        raise AssertionError

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            for number in range(8):
                (tmp_path / str(number)).mkdir()
                store.copy(tmp_path / str(number) / "store.db")
        finally:
            over.set()
        last = writing.result()
    seen = []
    for number in range(8):
        copy = SQLiteStore(tmp_path / str(number) / "store.db")
        assert copy.apps() == [app]
        assert copy.caller(hash_of(token)) is not None
        (fingerprint,) = set(copy.fingerprints("s").values()) or {"f0"}
        seen.append(int(fingerprint[1:]))
        found = {tuple(values.values()) for _, _, values in copy.kpis_between("s", None, "20240101", "20240110")}
        assert found == {(seen[-1],)} or not seen[-1]
        copy.close()
    assert seen == sorted(seen)
    assert seen[-1] <= last
    assert store.fingerprints("s")["20240101"] == f"f{last}"


def test_a_copy_replaces_nothing(store: Store, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("mine")
    for target in (tmp_path / "there", tmp_path / "no" / "folder"):
        with pytest.raises(StoreError, match=target.name):
            store.copy(target)
    assert (tmp_path / "there").read_text() == "mine"


def test_a_forgotten_organisation_leaves_nothing_and_others_stay(store: Store, another: Callable[..., Store]) -> None:
    others = Organisation("c1", "Asia/Shanghai"), Organisation("c12", "Asia/Shanghai")
    corps = ("forgotten corp", "c1", "c12")
    store.add_organisations([*others, Organisation("forgotten corp", "Asia/Tokyo")])
    for number, corp in enumerate(corps):
        app = msgspec.structs.replace(APP, app_key=f"key{number}", corp_id=corp)
        store.add_app(app, NOW)
        ask(store, app.app_key)
        store.add_token(mint(app, NOW)[1])
        assert store.claim_client_token(app.app_key, "t", "r", NOW)
        cover(store, (corp, "20240101", "20240102"), (corp, "20240105", "20240105"))
        store.put_states("s", [state(corp, "20240101", "4100"), state(corp, "20240101", "4102")])
        store.put_official("s", [Official(corp, "20240101", {"4100": 1}, 1), Official(corp, "20240102", None, 1)])
    for number, service in enumerate(("s", "s", "t")):
        store.put_days(service, {"20240101": "f"}, [row(corp, "20240101", number) for corp in corps], NOW)
    assert store.mentions("forgotten corp") == {
        "apps.corp_id": 1, "coverage.corp_id": 2, "coverage_history.corp_id": 2, "day_states.corp_id": 2,
        "kpis.corp_id": 3, "official_figures.corp_id": 2, "organisations.corp_id": 1,
    }  # fmt: skip
    history = store.history("s", "c12", "20240101")
    other = another()
    assert other.forget("forgotten corp") == 1 + 2 + 2 + 2 + 3 + 2 + 1 + 2 + 1
    assert other.forget("forgotten corp") == 0
    assert store.mentions("forgotten corp") == store.mentions("key0") == {}
    assert store.mentions("c12")["organisations.corp_id"] == 1
    assert store.mentions("c1")["organisations.corp_id"] == 2
    assert store.organisations() == [*others]
    assert [app.app_key for app in store.apps()] == ["key1", "key2"]
    assert {piece.corp_id for piece in store.coverage()} == {"c1", "c12"}
    assert store.history("s", "c12", "20240101") == history
    assert store.history("s", "forgotten corp", "20240101") == []
    assert {(s.corp_id, s.kpi_id) for s in store.states("s", None, "20240101", "20240101")} == {
        ("c1", "4100"), ("c1", "4102"), ("c12", "4100"), ("c12", "4102"),
    }  # fmt: skip
    assert [len(store.official("s", corp, "20240101", "20240109")) for corp in corps] == [0, 2, 2]
    assert store.kpis("s", "forgotten corp", "20240101") is None
    assert not store.claim_client_token("key1", "t", "other", NOW)
    assert store.faults(thorough=True) == []

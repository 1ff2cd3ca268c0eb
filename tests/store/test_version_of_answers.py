"""Answers are kept for as long as what they rest on stays the same: no write to the store makes a kept one wrong, and
none of those that change who may ask alone makes one useless."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.errors import NotKnown
from reportdata.identity import Organisation, hash_of, mint
from reportdata.links import Holder, Link, begin_session
from reportdata.pipeline.asking import Asking
from reportdata.pipeline.brought import Brought
from reportdata.pipeline.covered import coverage
from reportdata.states import State
from reportdata.statistics.words import read_question
from reportdata.store import Announced, Damage, DayKpis, ImportNote, Official, Store
from tests.support.effort import examples
from tests.support.known_lake import KnownLake
from tests.support.oracle import Commented, Sent
from tests.support.services import KINDS, SERVICE, SERVICES
from tests.support.stores import APP, state

CORPS = ("ding1", "ding2")
DAYS = ("20261102", "20261103", "20261104")
NOW = datetime(2026, 11, 6, 8, tzinfo=UTC).timestamp()
BROUGHT = SERVICES.service("activeUserData")
LINK = Link(link_id="link1", name="n", corp_id="ding1", secret_hash="h")

STATES = (State.FINAL, State.PROVISIONAL, State.PARTIAL)
READS = frozenset(
    {
        *(
            "version",
            "version_of_answers",
            "tables",  # they are filled in a store that keeps nothing yet
            "organisations",
            "apps",
            "app",
            "caller",
            "callers",
            "links",
            "link",
            "viewers",
        ),
        *("imports", "kpis", "day", "days", "kpis_between", "history", "story", "coverage", "observations", "states"),
        *("damage", "fingerprints", "computed_files", "applied_withdrawals", "computed", "official", "newest_official"),
        *("official_services", "forgotten", "mentions", "newest", "faults", "copy", "size", "close"),
    }
)
"""What changes nothing."""


class Drawn(NamedTuple):
    """A write to a store: its name, and what else it is drawn with."""

    name: str
    corp_id: str
    day: str
    number: int


def access(store: Store, drawn: Drawn) -> dict[str, Callable[[], object]]:
    """The writes that change who may ask alone."""
    app = msgspec.structs.replace(APP, app_key=f"key{drawn.number}", corp_id=drawn.corp_id)
    link = msgspec.structs.replace(LINK, link_id=f"link{drawn.number}", corp_id=drawn.corp_id)
    begun = begin_session(link, 1, NOW)

    def with_app() -> None:
        if store.app(app.app_key) is None:
            store.add_app(app, NOW)

    def with_link() -> None:
        if store.link(link.link_id) is None:
            store.add_link(link, NOW)

    def open_session() -> None:
        with_link()
        store.open_session(Holder(None, link.link_id), lambda _: begun, NOW)

    def issue_token() -> None:
        with_app()
        store.issue_token(app.app_key, lambda _app, _token: mint(app, NOW))

    def change_app() -> None:
        with_app()
        changed = {
            "secret_hash": hash_of(str(drawn.day)),
            "scopes": (drawn.day,),
            "zero_unknown": drawn.number % 2 == 0,
        }
        store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, **changed))

    def add_token() -> None:
        with_app()
        store.add_token(mint(app, NOW)[1])

    def claim() -> None:
        with_app()
        store.claim_client_token(app.app_key, drawn.day, str(drawn.number), NOW)

    def revoke_link() -> None:
        with_link()
        store.revoke_link(link.link_id, NOW)

    return {
        "add_app": with_app,
        "change_app": change_app,
        "issue_token": issue_token,
        "add_token": add_token,
        "claim_client_token": claim,
        "add_link": with_link,
        "revoke_link": revoke_link,
        "open_session": open_session,
        "end_session": partial(store.end_session, begun.kept.session_hash),
    }


def writes(store: Store, drawn: Drawn) -> dict[str, Callable[[], object]]:
    """The other writes."""
    _, corp_id, day, number = drawn
    service = (SERVICE.id, BROUGHT.id)[number % 2]
    kpi = "4100" if service == SERVICE.id else BROUGHT.kpis[0].id
    at = int(NOW * 1000) - number * 40_000_000
    looks = [Observation(corp_id, day, DAYS[-1], at, kind) for kind in ("sent", "commented")[: 1 + number % 2]]
    figures = Official(corp_id, day, {kpi: number} if number else None, at)
    rows = [DayKpis(corp_id, day, {"4100": number, "4101": 1})] if number else []
    return {
        "add_organisations": lambda: store.add_organisations([Organisation(corp_id, "Asia/Shanghai")]),
        "tell_zones": lambda: store.tell_zones(again=True),
        "put_import": lambda: store.put_import(ImportNote(f"i{number}", at, (), corp_ids=(corp_id,))),
        "begin_story": store.begin_story,
        "announce": lambda: store.announce(service, [Announced(corp_id, day, "push")]),
        "put_states": lambda: store.put_states(service, [state(corp_id, day, kpi, STATES[number % 3], at)]),
        "put_damage": lambda: store.put_damage([Damage(service, day, f"f{number}")] if number else []),
        "put_computed": lambda: store.put_computed(service, sorted(SERVICE.ids)[:number]),
        "put_days": lambda: store.put_days(SERVICE.id, {day: f"f{number}"}, rows, NOW, only={day: [corp_id]}),
        "exchange_files": lambda: store.exchange_files(SERVICE.id, day, f"f{number}", "f", [f"{number}"]),
        "put_official": lambda: store.put_official(service, [figures]),
        "serve_official": lambda: store.serve_official(corp_id, [SERVICE.id], official=number % 2 == 0),
        "put_coverage": lambda: store.put_coverage(SERVICE.id, looks, [f"w{number}"], NOW),
        "replace_coverage": lambda: store.replace_coverage({(corp_id, "sent"): looks[: min(number, 1)]}, NOW, "push"),
        "exchange_withdrawals": lambda: store.exchange_withdrawals(SERVICE.id, [f"w{number}"], None),
        "forget": lambda: store.forget(corp_id),
        "put_forgotten": lambda: store.put_forgotten(str(number)),
        "remember": lambda: store.remember(str(number)),
    }


class Answered:
    """Whatever is answered about an organisation: totals of days, what is counted, figures that were brought, and what
    is covered."""

    def __init__(self, store: Store, lake: KnownLake, engine: DuckDBEngine) -> None:
        asking = Asking(lake.lake, store, engine, SERVICE, KINDS)
        brought = Brought(store, BROUGHT, SERVICES)
        days = [("from", "2026-11-01"), ("to", "2026-11-05")]
        self._asked: list[Callable[[str], object]] = [
            lambda corp_id: asking.answer(read_question([*days, ("by", "day")], SERVICE), corp_id, NOW),
            lambda corp_id: asking.answer(read_question([*days, ("by", "template")], SERVICE), corp_id, NOW),
            lambda corp_id: brought.answer(read_question([*days, ("by", "day")], BROUGHT), corp_id, NOW),
            lambda corp_id: coverage(store, SERVICE, corp_id, NOW),
        ]

    def now(self) -> list[object]:
        """The answers, as they are now; of an organisation that is not known, why there is none."""
        found: list[object] = []
        for corp_id in CORPS:
            for ask in self._asked:
                try:
                    found.append(ask(corp_id))
                except NotKnown as error:
                    found.append(error.message)
        return found


@pytest.fixture
def answered(store: Store, tmp_path: Path) -> Iterator[Answered]:
    at = datetime(2026, 11, 2, 2, tzinfo=UTC)
    zones = dict.fromkeys(CORPS, ZoneInfo("Asia/Shanghai"))
    with closing(KnownLake(tmp_path / "lake", zones)) as lake, closing(DuckDBEngine()) as engine:
        facts = [Sent(corp, "r", "u", at, "日报", ("研发",)) for corp in CORPS]
        lake.add(at, [*facts, *(Commented(corp, "r", "u", at) for corp in CORPS)], [])
        store.add_organisations([Organisation(corp_id, "Asia/Shanghai") for corp_id in CORPS])
        for corp_id in CORPS:
            for name in ("put_computed", "put_coverage", "put_days"):
                writes(store, Drawn(name, corp_id, DAYS[0], 3))[name]()
        yield Answered(store, lake, engine)


def version(another: Callable[[], Store]) -> int:
    """The version of answers, as one sees it who opens the store now."""
    with closing(another()) as reader:
        return reader.version_of_answers()


def drawn(names: frozenset[str]) -> st.SearchStrategy[Drawn]:
    """Writes of these names."""
    return st.builds(
        Drawn, st.sampled_from(sorted(names)), st.sampled_from(CORPS), st.sampled_from(DAYS), st.integers(0, 3)
    )


NAMES = Drawn("", CORPS[0], DAYS[0], 0)


@pytest.mark.whole
def test_no_write_makes_an_answer_wrong_that_was_kept(
    store: Store, another: Callable[[], Store], answered: Answered
) -> None:
    of_access = frozenset(access(store, NAMES))
    others = frozenset(writes(store, NAMES))
    every = {name for name in dir(Store) if callable(getattr(Store, name)) and not name.startswith("_")}
    assert of_access | others == every - READS
    kept: dict[int, list[object]] = {}

    @settings(max_examples=examples(8), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(drawn(of_access | others) | drawn(others), min_size=5, max_size=12))
    def check(all_of_them: list[Drawn]) -> None:
        before = version(another)
        for one in all_of_them:
            if one.name in of_access and one.corp_id not in {known.corp_id for known in store.organisations()}:
                continue  # it was forgotten
            (access(store, one) | writes(store, one))[one.name]()
            now = version(another)
            assert one.name not in of_access or now == before
            found = answered.now()
            assert kept.setdefault(now, found) == found
            before = now

    check()
    assert len(kept) > 3

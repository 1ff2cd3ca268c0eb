"""Every store there is, and what tests keep in one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.days import days_between
from reportdata.identity import App, Organisation, hash_of, issue
from reportdata.states import DayState, State
from reportdata.store import DayKpis, Store
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres
from tests.support.effort import examples

NOW = 1_800_000_000.5
SECRET = "s" * 64
APP = App(app_key="key1", name="one", corp_id="c1", secret_hash=hash_of(SECRET), scopes=("a", "b"), rate=7)
UNIVERSE = list(days_between("20231220", "20240110"))
many = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Examples share a store: what each keeps in it has a name of its own."""
spans = st.tuples(st.sampled_from(("a", "b")), st.sampled_from(UNIVERSE), st.sampled_from(UNIVERSE)).map(
    lambda drawn: (drawn[0], *sorted(drawn[1:]))
)
"""An organisation with a first and a last day."""


def _at_new_address(_folder: Path) -> Callable[[], Store]:
    address = postgres.address()
    return lambda: PostgresStore(address)


OPENERS: dict[str, Callable[[Path], Callable[[], Store]]] = {
    "sqlite": lambda folder: lambda: SQLiteStore(folder / "store.db"),
    "postgres": _at_new_address,
}
"""Every kind of store: what opens one more instance on the same new store, which may lie in a folder."""


def of_kinds(kinds: Iterable[str]) -> list[object]:
    """These kinds of stores, for fixtures."""
    return [pytest.param(kind, marks=pytest.mark.postgres if kind == "postgres" else ()) for kind in kinds]


STORES = of_kinds(OPENERS)
"""All kinds, for fixtures."""


def together(*calls: Callable[[], Any]) -> list[Any]:
    """What the calls return that threads make at the same moment."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def with_app(store: Store, **properties: Any) -> App:
    """`APP` with other properties, which is added with its organisation."""
    store.add_organisations([Organisation("c1", "Asia/Shanghai")])
    app = msgspec.structs.replace(APP, **properties)
    store.add_app(app, NOW)
    return app


def ask(store: Store, app_key: str = "key1", secret: str = SECRET, now: float = NOW) -> str:
    """The token that an app is issued."""
    return store.issue_token(app_key, lambda app, current: issue(app, secret, current, now))


def row(corp_id: str, day: str, *values: int) -> DayKpis:
    """The numbers of a day, as many as are given."""
    return DayKpis(corp_id, day, dict(zip(("4100", "4101", "4102"), values, strict=False)))


def state(corp_id: str, day: str, kpi_id: str, of: State = State.FINAL, as_of: int = 1) -> DayState:
    """How certain a KPI of a day is."""
    return DayState(corp_id, day, kpi_id, of, as_of)


def cover(store: Store, *pieces: tuple[str, str, str]) -> None:
    """Say that organisations were observed from a day to a day."""
    store.put_coverage("s", [Observation(*piece) for piece in pieces], [])

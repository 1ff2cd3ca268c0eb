"""Every store there is, and what tests keep in one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from reportdata.days import Observation, days_between
from reportdata.identity import App, Organisation, hash_of, issue
from reportdata.states import DayState, State
from reportdata.store import DayKpis, Store
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres

STORES: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: SQLiteStore(folder / "store.db"),
    "postgres": lambda folder: PostgresStore(_address(str(folder))),
}
NOW = 1_800_000_000.5
SECRET = "s" * 64
APP = App(app_key="key1", name="one", corp_id="c1", secret_hash=hash_of(SECRET), scopes=("a", "b"), rate=7)
UNIVERSE = list(days_between("20231220", "20240110"))


@cache
def _address(_folder: str) -> str:
    return postgres.address()


def together(*calls: Callable[[], Any]) -> list[Any]:
    """What the calls return that threads make at the same moment."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def with_app(store: Store, **properties: Any) -> App:
    store.add_organisations([Organisation("c1", "Asia/Shanghai")])
    app = msgspec.structs.replace(APP, **properties)
    store.add_app(app, NOW)
    return app


def ask(store: Store, app_key: str = "key1", secret: str = SECRET, now: float = NOW) -> str:
    return store.issue_token(app_key, lambda app, current: issue(app, secret, current, now))


def row(corp_id: str, day: str, *values: int) -> DayKpis:
    return DayKpis(corp_id, day, dict(zip(("4100", "4101", "4102"), values, strict=False)))


def state(corp_id: str, day: str, kpi_id: str, of: State = State.FINAL, as_of: int = 1) -> DayState:
    return DayState(corp_id, day, kpi_id, of, as_of)


def cover(store: Store, *pieces: tuple[str, str, str]) -> None:
    store.put_coverage("s", [Observation(*piece) for piece in pieces], [])

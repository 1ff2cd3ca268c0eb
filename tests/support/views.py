"""What a program of others reads from the views of a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

from reportdata.store import Store
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore

VIEWED = ("sqlite", "postgres")
"""The kinds of stores with views, which `rows` can read."""
WORDS = ("reports", "senders", "commenters")
"""The columns of numbers."""


class Viewed(NamedTuple):
    """A row of ``statistics_day``: ``values`` and ``states`` by metric, ``as_of`` in seconds since 1970."""

    day: str
    values: Mapping[str, int | None]
    state: str
    states: Mapping[str, str]
    as_of: int | None


def viewed(store: Store, corp_id: str) -> list[Viewed]:
    """An organisation's rows, by day."""
    names = [*WORDS, "state", *(f"{word}_state" for word in WORDS)]
    found = []
    for day, as_of, *cells in rows(store, f"select day, as_of, {', '.join(names)} from statistics_day", corp_id):
        cell = dict(zip(names, cells, strict=True))
        values = {word: cell[word] for word in WORDS}
        states = {word: cell[f"{word}_state"] for word in WORDS}
        found.append(Viewed(str(day), values, cell["state"], states, _seconds(as_of)))
    return sorted(found)


def metrics_viewed(store: Store, corp_id: str) -> dict[tuple[str, str], tuple[int | None, str, int | None]]:
    """An organisation's rows of ``statistics_day_metrics``: day and metric to value, state and last look."""
    asked = rows(store, "select day, metric, value, state, as_of from statistics_day_metrics", corp_id)
    return {(str(day), metric): (value, state, _seconds(at)) for day, metric, value, state, at in asked}


def rows(store: Store, select: str, corp_id: str) -> list[tuple[Any, ...]]:
    """What a query gives of one organisation, by a connection that can only read."""
    if isinstance(store, PostgresStore):
        return store.database.rows(f"{select} where organisation = %s", [corp_id])
    assert isinstance(store, SQLiteStore)
    address = f"{store.database.path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        return connection.execute(f"{select} where organisation = ?", [corp_id]).fetchall()


def _seconds(at: datetime | str | None) -> int | None:
    if at is None:
        return None
    return int((datetime.fromisoformat(at) if isinstance(at, str) else at).timestamp())

"""A store whose rows had numbers of versions keeps every value that a day had, in its order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path

import pytest

from reportdata.migrations import statements
from reportdata.store import Store, Version
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres
from tests.support.stores import of_kinds, row

BEFORE = {"sqlite": 5, "postgres": 6}
"""The last schemas with versions, of the stores that had them."""
ROWS = [
    ("s", "c1", "20240102", 1, '{"4100":1}', 3000, "f1"),
    ("s", "c1", "20240102", 2, '{"4100":2}', 1000, "f2"),  # the clock was set back
    ("s", "c1", "20240102", 3, '{"4100":3}', 1000, "f1"),
    ("s", "c2", "20240102", 1, '{"4100":5}', 3000, "f1"),
    ("s", "c2", "20240201", 1, '{"4100":6}', 2000, "g"),
    ("t", "c1", "20240102", 1, "{}", 2000, "f1"),
]
COVERED = [(corp_id, "20240101", "20240331", 1, "sent") for corp_id in ("c1", "c2")]


def steps(kind: str) -> list[str]:
    found = files(f"reportdata.store.{kind}").joinpath("schema").iterdir()
    return [step.read_text("utf-8") for step in sorted(found, key=lambda step: step.name)][: BEFORE[kind]]


def old_file(path: Path) -> Callable[[], Store]:
    with closing(sqlite3.connect(path)) as connection, connection:
        for step in steps("sqlite"):
            for statement in statements(step):
                connection.execute(statement)
        connection.execute(f"pragma user_version = {BEFORE['sqlite']}")
        connection.executemany("insert into kpis values (?, ?, ?, ?, ?, ?, ?)", ROWS)
        connection.executemany(
            "insert into coverage (corp_id, first_day, last_day, observed_at, kind) values (?, ?, ?, ?, ?)", COVERED
        )
    return lambda: SQLiteStore(path)


def old_database(address: str) -> Callable[[], Store]:
    import psycopg  # takes long; most processes of the tests do not need it

    with psycopg.connect(address) as connection:
        for step in steps("postgres"):
            connection.execute(step.encode())
        connection.execute("create table store_schema (version integer not null)")
        connection.execute("insert into store_schema values (%s)", [BEFORE["postgres"]])
        for month in ("202401", "202402"):
            connection.execute(
                f"create table kpis_{month} partition of kpis for values from ('{month}') to ('{month}~')".encode()
            )
        with connection.cursor() as cursor:
            cursor.executemany("insert into kpis values (%s, %s, %s, %s, %s, %s, %s)", ROWS)
            cursor.executemany(
                "insert into coverage (corp_id, first_day, last_day, observed_at, kind) values (%s, %s, %s, %s, %s)",
                COVERED,
            )
    return lambda: PostgresStore(address)


@pytest.fixture(params=of_kinds(BEFORE))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of the last schema with versions, opened and so migrated."""
    opened = old_file(tmp_path / "store.db") if request.param == "sqlite" else old_database(postgres.address())
    with closing(opened()) as store:
        yield store


def test_every_value_is_kept_in_its_order(old: Store) -> None:
    assert old.history("s", "c1", "20240102") == [
        Version({"4100": 1}, 3000, "f1"),
        Version({"4100": 2}, 1000, "f2"),
        Version({"4100": 3}, 1000, "f1"),
    ]
    assert old.history("s", "c2", "20240102") == [Version({"4100": 5}, 3000, "f1")]
    assert old.history("t", "c1", "20240102") == [Version({}, 2000, "f1")]
    current = old.day("s", "c1", "20240102")
    assert (current.values, current.computed_at) == ({"4100": 3}, 1000)
    assert [values for *_, values in old.kpis_between("s", "c2", "20240201", "20240202")] == [{"4100": 6}, {}]
    assert old.faults(thorough=True) == []


def test_what_the_last_computations_have_was_computed_of_all_days(old: Store) -> None:
    assert (old.computed("s"), old.computed("t")) == (frozenset({"4100"}), frozenset())


def test_a_later_value_comes_after_those_that_were_there(old: Store) -> None:
    rows = [row("c1", "20240102", 3), row("c2", "20240102", 7), row("c1", "20240201", 8)]
    days = {"20240102": "h", "20240201": "h", "20240301": "h"}
    assert old.put_days("s", days, rows, 0.5) == 3
    assert [version.fingerprint for version in old.history("s", "c1", "20240102")] == ["f1", "f2", "f1"]
    assert old.history("s", "c2", "20240102")[1:] == [Version({"4100": 7}, 500, "h")]
    assert old.kpis("s", "c1", "20240201") == {"4100": 8}
    assert old.kpis("s", "c2", "20240201") == {}
    assert old.kpis("t", "c1", "20240102") == {}

"""What only the embedded store can do wrong: files that are damaged, locked, or of another version."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reportdata.errors import StoreError
from reportdata.identity import Organisation
from reportdata.store import DayKpis
from reportdata.store.sqlite import SQLiteStore
from tests.support.examples import tried_with
from tests.support.stores import NOW, cover, row
from tests.support.waiting import SOON


def test_a_damaged_file_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(StoreError, match=r"store\.db"):
        SQLiteStore(path)
    with pytest.raises(StoreError):
        SQLiteStore(tmp_path)


def test_what_no_waiting_can_mend_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "store.db-wal").mkdir()
    monkeypatch.setattr(time, "sleep", lambda _seconds: pytest.fail("it waits"))
    with pytest.raises(StoreError):
        SQLiteStore(tmp_path / "store.db", timeout=SOON)


def test_damage_that_is_met_later_is_a_store_error(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SQLiteStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        pages = connection.execute("select rootpage from sqlite_schema where rootpage > 0").fetchall()
    with path.open("r+b") as file:  # every table; the schema is whole
        for (page,) in pages:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
    store = SQLiteStore(path)
    calls: list[Callable[[], object]] = [
        store.organisations,
        store.coverage,
        lambda: store.kpis("s", "c1", "20240101"),
        lambda: store.caller("hash"),
        lambda: store.put_days("s", {"20240101": "f"}, [row("c1", "20240101", 1)], NOW),
        lambda: store.claim_client_token("k", "t", "r", NOW),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="malformed"):
            call()
    store.close()


def test_others_write_while_rows_are_computed(tmp_path: Path) -> None:
    store, other = SQLiteStore(tmp_path / "store.db"), SQLiteStore(tmp_path / "store.db", timeout=0)

    def computed() -> Iterator[DayKpis]:
        for number in range(3):
            other.add_organisations([Organisation(f"c{number}", "Asia/Shanghai")])
            yield row(f"c{number}", "20240101", number)

    assert store.put_days("s", {"20240101": "f"}, computed(), NOW) == 3
    assert len(store.organisations()) == 3
    store.close()
    other.close()


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    SQLiteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    with pytest.raises(StoreError, match="has schema 99") as error:
        SQLiteStore(path)
    assert "newer version" in error.value.hint
    assert connection.execute("pragma user_version").fetchone() == (99,)
    connection.close()


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store.db"
    path.parent.mkdir()
    path.touch()
    store = SQLiteStore(path)
    assert store.organisations() == []
    store.close()


def test_a_writer_that_waits_too_long_is_told_so_and_a_reader_does_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SQLiteStore(path, timeout=0.3)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("begin immediate")
    assert store.kpis("s", "c1", "20240101") is None
    with pytest.raises(StoreError, match="locked"):
        cover(store, ("c1", "20240101", "20240101"))
    blocker.execute("rollback")
    cover(store, ("c1", "20240101", "20240101"))
    assert store.kpis("s", "c1", "20240101") == {}
    blocker.close()
    store.close()


def test_what_was_forgotten_is_in_no_byte_of_the_files(tmp_path: Path) -> None:
    store, other = (SQLiteStore(tmp_path / "store.db") for _ in range(2))
    store.add_organisations([Organisation("forgotten corp", "Asia/Tokyo"), Organisation("c1", "Asia/Tokyo")])
    for number in range(300):
        rows = [row(corp, "20240101", number) for corp in ("forgotten corp", "c1")]
        store.put_days("s", {"20240101": "f"}, rows, NOW)
    assert other.kpis("s", "c1", "20240101") is None

    def bytes_of_all() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))

    assert b"forgotten corp" in bytes_of_all()
    assert store.forget("forgotten corp") == 301
    assert b"forgotten corp" not in bytes_of_all()
    assert len(other.history("s", "c1", "20240101")) == 300
    store.close()
    other.close()
    assert b"forgotten corp" not in bytes_of_all()


OPENING = """
import sys
from pathlib import Path
from reportdata.store.sqlite import SQLiteStore
for line in sys.stdin:
    store = SQLiteStore(Path(line.strip()))
    print(store.organisations(), flush=True)
    store.close()
"""


@tried_with(20, 200)
@pytest.mark.whole
def test_processes_may_make_the_same_store_at_once(tmp_path: Path, examples: int) -> None:
    command = [sys.executable, "-c", OPENING]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(3)]
    try:
        for number in range(examples):
            for child in children:
                assert child.stdin is not None
                child.stdin.write(f"{tmp_path / str(number)}\n")
                child.stdin.flush()
            for child in children:
                assert child.stdout is not None
                assert child.stdout.readline() == "[]\n", child.communicate()[1]
    finally:
        for child in children:
            child.kill()
            child.communicate()


def test_a_store_that_is_read_all_the_time_says_that_it_is_not_wiped(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "store.db", timeout=0.2)
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from kpis").fetchall()
        with pytest.raises(StoreError, match="still holds what was removed"):
            store.forget("ding1")
        reader.execute("rollback")
    store.forget("ding1")
    store.close()


def test_a_store_that_lost_the_number_of_its_changes_still_answers(tmp_path: Path) -> None:
    with closing(SQLiteStore(tmp_path / "store.db")) as store:
        cover(store, ("c1", "20240101", "20240131"))
        store.put_days("s", {"20240102": "f"}, [row("c1", "20240102", 3)], NOW)
        store.database.connection.execute("delete from changes")
        assert store.kpis("s", "c1", "20240102") == {"4100": 3}
        assert store.kpis("s", "c1", "20240103") == {}
        assert store.kpis("s", "c2", "20240103") is None

"""Numbers of the store that change at rest: the worker computes each day once in a period, and puts them right."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from reportdata.pipeline.comparing import other_numbers
from reportdata.pipeline.corrections import corrections, file_of
from reportdata.pipeline.verifying import Verification, put_right
from reportdata.services import REPORTS
from tests.support.calling import CORP
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Days, Fact, Sent, Withdrawn, days_of
from tests.support.pushers import ZONES
from tests.support.services import working
from tests.support.writing import write

WEEK = 7 * 86_400.0
A, B = ZONES
AT = datetime(2026, 9, 21, 4, tzinfo=UTC)
FACTS: list[Fact] = [
    *(Sent(corp, f"r{n}", f"u{n % 3}", AT + timedelta(days=n)) for corp in (A, B) for n in range(6)),
    *(Commented(A, f"r{n}", f"u{n % 2}", AT + timedelta(days=n)) for n in range(6)),
    Withdrawn(A, "r1", AT + timedelta(days=3)),
]
RIGHT: Days = days_of(FACTS, ZONES)


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Folder]:
    folder = Folder(tmp_path / "data")
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    folder.import_(*(path for path, _ in write(tmp_path / "facts", FACTS, "jsonl", "iso", ZONES)))
    assert folder.days() == RIGHT
    yield folder
    folder.store.close()


def change(folder: Folder, sql: str, *values: str) -> None:
    """Change the store behind everybody's back."""
    with folder.store.database.writing() as connection:  # type: ignore[attr-defined]
        assert connection.execute(sql, values).rowcount > 0


def verified(folder: Folder, *, begin: bool = True) -> None:
    """All that a worker verifies in a period."""
    now = time.time()
    with working(folder) as work:
        verification = Verification(work, WEEK)
        if begin:
            verification.step(now)
        for number in range(1, 25):
            verification.step(now + number * WEEK / 20)


def test_what_nobody_changed_is_not_put_right(filled: Folder) -> None:
    verified(filled)
    assert (corrections(filled.lake.root), filled.days()) == ([], RIGHT)


@pytest.mark.whole
@pytest.mark.parametrize(
    "sql",
    [
        "update kpis set kpi_values = replace(kpi_values, '1', '7') where stat_day = '20260923'",
        "update kpis set kpi_values = replace(kpi_values, '1', '0') where stat_day = '20260923'",
        "update kpis set kpi_values = substr(kpi_values, 2) where stat_day = '20260923'",
        "delete from kpis where stat_day = '20260923'",
    ],
)
def test_numbers_that_changed_are_put_right_and_told(
    filled: Folder, sql: str, caplog: pytest.LogCaptureFixture
) -> None:
    change(filled, sql)
    with caplog.at_level(logging.ERROR, "reportdata.verification"):
        verified(filled)
    assert filled.days() == RIGHT
    assert [(found.day, found.organisations > 0) for found in corrections(filled.lake.root)] == [("20260923", True)]
    assert len([line for line in caplog.messages if "20260923" in line]) == 1
    checks = {check["check"]: check for check in json.loads(run(filled, "doctor", "--json").stdout)["checks"]}
    assert checks["corrections"]["state"] == "warn"
    assert str(file_of(filled.lake.root)) in checks["corrections"]["advice"]
    assert CORP not in file_of(filled.lake.root).read_text("utf-8")
    file_of(filled.lake.root).write_bytes(b"\xff\n{}\n" + file_of(filled.lake.root).read_bytes())
    assert len(corrections(filled.lake.root)) == 1
    file_of(filled.lake.root).unlink()
    verified(filled, begin=False)
    assert corrections(filled.lake.root) == []


@pytest.mark.whole
def test_numbers_of_a_day_without_facts_go(filled: Folder) -> None:
    filled.cover(A, "20261001", "20261003")
    change(
        filled,
        "insert into kpis (service, stat_day, corp_id, computation, kpi_values) "
        "select service, '20261002', corp_id, computation, kpi_values from kpis where stat_day = '20260923' limit 1",
    )
    assert (A, "20261002") in filled.days()
    verified(filled)
    assert filled.days() == RIGHT
    assert [found.day for found in corrections(filled.lake.root)] == ["20261002"]


@pytest.mark.whole
def test_days_that_are_stale_are_left_to_the_refresh(filled: Folder, tmp_path: Path) -> None:
    more = [Sent(A, "more", "u9", AT)]
    filled.import_(*(path for path, _ in write(tmp_path / "more", more, "jsonl", "iso", ZONES)), refresh=False)
    verified(filled)
    assert (corrections(filled.lake.root), filled.days()) == ([], RIGHT)
    filled.refresh()
    assert filled.days() == days_of([*FACTS, *more], ZONES)


def test_a_file_of_the_lake_that_changed_unseen_puts_no_number_wrong(filled: Folder, tmp_path: Path) -> None:
    """Its size and its time stay: as when a disk fails. The store is right then."""
    (path,) = filled.lake.files("sent")["20260923"]
    was = path.stat()
    with working(filled) as work:
        service = work.services.service(REPORTS)
        assert work.lake.lost([path]) == []  # it was seen whole
        other = Path(shutil.copyfile(path, tmp_path / "other.parquet"))
        rewrite_with_fewer(other, was.st_size)
        path.write_bytes(other.read_bytes())
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
        with work.lake.reading():
            assert list(other_numbers(work, service, ["20260923"]))
        put_right(work, service, ["20260923"], time.time())
        assert {damage.file for damage in work.store.damage()} == {str(path)}
    assert (corrections(filled.lake.root), filled.days()) == ([], RIGHT)


def rewrite_with_fewer(path: Path, size: int) -> None:
    """The file with its first row alone, and as long as it was."""
    place = path.with_name("fewer.parquet")
    duckdb.execute(
        f"copy (from read_parquet('{path}', hive_partitioning = false) limit 1) to '{place}' (format parquet)"
    )
    content = place.read_bytes()
    assert len(content) < size
    # Parquet is read from its end: what stands between the first bytes and the pages is skipped by nobody.
    footer = int.from_bytes(content[-8:-4], "little") + 8
    path.write_bytes(content[: len(content) - footer] + bytes(size - len(content)) + content[-footer:])

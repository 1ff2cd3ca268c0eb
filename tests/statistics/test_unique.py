"""Things are counted by their facts where each fact is one of its own, and compared where some are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from reportdata.days import Observation
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.uniqueness import Uniqueness
from reportdata.pipeline.asking import Asking
from reportdata.statistics.words import read_question
from tests.support.known_lake import KnownLake
from tests.support.oracle import Sent
from tests.support.services import KINDS, SERVICE

CORP = "ding1"
BEGIN = datetime(2026, 11, 2, 2, tzinfo=UTC)
NOW = BEGIN + timedelta(days=30)
LOOKS = [Observation(CORP, "20261102", "20261108", int(NOW.timestamp() * 1000), "sent")]


class Made(NamedTuple):
    """A lake, and what answers questions about it, however little there is."""

    lake: KnownLake
    engine: DuckDBEngine
    asking: Asking

    def add(self, *reports: tuple[str, int, str, tuple[str, ...]]) -> None:
        """Add reports: their ids, days from the first, templates and departments."""
        facts = [
            Sent(CORP, report, f"of {report}", BEGIN + timedelta(days=day), template, departments)
            for report, day, template, departments in reports
        ]
        self.lake.add(BEGIN, facts, LOOKS)

    def counts(self, by: str = "", **more: str) -> dict[str, int]:
        """How many reports there are, by what they are grouped by."""
        pairs = [("from", "2026-11-02"), ("to", "2026-11-08"), ("metrics", "reports"), *more.items()]
        question = read_question([*pairs, *([("by", by)] if by else [])], SERVICE)
        found = self.asking.answer(question, CORP, NOW.timestamp()).data
        return {str(row.get(by, "")): row["reports"] for row in found}

    @property
    def seen(self) -> bool | None:
        """Whether each fact of all files is known to have a key of its own."""
        files = self.lake.lake.paths("sent")
        return self.engine.uniqueness.seen("sent", CORP, files)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    zones = {CORP: ZoneInfo("Asia/Shanghai"), "ding2": ZoneInfo("Asia/Shanghai")}
    with closing(KnownLake(tmp_path, zones)) as lake, closing(DuckDBEngine()) as engine:
        yield Made(lake, engine, Asking(lake.lake, lake.store, engine, SERVICE, KINDS, large=0))


REPORTS = (
    ("r1", 0, "日报", ("研发/平台", "研发/产品")),
    ("r2", 0, "周报", ("研发",)),
    ("r3", 1, "日报", ()),
    ("r4", 6, "日报", ("市场", "市场")),  # a department twice
)


def test_facts_are_counted_where_each_is_a_report_of_its_own(made: Made) -> None:
    made.add(*REPORTS)
    assert made.counts() == {"": 4}
    assert made.seen is True
    assert made.counts("template") == {"日报": 3, "周报": 1}
    assert made.counts("department") == {"": 1, "研发": 1, "研发/平台": 1, "研发/产品": 1, "市场": 1}
    assert made.counts("topDepartment") == {"": 1, "研发": 2, "市场": 1}
    named = made.counts("department", template="日报")
    assert named == {"": 1, "研发/平台": 1, "研发/产品": 1, "市场": 1}
    assert made.counts("department", department="市场") == {"市场": 1}


def test_reports_with_several_facts_are_compared(made: Made) -> None:
    made.add(*REPORTS)
    assert made.counts("template") == {"日报": 3, "周报": 1}
    made.add(("r1", 3, "周报", ("市场",)))  # on another day, with another template
    assert made.counts() == {"": 4}
    assert made.seen is False
    assert made.counts("template") == {"日报": 3, "周报": 2}
    assert made.counts("topDepartment") == {"": 1, "研发": 2, "市场": 2}
    made.add(("r1", 3, "周报", ("市场",)))  # a fact once more, in another file
    assert made.counts("template") == {"日报": 3, "周报": 2}


def test_a_part_of_what_is_unique_is_not_looked_at_again() -> None:
    looked: list[str] = []

    def rows(sql: str) -> list[tuple[bool]]:
        looked.append(sql)
        return [("sent" in sql,)]

    one, other, third = (Path(name) for name in ("1", "2", "3"))
    found = Uniqueness(rows)
    assert found.seen("sent", CORP, [one]) is None
    assert found.look("sent", "report_id", CORP, [one, other]) is True
    assert [found.seen("sent", CORP, files) for files in ([one], [one, other], [])] == [True] * 3
    assert found.seen("sent", CORP, [one, third]) is found.seen("sent", "ding2", [one]) is None
    assert found.look("told", "report_id", CORP, [one, other]) is False
    assert found.seen("told", CORP, [one, other]) is False
    assert found.seen("told", CORP, [one]) is None
    assert len(looked) == 2

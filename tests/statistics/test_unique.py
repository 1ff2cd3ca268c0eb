"""Things are counted by their facts where each fact is one of its own, and compared where some are not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.day_sums import DaySums, Summed
from reportdata.engines.duckdb.uniqueness import Uniqueness
from reportdata.lake.files import days_of_file
from reportdata.pipeline.asking import Asking
from reportdata.services.lending import Narrowing
from reportdata.services.sql import computation
from reportdata.statistics.question import Question
from reportdata.statistics.words import read_question
from tests.support.examples import tried_with
from tests.support.known_lake import KnownLake
from tests.support.oracle import Commented, Sent, Withdrawn
from tests.support.question_oracle import Known, rows_of
from tests.support.questions import questions, told
from tests.support.services import KINDS, SERVICE
from tests.support.worlds import ZONES, of_its_own, worlds

CORP = "ding1"
BEGIN = datetime(2026, 11, 2, 2, tzinfo=UTC)
NOW = BEGIN + timedelta(days=30)
LOOKS = [Observation(CORP, "20261102", "20261108", int(NOW.timestamp() * 1000), kind) for kind in ("sent", "commented")]
METRICS = st.sampled_from([("4100",), ("4102",), ("4100", "4102")])


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
        pairs = [*({"from": "2026-11-02", "to": "2026-11-08", "metrics": "reports"} | more).items()]
        question = read_question([*pairs, *([("by", by)] if by else [])], SERVICE)
        found = self.asking.answer(question, CORP, NOW.timestamp()).data
        metric = {"metrics": "reports"} | more
        return {str(row.get(by, "")): row[metric["metrics"]] for row in found}

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


def test_comments_have_the_template_of_their_report_whether_it_has_one_fact_or_several(made: Made) -> None:
    made.add(*REPORTS)
    comments = [Commented(CORP, report, f"u{number}", BEGIN) for number, report in enumerate(("r1", "r2", "r3", "r5"))]
    made.lake.add(BEGIN, [*comments, Commented(CORP, "r2", "u1", BEGIN + timedelta(days=1))], [])

    def commenters(**more: str) -> dict[str, int]:
        return made.counts("template", metrics="commenters", **more)

    assert commenters() == {"": 1, "日报": 2, "周报": 1}
    assert made.seen is True
    assert commenters(to="2026-11-02", template="日报") == {"日报": 2}
    made.add(("r5", 6, "月报", ()))  # which is known after its comment
    assert commenters() == {"月报": 1, "日报": 2, "周报": 1}
    assert made.seen is True
    made.add(("r1", 5, "周报", ()))  # once more, and later
    assert commenters() == {"月报": 1, "日报": 1, "周报": 2}
    assert made.seen is False


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


@pytest.mark.whole
@tried_with(6, 200)
def test_numbers_of_days_are_brought_up_to_date_whatever_comes(examples: int) -> None:
    with tempfile.TemporaryDirectory() as temporary, closing(DuckDBEngine(Path(temporary))) as engine:

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds(), st.data())
        def check(world: tuple[datetime, list[Known]], data: st.DataObject) -> None:
            around, batches = world
            batches = of_its_own(batches, data.draw(st.booleans(), "whether a report has several facts, now and then"))
            asked = [_counted(data.draw(questions(around)), data.draw(METRICS)) for _ in range(3)]
            with tempfile.TemporaryDirectory() as folder, closing(KnownLake(Path(folder), ZONES)) as lake:
                asking = Asking(lake.lake, lake.store, engine, SERVICE, KINDS, large=0)
                for number, batch in enumerate(batches):
                    lake.add(batch.at, batch.facts, batch.looks)
                    for question in asked:
                        for corp_id, zone in ZONES.items():
                            expected = rows_of(question, corp_id, zone, batches[: number + 1], None)
                            found = asking.answer(question, corp_id, NOW.timestamp()).data
                            assert told(found, expected) == told(expected, expected)

        check()


def _counted(question: Question, metrics: tuple[str, ...]) -> Question:
    by = tuple(name for name in question.by if name != "user") or ("month",)  # a day by itself is the store's
    by = by if by != ("day",) else ("day", "template")
    return msgspec.structs.replace(question, metrics=metrics, order=(), users=(), by=by)


def test_numbers_of_days_follow_new_files_of_a_day_and_withdrawals(made: Made) -> None:
    made.add(*REPORTS)
    for _ in range(2):
        assert made.counts("template") == {"日报": 3, "周报": 1}
    made.add(("r5", 0, "日报", ()), ("r6", 3, "月报", ()))
    assert made.seen is None
    assert made.counts("template") == {"日报": 4, "周报": 1, "月报": 1}
    made.lake.add(BEGIN, [Withdrawn(CORP, "r1", NOW), Withdrawn(CORP, "r2", NOW)], [])
    assert made.counts("template") == {"日报": 3, "月报": 1}
    assert made.counts("template", **{"from": "2026-11-03"}) == {"日报": 2, "月报": 1}


def test_a_day_without_files_has_no_numbers_any_more(made: Made) -> None:
    made.add(*REPORTS)
    zone, all_of_them = ZoneInfo("Asia/Shanghai"), Narrowing([("20261102", "20261108")], unique=("kept",))
    measure = SERVICE.kpi("4100").measure
    assert measure is not None
    what = computation(SERVICE, KINDS, ("stat_day",), {"4100": measure}, zone, all_of_them)
    summed = Summed(what, "sent", ("kept",), ["20261102", "20261103", "20261108"])
    files = dict.fromkeys(made.lake.lake.paths("sent"), 0.0)
    first = {path: at for path, at in files.items() if days_of_file(path)[0] != "20261103"}
    for own, expected in ((files, 4), (first, 3), ({}, 0), (files, 4)):
        table = made.engine.summed(summed, {"sent": own}, CORP, days_of_file)
        assert made.engine.all_rows(f"select coalesce(sum(n0), 0) from {table}") == [(expected,)]


def test_many_numbers_of_days_are_not_kept(made: Made) -> None:
    made.add(*REPORTS)
    made.engine.day_sums = DaySums(made.engine.all_rows, most=3, largest=3)
    for _ in range(2):
        assert made.counts("template") == {"日报": 3, "周报": 1}  # three rows: two on the first day
        assert made.counts("department") == {"": 1, "研发": 1, "研发/平台": 1, "研发/产品": 1, "市场": 1}  # five
        assert made.counts() == {"": 4}
        assert _tables(made) == 1


def test_numbers_of_days_are_kept_of_those_that_were_asked_for_last(made: Made) -> None:
    made.add(*REPORTS)
    made.engine.day_sums = DaySums(made.engine.all_rows, kept=1)
    for by, expected in (("template", {"日报": 3, "周报": 1}), ("", {"": 4}), ("template", {"日报": 3, "周报": 1})):
        assert made.counts(by) == expected
        assert _tables(made) == 1


def test_numbers_that_were_too_many_are_kept_of_fewer_days(made: Made) -> None:
    made.add(*REPORTS)
    made.engine.day_sums = DaySums(made.engine.all_rows, most=3, largest=3)
    for number in range(2):
        assert made.counts("template") == {"日报": 3, "周报": 1}  # four rows: two on the first day
        assert _tables(made) == number
        assert made.counts("template", **{"from": "2026-11-03"}) == {"日报": 2}
        assert _tables(made) == 1
        assert made.counts("template", to="2026-11-03") == {
            "日报": 2,
            "周报": 1,
        }  # together with those they would be too many
    assert made.counts("template", **{"from": "2026-11-03"}) == {"日报": 2}
    assert _tables(made) == 1


NAMED = Sent(CORP, "r9", "sheet-0", BEGIN, "日报", ("研发",))
"""A report whose sender is known by the digest of a name alone."""


def test_senders_who_are_known_by_name_alone_are_looked_for_in_new_files(made: Made) -> None:
    days = [Sent(CORP, f"r{day}", f"u{day}", BEGIN + timedelta(days=day), "日报", ()) for day in range(3)]
    for day in days:
        made.lake.add(BEGIN, [day], LOOKS)
    asked = {"metrics": "senders"}

    def unknown() -> int | None:
        """How many files have to be looked at; None where it is known that some have such senders."""
        found = made.engine.absence.unknown(f"{SERVICE.id} named", CORP, made.lake.lake.paths("sent"))
        return None if found is None else len(found)

    assert (made.counts(**asked, to="2026-11-03"), unknown()) == ({"": 2}, 1)
    assert (made.counts(**asked), unknown()) == ({"": 3}, 0)
    made.lake.add(BEGIN, [NAMED], LOOKS)
    assert (made.counts(**asked), unknown()) == ({"": 4}, None)
    made.lake.add(BEGIN, [NAMED._replace(user_id="u9")], LOOKS)  # the same person
    assert (made.counts(**asked), unknown()) == ({"": 4}, None)
    assert made.counts(**asked, **{"from": "2026-11-03"}) == {"": 2}
    assert (made.counts(**asked), unknown()) == ({"": 4}, None)


PEOPLE = st.sampled_from(["u1", "u2", "sheet-1", "sheet-2"])


@pytest.mark.whole
@tried_with(10, 300)
def test_people_are_counted_alike_whether_some_are_known_by_name_alone_or_not(examples: int) -> None:
    senders = st.tuples(st.integers(1, 3), PEOPLE, st.integers(0, 2))

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.lists(senders, max_size=3), min_size=1, max_size=4), st.data())
    def check(batches: list[list[tuple[int, str, int]]], data: st.DataObject) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(KnownLake(Path(folder), {CORP: ZoneInfo("Asia/Shanghai")})) as lake,
            closing(DuckDBEngine()) as engine,
        ):
            made = Made(lake, engine, Asking(lake.lake, lake.store, engine, SERVICE, KINDS, large=0))
            sent: set[tuple[int, str, int]] = set()
            for batch in batches:
                sent.update(batch)
                facts = [Sent(CORP, f"r{n}", who, BEGIN + timedelta(days=day), "日报", ()) for n, who, day in batch]
                made.lake.add(BEGIN, facts, LOOKS)
                first = data.draw(st.integers(0, 2), "the first day")
                here = {(report, who) for report, who, day in sent if day >= first}
                known = {report for report, who in here if not who.startswith("sheet-")}
                people = {who for report, who in here if not who.startswith("sheet-") or report not in known}
                day = {"from": f"2026-11-0{2 + first}"}
                assert made.counts(metrics="senders", **day) == {"": len(people)}

    check()


def _tables(made: Made) -> int:
    """How many tables of numbers of days there are."""
    return len(made.engine.all_rows("select table_name from duckdb_tables() where table_name like 'sums_%'"))

"""One definition of each number: whatever it is grouped by, the oracle counts the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.engines.duckdb import DuckDBEngine
from reportdata.errors import BadValue
from reportdata.services import read_services
from reportdata.services.ctes import named_in, sources_of
from reportdata.services.keys import KEYS
from reportdata.services.sql import calibres_of_days, computation, definition, kpis_of_days
from tests.support.examples import tried_with
from tests.support.facts_files import ZONES, Writer, facts
from tests.support.oracle import Commented, Fact, Sent, Withdrawn
from tests.support.paths import DATA
from tests.support.services import KINDS, SERVICE

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    made = DuckDBEngine(tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path)
    yield made
    made.close()


def _date(fact: Fact) -> Any:
    return fact.at.astimezone(ZONES[fact.corp_id]).date()


def _departments(fact: Fact) -> list[str]:
    return list(getattr(fact, "departments", ())) or [""]


OF: dict[str, Callable[[Fact], list[Any]]] = {
    "corp_id": lambda fact: [fact.corp_id],
    "stat_day": lambda fact: [_date(fact)],
    "week": lambda fact: [_date(fact).isocalendar()[:2]],
    "month": lambda fact: [(_date(fact).year, _date(fact).month)],
    "quarter": lambda fact: [(_date(fact).year, (_date(fact).month + 2) // 3)],
    "year": lambda fact: [_date(fact).year],
    "weekday": lambda fact: [_date(fact).isoweekday()],
    "hour": lambda fact: [fact.at.astimezone(ZONE).hour],
    "department": _departments,
    "topDepartment": lambda fact: sorted({name.partition("/")[0] for name in _departments(fact)}),
    "template": lambda fact: [getattr(fact, "template", "")],
    "user_id": lambda fact: [getattr(fact, "user_id", None)],
}
"""What the oracle groups by."""
SAID: dict[str, Callable[[Any], Any]] = {
    "week": lambda value: value.isocalendar()[:2],
    "month": lambda value: (value.year, value.month),
    "quarter": lambda value: (value.year, (value.month + 2) // 3),
    "year": lambda value: value.year,
}
"""What an engine's values of a key mean in the oracle's words."""


def counted(found: list[Fact], keys: tuple[str, ...], kpis: tuple[str, ...]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """What each KPI is of each group, in plain Python."""
    gone = {(fact.corp_id, fact.report_id) for fact in found if isinstance(fact, Withdrawn)}
    groups: dict[tuple[Any, ...], dict[str, set[str]]] = {}
    for fact in found:
        kept = isinstance(fact, Sent) and (fact.corp_id, fact.report_id) not in gone
        of = {"4100": fact.report_id, "4101": getattr(fact, "user_id", "")} if kept else {}
        of |= {"4102": fact.user_id} if isinstance(fact, Commented) else {}
        for kpi in of.keys() & set(kpis):
            values: list[tuple[Any, ...]] = [()]
            for key in keys:
                values = [(*before, value) for before in values for value in OF[key](fact)]
            for group in values:
                groups.setdefault(group, {kpi: set() for kpi in kpis})[kpi].add(of[kpi])
    return {group: tuple(len(sets[kpi]) for kpi in kpis) for group, sets in groups.items()}


KEY_SETS = [
    (("corp_id", "stat_day"), ("4100", "4101", "4102")),
    (("week",), ("4100", "4101", "4102")),
    (("corp_id", "month"), ("4100", "4101", "4102")),
    (("quarter", "weekday"), ("4100", "4101", "4102")),
    (("year", "hour"), ("4100", "4101", "4102")),
    (("week", "department"), ("4100", "4101")),
    (("stat_day", "template", "department"), ("4100", "4101")),
    (("week", "topDepartment"), ("4100", "4101")),
    (("corp_id", "user_id"), ("4100", "4101", "4102")),
]


@pytest.mark.whole
@tried_with(12, 120)
def test_each_group_has_the_oracles_numbers(engine: DuckDBEngine, writer: Writer, examples: int) -> None:
    kinds = {"sent": Sent, "commented": Commented, "withdrawn": Withdrawn}

    @settings(max_examples=examples)
    @given(found=st.lists(facts, max_size=25))
    def check(found: list[Fact]) -> None:
        files = {
            name: [writer.file(kind, [f for f in found if isinstance(f, kind)])] * 2 for name, kind in kinds.items()
        }
        for keys, kpis in KEY_SETS:
            measures = {kpi: measure for kpi in kpis if (measure := SERVICE.kpi(kpi).measure)}
            rows = list(engine.rows(computation(SERVICE, KINDS, keys, measures, ZONE), files))
            said = {
                tuple(SAID.get(key, lambda value: value)(value) for key, value in zip(keys, row, strict=False)): row[
                    len(keys) :
                ]
                for row in rows
            }
            assert len(said) == len(rows), keys
            assert said == counted(found, keys, kpis), keys

    check()


def test_what_facts_do_not_have_cannot_be_grouped_by() -> None:
    with pytest.raises(BadValue, match="commented cannot be grouped by department"):
        computation(SERVICE, KINDS, ("department",))
    with pytest.raises(BadValue, match="'colour' is nothing to group by"):
        computation(SERVICE, KINDS, ("colour",))
    assert set(OF) == set(KEYS)


def test_the_definition_changes_with_what_is_counted_and_with_nothing_else() -> None:
    other = read_services()
    assert definition(other.service(SERVICE.id), other.kinds) == definition(SERVICE, KINDS)
    text = kpis_of_days(SERVICE, KINDS).sql
    assert "select distinct corp_id, stat_day, report_id from kept_used" in text
    assert "count(distinct" not in text


def test_a_text_has_the_relations_that_it_names_and_no_others() -> None:
    ctes = """first as (
    select ')' as a from sent
),
second as materialized (
    select a from first
),
other as (select 1)"""
    assert named_in("select * from second", ctes) == ctes.rpartition(",\nother")[0]
    assert named_in("select * from other", ctes) == "other as (select 1)"
    assert named_in("select * from seconds", ctes) == ""
    assert "senders as" not in kpis_of_days(SERVICE, KINDS).sql
    assert "senders as" in calibres_of_days(SERVICE, KINDS).sql


def test_relations_are_found_however_they_are_written() -> None:
    ctes = """Gone(corp, report) as(
    select corp_id, report_id from withdrawn
),
"left" AS NOT MATERIALIZED (select * from sent anti join gone on gone.report = sent.report_id),
was as (select 1),
daily as
(select * from "Left")"""
    assert named_in("select * from DAILY", ctes) == ctes.replace("was as (select 1),\n", "")
    assert named_in("select * from was", ctes) == "was as (select 1)"
    assert named_in('select * from "Two words"', f'{ctes},\n"two words" as (select 2)') == '"two words" as (select 2)'


@pytest.mark.parametrize(("type_", "is_counted"), [("id", True), ("id?", False)])
def test_keys_that_may_be_empty_are_compared_where_no_two_are_the_same(
    tmp_path: Path, type_: str, is_counted: bool
) -> None:
    folder = copytree(DATA / "services" / "lessons", tmp_path / "lessons")
    text = (folder / "service.toml").read_text("utf-8")
    head, kind, asked = text.partition('name = "asked"')
    head = head.replace(
        'relation = "asked"\ndistinct = "learner_id"', 'relation = "asked"\ndistinct = ["learner_id", "asked_at"]'
    )
    head = head.replace("[relations.asked]", "[relations.asked]\nsubset = true")
    asked = asked.replace('learner_id = "id"', f'learner_id = "{type_}"')
    (folder / "service.toml").write_text(head + kind + asked, "utf-8")
    services = read_services(folder)
    (lessons,) = (service for service in services if service.id == "lessonData")
    sql = kpis_of_days(lessons, services.kinds, frozenset({"asked"})).sql
    assert ("select distinct corp_id, stat_day, learner_id, asked_at from asked_used" in sql) != is_counted


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("select a from sent", {"sent"}),
        ('select a, commented from sent as s, "Withdrawn" w, kept where a in (1, 2)', {"sent", "withdrawn", "kept"}),
        ("select a from sent\n    anti join withdrawn using (a)", {"sent", "withdrawn"}),
        ("select 'from commented' as a from (select b, c from sent group by b, c)", {"sent"}),
        ("select a from other -- from commented", {"other", "withdrawn"}),
    ],
)
def test_what_an_expression_reads_is_found(query: str, read: set[str]) -> None:
    ctes = f"unused as (select 1 from commented),\nother as (select b from WITHDRAWN),\none as (\n    {query}\n)"
    assert sources_of("one", ctes) == read

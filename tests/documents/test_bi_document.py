"""The page about tools: what it has them send is answered, its SQL and programs run, both languages say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from reportdata.coverage import Observation
from reportdata.identity import Organisation
from reportdata.services import REPORTS, read_services
from reportdata.statistics.words import read_question
from reportdata.store import DayKpis
from reportdata.store.postgres import PostgresStore
from tests.support import postgres
from tests.support.documents import blocks, document, environment, follow, lines
from tests.support.folders import Folder, run
from tests.support.serving import serving
from tests.support.tools import require_tool

PAGES = ("docs/bi.md", "docs/bi.zh-CN.md")
LANGUAGES = ("sh", "sql", "python", "powerquery")
CORP = "dingsample"


def test_both_languages_have_the_same_steps() -> None:
    for language in LANGUAGES:
        english, chinese = (blocks(document(page), language) for page in PAGES)
        assert english == chinese
        assert english
    tables = [re.findall(r"^\s*\| `[^|]*\|", document(page), re.MULTILINE) for page in PAGES]
    assert tables[0] == tables[1]


def test_what_tools_are_told_to_ask_is_a_question() -> None:
    service = read_services().service(REPORTS)
    text = document(PAGES[0])
    (program,) = blocks(text, "powerquery")
    (record,) = re.findall(r"Question = \[(.*?)\]", program)
    asked = dict(re.findall(r'(\w+) = "([^"]*)"', record))
    assert read_question(list(asked.items()), service).by == ("day", "department")
    more = dict.fromkeys(re.findall(r"(\w+) = (?:Said|Text)", program[program.index("Fixed =") :]))
    assert list(more) == ["from", "to", "asOf", "page"]
    given = zip(more, ("2026-01-01", "2026-09-30", "2026-11-28T21:13:01.069299+08:00", "2"), strict=True)
    fixed = {name: value for name, value in asked.items() if name != "range"} | dict(given)
    assert read_question(list(fixed.items()), service).page == 2
    grafana = {"from": "2026-09-01", "to": "2026-09-30", "by": "day"}
    assert all(f"| `{name}` |" in text for name in grafana)
    assert read_question(list(grafana.items()), service).is_of_days
    quick_bi = {"range": "year", "by": "day", "pageSize": "1000", "page": "3"}
    assert all(f"`{name}={value}`" in text for name, value in quick_bi.items() if name != "page")
    assert read_question(list(quick_bi.items()), service).page == 3


class Place(NamedTuple):
    """A folder with the usual data folder in it, and what the page's commands made there."""

    path: Path
    folder: Folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Where the page's commands and programs are run, after the organisation has facts of which one was withdrawn."""
    path = tmp_path_factory.mktemp("bi")
    folder = Folder(path / "reportdata-data")
    folder.add_organisation(CORP)
    with closing(folder.store):
        for name, text in {
            "sent.csv": "report_id,user_id,sent_at,departments\nr1,u1,2026-09-21 09:00:00,研发部\n"
            "r2,u1,2026-09-22 09:00:00,研发部\nr3,u2,2026-09-22 10:00:00,销售部\n",
            "withdrawn.csv": "report_id,withdrawn_at\nr3,2026-09-22 11:00:00\n",
        }.items():
            (path / name).write_text(text, "utf-8")
            done = run(folder, "import", path / name)
            assert done.exit_code == 0, done.output
        yield Place(path, folder)


@pytest.mark.tool
def test_its_requests_are_answered(place: Place) -> None:
    require_tool("curl")
    added, *requests = lines(document(PAGES[0]), "sh")
    answer = run(place.folder, *added.split()[1:])
    assert answer.exit_code == 0, answer.output
    key, secret = re.findall(r"^app(?:Key|Secret) +(\S+)$", answer.output, re.MULTILINE)
    with serving(place.folder) as served:
        variables = {**environment(), "KEY": key, "SECRET": secret, "URL": served.url}
        for request in requests:
            follow(
                request.replace("range=year", "from=2026-09-21&to=2026-09-30").replace("range=30d", "range=300d"),
                place.path,
                variables,
            )
    _programs_run(place)


def _programs_run(place: Place) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place.path)
        ran = [_ran(program) for program in blocks(document(PAGES[0]), "python") if _can_run(program)]
    named: dict[str, Any] = {name: value for one in ran for name, value in one.items()}
    assert [row[:2] for row in named["rows"]] == [("2026-09-21", 1), ("2026-09-22", 1)]
    assert [row[:2] for row in named["days"]] == [("2026-09-21", 1), ("2026-09-22", 1)]
    assert dict(named["said"])["timeZone"] == "Asia/Shanghai"
    assert [(str(day), reports, senders) for day, reports, senders in named["counted"]] == [
        ("2026-09-21", 1, 1),
        ("2026-09-22", 1, 1),
    ]


def _ran(program: str) -> dict[str, Any]:
    """What a program names, with what lazy tables hold while they can be read."""
    found: dict[str, Any] = {}
    exec(compile(program, "docs/bi.md", "exec"), found)
    lazy = duckdb.DuckDBPyRelation
    return {name: value.fetchall() if isinstance(value, lazy) else value for name, value in found.items()}


def _can_run(program: str) -> bool:
    """Whether its packages are here: pandas and polars need not be, and pandas reads Parquet by another."""
    wanted = re.findall(r"^import (\w+)", program, re.MULTILINE)
    return all(map(find_spec, wanted)) and ("pandas" not in wanted or find_spec("pyarrow") is not None)


@pytest.mark.postgres
def test_its_roles_see_the_views_and_nothing_else() -> None:
    import psycopg

    address = postgres.address()
    schema = re.search(r"search_path%3D(\w+)", address)
    assert schema is not None
    admin, one, *questions = blocks(document(PAGES[0]), "sql")
    with closing(PostgresStore(address)) as store:
        for corp_id in (CORP, "another"):
            store.add_organisations([Organisation(corp_id, "Asia/Shanghai")])
            store.put_coverage(REPORTS, [Observation(corp_id, "20260921", "20260921", 1_790_200_000_000, "sent")], [])
        store.put_computed(REPORTS, {"4100", "4101", "4102"})
        store.put_days(REPORTS, {"20260921": "f"}, [DayKpis(CORP, "20260921", {"4100": 2, "4101": 1})], 1.0)
    with psycopg.connect(address, autocommit=True) as owner:
        try:
            for block in (admin, one):
                owner.execute(block.replace("public", schema[1]).encode())
            with psycopg.connect(_as(address, "bi"), autocommit=True) as reader:
                for question in (
                    statement for block in questions for statement in block.split(";") if statement.strip()
                ):
                    assert reader.execute(question.encode()).fetchall()
                assert _organisations(reader, "statistics_day") == [CORP, "another"][::-1]
                _require_nothing_else(reader, schema[1])
            with psycopg.connect(_as(address, "bi_sample"), autocommit=True) as reader:
                assert _organisations(reader, "bi_sample.statistics_day") == [CORP]
                _require_nothing_else(reader, schema[1], "statistics_day", "statistics_day_metrics")
        finally:
            owner.execute("drop owned by bi, bi_sample")
            owner.execute("drop schema if exists bi_sample cascade")
            owner.execute("drop role bi")
            owner.execute("drop role bi_sample")


def _as(address: str, role: str) -> str:
    found, count = re.subn(r"user=\w+", f"user={role}", address)
    assert count == 1
    return found


def _organisations(reader: Any, view: str) -> list[str]:
    return sorted(organisation for (organisation,) in reader.execute(f"select distinct organisation from {view}"))


def _require_nothing_else(reader: Any, schema: str, *also: str) -> None:
    """The role can read none of the store's tables, and none of these."""
    import psycopg

    named = "select c.relname from pg_class c where c.relnamespace = %s::regnamespace and c.relkind in ('r', 'p')"
    try:
        tables = [name for (name,) in reader.execute(named, [schema])]
    except psycopg.errors.InsufficientPrivilege:
        tables = []
    for name in {*tables, "apps", "tokens", "kpis", "organisations", "coverage", *also}:
        with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable)):
            reader.execute(f"select * from {schema}.{name}")
    with pytest.raises(psycopg.Error, match="read-only"):
        reader.execute("create temporary table t (a int)")

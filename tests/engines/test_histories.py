"""What people were last said to be, kept from one question to the next: always what all files of the moment say."""

from __future__ import annotations

import itertools
import tempfile
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.days import from_date
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.histories import Histories
from reportdata.services.lending import Narrowing
from reportdata.services.sql import computation
from tests.support.examples import tried_with
from tests.support.services import KINDS, SERVICE

CORPS, USERS, DEPARTMENTS = ("c1", "c2"), ("u1", "u2"), ("a", "b", "a,b", "")
DAYS = [date(2026, 1, 28) + timedelta(days=n) for n in range(8)]


class Said(NamedTuple):
    """A report: whose, when, and of which departments."""

    corp_id: str
    user_id: str
    at: datetime
    departments: str


@st.composite
def said(draw: st.DrawFn) -> Said:
    day, hour = draw(st.sampled_from(DAYS)), draw(st.integers(0, 2))
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return Said(draw(st.sampled_from(CORPS)), draw(st.sampled_from(USERS)), at, draw(st.sampled_from(DEPARTMENTS)))


def departments_of(reports: list[Said], corp_id: str, user_id: str, day: date) -> str:
    own = [one for one in reports if (one.corp_id, one.user_id) == (corp_id, user_id) and one.at.date() <= day]
    return max(own, key=lambda one: (one.at, one.departments)).departments if own else ""


@pytest.mark.whole
@tried_with(20, 1000)
def test_it_is_what_all_files_say_whichever_came_and_went(examples: int) -> None:
    what = computation(
        SERVICE,
        KINDS,
        ("stat_day", "department", "user_id"),
        {"commenters": SERVICE.kpi("4102").measure},  # type: ignore[dict-item]
        None,
        Narrowing([(from_date(DAYS[0]), from_date(DAYS[-1]))]),
    )
    numbers = itertools.count()
    with tempfile.TemporaryDirectory() as temporary, closing(duckdb.connect()) as connection:
        folder = Path(temporary)
        comments = folder / "comments.parquet"
        rows = ", ".join(
            f"('{corp}', date '{day}', 'r', '{user}', timestamptz '{day} 12:00:00+00')"
            for corp in CORPS
            for user in USERS
            for day in DAYS
        )
        named = "rows_(corp_id, stat_day, report_id, user_id, commented_at)"
        connection.execute(f"copy (select * from (values {rows}) {named}) to '{comments}' (format parquet)")

        def write(reports: list[Said]) -> Path:
            """A file of reports, which are of one day or of several."""
            path = folder / f"{next(numbers)}.parquet"
            cells = ", ".join(
                f"('{one.corp_id}', date '{one.at.date()}', 'r{n}', '{one.user_id}', timestamptz '{one.at}', "
                f"cast(null as varchar), nullif('{one.departments}', ''))"
                for n, one in enumerate(reports)
            )
            named = "rows_(corp_id, stat_day, report_id, user_id, sent_at, template, departments)"
            connection.execute(f"copy (select * from (values {cells}) {named}) to '{path}' (format parquet)")
            return path

        @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.data())
        def check(data: st.DataObject) -> None:
            files: dict[Path, list[Said]] = {}
            every: dict[Path, list[Said]] = {}

            def days_of(path: Path) -> tuple[str, str]:
                days = [one.at.date() for one in every[path]]
                return from_date(min(days)), from_date(max(days))

            with closing(DuckDBEngine()) as engine:
                most, kept = data.draw(st.sampled_from(((1, 9), (3, 9), (100, 9), (100, 1))))
                engine.histories = Histories(engine.all_rows, most, kept)
                for _ in range(data.draw(st.integers(1, 4))):
                    for gone in data.draw(st.sets(st.sampled_from(sorted(files)))) if files else ():
                        del files[gone]
                    reports = data.draw(st.lists(said(), max_size=6))
                    if reports:
                        path = write(reports)
                        files[path] = every[path] = reports
                    corp_id = data.draw(st.sampled_from(CORPS))
                    views = {"commented": {comments: 0.0}, "sent_history": dict.fromkeys(files, 0.0)}
                    found = {row[:3] for row in engine.known(what, views, corp_id, days_of)}
                    known = [one for own in files.values() for one in own]
                    assert found == {
                        (day, department, user)
                        for day in DAYS
                        for user in USERS
                        for department in departments_of(known, corp_id, user, day).split(",")
                    }
                    assert len(engine.all_rows("from duckdb_tables() where table_name like 'kept_%'")) <= kept

        check()

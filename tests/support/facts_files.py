"""Facts as the files that an engine reads, what it says of them, and random facts."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from hypothesis import strategies as st

from reportdata.engines import Engine
from tests.support.oracle import Commented, Days, Fact, Sent, Withdrawn
from tests.support.services import kpis

ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("America/New_York"), "C1": ZoneInfo("Asia/Kathmandu")}


KINDS: tuple[type[Fact], ...] = (Sent, Commented, Withdrawn)

_COLUMNS = {
    Sent: "corp_id varchar, stat_day date, report_id varchar, user_id varchar, sent_at timestamptz, "
    "template varchar, departments varchar",
    Commented: "corp_id varchar, stat_day date, report_id varchar, user_id varchar, commented_at timestamptz",
    Withdrawn: "corp_id varchar, stat_day date, report_id varchar, withdrawn_at timestamptz",
}


class Writer:
    """Writes facts as the lake's Parquet files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count()
        self._connection = duckdb.connect()

    def file(self, kind: type[Fact], facts: Iterable[Fact]) -> Path:
        """A new file that holds facts of a kind as often as they are given."""
        path = self._folder / f"{next(self._numbers)}.parquet"
        rows = [self._row(fact) for fact in facts]
        values = f"values {', '.join(rows)}" if rows else "select * from facts"
        self._connection.execute(f"create or replace temp table facts ({_COLUMNS[kind]})")
        self._connection.execute(f"insert into facts {values}")
        self._connection.execute(f"copy facts to '{path}' (format parquet)")
        return path

    def _row(self, fact: Fact) -> str:
        day = f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y-%m-%d}"
        users = () if isinstance(fact, Withdrawn) else (fact.user_id,)
        texts = (fact.corp_id, day, fact.report_id, *users, fact.at.astimezone(UTC).isoformat())
        cells = ["'" + text.replace("'", "''") + "'" for text in texts]
        if isinstance(fact, Sent):
            cells += [f"'{fact.template}'", f"'{','.join(fact.departments)}'"]
        return f"({', '.join(cells)})"

    def close(self) -> None:
        """Let go of the database that writes."""
        self._connection.close()


def measured(engine: Engine, files: Mapping[type[Fact], Sequence[Path]], single: Collection[str] = ()) -> Days:
    """What the engine says, once its rows are found to be in order and each there once.

    :param single: kinds of which no two facts of a day have the same key.
    """
    rows = kpis(engine, files.get(Sent, ()), files.get(Commented, ()), files.get(Withdrawn, ()), single=single)
    order = [(row.stat_day, row.corp_id) for row in rows]
    assert order == sorted(set(order))
    names = ("4100", "4101", "4102")
    return {(row.corp_id, row.stat_day): tuple(row.numbers[name] for name in names) for row in rows}  # type: ignore[misc]


# Ids that differ in case, by white space or in how an accent is written are different ids.
corps = st.sampled_from(sorted(ZONES))
reports = st.sampled_from(("r1", "R1", "r2", "r2 ", "caf\u00e9", "cafe\u0301", "日志'1", '"'))


users = st.sampled_from(("u1", "U1", "u2", "张三"))
moments = st.integers(0, 30).map(
    lambda steps: datetime(2024, 2, 28, 15, 59, 59, tzinfo=UTC) + timedelta(hours=2 * steps)
)
facts = st.one_of(
    st.builds(Sent, corps, reports, users, moments, st.just("日报"), st.just(("研发部", "市场部"))),
    st.builds(Commented, corps, reports, users, moments),
    st.builds(Withdrawn, corps, reports, moments),
)
spread_facts = st.lists(st.tuples(facts, st.lists(st.integers(0, 2), min_size=1, max_size=3)), max_size=40)
"""Facts, each with the numbers of the files that hold it, one as often as it is named."""

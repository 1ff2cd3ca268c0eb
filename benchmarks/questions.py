"""The questions that `benchmarks.statistics` asks, and the peers that answer them from the year of `benchmarks.year`.

``python -m benchmarks.questions PEER DATA PLACE`` reads names of questions from standard input and writes, for each, a
line of JSON: the seconds until all rows were there, those on all cores of this process, how many rows there are, and
their digest. PEER is one of `PEERS`, DATA the data folder and PLACE one to work in.
"""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.year import CORP

Row = tuple[str, str, int, int, int]
"""The Monday of the week or nothing, the department or nothing, reports, senders and commenters."""
Asking = Callable[["Asked"], Iterable[tuple[Any, ...]]]
"""Gives rows like `Row`, whose dates need be no texts, and whose numbers may be None for 0."""


class Asked(NamedTuple):
    """A question: days, whether by week and by department, and whether for commenters, too."""

    first: str
    last: str
    week: bool
    department: bool
    reports: bool
    commenters: bool

    def parameters(self) -> list[tuple[str, str]]:
        """It as the parameters of ours."""
        by = ["week"] * self.week + ["department"] * self.department
        metrics = ["reports"] * self.reports + ["senders"] + ["commenters"] * self.commenters
        pairs = [("from", self.first), ("to", self.last), ("by", ",".join(by)), ("metrics", ",".join(metrics))]
        return [*pairs, ("format", "csv")]  # which has all rows, and is not written here


MONTH, YEAR = ("2025-06-01", "2025-06-30"), ("2025-01-01", "2025-12-31")
QUESTIONS = {
    "a month by department": Asked(*MONTH, False, True, True, False),
    "a month by department, with commenters": Asked(*MONTH, False, True, True, True),
    "the year's senders": Asked(*YEAR, False, False, False, False),
    "the year by week and department": Asked(*YEAR, True, True, True, False),
    "the year by week and department, with commenters": Asked(*YEAR, True, True, True, True),
}


def ours(data: Path, _place: Path) -> Iterator[Asking]:
    """As the one process beside a server answers it."""
    from reportdata.cli.answering import answering
    from reportdata.settings import Settings
    from reportdata.statistics.words import read_question
    from tests.support.services import SERVICE

    with answering(Settings(data)) as work:

        def ask(asked: Asked) -> Iterable[tuple[Any, ...]]:
            rows = work.asking.answer(read_question(asked.parameters(), SERVICE), CORP, time.time()).data
            return [
                (
                    _monday(row["period"]) if asked.week else "",
                    row.get("department", ""),
                    *(row.get(number) for number in ("reports", "senders", "commenters")),
                )
                for row in rows
            ]

        yield ask


def duckdb(data: Path, _place: Path) -> Iterator[Asking]:
    """One query of the same files."""
    import duckdb

    with duckdb.connect(config={"preserve_insertion_order": "false"}) as connection:
        connection.execute("set enable_progress_bar = false")
        for kind in ("sent", "commented", "withdrawn"):
            files = f"read_parquet('{data}/lake/{kind}/*/*.parquet', hive_partitioning = false)"
            connection.execute(f"create view {kind} as select * from {files} where corp_id = '{CORP}'")
        yield lambda asked: connection.execute(_sql(asked, _DUCKDB)).fetchall()


def chdb(data: Path, place: Path) -> Iterator[Asking]:
    """Tables of MergeTree, made of the same files, sorted by organisation and day."""
    opened: Any = import_module("chdb.session").Session(str(place / "chdb"))
    with closing(opened) as session:
        session.query("create database if not exists b engine = Atomic")
        for kind in ("sent", "commented", "withdrawn"):
            session.query(
                f"create table b.{kind}_ engine = MergeTree order by (corp_id, stat_day) "
                f"settings allow_nullable_key = 1 as select * from file('{data}/lake/{kind}/*/*.parquet', 'Parquet')"
            )
            session.query(f"create view b.{kind} as select * from b.{kind}_ where corp_id = '{CORP}'")
        session.query("use b")

        def ask(asked: Asked) -> Iterable[tuple[Any, ...]]:
            lines = str(session.query(_sql(asked, _CLICKHOUSE), "JSONCompactEachRow")).splitlines()
            return [tuple(json.loads(line)) for line in lines if line]

        yield ask


def postgresql(data: Path, place: Path) -> Iterator[Asking]:
    """Tables with an index for each way in; ``place`` has the server's socket."""
    import duckdb
    import psycopg

    from tests.support import postgres_server

    columns = {
        "sent": "corp_id text, stat_day date, report_id text, user_id text, sent_at timestamptz, departments text",
        "commented": "corp_id text, stat_day date, report_id text, user_id text, commented_at timestamptz",
        "withdrawn": "corp_id text, stat_day date, report_id text",
    }
    indexes = (
        "create index on sent_ (corp_id, stat_day) include (report_id, user_id, departments)",
        "create index on sent_ (corp_id, user_id, stat_day, sent_at) include (departments)",
        "create index on commented_ (corp_id, stat_day) include (user_id)",
        "create index on withdrawn_ (corp_id, report_id)",
    )
    with (
        psycopg.connect(host=str(place), user=postgres_server.ROLE, dbname="postgres", autocommit=True) as connection,
        duckdb.connect() as files,
    ):
        for kind, types in columns.items():
            names = ", ".join(part.split()[0] for part in types.split(", "))
            text = place / f"{kind}.csv"
            source = f"read_parquet('{data}/lake/{kind}/*/*.parquet', hive_partitioning = false)"
            files.execute(f"copy (select {names} from {source}) to '{text}' (format csv)")
            text.chmod(0o644)
            connection.execute(f"create table {kind}_ ({types})".encode())
            connection.execute(f"copy {kind}_ from '{text}' (format csv)".encode())
            text.unlink()
        for index in indexes:
            connection.execute(index.encode())
        connection.execute(b"vacuum analyze")
        for kind in columns:
            connection.execute(f"create view {kind} as select * from {kind}_ where corp_id = '{CORP}'".encode())
        yield lambda asked: connection.execute(_sql(asked, _POSTGRESQL).encode()).fetchall()


class _Dialect(NamedTuple):
    """What differs from SQL to SQL: the Monday of a day, a row for each department, a count of the different, the
    reports that were not withdrawn, and the departments of commenters, by day."""

    week: str
    each: str
    distinct: str
    kept: str
    whose: str


_LATEST = """
    select user_id, stat_day, {latest} as departments from sent where stat_day <= '{{last}}' group by user_id, stat_day
"""
_DUCKDB = _Dialect(
    "cast(date_trunc('week', stat_day) as date)",
    "select *, unnest(string_split(coalesce(departments, ''), ',')) as department from {rows}",
    "count(distinct {column})",
    "select sent.* from sent anti join withdrawn on withdrawn.report_id = sent.report_id",
    "select c.user_id, c.stat_day, l.departments from commented c asof left join ("
    + _LATEST.format(latest="arg_max(departments, sent_at)")
    + ") l on c.user_id = l.user_id and c.stat_day >= l.stat_day",
)
_CLICKHOUSE = _Dialect(
    "toMonday(stat_day)",
    "select *, arrayJoin(splitByChar(',', ifNull(departments, ''))) as department from {rows}",
    "uniqExact({column})",
    "select * from sent where report_id not in (select report_id from withdrawn)",
    "select c.user_id as user_id, c.stat_day as stat_day, l.departments as departments from commented c "
    "asof left join (" + _LATEST.format(latest="argMax(departments, sent_at)") + ") l "
    "on c.user_id = l.user_id and c.stat_day >= l.stat_day",
)
_POSTGRESQL = _Dialect(
    "cast(date_trunc('week', stat_day) as date)",
    "select rows_.*, department from {rows} rows_, unnest(string_to_array(coalesce(departments, ''), ',')) department",
    "count(distinct {column})",
    "select * from sent where not exists (select 1 from withdrawn where withdrawn.report_id = sent.report_id)",
    # A person's comments of a day have the same departments: each is looked for once.
    "select c.user_id, c.stat_day, l.departments from ("
    "select distinct user_id, stat_day from commented where stat_day between '{first}' and '{last}'"
    ") c left join lateral (select departments from sent "
    "where sent.user_id = c.user_id and sent.stat_day <= c.stat_day "
    "order by stat_day desc, sent_at desc limit 1) l on true",
)


def _sql(asked: Asked, dialect: _Dialect) -> str:
    """A question as one query."""
    days = {"first": asked.first, "last": asked.last}
    keys = ["week"] * asked.week + ["department"] * asked.department
    named = [f"{dialect.week} as week"] * asked.week + ["department"] * asked.department
    each = dialect.each if asked.department else "select * from {rows}"
    between = "stat_day between '{first}' and '{last}'".format(**days)
    group = f"group by {', '.join(keys)}" if keys else ""
    sender = dialect.distinct.format(column="user_id")
    report = dialect.distinct.format(column="report_id") if asked.reports else "0"
    taken = "".join(f"{key}, " for key in named)
    counted = (
        f"select {taken}{report} as reports, {sender} as senders, 0 as commenters from ({{}}) r where {between} {group}"
    )
    commented = (
        f"select {taken}0 as reports, 0 as senders, {sender} as commenters from ({{}}) c where {between} {group}"
    )
    ctes = [f"kept as ({dialect.kept})"]
    arms = [counted.format(each.format(rows="kept"))]
    if asked.commenters:
        ctes.append(f"whose as ({dialect.whose.format(**days)})")
        arms.append(commented.format(each.format(rows="whose")))
    shown = ["week" if asked.week else "'' as week", "department" if asked.department else "'' as department"]
    sums = "sum(reports), sum(senders), sum(commenters)"
    return f"with {', '.join(ctes)} select {', '.join(shown)}, {sums} from ({' union all '.join(arms)}) counted {group}"


def polars(data: Path, _place: Path) -> Iterator[Asking]:
    """Lazy frames of the same files."""
    import polars as pl

    def scan(kind: str) -> pl.LazyFrame:
        return pl.scan_parquet(f"{data}/lake/{kind}/*/*.parquet", hive_partitioning=False).filter(
            pl.col("corp_id") == CORP
        )

    def counted(rows: pl.LazyFrame, asked: Asked, numbers: list[pl.Expr]) -> pl.LazyFrame:
        keys = [pl.col("stat_day").dt.truncate("1w").alias("week") if asked.week else pl.lit("").alias("week")]
        rows = rows.with_columns(keys)
        if asked.department:
            rows = rows.with_columns(pl.col("departments").fill_null("").str.split(",").alias("department"))
            rows = rows.explode("department")
        else:
            rows = rows.with_columns(pl.lit("").alias("department"))
        return rows.group_by("week", "department").agg(numbers)

    def ask(asked: Asked) -> Iterable[tuple[Any, ...]]:
        first, last = date.fromisoformat(asked.first), date.fromisoformat(asked.last)
        within = pl.col("stat_day").is_between(first, last)
        kept = scan("sent").filter(within).join(scan("withdrawn").select("report_id"), on="report_id", how="anti")
        zero, users = pl.lit(0, pl.UInt32), pl.col("user_id").n_unique()
        reports = pl.col("report_id").n_unique() if asked.reports else zero
        numbers = [reports.alias("reports"), users.alias("senders"), zero.alias("commenters")]
        parts = [counted(kept, asked, numbers)]
        if asked.commenters:
            latest = scan("sent").filter(pl.col("stat_day") <= last).group_by("user_id", "stat_day")
            said = latest.agg(pl.col("departments").sort_by("sent_at").last()).sort("stat_day")
            rows = scan("commented").filter(within).select("user_id", "stat_day").sort("stat_day")
            rows = rows.join_asof(said, on="stat_day", by="user_id", strategy="backward", check_sortedness=False)
            parts.append(
                counted(rows, asked, [zero.alias("reports"), zero.alias("senders"), users.alias("commenters")])
            )
        found: list[tuple[Any, ...]] = pl.concat(parts).group_by("week", "department").sum().collect().rows()
        return found

    yield ask


PEERS = {"ours": ours, "duckdb": duckdb, "chdb": chdb, "postgresql": postgresql, "polars": polars}


def _monday(week: str) -> str:
    """The first day of a week like ``2025-W01``."""
    year, _, number = week.partition("-W")
    return date.fromisocalendar(int(year), int(number), 1).isoformat()


def _row(row: tuple[Any, ...]) -> Row:
    week, department, *numbers = row
    reports, senders, commenters = (int(number or 0) for number in numbers)
    return str(week), department, reports, senders, commenters


def main() -> None:
    """Answer what is asked."""
    peer = PEERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
    ask = next(peer)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        found = ask(QUESTIONS[line.strip()])
        took = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rows = sorted(row for row in map(_row, found) if any(row[2:]))
        digest = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        print(json.dumps({"took": took, "used": used, "rows": len(rows), "digest": digest}), flush=True)
    peer.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()

"""The peers that answer the questions of `benchmarks.asked` from the year of `benchmarks.year`.

``python -m benchmarks.answerers PEER DATA PLACE`` reads names of questions from standard input and writes, for each, a
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
from typing import Any

from benchmarks.asked import CLICKHOUSE, DUCKDB, POSTGRESQL, QUESTIONS, Asked, sql_of
from benchmarks.year import CORP

Row = tuple[str, str, int, int, int]
"""The Monday of the week or nothing, the department or nothing, reports, senders and commenters."""
Asking = Callable[[Asked], Iterable[tuple[Any, ...]]]
"""Gives rows like `Row`, whose dates need be no texts, and whose numbers may be None for 0."""


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
        yield lambda asked: connection.execute(sql_of(asked, DUCKDB)).fetchall()


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
            lines = str(session.query(sql_of(asked, CLICKHOUSE), "JSONCompactEachRow")).splitlines()
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
            files.execute(f"copy (select {names} from {source}) to '{text}' (format csv, header false)")
            text.chmod(0o644)
            connection.execute(f"create table {kind}_ ({types})".encode())
            connection.execute(f"copy {kind}_ from '{text}' (format csv)".encode())
            text.unlink()
        for index in indexes:
            connection.execute(index.encode())
        connection.execute(b"vacuum analyze")
        for kind in columns:
            connection.execute(f"create view {kind} as select * from {kind}_ where corp_id = '{CORP}'".encode())
        yield lambda asked: connection.execute(sql_of(asked, POSTGRESQL).encode()).fetchall()


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

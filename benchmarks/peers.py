"""A million reports and as many comments from CSV files to the KPIs of every day, by reportdata and by what else could
do it.

``python -m benchmarks.peers PEER SOURCE PLACE`` does it once and writes the seconds it took, and the numbers, as JSON.
PEER is ``ours``, ``postgresql``, ``unlogged``, ``pandas``, ``arrow`` or ``sqlite``; SOURCE is the folder of the CSV
files and PLACE a folder to work in.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb

from benchmarks.figures import Figure
from benchmarks.importing import DAYS, ORGANISATIONS, PEOPLE, REPORTS, import_reports, write_reports
from reportdata.identity import Organisation
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres_server as postgres

Say = Callable[[str], None]
Numbers = dict[str, tuple[int, int, int]]
"""The KPIs 4100, 4101 and 4102 by organisation and day, written ``dingexample 2026-09-21``."""

# In the order of their days, like the reports. Unlike the reports, several of a day are by the same person.
_COMMENTS = """
select
    format('ding{{:020d}}', i % {organisations}) as corp_id,
    md5((i * 31 % {reports})::varchar) as report_id,
    format('user{{:06d}}', i * 48271 % 1000003 % {people}) as user_id,
    strftime(
        timestamp '2026-09-01' + to_days((i * {days} // {reports})::integer) + to_seconds(i * 7919 % 86400),
        '%Y-%m-%d %H:%M:%S'
    ) as commented_at
from range({reports}) as numbers(i)
"""


class Time(NamedTuple):
    """Seconds from the start of reading to all numbers, after the imports of the process, and of the whole process."""

    inside: float
    whole: float


class Peer(NamedTuple):
    """What the table calls it, and the folder it works in when that has to outlive a round."""

    name: str
    place: Path | None = None


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round took."""
    with ExitStack() as stack:
        source = Path(stack.enter_context(TemporaryDirectory(prefix="benchmark-")))
        source.chmod(0o755)  # PostgreSQL reads the files itself, as another user
        write_reports(source / "reports.csv", REPORTS)
        comments = _COMMENTS.format(organisations=ORGANISATIONS, people=PEOPLE, days=DAYS, reports=REPORTS)
        with duckdb.connect() as connection:
            connection.execute(f"copy ({comments}) to '{source / 'comments.csv'}' (format csv, header)")
        say(f"peers: wrote {REPORTS:,} reports and as many comments")
        peers = _peers(stack, say)
        times: dict[str, list[Time]] = {name: [] for name in peers}
        numbers: Numbers = {}
        for number in range(rounds):
            for name, found in times.items():
                taken, result = _timed(name, source, peers[name].place)
                if name == "ours" and not numbers:
                    numbers = result
                if result != numbers or len(result) != ORGANISATIONS * DAYS:
                    raise RuntimeError(f"the numbers of {name} differ from ours")
                found.append(taken)
                say(f"peers: round {number + 1} of {rounds}: {name} {taken.inside:.2f} s")
    return figures(peers, times), {name: [one._asdict() for one in found] for name, found in times.items()}


def figures(peers: dict[str, Peer], times: dict[str, list[Time]]) -> list[Figure]:
    """The table's lines."""
    inside = {name: median(one.inside for one in found) for name, found in times.items()}
    what = f"{REPORTS:,} reports and as many comments, CSV to KPIs"
    return [
        Figure(what, inside["ours"], inside[name], "s", peer.name, at_most=1)
        for name, peer in peers.items()
        if name != "ours"
    ]


def _peers(stack: ExitStack, say: Say) -> dict[str, Peer]:
    """Ours, and the others as far as they are there."""
    found = {"ours": Peer("reportdata")}
    programs = postgres.programs()
    if programs is None or find_spec("psycopg") is None:
        say("peers: no PostgreSQL, or no psycopg: its lines are left out")
    else:
        server = stack.enter_context(postgres.running(programs))
        found["postgresql"] = Peer(f"PostgreSQL {server.version}", server.socket)
        found["unlogged"] = Peer(f"PostgreSQL {server.version}, unlogged tables", server.socket)
    for name, package in (("pandas", "pandas"), ("arrow", "pyarrow")):
        if find_spec("pandas") is None or find_spec(package) is None:
            say(f"peers: no {package}: its line is left out")
        else:
            with_arrow = f" with PyArrow {version('pyarrow')}" if name == "arrow" else ""
            found[name] = Peer(f"pandas {version('pandas')}{with_arrow}")
    found["sqlite"] = Peer(f"SQLite {sqlite3.sqlite_version}")
    return found


def _timed(name: str, source: Path, place: Path | None) -> tuple[Time, Numbers]:
    """One round of one of them, in a process of its own."""
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        if name == "ours":
            store = SQLiteStore(Settings(Path(temporary)).store)
            corp_ids = (f"ding{number:020}" for number in range(ORGANISATIONS))
            store.add_organisations(Organisation(corp_id, "Asia/Shanghai") for corp_id in corp_ids)
            store.close()
        command = [sys.executable, "-m", "benchmarks.peers", name, str(source), str(place or temporary)]
        began = time.perf_counter()
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        whole = time.perf_counter() - began
    said = json.loads(done.stdout)
    return Time(said["took"], whole), {key: (row[0], row[1], row[2]) for key, row in said["numbers"].items()}


def _three(values: Mapping[str, int | float]) -> tuple[int, int, int]:
    reports, senders, commenters = (int(values[kpi]) for kpi in ("4100", "4101", "4102"))
    return reports, senders, commenters


def ours(source: Path, place: Path) -> Iterator[Numbers]:
    """What ``reportdata import`` does, and what serving then reads."""
    yield {}
    import_reports([source / "reports.csv", source / "comments.csv"], place)
    store = SQLiteStore(Settings(place).store)
    rows = store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
    yield {_key(row.corp_id, row.stat_day): _three(row.values) for row in rows}
    store.close()


_TABLES = {
    "reports": "corp_id text, report_id text, user_id text, sent_at {time}, template text, departments text",
    "comments": "corp_id text, report_id text, user_id text, commented_at {time}",
}
_COUNTED = {
    "reports": "select corp_id, {day} as stat_day, count(distinct report_id), count(distinct user_id) from reports "
    "group by corp_id, stat_day",
    "comments": "select corp_id, {day} as stat_day, count(distinct user_id) from comments group by corp_id, stat_day",
}
_TIMES = {"reports": "sent_at", "comments": "commented_at"}


def postgresql(source: Path, place: Path, kind: str = "") -> Iterator[Numbers]:
    """Both tables at once, each over a connection of its own. The server reads the files."""
    import psycopg

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(host=str(place), user=postgres.ROLE, dbname="postgres", autocommit=True)

    def count(table: str) -> list[tuple[Any, ...]]:
        with connect() as connection:
            connection.execute(f"create {kind} table {table} ({_TABLES[table].format(time='timestamp')})".encode())
            connection.execute(f"copy {table} from '{source / table}.csv' (format csv, header)".encode())
            return connection.execute(_COUNTED[table].format(day=f"{_TIMES[table]}::date").encode()).fetchall()

    yield {}
    with ThreadPoolExecutor(2) as threads:
        reports, comments = threads.map(count, _TABLES)
        yield _numbers(reports, comments)
    with connect() as connection:
        connection.execute("drop table reports, comments")
        connection.execute("checkpoint")


def pandas(source: Path, _place: Path, *, arrow: bool = False) -> Iterator[Numbers]:
    """Data frames of what is needed."""
    import pandas as pd

    pd.set_option("mode.string_storage", "pyarrow" if arrow else "python")
    reading = {"engine": "pyarrow", "dtype_backend": "pyarrow"} if arrow else {}

    def count(table: str, *counted: str) -> Iterable[tuple[Any, ...]]:
        at = _TIMES[table]
        columns = ["corp_id", *counted, at]
        frame = pd.read_csv(source / f"{table}.csv", usecols=columns, parse_dates=[at], **reading)
        frame[at] = frame[at].dt.floor("D")
        found = frame.groupby(["corp_id", at], sort=False)[list(counted)].nunique().reset_index()
        found[at] = found[at].dt.strftime("%Y-%m-%d")
        rows: Iterable[tuple[Any, ...]] = found.itertuples(index=False, name=None)
        return rows

    yield {}
    yield _numbers(count("reports", "report_id", "user_id"), count("comments", "user_id"))


def sqlite(source: Path, place: Path) -> Iterator[Numbers]:
    """Two tables of a new database, filled in one transaction."""
    connection = sqlite3.connect(place / "peer.db", isolation_level=None)
    yield {}
    with closing(connection):
        connection.execute("begin")
        for table, columns in _TABLES.items():
            connection.execute(f"create table {table} ({columns.format(time='text')})")
            with (source / f"{table}.csv").open(encoding="utf-8", newline="") as file:
                rows = csv.reader(file)
                marks = ", ".join("?" for _ in next(rows))
                connection.executemany(f"insert into {table} values ({marks})", rows)
        connection.execute("commit")
        reports, comments = (
            connection.execute(sql.format(day=f"substr({_TIMES[table]}, 1, 10)")).fetchall()
            for table, sql in _COUNTED.items()
        )
        yield _numbers(reports, comments)


def _numbers(reports: Iterable[tuple[Any, ...]], comments: Iterable[tuple[Any, ...]]) -> Numbers:
    """From rows of organisation, day and counts."""
    commenters = {(corp_id, day): count for corp_id, day, count in comments}
    return {
        f"{corp_id} {day}": (int(sent), int(senders), int(commenters.get((corp_id, day), 0)))
        for corp_id, day, sent, senders in reports
    }


def _key(corp_id: str, stat_day: str) -> str:
    return f"{corp_id} {stat_day[:4]}-{stat_day[4:6]}-{stat_day[6:]}"


_JOBS: dict[str, Callable[[Path, Path], Iterator[Numbers]]] = {
    "ours": ours,
    "postgresql": postgresql,
    "unlogged": lambda source, place: postgresql(source, place, "unlogged"),
    "pandas": pandas,
    "arrow": lambda source, place: pandas(source, place, arrow=True),
    "sqlite": sqlite,
}
"""Each yields twice: when it is ready to begin, and the numbers; what comes after them is not timed."""


def main() -> None:
    """Do it once."""
    name, source, place = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    job = _JOBS[name](source, place)
    next(job)
    began = time.perf_counter()
    numbers = next(job)
    took = time.perf_counter() - began
    for _ in job:
        pass
    json.dump({"took": took, "numbers": numbers}, sys.stdout)


if __name__ == "__main__":
    main()

"""Reports from a CSV to KPIs in the store, beside DuckDB alone: copying the file to Parquet by day, and counting there.

``python -m benchmarks.importing (ours|bare) FOLDER CSV...`` does one of them once and prints what it took, in JSON.
`benchmarks.large` measures files of any size.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb

from benchmarks.figures import Figure
from reportdata.catalogue import REPORT_DATA
from reportdata.cli.importing import refresh_folder
from reportdata.identity import Organisation
from reportdata.lake import Lake
from reportdata.pipeline import silent
from reportdata.pipeline.importing import Options, import_files
from reportdata.pipeline.unfinished import forget_finished
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore

REPORTS, ORGANISATIONS, DAYS, PEOPLE = 1_000_000, 200, 30, 250
"""Reports of the small case, organisations, days, and people of each organisation."""
MANY = 10_000_000
"""Reports of the large case."""

Say = Callable[[str], None]


class Took(NamedTuple):
    """What a round took: seconds inside the process after its imports, of these those until the facts were Parquet, and
    of the whole process; its time on all cores; its peak memory in bytes."""

    inside: float
    copied: float
    whole: float
    processor: float
    memory: float


Rounds = dict[str, list[Took]]
"""What each of the two took in each round."""


# Reports are in the order of their days, and scattered over organisations, people and seconds.
_REPORTS = """
select
    format('ding{{:020d}}', i % {organisations}) as corp_id,
    md5(i::varchar) as report_id,
    format('user{{:06d}}', i * 7919 // {organisations} % {people}) as user_id,
    strftime(
        timestamp '2026-09-01' + to_days((i * {days} // {reports})::integer) + to_seconds(i * 48271 % 86400),
        '%Y-%m-%d %H:%M:%S'
    ) as sent_at,
    case i % 5 when 4 then '周报' else '日报' end as template,
    case i % 3 when 0 then '研发部' when 1 then '销售一部,客户成功' else '市场部' end as departments
from range({reports}) as numbers(i)
"""
# Comments on these reports, an hour after them, by somebody else.
_COMMENTS = """
select
    format('ding{{:020d}}', i % {organisations}) as corp_id,
    md5(i::varchar) as report_id,
    format('user{{:06d}}', i * 104729 // {organisations} % {people}) as user_id,
    strftime(
        timestamp '2026-09-01' + to_days((i * {days} // {reports})::integer) + to_seconds(i * 48271 % 82800 + 3600),
        '%Y-%m-%d %H:%M:%S'
    ) as commented_at
from range({reports}) as numbers(i)
"""


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round took."""
    found: list[Figure] = []
    details: dict[str, list[dict[str, float]]] = {}
    for reports in (REPORTS, MANY):
        took = compare(reports, rounds, say)
        found += figures(f"{reports:,} reports, CSV to KPIs", took)
        details |= {f"{reports} {name}": [one._asdict() for one in each] for name, each in took.items()}
    return found, details


def compare(reports: int, rounds: int, say: Say, *, comments: bool = False, folder: Path | None = None) -> Rounds:
    """What both take for so many reports, and as many comments on them.

    :param folder: takes the files and what is made of them, all of which is removed; absent, the temporary folder.
    """
    took: Rounds = {"ours": [], "bare": []}
    with TemporaryDirectory(prefix="benchmark-", dir=folder) as temporary:
        files = [Path(temporary, "reports.csv"), *([Path(temporary, "comments.csv")] if comments else [])]
        write_reports(files[0], reports)
        if comments:
            write_comments(files[1], reports)
        say(f"importing: wrote {reports:,} reports, {sum(path.stat().st_size for path in files) / 1e6:,.0f} MB")
        for number in range(rounds):
            for name, each in took.items():
                with TemporaryDirectory(dir=temporary) as data:
                    each.append(_round(name, files, Path(data), reports))
                one = each[-1]
                say(
                    f"importing: round {number + 1} of {rounds}: {name} {one.inside:.2f} s "
                    f"({one.processor:.2f} s on all cores), {one.memory / 1e6:,.0f} MB"
                )
    return took


def figures(what: str, took: Rounds) -> list[Figure]:
    """The table's lines."""
    ours, bare = (Took(*map(median, zip(*took[name], strict=True))) for name in ("ours", "bare"))
    beside = "copied and counted by DuckDB"
    return [
        Figure(what, ours.inside, bare.inside, "s", beside, at_most=1.3),
        Figure(f"{what}, beside copying alone", ours.inside, bare.copied, "s", "copied to Parquet by DuckDB"),
        Figure(f"{what}, with the process's start", ours.whole, bare.whole, "s", beside),
        Figure(f"{what}, time on all cores", ours.processor, bare.processor, "s", beside),
        Figure(f"{what}, peak memory", ours.memory / 1e6, bare.memory / 1e6, "MB", beside),
    ]


def write_reports(path: Path, reports: int = REPORTS) -> None:
    """Write the reports, the same ones every time."""
    _write(_REPORTS, path, reports)


def write_comments(path: Path, reports: int) -> None:
    """Write a comment on each of so many reports."""
    _write(_COMMENTS, path, reports)


def _write(query: str, path: Path, reports: int) -> None:
    text = query.format(organisations=ORGANISATIONS, people=PEOPLE, days=DAYS, reports=reports)
    with duckdb.connect() as connection:
        connection.execute(f"copy ({text}) to '{path}' (format csv, header)")


def _round(name: str, files: Sequence[Path], folder: Path, reports: int) -> Took:
    """One round of one of the two, in a process of its own."""
    if name == "ours":
        store = SQLiteStore(Settings(folder).store)
        store.add_organisations(Organisation(f"ding{number:020}", "Asia/Shanghai") for number in range(ORGANISATIONS))
        store.close()
    command = [sys.executable, "-m", "benchmarks.importing", name, str(folder), *map(str, files)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    whole = time.perf_counter() - began
    if name == "ours":
        _check(folder, reports, comments=len(files) > 1)
    return Took(**json.loads(done.stdout), whole=whole)


def _check(folder: Path, reports: int, *, comments: bool) -> None:
    """Every report must be counted, once."""
    store = SQLiteStore(Settings(folder).store)
    rows = store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
    store.close()
    counted, senders, commenters = (sum(row.values[kpi] for row in rows) for kpi in ("4100", "4101", "4102"))
    if counted != reports or len(rows) != ORGANISATIONS * DAYS or not 0 < senders <= counted:
        raise RuntimeError(f"{counted:,} reports are counted in {len(rows)} rows, in place of {reports:,}")
    if comments != (commenters > 0):
        raise RuntimeError(f"{commenters:,} people who commented are counted")


def import_reports(files: Sequence[Path], folder: Path) -> float:
    """What ``reportdata import`` does: facts to the lake, KPIs to the store. Returns when the facts were there."""
    settings = Settings(folder)
    store = SQLiteStore(settings.store)
    done = import_files(Lake(settings.lake), store, files, Options())
    copied = time.perf_counter()
    if done.failures:
        raise done.failures[0]
    refresh_folder(settings, store, silent)
    forget_finished(Lake(settings.lake))
    store.close()
    return copied


def copy_reports(files: Sequence[Path], folder: Path) -> float:
    """The least that reading the files, writing Parquet by day and counting there can take: no check, no fact twice,
    nothing made durable, nothing kept. Returns when the Parquet was written."""
    with duckdb.connect(config={"preserve_insertion_order": "false", "temp_directory": str(folder)}) as connection:
        for path in files:
            at = "sent_at" if path.stem == "reports" else "commented_at"
            connection.execute(
                f"copy (select *, strftime({at}, '%Y%m%d') as stat_day from read_csv('{path}')) "
                f"to '{folder / path.stem}' (format parquet, partition_by (stat_day))"
            )
        copied = time.perf_counter()
        for path in files:
            numbers = "count(distinct report_id), " * (path.stem == "reports") + "count(distinct user_id)"
            source = f"read_parquet('{folder / path.stem}/*/*.parquet')"
            connection.execute(f"select corp_id, stat_day, {numbers} from {source} group by all").fetchall()
    return copied


def main() -> None:
    """Do one of the two once."""
    name, folder, files = sys.argv[1], Path(sys.argv[2]), [Path(path) for path in sys.argv[3:]]
    processor, began = time.process_time(), time.perf_counter()
    copied = {"ours": import_reports, "bare": copy_reports}[name](files, folder)
    took = {"inside": time.perf_counter() - began, "copied": copied - began}
    took["processor"] = time.process_time() - processor
    # Not from `getrusage`, which counts the memory of the process that started this one as well.
    peak = Path("/proc/self/status").read_text("utf-8").split("VmHWM:")[1].split()[0]
    print(json.dumps({**took, "memory": int(peak) * 1024}))


if __name__ == "__main__":
    main()

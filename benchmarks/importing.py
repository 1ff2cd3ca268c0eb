"""A million reports from a CSV to KPIs in the store, beside what only copying them to Parquet takes.

``python -m benchmarks.importing (ours|bare) CSV FOLDER`` does one of them once and prints the seconds it took.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
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
from reportdata.settings import Settings
from reportdata.store.sqlite import SQLiteStore

REPORTS, ORGANISATIONS, DAYS, PEOPLE = 1_000_000, 200, 30, 250
"""Reports in all, organisations, days, and people of each organisation."""

Say = Callable[[str], None]
Times = dict[str, list["Time"]]
"""What each of the two took in each round."""


class Time(NamedTuple):
    """Seconds inside the process, after its imports, and of the whole process."""

    inside: float
    whole: float


# Reports are in the order of their days, and scattered over organisations, people and seconds.
_REPORTS = f"""
select
    format('ding{{:020d}}', i % {ORGANISATIONS}) as corp_id,
    md5(i::varchar) as report_id,
    format('user{{:06d}}', i * 7919 // {ORGANISATIONS} % {PEOPLE}) as user_id,
    strftime(
        timestamp '2026-09-01' + to_days((i * {DAYS} // {REPORTS})::integer) + to_seconds(i * 48271 % 86400),
        '%Y-%m-%d %H:%M:%S'
    ) as sent_at,
    case i % 5 when 4 then '周报' else '日报' end as template,
    case i % 3 when 0 then '研发部' when 1 then '销售一部,客户成功' else '市场部' end as departments
from range({REPORTS}) as numbers(i)
"""


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round took."""
    times: Times = {"ours": [], "bare": []}
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        path = Path(temporary, "reports.csv")
        write_reports(path)
        say(f"importing: wrote {REPORTS:,} reports, {path.stat().st_size / 1e6:.0f} MB")
        for number in range(rounds):
            for name, found in times.items():
                with TemporaryDirectory(dir=temporary) as folder:
                    found.append(_timed(name, path, Path(folder)))
                say(f"importing: round {number + 1} of {rounds}: {name} {found[-1].inside:.2f} s")
    return figures(times), {name: [one._asdict() for one in found] for name, found in times.items()}


def figures(times: Times) -> list[Figure]:
    """The table's lines."""
    inside = {name: median(one.inside for one in found) for name, found in times.items()}
    whole = {name: median(one.whole for one in found) for name, found in times.items()}
    what, beside = f"{REPORTS:,} reports, CSV to KPIs", "copied to Parquet by DuckDB"
    return [
        Figure(what, inside["ours"], inside["bare"], "s", beside, at_most=2),
        Figure(f"{what}, with the process's start", whole["ours"], whole["bare"], "s", beside),
    ]


def write_reports(path: Path) -> None:
    """Write the reports, the same ones every time."""
    with duckdb.connect() as connection:
        connection.execute(f"copy ({_REPORTS}) to '{path}' (format csv, header)")


def _timed(name: str, path: Path, folder: Path) -> Time:
    """One round of one of the two, in a process of its own."""
    if name == "ours":
        store = SQLiteStore(Settings(folder).store)
        store.add_organisations(Organisation(f"ding{number:020}", "Asia/Shanghai") for number in range(ORGANISATIONS))
        store.close()
    command = [sys.executable, "-m", "benchmarks.importing", name, str(path), str(folder)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    whole = time.perf_counter() - began
    if name == "ours":
        _check(folder)
    return Time(float(done.stdout), whole)


def _check(folder: Path) -> None:
    """Every report must be counted, once."""
    store = SQLiteStore(Settings(folder).store)
    rows = store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
    store.close()
    counted, senders = (sum(row.values[kpi] for row in rows) for kpi in ("4100", "4101"))
    if counted != REPORTS or len(rows) != ORGANISATIONS * DAYS or not 0 < senders <= counted:
        raise RuntimeError(f"{counted:,} reports are counted in {len(rows)} rows, in place of {REPORTS:,}")


def import_reports(path: Path, folder: Path) -> None:
    """What ``reportdata import`` does: facts to the lake, KPIs to the store."""
    settings = Settings(folder)
    store = SQLiteStore(settings.store)
    done = import_files(Lake(settings.lake), store, [path], Options())
    if done.failures:
        raise done.failures[0]
    refresh_folder(settings, store, silent)
    store.close()


def copy_reports(path: Path, folder: Path) -> None:
    """The least that reading the file and writing Parquet by day can take: no check, no fact twice, nothing made
    durable, nothing counted."""
    with duckdb.connect(config={"preserve_insertion_order": "false"}) as connection:
        connection.execute(
            f"copy (select *, strftime(sent_at, '%Y%m%d') as stat_day from read_csv('{path}')) "
            f"to '{folder / 'copied'}' (format parquet, partition_by (stat_day))"
        )


def main() -> None:
    """Do one of the two once."""
    name, path, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    began = time.perf_counter()
    {"ours": import_reports, "bare": copy_reports}[name](path, folder)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()

"""Reports from a CSV to KPIs in the store, beside DuckDB alone: copying the file to Parquet by day, and counting there.

``python -m benchmarks.importing (ours|bare) FOLDER CSV...`` does one of them once and prints what it took, in JSON.
`benchmarks.history` does it with a long history.
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
from reportdata.cli.places import workspace
from reportdata.identity import Organisation
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.refreshing import refresh
from reportdata.services import REPORTS as REPORT_DATA
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
    {id} as report_id,
    format('user{{:06d}}', i * 7919 // {organisations} % {people}) as user_id,
    strftime(
        timestamp '{first}' + to_days((i * {days} // {reports})::integer) + to_seconds(i * 48271 % 86400),
        '%Y-%m-%d %H:%M:%S'
    ) as sent_at,
    case i % 5 when 4 then '周报' else '日报' end as template,
    case i % 3 when 0 then '研发部' when 1 then '销售一部,客户成功' else '市场部' end as departments
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


def compare(reports: int, rounds: int, say: Say) -> Rounds:
    """What both take for so many reports."""
    took: Rounds = {"ours": [], "bare": []}
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        files = [Path(temporary, "reports.csv")]
        write_reports(files[0], reports)
        say(f"importing: wrote {reports:,} reports, {files[0].stat().st_size / 1e6:,.0f} MB")
        for number in range(rounds):
            for name, each in took.items():
                with TemporaryDirectory(dir=temporary) as data:
                    one = (
                        import_round(files, Path(data), reports) if name == "ours" else _round(name, files, Path(data))
                    )
                each.append(one)
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


def write_reports(path: Path, reports: int, *, days: int = DAYS, first: str = "2026-09-01", ids: str = "") -> None:
    """Write the reports, the same ones every time.

    :param first: their first day.
    :param ids: how their ids begin.
    """
    text = _REPORTS.format(
        organisations=ORGANISATIONS,
        people=PEOPLE,
        days=days,
        reports=reports,
        first=first,
        id=f"'{ids}' || md5(i::varchar)" if ids else "md5(i::varchar)",
    )
    with duckdb.connect() as connection:
        connection.execute(f"copy ({text}) to '{path}' (format csv, header)")


def import_round(files: Sequence[Path], folder: Path, reports: int) -> Took:
    """Import files into a data folder that then has so many reports, in a process of its own."""
    store = SQLiteStore(Settings(folder).store)
    store.add_organisations(Organisation(f"ding{number:020}", "Asia/Shanghai") for number in range(ORGANISATIONS))
    store.close()
    took = _round("ours", files, folder)
    _check(folder, reports)
    return took


def _round(name: str, files: Sequence[Path], folder: Path) -> Took:
    """One round of one of the two, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.importing", name, str(folder), *map(str, files)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Took(**json.loads(done.stdout), whole=time.perf_counter() - began)


def _check(folder: Path, reports: int) -> None:
    """Every report must be counted, once."""
    store = SQLiteStore(Settings(folder).store)
    rows = store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
    store.close()
    counted, senders = (sum(row.values[kpi] for row in rows) for kpi in ("4100", "4101"))
    if counted != reports or len(rows) < ORGANISATIONS * DAYS or not 0 < senders <= counted:
        raise RuntimeError(f"{counted:,} reports are counted in {len(rows)} rows, in place of {reports:,}")


def import_reports(files: Sequence[Path], folder: Path) -> float:
    """What ``reportdata import`` does: facts to the lake, KPIs to the store. Returns when the facts were there."""
    with workspace(Settings(folder)) as work:
        done = import_files(work, files, Options())
        copied = time.perf_counter()
        if done.failures:
            raise done.failures[0]
        refresh(work, time.time())
    return copied


def copy_reports(files: Sequence[Path], folder: Path) -> float:
    """The least that reading the files, writing Parquet by day and counting there can take: no check, no fact twice,
    nothing made durable, nothing kept. Returns when the Parquet was written."""
    with duckdb.connect(config={"preserve_insertion_order": "false", "temp_directory": str(folder)}) as connection:
        for path in files:
            connection.execute(
                f"copy (select *, strftime(sent_at, '%Y%m%d') as stat_day from read_csv('{path}')) "
                f"to '{folder / path.stem}' (format parquet, partition_by (stat_day))"
            )
        copied = time.perf_counter()
        for path in files:
            connection.execute(
                "select corp_id, stat_day, count(distinct report_id), count(distinct user_id) "
                f"from read_parquet('{folder / path.stem}/*/*.parquet') group by all"
            ).fetchall()
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

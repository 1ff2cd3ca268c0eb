"""What a long history costs: the import of a hundred million reports, and the refresh of one day with a month and with
ten years beside it.

``python -m benchmarks.history FOLDER DAY ROUNDS`` refreshes one day in turn with DuckDB's bare query of it, and prints
what each took, in JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import duckdb

from benchmarks.figures import Figure
from benchmarks.importing import DAYS, MANY, Took, import_round, write_reports
from reportdata.cli.places import workspace
from reportdata.days import parse_day
from reportdata.pipeline.refreshing import refresh
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.settings import Settings

HISTORY, YEARS = 100_000_000, 3_650
"""Reports of the long history, and its days: ten years."""
MOST = 2_000.0
"""Megabytes that its import is meant to take at most."""
DAY = "2026-09-15"
"""The day that is refreshed, of `MANY` / `DAYS` reports; it lies within the month, and at the end of the ten years."""
_REFRESHES = 9
"""How often each round refreshes the day in a process."""

Say = Callable[[str], None]


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure some rounds; returns the table's lines, from medians, and what every round gave."""
    with TemporaryDirectory(prefix="benchmark-") as temporary:
        folder = Path(temporary)
        files = _written(folder, say)
        month, years = folder / "month", folder / "years"
        import_round([files["month"]], month, MANY)
        say(f"history: imported {MANY:,} reports of a month")
        took = import_round([files["years"]], years, HISTORY)
        say(f"history: imported {HISTORY:,} reports of ten years: {took.inside:.0f} s, {took.memory / 1e6:,.0f} MB")
        import_round([files["day"]], years, HISTORY + MANY // DAYS)
        found: dict[str, dict[str, list[float]]] = {name: {"ours": [], "bare": []} for name in ("month", "years")}
        for _ in range(rounds):  # whatever else the machine does meets both
            for name, place in (("month", month), ("years", years)):
                for who, times in _refreshes(place).items():
                    found[name][who] += times
        for name, each in found.items():
            say(f"history: a day beside a {name}: {median(each['ours']):.3f} s, bare {median(each['bare']):.3f} s")
    details = {
        f"{name} {who}": [{"seconds": one} for one in times]
        for name, each in found.items()
        for who, times in each.items()
    }
    return _figures(took, found), details | {"import of ten years": [took._asdict()]}


def _written(folder: Path, say: Say) -> dict[str, Path]:
    """The CSV files of a month, of ten years that end before it, and of the day."""
    files = {name: folder / f"{name}.csv" for name in ("month", "years", "day")}
    write_reports(files["month"], MANY)
    write_reports(files["years"], HISTORY, days=YEARS, first="2016-09-03", ids="past-")
    with duckdb.connect() as connection:
        rows = f"select * from read_csv('{files['month']}', all_varchar = true) where starts_with(sent_at, '{DAY}')"
        connection.execute(f"copy ({rows}) to '{files['day']}' (format csv, header)")
    say(f"history: wrote {HISTORY:,} reports of ten years, {files['years'].stat().st_size / 1e6:,.0f} MB")
    return files


def _figures(took: Took, found: dict[str, dict[str, list[float]]]) -> list[Figure]:
    month, years = (median(found[name]["ours"]) for name in ("month", "years"))
    bare = "DuckDB's bare query of that day"
    what = f"refresh of a day of {MANY // DAYS:,} reports"
    most = "the most that is meant"
    return [
        Figure(f"{HISTORY:,} reports, CSV to KPIs, peak memory", took.memory / 1e6, MOST, "MB", most, at_most=1),
        Figure(f"the same, {HISTORY / took.inside:,.0f} reports/s", took.inside, None, "s"),
        Figure(f"{what}, beside a month", month, median(found["month"]["bare"]), "s", bare, at_most=2),
        Figure(f"{what}, beside ten years", years, median(found["years"]["bare"]), "s", bare, at_most=2),
        Figure(f"{what}, beside ten years", years, month, "s", "the same beside a month", at_most=1.1),
    ]


def _refreshes(folder: Path) -> dict[str, list[float]]:
    """The seconds of refreshes and of bare queries, in turn, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.history", str(folder), parse_day(DAY)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, list[float]] = json.loads(done.stdout)
    return found


def refreshes(folder: Path, day: str) -> dict[str, list[float]]:
    """Both jobs, each once before it is timed."""
    settings = Settings(folder)
    took: dict[str, list[float]] = {"ours": [], "bare": []}
    with (
        workspace(settings) as work,
        duckdb.connect() as connection,
    ):
        for number in range(_REFRESHES + 1):
            began = time.perf_counter()
            done = refresh(work, time.time(), period=(day, day), days={day})
            between = time.perf_counter()
            files = ", ".join(f"'{path}'" for path in work.lake.files("sent", [day])[day])
            rows = connection.execute(
                "select corp_id, count(distinct report_id), count(distinct user_id) "
                f"from read_parquet([{files}]) group by corp_id"
            ).fetchall()
            ended = time.perf_counter()
            if done.days != [day] or len(rows) != len(work.store.kpis_between(REPORT_DATA, None, day, day)):
                raise RuntimeError(f"{done.days} were computed, and {len(rows)} rows counted")
            if number:
                took["ours"].append(between - began)
                took["bare"].append(ended - between)
    return took


if __name__ == "__main__":
    print(json.dumps(refreshes(Path(sys.argv[1]), sys.argv[2])))

"""A large Excel sheet into the lake, beside calamine's bare reading of it and what data frames take.

``python -m benchmarks.sheets NAME FILE [ROWS]`` does one of them once and prints what it took, in JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from hashlib import md5
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from subprocess import PIPE, run
from tempfile import TemporaryDirectory, gettempdir
from typing import NamedTuple

from benchmarks.figures import Figure

ROWS, FEWER, DAYS, PEOPLE = 1_000_000, 200_000, 30, 50_000
"""Rows of the sheet; of the one that openpyxl reads, which takes minutes for the other; days and people."""
CORP = "ding1"
_HEADINGS = ("日志ID", "工号", "部门", "提交时间", "日志模板", "今日完成工作")

Say = Callable[[str], None]


class Took(NamedTuple):
    """Seconds, those on all cores, and the peak memory in bytes, of a whole process."""

    seconds: float
    processor: float
    memory: float


class Peer(NamedTuple):
    """Who reads the sheet: its name in the table, what it needs, and whether it is given the small one."""

    name: str
    package: str
    is_slow: bool = False

    @property
    def rows(self) -> int:
        """How many rows it is given."""
        return FEWER if self.is_slow else ROWS


_PEERS = {
    "calamine": Peer("calamine's bare reading", "python_calamine"),
    "import": Peer("reportdata, import", "reportdata"),
    "refreshed": Peer("reportdata, import and refresh", "reportdata"),
    "polars": Peer("polars read_excel (calamine)", "fastexcel"),
    "pandas": Peer("pandas read_excel (calamine)", "pandas"),
    "openpyxl": Peer(f"pandas read_excel (openpyxl), {ROWS // FEWER} times {FEWER:,} rows", "openpyxl", is_slow=True),
}


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[dict[str, float]]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round took."""
    peers = {name: peer for name, peer in _PEERS.items() if find_spec(peer.package) is not None}
    for name in _PEERS.keys() - peers.keys():
        say(f"sheets: no {_PEERS[name].package}: the line of {name} is left out")
    files = {rows: _workbook(rows, say) for rows in {peer.rows for peer in peers.values()}}
    took: dict[str, list[Took]] = {name: [] for name in peers}
    for number in range(rounds):
        for name, peer in peers.items():
            times = ROWS // peer.rows
            one = _round(name, files[peer.rows], peer.rows)
            took[name].append(Took(one.seconds * times, one.processor * times, one.memory))
            say(
                f"sheets: round {number + 1} of {rounds}: {name} {took[name][-1].seconds:.2f} s "
                f"({took[name][-1].processor:.2f} s on all cores), {took[name][-1].memory / 1e6:,.0f} MB"
            )
    return figures(peers, took), {name: [one._asdict() for one in each] for name, each in took.items()}


def figures(peers: dict[str, Peer], took: dict[str, list[Took]]) -> list[Figure]:
    """The table's lines."""
    found = {name: Took(*map(median, zip(*each, strict=True))) for name, each in took.items()}
    ours, bare = found["import"], found["calamine"]
    what, beside = f"a sheet of {ROWS:,} rows into the lake", peers["calamine"].name
    lines = [
        Figure(what, ours.seconds, bare.seconds, "s", beside, at_most=1.3),
        Figure(f"{what}, time on all cores", ours.processor, bare.processor, "s", beside, at_most=1.3),
        Figure(f"{what}, peak memory", ours.memory / 1e6, 1500, "MB", "the most that is meant", at_most=1),
    ]
    for name, peer in peers.items():
        if name in ("import", "calamine"):
            continue
        one = found[name]
        lines.append(Figure(f"{what}, time on all cores", ours.processor, one.processor, "s", peer.name))
        if peer.rows == ROWS:
            lines.append(Figure(f"{what}, peak memory", ours.memory / 1e6, one.memory / 1e6, "MB", peer.name))
    return lines


def _workbook(rows: int, say: Say) -> Path:
    """The workbook of so many rows, the same one every time. It takes a minute to write, and is kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", gettempdir()), "reportdata-benchmarks")
    path = cache / f"reports-{rows}.xlsx"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        say(f"sheets: writing {rows:,} rows to {path}")
        write_workbook(path.with_suffix(".part"), rows)
        path.with_suffix(".part").rename(path)
    return path


def write_workbook(path: Path, rows: int) -> None:
    """Write reports as an export has them, in the order of days, with times as a spreadsheet's dates."""
    import xlsxwriter

    first = datetime(2026, 9, 1)
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        times = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, _HEADINGS)
        for number in range(rows):
            at = first + timedelta(days=number * DAYS // rows, seconds=number * 48271 % 86400)
            texts = (
                md5(str(number).encode(), usedforsecurity=False).hexdigest(),
                f"user{number * 7919 % PEOPLE:06}",
                ("研发部", "销售一部,客户成功", "市场部")[number % 3],
                "",
                "周报" if number % 5 == 4 else "日报",
                f"完成了第 {number} 项工作，与同事讨论了下一步的计划",
            )
            for place, text in enumerate(texts):
                if text:
                    sheet.write_string(number + 1, place, text)
            sheet.write_datetime(number + 1, 3, at, times)


def _round(name: str, file: Path, rows: int) -> Took:
    command = [sys.executable, "-m", "benchmarks.sheets", name, str(file), str(rows)]
    return Took(**json.loads(run(command, check=True, stdout=PIPE, text=True).stdout))


def read_with_calamine(file: Path, _rows: int) -> None:
    """All rows, one after the other, and nothing done with them."""
    import python_calamine

    with python_calamine.load_workbook(str(file)) as book:
        for _ in book.get_sheet_by_index(0).iter_rows():
            pass


def import_sheet(file: Path, rows: int, *, refreshed: bool = False) -> None:
    """What ``reportdata import`` does."""
    from reportdata.cli.places import workspace
    from reportdata.identity import Organisation
    from reportdata.pipeline.importing import import_files
    from reportdata.pipeline.imports import Options
    from reportdata.pipeline.refreshing import refresh
    from reportdata.settings import Settings
    from reportdata.store.sqlite import SQLiteStore

    with TemporaryDirectory(prefix="benchmark-") as folder:
        store = SQLiteStore(Settings(Path(folder)).store)
        store.add_organisations([Organisation(CORP, "Asia/Shanghai")])
        store.close()
        with workspace(Settings(Path(folder))) as work:
            done = import_files(work, [file], Options(corp_id=CORP))
            if done.failures:
                raise done.failures[0]
            if not done.read == done.added == rows:
                raise RuntimeError(f"{done.added:,} of {done.read:,} reports were added")
            if refreshed:
                refresh(work, time.time())


def read_with_polars(file: Path, _rows: int) -> None:
    """A data frame."""
    import polars

    polars.read_excel(file, engine="calamine")


def read_with_pandas(file: Path, _rows: int, engine: str) -> None:
    """A data frame."""
    import pandas

    pandas.read_excel(file, engine=engine)


_JOBS: dict[str, Callable[[Path, int], None]] = {
    "calamine": read_with_calamine,
    "import": import_sheet,
    "refreshed": partial(import_sheet, refreshed=True),
    "polars": read_with_polars,
    "pandas": partial(read_with_pandas, engine="calamine"),
    "openpyxl": partial(read_with_pandas, engine="openpyxl"),
}


def main() -> None:
    """Do one of them once. Its process has done nothing else but start."""
    began = time.perf_counter()
    _JOBS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else ROWS)
    seconds, peak = time.perf_counter() - began, Path("/proc/self/status").read_text("utf-8")
    memory = int(peak.split("VmHWM:")[1].split()[0]) * 1024
    print(json.dumps({"seconds": seconds, "processor": time.process_time(), "memory": memory}))


if __name__ == "__main__":
    main()

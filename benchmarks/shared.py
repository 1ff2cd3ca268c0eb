"""Serving from PostgreSQL by one node and by two, beside the same from SQLite and ``pgbench`` on the same server."""

from __future__ import annotations

import json
import multiprocessing
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import quote

from benchmarks import load
from benchmarks.figures import Figure
from benchmarks.servers import pin, running_server
from benchmarks.serving import CONNECTIONS, REPEATED, SECONDS
from benchmarks.stores import DAYS, ORGANISATIONS, fill
from reportdata.store.copying import copy_rows
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres_server as postgres

Say = Callable[[str], None]
_SELECT = """\\set row random(1, {rows})
select v from points where k = 'k' || :row;
"""


def measure(rounds: int, say: Say) -> tuple[list[Figure], dict[str, list[float]]]:
    """Measure in alternating rounds; returns the table's lines, from medians, and what every round gave: answers, or
    selects, a second."""
    programs = postgres.programs()
    if programs is None or not (programs / "pgbench").exists():
        say("shared: no PostgreSQL with pgbench: left out")
        return [], {}
    rates: dict[str, list[float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="benchmark-")))
        server = stack.enter_context(postgres.running(programs))
        address = f"postgresql:///postgres?host={quote(str(server.socket), safe='')}&user={postgres.ROLE}"
        say(f"shared: filling stores with {ORGANISATIONS * DAYS:,} rows")
        asked = fill(folder)
        with closing(SQLiteStore(folder / "data" / "store.db")) as source, closing(PostgresStore(address)) as target:
            copy_rows(source, target, lambda *_: None)
            target.database.run("vacuum analyze")
        requests = [one.request() for one in asked]

        def right(place: int, answer: load.Answer) -> bool:
            return bool(json.loads(answer.body)["dataList"] == [asked[place].row])

        common = ("reportdata", "serve", "--no-work", "--port", "0", "--rate", "0", "--data")
        embedded = stack.enter_context(running_server(*common, str(folder / "data"))).address
        shared, second = (
            stack.enter_context(running_server(*common, str(folder / name), "--store", address)).address
            for name in ("node", "second")
        )
        size = load.check(embedded, requests[:REPEATED], right)
        for node in (shared, second):
            load.check(node, requests[:REPEATED], right)
        generator = stack.enter_context(
            ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=pin, initargs=(0, 0))
        )

        def served(places: list[load.Address], which: list[bytes]) -> float:
            return float(generator.submit(load.run, places, which, size, CONNECTIONS, SECONDS).result().rate)

        with _selecting(programs, server, folder) as selects:
            runs: dict[str, Callable[[], float]] = {
                "embedded": lambda: served([embedded], requests[:REPEATED]),
                "shared": lambda: served([shared], requests[:REPEATED]),
                "spread": lambda: served([shared], requests),
                "both": lambda: served([shared, second], requests[:REPEATED]),
                "both spread": lambda: served([shared, second], requests),
                "one": lambda: selects(1),
                "many": lambda: selects(CONNECTIONS),
            }
            for number in range(rounds):
                for name, run in runs.items():
                    rates.setdefault(name, []).append(run())
                    say(f"shared: round {number + 1} of {rounds}: {name} {rates[name][-1]:,.0f}/s")
        version = server.version
    found = {name: median(each) for name, each in rates.items()}
    selected = f"pgbench's point selects, one connection, PostgreSQL {version}"
    spread = f"the same, asked for {ORGANISATIONS * DAYS:,} rows in turn"
    nodes = "reportData from PostgreSQL, two nodes on one core"
    return [
        Figure(
            "reportData from PostgreSQL, one worker", found["shared"], found["embedded"], "requests/s", "from SQLite",
            at_least=0.9,
        ),
        Figure(spread, found["spread"], found["one"], "requests/s", selected, at_least=0.5),
        Figure(spread, found["spread"], found["many"], "requests/s", f"pgbench with {CONNECTIONS} connections"),
        Figure(nodes, found["both"], found["shared"], "requests/s", "one node"),
        Figure(spread, found["both spread"], found["spread"], "requests/s", "one node"),
    ], rates  # fmt: skip


@contextmanager
def _selecting(programs: Path, server: postgres.PostgreSQL, folder: Path) -> Iterator[Callable[[int], float]]:
    """Measures selects a second of a row by its key, with so many connections."""
    script, rows = folder / "select.sql", ORGANISATIONS * DAYS
    script.write_text(_SELECT.format(rows=rows))
    place = ["-h", str(server.socket), "-U", postgres.ROLE]
    made = (
        "create table points (k text primary key, v text); "
        f"insert into points select 'k' || n, n from generate_series(1, {rows}) n; analyze points"
    )
    subprocess.run([str(programs / "psql"), *place, "-q", "-c", made, "postgres"], check=True)

    def select(connections: int) -> float:
        options = ["-n", "-M", "prepared", "-f", str(script), "-c", str(connections), "-j", "1", "-T", f"{SECONDS:.0f}"]
        command = [str(programs / "pgbench"), *place, *options, "postgres"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, preexec_fn=lambda: pin(0, 0))
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        if found is None:
            raise RuntimeError(f"pgbench printed {done.stdout}")
        return float(found[1])

    yield select

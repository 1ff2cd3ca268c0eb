"""``python -m benchmarks.scale [--facts N] [--workers N,N] [--folder FOLDER]``: a platform's day, by DuckDB and Spark.

Facts of a day are imported, and computed into an empty store of their own by DuckDB and by Spark clusters on this
machine, each time in a fresh process; all must give the same rows. DuckDB's are stored in PostgreSQL, too, and in both
stores beside a bare bulk insert. The store of the first round is then served. A hundred million facts need 12 GB of
disk and hours of a small machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.table import Table

from benchmarks import load, storing
from benchmarks.machine import Usage, this_machine
from benchmarks.servers import running_server
from benchmarks.storing import used_by
from reportdata.cli.places import workspace
from reportdata.identity import App, hash_of, mint
from reportdata.lake.local import LocalLake
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.refreshing import refresh
from reportdata.services import REPORTS
from reportdata.services.sql import kpis_of_days
from reportdata.settings import Settings
from reportdata.store import DayKpis
from reportdata.store.copying import copy_rows
from reportdata.store.postgres import PostgresStore
from reportdata.store.sqlite import SQLiteStore
from tests.support.cluster import LOCAL, cluster
from tests.support.platform_facts import DAY, write_platform
from tests.support.scopes import REPORT_READ

CONNECTIONS, SECONDS = 32, 2.0
"""Connections that stay open while the store is served from, and how long that is measured."""
ASKED = 1000
"""Organisations whose numbers are asked for."""
EXECUTOR, DRIVER = "2g", "1g"
"""The heap of each executor, and of the driver beside the process."""
_BARE = "bare insert,"
"""What the rows of these steps are called."""
_PARTITIONS = 500_000
"""Facts for each partition of a shuffle: what an executor of that heap sorts without spilling."""


class Took(NamedTuple):
    """What a step took: seconds, seconds on all cores, and bytes that its processes held at most, those of the cluster
    apart. ``start`` is the seconds until Spark had begun, and ``computing`` what the same rows took before, when they
    were thrown away."""

    seconds: float
    processor: float
    memory: int
    cluster: int = 0
    rows: int = 0
    digest: str = ""
    start: float = 0.0
    computing: float = 0.0
    computing_processor: float = 0.0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--facts", default=10_000_000, show_default=True, type=click.IntRange(min=1000), help="How many.")
@click.option("--workers", default="1,2", show_default=True, help="Workers of the Spark clusters; empty for none.")
@click.option("--folder", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Where the files lie.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures.")
def main(facts: int, workers: str, folder: Path | None, json_file: Path | None) -> None:
    """Measure a day of so many facts once, and print a table."""

    def say(text: str) -> None:
        click.echo(text, err=True)

    machine = this_machine()
    say(machine.described())
    before = Usage.now()
    with TemporaryDirectory(prefix="benchmark-", dir=folder) as temporary:
        took, size, rate = measure(Path(temporary), facts, [int(one) for one in workers.split(",") if one], say)
    others = before.others_until(Usage.now())
    _show(facts, took, size, rate)
    click.echo(f"Other programs used {others:.0%} of the machine meanwhile. {machine.packages_described()}.")
    if json_file is not None:
        content = {"facts": facts, "others": others, "store": size, "rate": rate}
        content["steps"] = {name: one._asdict() for name, one in took.items()}
        json_file.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    if len({one.digest for one in took.values() if one.digest}) != 1:
        raise click.ClickException("the engines do not give the same rows")


def measure(
    folder: Path, facts: int, workers: list[int], say: Callable[[str], None]
) -> tuple[dict[str, Took], tuple[int, int], float]:
    """What each step took, the bytes of the lake and of a store, and how many calls a second were answered from it."""
    say(f"scale: writing {facts:,} facts")
    files = write_platform(folder, facts)
    took = {"import": _step("import", folder / "imported", *files)}
    say(f"scale: import {took['import'].seconds:.1f} s")
    took["DuckDB"] = _step("refresh", _data(folder, "duckdb"), "duckdb")
    say(f"scale: DuckDB {took['DuckDB'].seconds:.1f} s, {took['DuckDB'].rows:,} rows")
    took[f"{_BARE} SQLite"] = _step("insert", _data(folder, "bare"), folder / "duckdb")
    with storing.server() as server:
        if server is not None:
            name, others = "DuckDB, PostgreSQL", str(server.process)
            took[name] = _step("share", _data(folder, "shared"), storing.address(server, "refreshed"), others)
            say(f"scale: {name} {took[name].seconds:.1f} s")
            given = folder / "duckdb", storing.address(server, "bare"), others
            took[f"{_BARE} PostgreSQL"] = _step("insert", folder / "shared", *given)
    for count in workers:
        name = f"Spark, {count} worker{'s' * (count > 1)}"
        logs = folder / f"cluster-{count}"
        logs.mkdir()
        with cluster(logs, count, memory="3g") as running:
            pids = [worker.pid for worker in running.workers]
            took[name] = _step("refresh", _data(folder, f"spark-{count}"), "spark", running.master, str(facts), *pids)
        say(f"scale: {name} {took[name].seconds:.1f} s")
    lake = LocalLake(folder / "imported" / "lake").size()
    store = (folder / "duckdb" / "store.db").stat().st_size - (folder / "imported" / "store.db").stat().st_size
    return took, (lake, store), _serve(folder / "duckdb")


def digest_of(rows: Iterator[DayKpis]) -> tuple[int, str]:
    """How many rows there are, and their digest."""
    found, count = hashlib.sha256(), 0
    for row in rows:
        found.update(repr((row.stat_day, row.corp_id, sorted(row.values.items()))).encode())
        count += 1
    return count, found.hexdigest()[:16]


def _data(folder: Path, name: str) -> Path:
    """A data folder with the imported lake and organisations, and without numbers."""
    data = folder / name
    data.mkdir(0o700)
    shutil.copyfile(folder / "imported" / "store.db", data / "store.db")
    (data / "lake").symlink_to(folder / "imported" / "lake")
    return data


def _step(step: str, data: Path, *arguments: object) -> Took:
    command = [sys.executable, "-m", "benchmarks.scale", "--step", step, str(data), *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, start_new_session=True)
    return Took(**json.loads(done.stdout.splitlines()[-1]))


def _import(data: Path, *files: str) -> Took:
    settings = Settings(data)
    began = time.perf_counter()
    with workspace(settings) as work:
        done = import_files(work, [Path(file) for file in files], Options(add_in=ZoneInfo("Asia/Shanghai")))
    if done.failures:
        raise done.failures[0]
    return Took(time.perf_counter() - began, *used_by([os.getpgid(0)]), rows=done.added)


def _insert(data: Path, source: str, database: str | None = None, *others: str) -> Took:
    settings = Settings(data, database=database)
    seconds, processor, rows = storing.insert_bare(Settings(Path(source)), settings, list(map(int, others)))
    return Took(seconds, processor, used_by([os.getpgid(0)])[1], rows=rows)


def _share(data: Path, database: str, server: str) -> Took:
    """A refresh by DuckDB into PostgreSQL, where the organisations are known, as they are in the file."""
    with closing(SQLiteStore(Settings(data).store)) as known, closing(PostgresStore(database)) as store:
        copy_rows(known, store, lambda *_: None)
    return _refreshed(Settings(data, database=database), [int(server)])


def _refresh(data: Path, engine: str, master: str | None = None, facts: str = "0", *workers: str) -> Took:
    partitions = {"spark.sql.shuffle.partitions": str(max(2, int(facts) // _PARTITIONS))}
    conf = {**LOCAL, "spark.driver.memory": DRIVER, "spark.executor.memory": EXECUTOR, **partitions}
    settings = Settings(data, engine=engine, spark_master=master, spark_conf=tuple(conf.items()))
    return _refreshed(settings, list(map(int, workers)))


def _refreshed(settings: Settings, others: Sequence[int]) -> Took:
    own = [os.getpgid(0)]

    def clocks() -> tuple[float, float]:
        return time.perf_counter(), used_by([*own, *others])[0]

    with workspace(settings) as work:
        what = kpis_of_days(work.services.service(REPORTS), work.kinds)
        began = clocks()
        list(work.engine.rows(what, {}))  # Spark begins
        started = clocks()
        for _ in work.engine.rows(what, {kind: work.lake.paths(kind) for kind in work.kinds}):
            pass
        computed = clocks()
        done = refresh(work, time.time())
        stored = clocks()
        assert done.days == [DAY]
        memory, held = used_by(own)[1], used_by(others)[1] if settings.database is None else 0
        count, digest = digest_of(iter(work.store.kpis_between(REPORTS, None, DAY, DAY)))
    return Took(
        seconds=stored[0] - computed[0],
        processor=stored[1] - computed[1],
        memory=memory,
        cluster=held,
        rows=count,
        digest=digest,
        start=started[0] - began[0],
        computing=computed[0] - started[0],
        computing_processor=computed[1] - started[1],
    )


def _serve(data: Path) -> float:
    """Calls a second that are answered from a store."""
    store = SQLiteStore(Settings(data).store)
    now = time.time()
    rows = store.kpis_between(REPORTS, None, DAY, DAY)
    small = [row for row in rows if all(0 < row.values.get(kpi, 0) < 10 for kpi in ("4100", "4101", "4102"))][:ASKED]
    requests = []
    for row in small:
        app = App(
            app_key=f"key{row.corp_id}",
            name="asked",
            corp_id=row.corp_id,
            secret_hash=hash_of("secret"),
            scopes=(REPORT_READ,),
        )
        store.add_app(app, now)
        token, kept = mint(app, now)
        store.add_token(kept)
        headers = [("accept", "application/json"), ("x-acs-dingtalk-access-token", token)]
        requests.append(load.request_bytes(f"/v1.0/datacenter/reportData?statDate={DAY}", headers))
    store.close()
    with running_server(
        "reportdata", "serve", "--port", "0", "--rate", "0", "--no-work", "--data", str(data)
    ) as server:
        size = load.check(server.address, requests, lambda place, got: small[place].corp_id.encode() in got.body)
        return load.run([server.address], requests, size, CONNECTIONS, SECONDS).rate


def _show(facts: int, took: dict[str, Took], size: tuple[int, int], rate: float) -> None:
    headings = (
        "what",
        "seconds",
        "on all cores",
        "of these computing",
        "on all cores",
        "to begin",
        "memory",
        "cluster",
    )
    table = Table(*headings, "rows", "digest")
    for name, one in took.items():
        alone = (
            [f"{one.computing:.1f}", f"{one.computing_processor:.1f}", f"{one.start:.1f}"] if one.digest else [""] * 3
        )
        held = [f"{one.memory / 1e6:,.0f} MB", f"{one.cluster / 1e6:,.0f} MB" if one.cluster else ""]
        what = f"{name}: refresh" if one.digest else name
        table.add_row(what, f"{one.seconds:.1f}", f"{one.processor:.1f}", *alone, *held, f"{one.rows:,}", one.digest)
    Console(width=150).print(table)
    for name, store in (("DuckDB", "SQLite"), ("DuckDB, PostgreSQL", "PostgreSQL")):
        if f"{_BARE} {store}" in took:
            click.echo(_beside(store, took[name], took[f"{_BARE} {store}"]))
    click.echo(f"A day of {facts:,} facts.")
    lake, row = size[0] / facts, size[1] / took["DuckDB"].rows
    click.echo(f"A fact takes {lake:.1f} bytes in the lake, a row {row:.0f} in the store.")
    click.echo(f"One worker answers {rate:,.0f} calls a second from it.")


def _beside(store: str, one: Took, bare: Took) -> str:
    """How a refresh compares with its computing and its storing with the bare insert, in seconds and on all cores."""
    whole = one.seconds / one.computing, one.processor / one.computing_processor
    storing = one.seconds - one.computing, one.processor - one.computing_processor
    ratios = storing[0] / bare.seconds, storing[1] / bare.processor
    return (
        f"{store}: the refresh takes {whole[0]:.2f} times its computing (on all cores {whole[1]:.2f}; aim: 3), storing "
        f"{ratios[0]:.2f} times the bare insert (on all cores {ratios[1]:.2f}; aim: 2)."
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        name, data, *arguments = sys.argv[2:]
        steps: dict[str, Callable[..., Took]] = {
            "import": _import,
            "refresh": _refresh,
            "share": _share,
            "insert": _insert,
        }
        one = steps[name](Path(data), *arguments)
        print(json.dumps(one._asdict()))
    else:
        main()

"""``python -m benchmarks.soak [--minutes N] [--disk MEGABYTES]``."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.soak.clients import Asker, Book, Gate, Pusher, Reader, Server, settled
from benchmarks.soak.faults import Commands, faults
from benchmarks.soak.gauges import Gauges, growth
from benchmarks.soak.operator import Operator
from benchmarks.soak.truth import ZONES, Truth, days
from tests.support.folders import Folder
from tests.support.oracle import days_of
from tests.support.processes import served
from tests.support.scopes import REPORT_READ, REPORT_WRITE

STATISTICS = "Statistics.Report.Read"
PATIENCE = 300.0
"""Seconds within which what was acknowledged must count once all is quiet."""
LONG = 10.0
"""Minutes from which on one fault a cycle is enough."""
INSIDE = "REPORTDATA_SOAK_DISK"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--minutes", default=60.0, show_default=True, help="How long.")
@click.option("--rate", default=10.0, show_default=True, help="Pushes a second; reads are twice as many.")
@click.option("--rest", default=5.0, show_default=True, help="Seconds between two commands.")
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--disk",
    default=0,
    show_default=True,
    help="Megabytes of a disk of its own, which is filled now and then. Only the superuser of Linux can have it.",
)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="Also write all figures here.")
def main(minutes: float, rate: float, rest: float, seed: int, disk: int, file: Path | None) -> None:
    """Load a server with everything at once, hurt its disk, and compare with what was acknowledged. Exits with 1 when
    an answer was wrong, or something was lost or failed."""
    with TemporaryDirectory(prefix="soak-") as name, _disk(Path(name), disk) as place:
        found = soak(place / "data", minutes, rate, rest, random.Random(seed), small=disk > 0)
    if file is not None:
        file.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    click.echo(json.dumps({key: value for key, value in found.items() if key not in ("samples", "log")}, indent=2))
    if found["wrong"] or found["failed"]:
        raise click.exceptions.Exit(1)


def soak(data: Path, minutes: float, rate: float, rest: float, rng: random.Random, *, small: bool) -> dict[str, object]:
    """Load the server of a new data folder for some minutes; returns all figures."""
    folder = Folder(data)
    tokens = {}
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
        tokens[corp_id] = folder.token(folder.add_app(corp_id, scopes=(REPORT_READ, REPORT_WRITE, STATISTICS))[0])
    folder.store.close()
    gate, book, truth, lags = Gate(), Book(), Truth(rng.randrange(1 << 30)), []
    commands = Commands(data, book)
    with served(folder) as process:
        server = Server(process.address, tokens)
        clients = [
            *(Pusher(gate, book, 2 / rate, server, truth) for _ in range(2)),
            *(Reader(gate, book, 1 / rate, server, truth, number) for number in range(2)),
            Asker(gate, book, 20 / rate, server, truth),
        ]
        gauges = Gauges(process.running.pid, min(60.0, minutes * 6))
        for thread in [*clients, gauges]:
            thread.start()
        operator = Operator(commands, book, server, truth, rng)
        troubles = faults(commands, book, rng, 5.0 if minutes > LONG else 1.5, small=small)
        end, number = time.monotonic() + minutes * 60, 0
        while time.monotonic() < end or number < 1:
            for action in operator.actions():
                _do(action, book)
                time.sleep(rest)
            for trouble in [troubles[number % len(troubles)]] if minutes > LONG else troubles:
                _do(trouble, book)
            with gate.closed():
                lags.append(settled(server, truth, book, PATIENCE))
                operator.forget_person()
                lags.append(settled(server, truth, book, PATIENCE))
            number += 1
            click.echo(f"{number}: {dict(book.counts)}, {len(book.wrong)} wrong, {len(book.failed)} failed", err=True)
            click.echo("\n".join([*book.wrong, *book.failed][-3:]), err=True)
        gauges.stop()
        for client in clients:
            client.stop()
        lags.append(settled(server, truth, book, PATIENCE))
        code = process.terminate()
    log = (data.parent / "server.log").read_text("utf-8")
    book.wrong += ["a traceback in the server's log"] if "Traceback" in log else []
    book.failed += [f"the server ended with {code}"] if code else []
    _compare(folder, commands, truth, book)
    return _figures(minutes, number, book, truth, lags, gauges) | {"log": log}


def _do(action: Callable[[], None], book: Book) -> None:
    try:
        action()
    except Exception as error:  # it is told in the end
        book.failed.append(f"{action}: {error!r}")


def _compare(folder: Folder, commands: Commands, truth: Truth, book: Book) -> None:
    """The store's numbers with those of all facts, as they are and computed anew; and the doctor's word."""
    expected = days_of(truth.facts, ZONES)
    for computed in (False, True):
        if computed:
            commands.run("refresh", "--from", days()[0], "--to", days()[-1])
        opened = Folder(folder.path)
        if opened.days() != expected:
            book.wrong.append(f"the store's numbers are not those of all facts, computed anew: {computed}")
        opened.store.close()
    said = json.loads(commands.run("doctor", "--thorough", "--json", may_fail=True))
    book.failed += [str(check) for check in said["checks"] if check["state"] == "fail"]


def _figures(
    minutes: float, cycles: int, book: Book, truth: Truth, lags: list[float], gauges: Gauges
) -> dict[str, object]:
    samples = gauges.samples
    at = [sample.minute for sample in samples]
    grown = {
        name: found._asdict()
        for name, found in (
            ("rss_kb", growth(at, [float(sample.rss_kb) for sample in samples])),
            ("open_files", growth(at, [float(sample.files) for sample in samples])),
        )
        if found is not None
    }
    return {
        "minutes": minutes,
        "cycles": cycles,
        "counts": dict(sorted(book.counts.items())),
        "facts": len(truth.facts),
        "longest_until_settled": round(max(lags), 2),
        "growth": grown,
        "wrong": book.wrong,
        "failed": book.failed,
        "samples": [sample._asdict() for sample in samples],
    }


@contextmanager
def _disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own, with a journal, which nothing else on the machine sees."""
    if not megabytes:
        yield place
        return
    if INSIDE not in os.environ:
        words = ["unshare", "--mount", sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]]
        raise SystemExit(subprocess.run(words, env={**os.environ, INSIDE: "1"}, check=False).returncode)
    image, disk, log = place / "image", place / "disk", place / "server.log"
    disk.mkdir()
    log.touch()
    with image.open("wb") as made:
        made.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=True)
    (disk / log.name).symlink_to(log)  # what is logged while the disk is full is wanted
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


if __name__ == "__main__":
    main()

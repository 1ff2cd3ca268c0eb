"""Programs that are killed in the middle of their work."""

from __future__ import annotations

import itertools
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from reportdata.catalogue import REPORT_DATA
from reportdata.days import days_between
from reportdata.facts import KINDS as KIND_NAMES
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.writing import write

ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("America/New_York")}


KINDS: tuple[type[Fact], ...] = (Sent, Commented, Withdrawn)


FIRST = datetime(2024, 2, 20)


Numbers = dict[tuple[str, str], tuple[int, ...]]


class Batch(NamedTuple):
    """The files of one import, and the facts of each."""

    files: tuple[Path, ...]
    parts: tuple[frozenset[Fact], ...]

    @property
    def facts(self) -> frozenset[Fact]:
        return frozenset().union(*self.parts)

    @property
    def days(self) -> set[tuple[str, str]]:
        """The organisations and days that importing it covers."""
        own: dict[str, list[str]] = {}
        for fact in self.facts:
            own.setdefault(fact.corp_id, []).append(f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}")
        return {(corp_id, day) for corp_id, days in own.items() for day in days_between(min(days), max(days))}


def make_batch(folder: Path, rng: random.Random, number: int, ahead: int, formats: Sequence[str]) -> Batch:
    """Facts of two days, which move on with the number; many stand in other batches too. What is withdrawn are reports
    of earlier days."""
    facts: set[Fact] = set()
    for _ in range(24):
        corp_id, of_day = rng.choice(sorted(ZONES)), rng.randrange(6)
        day = FIRST + timedelta(days=number + ahead + rng.randrange(2))
        at = (day + timedelta(hours=4 * of_day)).replace(tzinfo=ZONES[corp_id])
        report_id = f"r{at:%m%d}-{of_day}"
        if rng.random() < 0.6:
            facts.add(Sent(corp_id, report_id, f"u{of_day % 4}", at))
        elif rng.random() < 0.7:
            facts.add(Commented(corp_id, report_id, f"u{rng.randrange(4)}", at))
        else:
            earlier = day - timedelta(days=rng.randrange(2, 5))
            facts.add(Withdrawn(corp_id, f"r{earlier:%m%d}-{of_day}", at))
    written = write(folder / f"batch{number}", sorted(facts, key=str), rng.choice(formats), "iso", ZONES)
    parts = [frozenset(fact for fact in facts if isinstance(fact, kind)) for kind in KINDS]
    parts = [part for part in parts if part] if len(written) > 1 else [frozenset(facts)]
    return Batch(tuple(path for path, _ in written), tuple(parts))


class Killing:
    """A data folder whose processes are killed, and what is known of it."""

    def __init__(self, folder: Folder, place: Path, seed: int, formats: Sequence[str] = ("jsonl", "csv")) -> None:
        self.folder, self.place, self.rng, self.formats = folder, place, random.Random(seed), formats
        self.tried: list[Batch] = []
        self.reported: set[Fact] = set()
        self.covered: set[tuple[str, str]] = set()
        self.files: dict[Path, set[Fact]] = {}
        self.usual = self.delay = 0.0
        self.killed = 0
        for corp_id, zone in ZONES.items():
            folder.add_organisation(corp_id, str(zone))

    def next_batch(self, ahead: int = 0) -> Batch:
        self.tried.append(make_batch(self.place, self.rng, len(self.tried), ahead, self.formats))
        return self.tried[-1]

    def command(self, verb: str, *files: Path) -> list[str]:
        return [verb, *map(str, files), "--data", str(self.folder.path), "--json"]

    def start(self, verb: str, *files: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "reportdata", *self.command(verb, *files)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, batch: Batch) -> str:
        """A plain import, which nothing interrupts."""
        began = time.monotonic()
        process = self.start("import", *batch.files)
        out, err = process.communicate()
        self.usual = time.monotonic() - began
        assert process.returncode == 0, err
        return out

    def report(self, out: str, batch: Batch) -> dict[str, Any]:
        """Take note of what an import said that it did."""
        said: dict[str, Any] = json.loads(out)
        assert said["failures"] == []
        assert said["read"] == said["added"] + said["alreadyKnown"] == sum(map(len, batch.parts))
        self.reported |= batch.facts
        self.covered |= batch.days
        return said

    def kill(self, verb: str, batch: Batch | None = None) -> None:
        """Let a command run for a while and kill it. It may be done by then."""
        # Half of the usual time goes by until the program is loaded; what comes then is what matters most.
        share = self.rng.uniform(0, 1.1) if self.rng.random() < 0.2 else self.rng.uniform(0.5, 1.05)
        self.delay = share * self.usual * (0.8 if verb == "refresh" else 1)
        process = self.start(verb, *(batch.files if batch else ()))
        try:
            out, err = process.communicate(timeout=self.delay)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        self.killed += process.returncode != 0
        assert process.returncode in (0, -signal.SIGKILL), err
        if batch is not None and out.endswith("\n"):
            self.report(out, batch)

    def lake(self) -> set[Fact]:
        """All facts in the lake. Its files never change, so that each is read once."""
        found: set[Fact] = set()
        for type_, kind in zip(KINDS, KIND_NAMES, strict=True):
            user = "" if type_ is Withdrawn else "user_id,"
            for path in itertools.chain(*self.folder.lake.files(kind).values()):
                if path not in self.files:
                    with self.folder.lake.located([path]) as (place,):
                        sql = f"select corp_id, report_id, {user} epoch_us({kind}_at) from read_parquet('{place}')"
                        rows = duckdb.sql(sql).fetchall()
                    self.files[path] = {type_(*row[:-1], datetime.fromtimestamp(row[-1] / 1e6, UTC)) for row in rows}
                found |= self.files[path]
        return found

    def numbers(self) -> Numbers:
        """What the store shows of every covered day."""
        rows = self.folder.store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
        return {
            (row.corp_id, row.stat_day): tuple(row.values.get(kpi, 0) for kpi in ("4100", "4101", "4102"))
            for row in rows
        }

    def check(self, before: set[Fact], shown: Numbers, *parts: frozenset[Fact]) -> None:
        """Each day has the numbers of the facts before with some of the parts, and what was reported is there. Days
        that were not shown before are there only once all are computed."""
        lake, numbers = self.lake(), self.numbers()
        assert lake >= self.reported
        assert before <= lake <= before.union(*parts)
        choices = itertools.chain.from_iterable(itertools.combinations(parts, n) for n in range(len(parts) + 1))
        states = [days_of(before.union(*choice), ZONES) for choice in choices]
        for key, found in numbers.items():
            assert found in [state.get(key, (0, 0, 0)) for state in states], key
        whole = [batch.days for batch in self.tried if batch.facts <= lake]
        assert self.covered <= numbers.keys() <= self.covered.union(*whole)
        assert numbers.keys() >= shown.keys()
        if numbers.keys() > shown.keys():
            assert numbers == {key: states[-1].get(key, (0, 0, 0)) for key in numbers}

    def settle(self, batch: Batch, run: Callable[[Batch], str]) -> None:
        """After a plain import nothing is left over and the numbers are exactly those of the facts."""
        before = self.lake()
        self.report(run(batch), batch)
        assert [path.name for path in (self.folder.lake.root / "incoming").iterdir()] == ["lock"]
        numbers, exact = self.numbers(), days_of(before | batch.facts, ZONES)
        assert numbers == {key: exact.get(key, (0, 0, 0)) for key in numbers}
        self.check(before, numbers, batch.facts)

    def finish(self) -> None:
        """Everything imported once more gives exactly the oracle's days."""
        everything = Batch(*(tuple(itertools.chain(*column)) for column in zip(*self.tried, strict=True)))
        missing = everything.facts - self.lake()
        assert self.report(self.run(everything), everything)["added"] == len(missing)
        assert self.lake() == everything.facts
        assert self.folder.days() == days_of(everything.facts, ZONES)


# Each import is a fork of this process, so that it starts at once; it kills itself before the step of that number, 0
# for none. Steps are the calls after which more may be durable, or another process may see something else.
STEPPING = """
import json, os, signal, sys
import duckdb, reportdata.cli.importing
from reportdata.cli import cli
STEPS = {"execute", "executemany", "flock", "fsync", "rename", "unlink"}
for line in sys.stdin:
    left, out, command = json.loads(line)
    child = os.fork()
    if child == 0:
        def count(_frame, event, called):
            global left
            if event == "c_call" and called.__name__ in STEPS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.stdout = open(out, "w")
        if left:
            sys.setprofile(count)
        cli(command)
    print(os.waitpid(child, 0)[1], flush=True)
"""

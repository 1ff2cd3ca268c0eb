"""What is known of a data folder whose processes are killed, and what must hold of it."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reportdata.days import days_between
from tests.support.contents import Numbers, facts_in, numbers_of
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.writing import write

# Zones of few changes: a table is converted by one expression for all changes of all zones, which takes its time.
ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("Asia/Kathmandu")}
FIRST = datetime(2024, 2, 20)


class Batch(NamedTuple):
    """The files of one import, and the facts of each."""

    files: tuple[Path, ...]
    parts: tuple[frozenset[Fact], ...]

    @property
    def facts(self) -> frozenset[Fact]:
        """All facts."""
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
    parts = [frozenset(fact for fact in facts if isinstance(fact, kind)) for kind in (Sent, Commented, Withdrawn)]
    parts = [part for part in parts if part] if len(written) > 1 else [frozenset(facts)]
    return Batch(tuple(path for path, _ in written), tuple(parts))


class Witness:
    """Knows what was tried and what was reported as done."""

    def __init__(self, folder: Folder, place: Path, seed: int, formats: Sequence[str] = ("jsonl", "csv")) -> None:
        self.folder, self.place, self.rng, self.formats = folder, place, random.Random(seed), formats
        self.tried: list[Batch] = []
        self.reported: set[Fact] = set()
        self.covered: set[tuple[str, str]] = set()
        self.files: dict[Path, set[Fact]] = {}
        self.killed = 0
        for corp_id, zone in ZONES.items():
            folder.add_organisation(corp_id, str(zone))

    def next_batch(self, ahead: int = 0) -> Batch:
        """Files to import, so many days ahead of their turn."""
        self.tried.append(make_batch(self.place, self.rng, len(self.tried), ahead, self.formats))
        return self.tried[-1]

    def command(self, verb: str, *files: Path) -> list[str]:
        """A command on the folder that answers in JSON."""
        return [verb, *map(str, files), "--data", str(self.folder.path), "--json"]

    def run(self, batch: Batch) -> str:
        """An import in this process; what it prints."""
        done = run(self.folder, "import", *batch.files, "--json")
        assert done.exit_code == 0, done.output
        return done.stdout

    def report(self, out: str, batch: Batch) -> dict[str, Any]:
        """Take note of what an import said that it did."""
        said: dict[str, Any] = json.loads(out)
        assert said["failures"] == []
        assert said["read"] == said["added"] + said["alreadyKnown"] == sum(map(len, batch.parts))
        self.reported |= batch.facts
        self.covered |= batch.days
        return said

    def lake(self) -> set[Fact]:
        """All facts in the lake."""
        return facts_in(self.folder, self.files)

    def numbers(self) -> Numbers:
        """What the store shows of every covered day."""
        return numbers_of(self.folder)

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

    def settle(self, batch: Batch, run: Callable[[Batch], str] | None = None) -> None:
        """After a plain import nothing is left over and the numbers are exactly those of the facts.

        :param run: imports, when it is not to be done in this process.
        """
        before = self.lake()
        self.report((run or self.run)(batch), batch)
        assert [path.name for path in (self.folder.lake.root / "incoming").iterdir()] == ["lock"]
        numbers, exact = self.numbers(), days_of(before | batch.facts, ZONES)
        assert numbers == {key: exact.get(key, (0, 0, 0)) for key in numbers}
        self.check(before, numbers, batch.facts)

    def finish(self) -> None:
        """Everything imported once more gives exactly the oracle's days."""
        facts = frozenset().union(*(batch.facts for batch in self.tried))
        missing = facts - self.lake()
        ((path, _),) = write(self.place / "everything", sorted(facts, key=str), "jsonl", "iso", ZONES)
        everything = Batch((path,), (facts,))
        assert self.report(self.run(everything), everything)["added"] == len(missing)
        assert self.lake() == facts
        assert self.folder.days() == days_of(facts, ZONES)

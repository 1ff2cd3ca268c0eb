"""Folders that are backed up, and what is said of that."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from click.testing import CliRunner, Result

from reportdata.cli import cli
from reportdata.coverage import Coverage
from tests.support.contents import facts_in, numbers_of
from tests.support.effort import tried
from tests.support.folders import Folder
from tests.support.forks import STEPS
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.writing import write

ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("America/New_York"), "c3": ZoneInfo("Asia/Shanghai")}

FIRST = datetime(2024, 3, 1, 12)

SMALL, BIG = tried(5, 24), tried(5_000, 20_000)  # imports; facts of one import


class Import(NamedTuple):
    """A file, its facts, which no other import has, and what importing it covers."""

    file: Path
    facts: frozenset[Fact]
    coverage: Coverage

    @classmethod
    def of(cls, file: Path, facts: Collection[Fact]) -> Import:
        days = [f"{f.at.astimezone(ZONES[f.corp_id]):%Y%m%d}" for f in facts if not isinstance(f, Withdrawn)]
        return cls(file, frozenset(facts), Coverage(next(iter(facts)).corp_id, min(days), max(days)))


def small(folder: Path, number: int, days: int = 4) -> Import:
    """Facts of several days and kinds. What is withdrawn is a report of an import before."""
    corp_id, rng = ("c1", "c2")[number % 2], random.Random(number)
    facts: set[Fact] = set()
    for day in range(number, number + days):
        at = (FIRST + timedelta(days=day, seconds=number)).replace(tzinfo=ZONES[corp_id])
        for of in range(3):
            facts.add(Sent(corp_id, f"r{number}-{day}-{of}", f"u{rng.randrange(9)}", at))
            facts.add(Commented(corp_id, f"r{number}-{day}-{of}", f"u{rng.randrange(9)}", at))
    facts.add(Withdrawn(corp_id, f"r{number - 2}-{number}-1", at))
    ((file, _),) = write(folder / f"import{number}", sorted(facts, key=str), "jsonl", "iso", ZONES)
    return Import.of(file, facts)


def big(folder: Path) -> Import:
    """The facts of 50 days of an organisation."""
    facts = []
    with (folder / "big.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["corp_id", "report_id", "user_id", "sent_at"])
        for number in range(BIG):
            at = (FIRST + timedelta(days=number % 50)).replace(tzinfo=ZONES["c3"])
            facts.append(Sent("c3", f"b{number}", f"u{number % 997}", at))
            table.writerow(["c3", f"b{number}", f"u{number % 997}", at.isoformat()])
    return Import.of(folder / "big.csv", facts)


def check_exact(folder: Folder) -> set[Fact]:
    """Every covered day has the numbers of the facts that are in the lake; returns these."""
    facts, shown = facts_in(folder), numbers_of(folder)
    exact = days_of(facts, ZONES)
    assert shown == {key: exact.get(key, (0, 0, 0)) for key in shown}
    assert folder.store.faults(thorough=True) == []
    return facts


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """A data folder that is there."""
    assert (path / "store.db").exists()
    folder = Folder(path)
    yield folder
    folder.store.close()


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


def said(*arguments: object) -> dict[str, Any]:
    """What a command says to programs, after it went well."""
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


STEPS_OF_FILES = (*STEPS, "backup", "mkdir", "write")

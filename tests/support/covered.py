"""``python -m tests.support.covered``: how much of the source was executed while it was measured, part by part."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import run
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
from rich.console import Console
from rich.table import Table

from tests.support.paths import ROOT

SOURCE = "src/reportdata/"
LEAST = 5
"""How many files are named that have the most that was not executed."""


class Covered(NamedTuple):
    """What there is, and what of it was executed: statements, and branches between them."""

    statements: int = 0
    executed: int = 0
    branches: int = 0
    taken: int = 0

    def __add__(self, other: object) -> Covered:
        assert isinstance(other, Covered)
        return Covered(*(one + another for one, another in zip(self, other, strict=True)))

    @property
    def left(self) -> int:
        """How much was not executed."""
        return self.statements - self.executed + self.branches - self.taken

    @property
    def percent(self) -> float:
        """Statements and branches that were executed, of all; 100 where there is nothing."""
        total = self.statements + self.branches
        return 100 * (total - self.left) / total if total else 100.0


def by_file(report: Mapping[str, Any]) -> dict[str, Covered]:
    """What a report of coverage.py in JSON says of the files of the source, by their path in it."""
    return {
        path.removeprefix(SOURCE): Covered(
            of["num_statements"], of["covered_lines"], of["num_branches"], of["covered_branches"]
        )
        for path, of in ((path, found["summary"]) for path, found in report["files"].items())
    }


def by_part(files: Mapping[str, Covered]) -> dict[str, Covered]:
    """The parts of the source, as the import rule has them; modules of the first level are one part."""
    found: dict[str, Covered] = {}
    for path, covered in files.items():
        part = path.split("/")[0] if "/" in path else "modules"
        found[part] = found.get(part, Covered()) + covered
    return dict(sorted(found.items()))


def _rows(files: Mapping[str, Covered]) -> Iterator[tuple[str, Covered]]:
    yield from by_part(files).items()
    yield "all", sum(files.values(), Covered())


def _report() -> Mapping[str, Any]:
    with TemporaryDirectory() as folder:
        place = Path(folder) / "coverage.json"
        run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", place], cwd=ROOT, check=True)
        return dict(json.loads(place.read_text("utf-8")))


@click.command()
def main() -> None:
    """Print the table of parts, and the files of which the most was not executed."""
    files = by_file(_report())
    table = Table("part", title="Executed by the tests", title_justify="left")
    for heading in ("statements", "branches", "executed"):
        table.add_column(heading, justify="right")
    for name, covered in _rows(files):
        table.add_row(name, f"{covered.statements:,}", f"{covered.branches:,}", f"{covered.percent:.1f} %")
    console = Console(highlight=False)
    console.print(table)
    for path, covered in sorted(files.items(), key=lambda found: -found[1].left)[:LEAST]:
        console.print(f"{path}: {covered.left} not executed, {covered.percent:.0f} % executed", soft_wrap=True)


if __name__ == "__main__":
    main()

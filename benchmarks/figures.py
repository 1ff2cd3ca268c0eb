"""What was measured, as a table: on the terminal, in JSON, and in README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine

README = Path(__file__).with_name("README.md")
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
_HEADINGS = ("what", "figure", "beside", "ratio", "aim", "")


class Figure(NamedTuple):
    """One line of the table: a figure of ours, a figure of what it is put beside, and how the two compare.

    ``ratio`` is ``figure / beside``; ``at_least`` and ``at_most`` are what it aims at, both None for a figure that is
    only told.
    """

    what: str
    figure: float
    beside: float | None
    unit: str
    beside_what: str = ""
    at_least: float | None = None
    at_most: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times the other figure ours is; None where there is no other, or nothing was measured of it."""
        return self.figure / self.beside if self.beside else None

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None when there is none."""
        if self.ratio is None or (self.at_least is None and self.at_most is None):
            return None
        return (self.at_least or 0.0) <= self.ratio <= (self.at_most or self.ratio)

    def cells(self) -> tuple[str, ...]:
        """The line as texts."""
        beside = "" if self.beside is None else f"{self._text(self.beside)} {self.beside_what}"
        aims = (("≥", self.at_least), ("≤", self.at_most))
        aim = " and ".join(f"{sign} {value:g}" for sign, value in aims if value is not None)
        met = {None: "", True: "met", False: "not met"}[self.met]
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return (self.what, self._text(self.figure), beside, ratio, aim, met)

    def described(self) -> dict[str, object]:
        """The line for programs."""
        return {**self._asdict(), "ratio": self.ratio, "met": self.met}

    def _text(self, value: float) -> str:
        number = f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"
        return f"{number} {self.unit}"


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(*_HEADINGS)
    for figure in figures:
        table.add_row(*figure.cells())
    Console(width=150).print(table)


def write(figures: Sequence[Figure], machine: Machine, others: float, command: str, path: Path = README) -> None:
    """Put the table between the marks in the file. ``others`` is the share of the machine that other programs used."""
    text = path.read_text("utf-8")
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    lines = [
        f"Measured on {machine.date} with `{command}` on {machine.described()}.",
        "",
        "| " + " | ".join(_HEADINGS) + " |",
        "|---|--:|--:|--:|--:|---|",
        *("| " + " | ".join(figure.cells()) + " |" for figure in figures),
        "",
        f"Other programs used {others:.0%} of the machine meanwhile. {machine.packages_described()}.",
    ]
    path.write_text("\n".join([text[:start], *lines, text[end:]]), "utf-8")

"""The report: a table of cases by languages, and what was wrong."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from conformance.running import Outcome
from tests.support.languages import Language

WIDTH = 112
"""Columns of the table where there is no terminal to say it."""
MARKS = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "–"}


class Results:
    """What came of every language and case; languages that could not be run have a reason."""

    def __init__(
        self,
        languages: Sequence[Language],
        protocols: Sequence[str],
        cases: Sequence[str],
        outcomes: Sequence[Outcome],
        reasons: Mapping[str, str],
    ) -> None:
        self._languages = languages
        self._protocols = protocols
        self._cases = cases
        self._outcomes = {(found.case.name, found.language.name, found.case.protocol): found for found in outcomes}
        self._reasons = reasons

    @property
    def failures(self) -> list[Outcome]:
        """What was not as it must be."""
        return [found for found in self._outcomes.values() if found.problem is not None]

    def described(self) -> dict[str, object]:
        """All of it, for programs."""
        found = [
            {"language": language, "case": case, "protocol": protocol, "problem": outcome.problem}
            for (case, language, protocol), outcome in self._outcomes.items()
        ]
        return {"outcomes": found, "not_run": dict(self._reasons)}

    def show(self) -> None:
        """Print the table, the failures and what was not run."""
        console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False)
        table = Table("", title=f"The official SDKs, each over {' and '.join(self._protocols)}", title_justify="left")
        for language in self._languages:
            table.add_column(language.name, justify="center")
        for case in self._cases:
            table.add_row(case, *(self._cell(case, language.name) for language in self._languages))
        console.print(table)
        for name, reason in self._reasons.items():
            console.print(f"– [bold]{escape(name)}[/] was not run: {escape(reason)}", soft_wrap=True)
        for failure in self.failures:
            place = f"{failure.language.name}, {failure.case.protocol}, {failure.case.name}"
            console.print(f"\n[bold red]✗ {escape(place)}[/]\n{escape(str(failure.problem))}", soft_wrap=True)

    def _cell(self, case: str, language: str) -> str:
        found = (self._outcomes.get((case, language, protocol)) for protocol in self._protocols)
        return " ".join(MARKS[None if outcome is None else outcome.problem is None] for outcome in found)

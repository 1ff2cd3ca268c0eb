"""What a check finds, and how checks are run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from rich.text import Text

from reportdata.cli.language import translated
from reportdata.cli.local_times import shared_zone
from reportdata.cli.places import lake_of
from reportdata.errors import ReportDataError
from reportdata.lake import Lake
from reportdata.settings import Settings
from reportdata.store import Store

_PATIENCE = 10.0
"""Seconds for which checks wait for object storage."""


_STATES = ("ok", "warn", "fail")
"""The words of them, which are translated."""


class State(StrEnum):
    """How a check came out: all is well, something should be seen to, or something does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"

    def __str__(self) -> State:
        return self  # not as a plain text: a table would lose the colour

    def __rich__(self) -> Text:
        return Text(translated(self.value), {"ok": "green", "warn": "yellow", "fail": "bold red"}[self.value])


class Finding(NamedTuple):
    """What a check found and, unless all is well, what to do."""

    state: State
    found: str
    advice: str = ""


@dataclass(frozen=True)
class Examined:
    """What is looked at, and the time that the machine's clock says. Without a store, there is none to be read."""

    settings: Settings
    now: float
    certificate: Path | None = None
    store: Store | None = None
    thorough: bool = False
    """Whether everything is read."""

    @cached_property
    def lake(self) -> Lake:
        """The lake."""
        return lake_of(self.settings, _PATIENCE)

    @cached_property
    def zone(self) -> str:
        """The time zone in which times are told."""
        return shared_zone(self.store.organisations() if self.store is not None else ())


Check = Callable[[Examined], Iterator[Finding]]


def run(checks: Mapping[str, Check], examined: Examined) -> Iterator[tuple[str, Finding]]:
    """The names of the checks and their findings, one or more each. What a check cannot do is its finding."""
    for name, check in checks.items():
        try:
            for finding in check(examined):
                yield name, finding
        except ReportDataError as error:
            yield name, Finding(State.FAIL, error.message, error.hint)
        except OSError as error:
            yield name, Finding(State.FAIL, str(error), "see that this user may do that")


def ok(found: str) -> Finding:
    """All is well."""
    return Finding(State.OK, found)


def warn(found: str, advice: str) -> Finding:
    """Something should be seen to."""
    return Finding(State.WARN, found, advice)


def fail(found: str, advice: str) -> Finding:
    """Something does not work."""
    return Finding(State.FAIL, found, advice)

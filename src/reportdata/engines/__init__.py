"""What computes: files of facts in, KPIs of days out. One protocol for every engine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple, Protocol

MEASURES = ("reports", "senders", "commenters")
"""The columns of ``kpis.sql`` that hold numbers."""


class Measured(NamedTuple):
    """The numbers of one organisation and day, by measure."""

    corp_id: str
    stat_day: str
    measures: Mapping[str, int]


class Engine(Protocol):
    """Computes from Parquet files of facts (`reportdata.lake` has their columns). The same facts give the same rows, in
    whatever files and order and however often they stand there."""

    def kpis(self, sent: Sequence[Path], commented: Sequence[Path], withdrawn: Sequence[Path]) -> list[Measured]:
        """What ``kpis.sql`` says of these files, by day and organisation."""

    def days_of_reports(self, withdrawn: Sequence[Path], sent: Sequence[Path]) -> set[str]:
        """The stat days of the sent reports that the withdrawals name."""

    def close(self) -> None:
        """Let go of the engine."""


@cache
def kpis_sql() -> str:
    """The one definition of the KPIs of a day."""
    return files("reportdata").joinpath("kpis.sql").read_text("utf-8")


@cache
def definition() -> str:
    """The definition in short: days computed by another one are stale."""
    return hashlib.sha256(kpis_sql().encode()).hexdigest()[:16]

"""What computes: files of facts in, KPIs of days out. One protocol for every engine."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple, Protocol

from reportdata.calibres import CALIBRES, Calibre
from reportdata.facts import Kind

MEASURES = ("reports", "senders", "commenters")
"""The columns of ``kpis.sql`` that hold numbers."""


class Measured(NamedTuple):
    """The numbers of one organisation and day, by measure."""

    corp_id: str
    stat_day: str
    measures: Mapping[str, int]


class Commenters(NamedTuple):
    """The commenters of one organisation and day, by calibre."""

    corp_id: str
    stat_day: str
    numbers: Mapping[Calibre, int]


class Place(NamedTuple):
    """An organisation and one of its days."""

    corp_id: str
    stat_day: str


class Subject(NamedTuple):
    """Whose facts: an organisation's, or those of one of its people."""

    corp_id: str
    user_id: str | None = None


class Files(Protocol):
    """Where an engine reads the files that are named to it; a lake is one."""

    def located(self, paths: Sequence[Path]) -> AbstractContextManager[Sequence[Path]]:
        """Where the files can be read until the block ends, in their order."""

    def parts(self, paths: Sequence[Path]) -> Iterable[Sequence[Path]]:
        """The files in parts that are located together, where all of them might be too many."""


class FilesHere:
    """Files that are read where they are named."""

    @contextmanager
    def located(self, paths: Sequence[Path]) -> Iterator[Sequence[Path]]:
        yield paths

    def parts(self, paths: Sequence[Path]) -> Iterable[Sequence[Path]]:
        return [paths]


class Engine(Protocol):
    """Computes from Parquet files of facts (`reportdata.lake` has their columns). The same facts give the same rows, in
    whatever files and order and however often they stand there. A file that cannot be read or written is a
    `LakeError`, an engine that is not there an `EngineError`. Where a lake's files lie is told to the engine when it is
    opened (`Files`).

    What is returned as an iterator is computed while it is read, however many rows it has; it is read before the engine
    is asked for anything else, or let go of."""

    batch: int
    """Bytes of Parquet from which on more in one computation makes it no faster."""

    def kpis(
        self,
        sent: Sequence[Path],
        commented: Sequence[Path],
        withdrawn: Sequence[Path],
        corp_ids: Collection[str] | None = None,
    ) -> Iterator[Measured]:
        """What ``kpis.sql`` says of these files, by day and organisation; of some organisations, when they are named,
        and then little else is read."""

    def commenters(
        self, sent: Sequence[Path], commented: Sequence[Path], corp_ids: Collection[str]
    ) -> list[Commenters]:
        """What ``calibres.sql`` says of these files and organisations: every calibre's number, by day and organisation;
        a day that is left out has zeros. Files of all days are needed, since comments come on other days than their
        reports."""

    def places(self, sent: Sequence[Path], commented: Sequence[Path]) -> Iterator[Place]:
        """The organisations and days that the files have facts of, each once."""

    def places_of_reports(self, withdrawn: Sequence[Path], sent: Sequence[Path]) -> Iterator[Place]:
        """The organisations and stat days of the sent reports that the withdrawals name, each once."""

    def merge(self, kind: Kind, files: Sequence[Path], target: Path, without: Subject | None = None) -> int:
        """Write the facts of files of a kind to the new file ``target``, each once and those of an organisation
        together, so that little has to be read for one. Returns how many there are.

        :param without: whose facts are left out.
        """

    def holding(self, kind: Kind, files: Sequence[Path], subject: Subject) -> list[Path]:
        """The files that have facts of the subject. A withdrawal is no person's."""

    def close(self) -> None:
        """Let go of the engine."""


@cache
def kpis_sql() -> str:
    """The one definition of the KPIs of a day."""
    return files("reportdata").joinpath("kpis.sql").read_text("utf-8")


@cache
def calibres_sql() -> str:
    """The commenters of days by every calibre."""
    return files("reportdata").joinpath("calibres.sql").read_text("utf-8")


def by_calibre(rows: Iterable[tuple[str, str, str, Sequence[int]]]) -> list[Commenters]:
    """What rows of ``calibres.sql`` say: organisation, stat day, rule of days, and the numbers in their order there."""
    found: dict[tuple[str, str], dict[Calibre, int]] = {}
    for corp_id, stat_day, rule, numbers in rows:
        day = found.setdefault((stat_day, corp_id), dict.fromkeys(CALIBRES, 0))
        day.update(zip((calibre for calibre in CALIBRES if calibre.day == rule), numbers, strict=True))
    return [Commenters(corp_id, stat_day, day) for (stat_day, corp_id), day in sorted(found.items())]


@cache
def definition() -> str:
    """The definition in short: days computed by another one are stale."""
    return hashlib.sha256(kpis_sql().encode()).hexdigest()[:16]

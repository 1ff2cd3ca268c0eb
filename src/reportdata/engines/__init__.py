"""What computes: files of facts in, KPIs of days out. One protocol for every engine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from reportdata.days import from_date
from reportdata.kinds import Kind
from reportdata.measures import Number
from reportdata.services.sql import Computation


class Measured(NamedTuple):
    """The numbers of one organisation and day, by the names of the computation."""

    corp_id: str
    stat_day: str
    numbers: Mapping[str, Number]


class Place(NamedTuple):
    """An organisation and one of its days."""

    corp_id: str
    stat_day: str


class Brought(NamedTuple):
    """An organisation, one of its days, and an origin of facts that it has there; empty when that is not known."""

    corp_id: str
    stat_day: str
    origin: str


class Subject(NamedTuple):
    """Whose facts: an organisation's, or those of one of its people."""

    corp_id: str
    user_id: str | None = None


class Origin(NamedTuple):
    """Whose facts: those that an import brought."""

    import_id: str


Whose = Subject | Origin


class Rewritten(NamedTuple):
    """What became of an import's facts: how many went, and how many stayed because another origin had them, too."""

    gone: int
    kept: int


class Files(Protocol):
    """Where an engine reads the files that are named to it; a lake is one."""

    def located(self, paths: Sequence[Path]) -> AbstractContextManager[Sequence[Path]]:
        """Where the files can be read until the block ends, in their order."""

    def parts(self, paths: Sequence[Path]) -> Iterable[Sequence[Path]]:
        """Split the files into batches that are small enough to be cached at once."""


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
    here: bool
    """Whether rows are computed on this machine, from files that it reads itself."""

    def rows(
        self, what: Computation, files: Mapping[str, Sequence[Path]], corp_ids: Collection[str] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a computation over the files of each kind, in the order that it says: its keys, then its numbers.
        Of some organisations, when they are named, and then little else is read."""

    def places(self, files: Mapping[Kind, Sequence[Path]]) -> Iterator[Place]:
        """The organisations and days that the files have facts of, each once."""

    def brought(self, files: Mapping[Kind, Sequence[Path]]) -> Iterator[Brought]:
        """The organisations and days that the files have facts of, with the origins of these, each once."""

    def sole_origins(self, files: Sequence[Path]) -> Mapping[Path, str]:
        """The origin of the facts of those files whose facts all have the same: of as many of these as can be told
        without reading facts."""

    def retracted(self, by: Kind, of: Kind, taking: Sequence[Path], files: Sequence[Path]) -> Iterator[Place]:
        """The organisations and stat days of those facts of one kind that facts of another kind take back, each once.

        :param taking: the files of the facts that take back.
        :param files: those of the facts that may be taken back.
        """

    def merge(
        self,
        kind: Kind,
        files: Mapping[Path, float],
        target: Path,
        without: Subject | None = None,
        repeats: Path | None = None,
    ) -> int:
        """Write the facts of files of a kind to the new file ``target``, each once and those of an organisation
        together, so that little has to be read for one; of each, when it was first known and from where. Returns how
        many there are.

        :param files: with when each was added, in seconds since 1970.
        :param without: whose facts are left out.
        :param repeats: a new file for those that an import had first, from each other origin; none when there are none.
        """

    def merge_repeats(self, kind: Kind, files: Sequence[Path], target: Path, without: Whose | None = None) -> int:
        """Write the repeats of files to the new file ``target``, each fact once from each origin. Returns how many
        there are."""

    def take_back(
        self, kind: Kind, file: Path, target: Path, origin: Origin, others: Mapping[Path, float], gone: Path
    ) -> Rewritten:
        """Write the facts of a file to the new file ``target`` without those that an import brought, but for those that
        stand in ``others`` from another origin, with when they were known from there. No facts make no file.

        :param others: repeats, and other files of the same days, with when each was added.
        :param gone: a new file for the facts that went; none when there are none.
        """

    def holding(self, kind: Kind, files: Sequence[Path], whose: Whose) -> list[Path]:
        """The files that have such facts."""

    def close(self) -> None:
        """Let go of the engine."""


def measured(what: Computation, rows: Iterable[Sequence[Any]]) -> Iterator[Measured]:
    """What rows of a computation by days say."""
    day, stat_day = None, ""
    for row in rows:
        if row[1] != day:
            day = row[1]
            stat_day = from_date(day)
        yield Measured(row[0], stat_day, dict(zip(what.numbers, row[2:], strict=True)))

"""How a file's records are read: which times are believed, which records are skipped, and one after the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reportdata.choices import NO_CHOICES, Choices
from reportdata.days import END_INSTANT
from reportdata.engines.duckdb.parquet import ParquetTable
from reportdata.errors import BadField, BadFile, BadRecord, LakeError
from reportdata.facts import Fact, Organisations
from reportdata.kinds import Kind, Kinds
from reportdata.pipeline import Progress
from reportdata.readers import Format
from reportdata.records import Line
from reportdata.remarks import Remarks
from reportdata.store import FIRST_DAY, LAST_DAY

SkipBad = Callable[[BadRecord, Mapping[str, object]], None]
"""Given each bad record that is skipped: what is wrong, and those of its columns that hold a field."""


class Bounds(NamedTuple):
    """Which times are believed: those before the instant ``end``, and those of a day that is more than a year from all
    others of a file only from ``first_day`` to ``last_day``."""

    end: int = END_INSTANT
    first_day: str = LAST_DAY
    last_day: str = FIRST_DAY

    def states(self, day: str) -> bool:
        """Whether it is stated that there are records of a day."""
        return self.first_day <= day <= self.last_day

    def require(self, fact: Fact, kind: Kind, isolated: Collection[str]) -> None:
        """
        :param isolated: days that are far from all others of the file.
        :raises BadField: when the fact's time is a mistake, as far as can be told.
        """
        reason = ""
        if fact.at >= self.end:
            reason = f"is on {fact.stat_day}, which lies in the future"
        elif kind.covers and fact.stat_day in isolated:
            reason = f"is on {fact.stat_day}, about a year or more from all other records of the file"
        if reason:
            raise BadField(kind.time, reason, f"mend it, or say that it is right: --from … --to {fact.stat_day}")


class Reading(NamedTuple):
    """How a file's records are read: its format, the kinds that they may be of, the organisations that are known, that
    of records that name none, which times are believed, and what was said of the file; ``covers`` are the kinds of
    which it is said to have all facts."""

    format: Format
    kinds: Kinds
    organisations: Organisations
    corp_id: str | None
    bounds: Bounds = Bounds()
    choices: Choices = NO_CHOICES
    covers: Collection[str] = ()


MOST_NAMED = 20
"""Bad records of a file that are named."""
MOST_COUNTED = 1_000
"""Bad records after which a file is read no further: it is not what it is taken for."""


class Skipped:
    """Hands bad records on when they are to be skipped; when they are not, gathers them, and refuses the file.
    ``kinds`` are those of the skipped ones, with None for what may be of any kind, or may have facts of others in
    it."""

    def __init__(self, path: Path, take: SkipBad | None) -> None:
        self._path = path
        self._take = take
        self._again = 0
        self._named: list[BadRecord] = []
        self._refused = 0
        self.count = 0
        self.kinds: set[str | None] = set()

    def take(self, line: Line, error: BadField) -> None:
        bad = BadRecord(str(self._path), line.number, error.field, error.reason, error.hint)
        if self._take is None:
            self._refused += 1
            self._named += [bad] if self._refused <= MOST_NAMED else []
            if self._refused == MOST_COUNTED:
                self.refuse()
            return
        self.count += 1
        self.kinds.add(line.columns.kind.name if line.columns is not None and not line.columns.lists else None)
        if self.count > self._again:
            used = set(line.columns.used) - {line.columns.person_name} if line.columns else set()
            self._take(bad, {name: value for name, value in line.record.items() if name in used})

    def refuse(self) -> None:
        """Refuse the file when there are bad records that are not skipped.

        :raises BadRecord: the first of them, with the others.
        """
        if self._named:
            first = self._named[0]
            first.others, first.more = self._named[1:], self._refused - len(self._named)
            raise first

    def begin_again(self) -> None:
        """The file is read once more: what was handed on already comes first."""
        self._again, self.count = self.count, 0
        self._named, self._refused = [], 0


def size_of(path: Path) -> int:
    """Bytes of a file.

    :raises BadFile: when it cannot be looked at.
    """
    try:
        return path.stat().st_size
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error


class Advance:
    """How far a file is read, which is shown, and whether the disk has room for the rest.

    :raises BadFile: when the file cannot be looked at.
    """

    def __init__(self, path: Path, progress: Progress) -> None:
        self._path = path
        self._progress = progress
        self.size = size_of(path)
        self._position = 0

    def show(self, position: int) -> None:
        """So many bytes are read."""
        self._progress(f"reading {self._path.name}", position, self.size)

    def shown(self, lines: Iterator[Line]) -> Iterator[Line]:
        """The lines, each shown when it is read."""
        for count, line in enumerate(lines):
            if count % 4096 == 0:
                self.show(line.position)
            yield line

    def comparing(self, day: str) -> None:
        """Show that what was staged of a day is compared with what the lake has."""
        self._progress(f"comparing {self._path.name} · {day}", 0, 0)

    def staged(self, took: int, position: int, folder: Path) -> None:
        """The part up to a position is staged in a folder. The others take as much room for their size as it did.

        :param took: the bytes that it took.
        :raises LakeError: when there is no room for them.
        """
        self.show(position)
        read = max(1, position - self._position)
        self._position = position
        require_room(self._path, folder, took * (self.size - position) // read)


def refuse_rounded(path: Path, found: tuple[Kind, str, str] | None) -> None:
    """
    :param found: the kind of facts whose ids a spreadsheet has rounded, their column, and an example.
    :raises BadFile: when there are any.
    """
    if found is not None:
        kind, column, example = found
        raise BadFile(
            str(path),
            f"{column}: all ids of 16 digits and more end in zeros, like {example}: a spreadsheet rounded them, "
            f"and different {kind.name} facts may have become equal",
            "export the column as text: in Excel, format it as text before the ids are pasted or opened; if they "
            f"do end in zeros, say which column they are in: --column {column}=…",
        )


def require_room(path: Path, folder: Path, needed: int) -> None:
    """
    :param needed: bytes that the rest of the file takes.
    :raises LakeError: when the disk of the folder has no room for them.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LakeError(
            f"the rest of {path} takes about {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free",
            "make room, and import it again",
        )


def lines_of(
    path: Path, format_: Format, kinds: Kinds, remarks: Remarks, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """All records of a file, one after the other."""
    if format_ is Format.CSV:
        from reportdata.readers.tables import read_table

        return read_table(path, kinds, remarks, choices)
    if format_ is Format.SHEET:
        from reportdata.readers.sheets import read_sheets

        return read_sheets(path, kinds, remarks, choices)
    if format_ is Format.PARQUET:
        return ParquetTable(path, kinds, choices).rows()
    from reportdata.readers.jsonl import read_jsonl

    return read_jsonl(path, kinds, remarks, choices)

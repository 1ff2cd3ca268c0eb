"""How a file's records are read: which times are believed, which records are skipped, and one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from reportdata.choices import NO_CHOICES, Choices
from reportdata.days import END_INSTANT
from reportdata.engines.duckdb.parquet import ParquetTable
from reportdata.errors import BadField, BadFile, BadRecord
from reportdata.facts import Organisations
from reportdata.kinds import Kinds
from reportdata.readers import Format, read_jsonl, read_sheets, read_table
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


class Reading(NamedTuple):
    """How a file's records are read: its format, the kinds that they may be of, the organisations that are known, that
    of records that name none, which times are believed, and what was said of the file."""

    format: Format
    kinds: Kinds
    organisations: Organisations
    corp_id: str | None
    bounds: Bounds = Bounds()
    choices: Choices = NO_CHOICES


MOST_NAMED = 20
"""Bad records of a file that are named."""
MOST_COUNTED = 1_000
"""Bad records after which a file is read no further: it is not what it is taken for."""


class Skipped:
    """Hands bad records on when they are to be skipped; when they are not, gathers them, and refuses the file."""

    def __init__(self, path: Path, take: SkipBad | None) -> None:
        self._path = path
        self._take = take
        self._again = 0
        self._named: list[BadRecord] = []
        self._refused = 0
        self.count = 0

    def take(self, line: Line, error: BadField) -> None:
        bad = BadRecord(str(self._path), line.number, error.field, error.reason, error.hint)
        if self._take is None:
            self._refused += 1
            self._named += [bad] if self._refused <= MOST_NAMED else []
            if self._refused == MOST_COUNTED:
                self.refuse()
            return
        self.count += 1
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


def lines_of(
    path: Path, format_: Format, kinds: Kinds, remarks: Remarks, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """All records of a file, one after the other."""
    if format_ is Format.CSV:
        return read_table(path, kinds, remarks, choices)
    if format_ is Format.SHEET:
        return read_sheets(path, kinds, remarks, choices)
    if format_ is Format.PARQUET:
        return ParquetTable(path, kinds, choices).rows()
    return read_jsonl(path, kinds, remarks, choices)

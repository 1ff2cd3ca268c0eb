"""A large sheet in parts, each written as a file of texts whose cells stand as they would in a CSV file.

A row that needs a look of its own (a total, a note, one without an id, a cell of another type) is set aside: its part
says which these are, and all others are in its file. Whole columns are handled at a time, and a row alone only where a
column is mixed.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from reportdata.identifiers import EXACT
from reportdata.readers.cells import Row
from reportdata.readers.parts import ahead
from reportdata.readers.sheets import SheetTable
from reportdata.readers.table_rows import Cells

_ROWS = 1 << 17
"""The most rows of a part."""
_TOGETHER = 256
"""Rows that are converted at once: few, so that their memory is used again."""
_ASIDE = 1 << 13
"""The most rows of a part that are set aside."""


class SheetPart(NamedTuple):
    """Rows of a sheet from ``first`` to before ``end``, counted from 0: those that were set aside, the ids of people in
    the others, and the file that has the others; None where more were set aside than are kept."""

    first: int
    end: int
    aside: list[Row]
    people: list[str]
    text: Path | None


def read_sheet_parts(table: SheetTable, cells: Cells, size: int, folder: Path) -> Generator[SheetPart]:
    """The parts of a sheet, each of about ``size`` bytes at most. A part's text is there until the next part is asked
    for, which is written meanwhile.

    :param cells: the sheet's rows.
    :param folder: where the texts are written.
    """
    return ahead(_parts(table, cells, size, folder))


def _parts(table: SheetTable, cells: Cells, size: int, folder: Path) -> Iterator[SheetPart]:
    texts = _Texts(table)
    rows = cells.lists()
    first = table.heading.last
    list(islice(rows, first))
    number = 0
    while first < cells.height:
        part = _part(texts, rows, _Room(first, size), folder / f"sheet-{number % 2}")
        if part.end == first:
            return
        yield part
        first, number = part.end, number + 1


class _Room(NamedTuple):
    """Where a part begins, and the bytes that it may have."""

    first: int
    size: int


def _part(texts: _Texts, rows: Iterator[Sequence[object]], room: _Room, path: Path) -> SheetPart:
    end, written = room.first, 0
    aside: list[Row] = []
    people: dict[str, None] = {}
    whole = True
    with path.open("wb") as file:
        while end - room.first < _ROWS and written < room.size and (found := list(islice(rows, _TOGETHER))):
            if whole:
                data, odd = texts.of(found, people)
                written += file.write(data)
                aside += (Row(end + place + 1, 0, found[place]) for place in odd if _has_text(found[place]))
                whole = len(aside) <= _ASIDE
            end += len(found)
    return SheetPart(room.first, end, aside, list(people), path if whole else None)


def _has_text(cells: Sequence[object]) -> bool:
    """Whether a row has text."""
    return any(cell != "" for cell in cells)


class _Texts:
    """Makes text of rows."""

    def __init__(self, table: SheetTable) -> None:
        columns = table.heading.columns
        types = {columns.corp_id: "id", columns.at: "instant"}
        needed = set()
        for column in columns.kind.fields():
            if column.name in columns.fields:
                types[columns.fields[column.name]] = column.type
                if column.required:
                    needed.add(columns.fields[column.name])
        self._table = table
        self._places = [(table.heading.names.index(name), types.get(name, ""), name in needed) for name in columns.read]
        person = columns.fields.get(columns.kind.person or "")
        self._at = columns.used.index(columns.at)
        self._person = columns.used.index(person) if person is not None else None
        self._are_times: bool | None = None

    def of(self, rows: list[Sequence[object]], people: dict[str, None]) -> tuple[bytes, list[int]]:
        """The text of rows, and the places of those that are not in it. The ids of people are added."""
        cells = list(zip(*rows, strict=True))
        columns = [self._column(cells[place], type_, needed) for place, type_, needed in self._places]
        if any(column is None for column in columns):
            return self._each(rows, people)
        return self._text([column for column in columns if column is not None], len(rows), people, rows)

    def _each(self, rows: list[Sequence[object]], people: dict[str, None]) -> tuple[bytes, list[int]]:
        odd = []
        kept: list[list[str]] = []
        for number, row in enumerate(rows):
            texts = [self._column((row[place],), type_, needed) for place, type_, needed in self._places]
            if any(text is None or _MARKS.intersection(text[0]) for text in texts):
                odd.append(number)
            else:
                kept.append([text[0] for text in texts if text is not None])
        if not kept:
            return b"", odd
        data, _ = self._text(list(zip(*kept, strict=True)), len(kept), people, None)
        return data, odd

    def _text(
        self, columns: list[Sequence[str]], count: int, people: dict[str, None], rows: list[Sequence[object]] | None
    ) -> tuple[bytes, list[int]]:
        """The rows' text, unless a cell is no text, or has one of the marks between cells and lines in it: then each
        row is looked at, if they are given."""
        try:
            text = "\n".join(map("\t".join, zip(*columns, strict=True))).encode()
        except TypeError:
            if rows is None:
                raise
            return self._each(rows, people)
        tabs, ends = text.count(b"\t"), text.count(b"\n")
        common = tabs == count * (len(columns) - 1) and ends == count - 1
        if rows is not None and not (common and b"\r" not in text and b'"' not in text and b"\0" not in text):
            return self._each(rows, people)
        if self._person is not None and len(people) < _PEOPLE:
            people.update(dict.fromkeys(columns[self._person]))
        return text + b"\n", []

    def _column(self, cells: Sequence[object], type_: str, needed: bool) -> Sequence[str] | None:
        """The texts of a column's cells; None when one of them may need a look of its own. Of texts, only the first
        is looked at: that all are texts is seen when they are joined."""
        if type_ == "instant":
            return self._times(cells)
        if type(cells[0]) is str and not (needed and "" in cells):
            return cells  # type: ignore[return-value]
        if type_ == "id" and type(cells[0]) is float:
            exact = [cell for cell in cells if type(cell) is float and cell.is_integer() and abs(cell) <= EXACT]
            return [str(int(cell)) for cell in exact] if len(exact) == len(cells) else None
        return None

    def _times(self, cells: Sequence[object]) -> Sequence[str] | None:
        types = set(map(type, cells))
        if types == {datetime} or types == {datetime, date} or (types == {date} and self._dates_are_times()):
            # msgspec writes a time in a thirtieth of what isoformat takes. With a space, DuckDB writes it so, too.
            texts = _JSON.encode(cells).replace(b"T", b" ").decode()[2:-2].split('","')
            return texts if date not in types else [text if " " in text else f"{text} 00:00:00" for text in texts]
        if types == {str} and min(cells) >= "0" and max(cells) < ":":  # type: ignore[type-var, operator]
            return cells  # type: ignore[return-value]
        return None

    def _dates_are_times(self) -> bool:
        if self._are_times is None:
            self._are_times = self._table.has_times()
        return self._are_times


_JSON = msgspec.json.Encoder()
_MARKS = frozenset('\t\n\r"\0')
_PEOPLE = 10_000
"""The most people of a part that are told."""

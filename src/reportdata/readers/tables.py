"""CSV and TSV files, record by record."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from reportdata.columns import Columns, columns_of_file
from reportdata.errors import BadField, BadFile
from reportdata.kinds import Kinds
from reportdata.readers.parts import LineCounts, NotAlone, Part, opened_part
from reportdata.readers.text import opened, opened_bytes, position
from reportdata.records import Line

if TYPE_CHECKING:
    from _csv import Reader

_DELIMITERS = "\t,;"
_LONGEST_CELL = 1 << 24


class Heading(NamedTuple):
    """A table's first line: its columns and what stands between them."""

    columns: list[str]
    delimiter: str


def read_heading(path: Path) -> Heading | None:
    """The heading of a table in UTF-8, None when the file is in another encoding.

    :raises BadFile: when there is none, or the file cannot be read.
    """
    with opened_bytes(path) as file:
        line = file.readline(_LONGEST_CELL)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    return _heading(path, text)


def read_table(path: Path, kinds: Kinds) -> Iterator[Line]:
    """The records of a CSV or TSV file. Empty lines are passed over, and so are empty cells beyond the last column."""
    with opened(path) as text:
        heading = _heading(path, text.readline(_LONGEST_CELL))
        text.seek(0)
        try:
            rows = csv.reader(text, delimiter=heading.delimiter, strict=True)
            columns = columns_of_file(str(path), heading.columns, kinds)
            yield from _records(rows, text, heading, columns, begins=True)
        except csv.Error as error:
            raise BadFile(str(path), str(error)) from error


def read_part_of_table(
    path: Path, part: Part, heading: Heading, columns: Columns, counts: LineCounts
) -> Iterator[Line]:
    """The records of a part of a CSV or TSV file, as `read_table` gives them.

    :raises NotAlone: when the part is no CSV by itself, or is not UTF-8.
    """
    before = counts.before(part)
    with opened_part(path, part) as text:
        rows = csv.reader(text, delimiter=heading.delimiter, strict=True)
        try:
            for line in _records(rows, text, heading, columns, begins=part.start == 0):
                yield line._replace(number=before + line.number, position=part.position)
        except csv.Error as error:
            raise NotAlone(str(path), str(error)) from error
        counts.note(part, before + rows.line_num)


def _records(rows: Reader, text: TextIO, heading: Heading, columns: Columns, *, begins: bool) -> Iterator[Line]:
    """The records of a text, which may begin with the heading.

    :raises csv.Error: with the number of the line that is not CSV.
    """
    while True:
        number = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise csv.Error(f"line {number} is not CSV: {error}") from error
        while len(cells) > len(heading.columns) and not cells[-1]:  # as DuckDB does
            cells.pop()
        if begins:
            begins = False
        elif len(cells) != len(heading.columns) and cells:
            wrong = BadField("line", f"has {len(cells)} cells, the heading has {len(heading.columns)}")
            yield Line(number, position(text), columns, {}, wrong)
        elif cells:
            yield Line(number, position(text), columns, dict(zip(heading.columns, cells, strict=True)))


def _heading(path: Path, first: str) -> Heading:
    if not first.strip():
        raise BadFile(str(path), "is empty" if not first else "begins with an empty line, not with column names")
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        columns = next(csv.reader([first], delimiter=delimiter))
    except csv.Error as error:
        raise BadFile(str(path), f"line 1 is not CSV: {error}") from error
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise BadFile(str(path), f"has the column {twice!r} twice")
    return Heading(columns, delimiter)

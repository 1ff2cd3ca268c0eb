"""CSV and TSV files, record by record."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from reportdata.columns import columns_of_file
from reportdata.errors import BadField, BadFile
from reportdata.readers.text import opened, opened_bytes, position
from reportdata.records import Line

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


def read_table(path: Path) -> Iterator[Line]:
    """The records of a CSV or TSV file. Empty lines are passed over."""
    with opened(path) as text:
        heading = _heading(path, text.readline(_LONGEST_CELL))
        text.seek(0)
        columns = columns_of_file(str(path), heading.columns)
        rows = csv.reader(text, delimiter=heading.delimiter, strict=True)
        number, begins = 0, True
        while True:
            number = rows.line_num + 1
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                raise BadFile(str(path), f"line {number} is not CSV: {error}") from error
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

"""CSV files and their like, row by row: cells with commas, tabs, semicolons or bars between them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Generic, NamedTuple, TextIO, cast

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns
from reportdata.errors import BadFile
from reportdata.kinds import Kinds
from reportdata.readers.cells import Row
from reportdata.readers.grids import LOOKED_AT, FactFields, Found, Heading, Vocabulary, find_heading, likeness
from reportdata.readers.parts import LineCounts, NotAlone, Part, opened_part
from reportdata.readers.rows import known_ids, read_rows
from reportdata.readers.text import opened, opened_bytes
from reportdata.readers.text_rows import TextRows
from reportdata.records import Line
from reportdata.remarks import Remarks

_DELIMITERS = "\t,;|"
_START = 1 << 20
"""Bytes in which the heading is looked for."""
_PADDING = 256
"""Bytes that are looked at together with the next ones."""
_BLOCK = 1 << 18
"""Bytes in which quotes are looked for at once."""
_BLANK_AND_QUOTE = re.compile(rb' "')
_QUOTES = "write a quote within quotes twice, and no blanks before a cell's quote; or save the file as XLSX"


class Table(NamedTuple, Generic[Found]):
    """How a table is written: its heading, and what stands between cells."""

    heading: Heading[Found]
    delimiter: str


def read_heading(path: Path, kinds: Kinds, choices: Choices = NO_CHOICES) -> Table[Columns] | None:
    """How a table in UTF-8 with usual line ends is written; None when the file is of another form, has quotes above its
    heading or blanks behind quotes in it, or has line ends of several kinds in it or above.

    :raises BadFile: when there is no heading, or the file cannot be read.
    """
    with opened_bytes(path) as file:
        start = file.read(_START)
    if len(start) == _START:
        start = start[: start.rfind(b"\n") + 1]
    if b"\n" not in start or b"\0" in start or start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    try:
        text = start.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    table = _table(path, text, FactFields(kinds, choices))
    if not _is_strict(text.split("\n", table.heading.last - 1)[-1], table.delimiter):
        return None
    *above, first = text.split("\n", table.heading.last)[: table.heading.last]
    mixed = text.count("\r") != text.count("\r\n") or text.count("\r\n") not in (0, text.count("\n"))
    over_lines = first.count('"') % 2 == 1
    # Where a cell goes over lines, or line ends are of several kinds, it differs how many lines are to be skipped.
    return None if any('"' in line for line in above) or (mixed and (above or over_lines)) else table


def _is_strict(text: str, delimiter: str) -> bool:
    """Whether the first row of a text is strict CSV. Below a heading that is not, DuckDB finds no rows, and says
    nothing."""
    try:
        next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def has_padded_quotes(path: Path, delimiter: str) -> bool:
    """Whether a cell of a table begins with blanks and a quote. To DuckDB such a quote quotes, even over lines, and to
    others it does not.

    :raises BadFile: when it cannot be read.
    """
    padded = re.compile(rb"[\r\n" + re.escape(delimiter.encode()) + rb"] +\"")
    block = bytearray(_PADDING + _BLOCK)  # it is read into again and again, and so stays in the processor's caches
    block[0:1], held = b"\n", 1
    with opened_bytes(path) as file, memoryview(block) as places:
        while read := cast(io.BufferedIOBase, file).readinto(places[held : held + _BLOCK]):
            end = held + read
            # Two bytes are found sooner by a pattern than by `bytes.find`.
            if _BLANK_AND_QUOTE.search(block, 0, end) and padded.search(block, 0, end):
                return True
            held = min(end, _PADDING)
            block[:held] = block[end - held : end]
    return False


def read_table(
    path: Path, kinds: Kinds, remarks: Remarks | None = None, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """The records of a table. Rows without text are passed over, and so are empty cells beyond the last column.

    :raises BadFile: when there is no heading, or the file is no CSV.
    """
    with opened(path) as text:
        start = text.read(_START)
        text.seek(0)
        table = _table(path, start, FactFields(kinds, choices))
        if remarks is not None:
            remarks.titles += table.heading.titles

        def again() -> Iterator[Row]:
            with opened(path) as other:
                yield from _rows(path, other, table.delimiter)

        ids = known_ids(again, table.heading)
        yield from read_rows(_rows(path, text, table.delimiter), table.heading, ids, remarks, ragged=False)


def read_grid(path: Path, fields: Vocabulary[Found]) -> tuple[Heading[Found], list[Row]]:
    """The heading of a small table, and all of its rows.

    :raises BadFile: when there is no heading, or the file is no CSV.
    """
    with opened(path) as text:
        start = text.read(_START)
        text.seek(0)
        table = _table(path, start, fields)
        return table.heading, list(_rows(path, text, table.delimiter))


def read_part_of_table(
    path: Path, part: Part, table: Table[Columns], counts: LineCounts, remarks: Remarks | None = None
) -> Iterator[Line]:
    """The records of a part of a table, as `read_table` gives them.

    :raises NotAlone: when the part is no CSV by itself, is not UTF-8, or cannot be read without the others.
    """
    before = counts.before(part)
    heading = table.heading if part.start == 0 else table.heading._replace(last=0)
    with opened_part(path, part) as text:
        rows = TextRows(text, table.delimiter)

        def numbered() -> Iterator[Row]:
            try:
                for row in rows:
                    yield row._replace(position=part.position)
            except csv.Error as error:
                raise NotAlone(str(path), str(error)) from error

        def again() -> Iterator[Row]:
            raise NotAlone(str(path), "has names without ids")

        for line in read_rows(numbered(), heading, known_ids(again, heading), remarks, ragged=False):
            yield line._replace(number=before + line.number)
        counts.note(part, before + rows.lines)


def _rows(path: Path, text: TextIO, delimiter: str) -> Iterator[Row]:
    try:
        yield from TextRows(text, delimiter)
    except csv.Error as error:
        raise BadFile(str(path), str(error), _QUOTES) from error


def _table(path: Path, start: str, fields: Vocabulary[Found]) -> Table[Found]:
    if not start.strip():
        raise BadFile(
            str(path),
            "is empty",
            "choose a file with records, or say of what kind there were none: --covers sent --from … --to …",
        )
    first, _, _ = start.partition("\n")
    said = first.strip().strip('"')
    delimiters = said[4:5] if said.lower().startswith("sep=") and len(said) == 5 else _DELIMITERS
    read = [(delimiter, _start(start, delimiter)) for delimiter in delimiters]
    delimiter, rows = max(read, key=lambda found: _likeness(found[1], fields))
    if not rows:
        raise BadFile(str(path), "line 1 is not CSV", _QUOTES)
    return Table(find_heading(str(path), rows, fields), delimiter)


def _start(start: str, delimiter: str) -> list[Row]:
    rows: list[Row] = []
    text = io.StringIO(start, newline="")
    with suppress(csv.Error):  # the rows before may have the heading; the line is told when it is read
        rows.extend(islice(TextRows(text, delimiter), LOOKED_AT))
    return rows


def _likeness(rows: list[Row], fields: Vocabulary[object]) -> tuple[int, int]:
    """How many headings that are known a row has, and how many cells."""
    known = max((likeness(row.cells, fields) for row in rows), default=0)
    return known, max((len(row.cells) for row in rows), default=0)

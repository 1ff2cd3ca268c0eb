"""Spreadsheets (.xlsx, .xls, .xlsb, .ods, .et) by calamine, and HTML and SpreadsheetML, which merely are named so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import NamedTuple

from reportdata.choices import NO_CHOICES, Choices
from reportdata.errors import BadFile
from reportdata.kinds import Kinds
from reportdata.readers.grids import LOOKED_AT, FactFields, Row, find_heading, has_times, likeness, read_rows
from reportdata.readers.markup import read_html, read_spreadsheetml
from reportdata.records import Line
from reportdata.remarks import Remarks


class Sheet(NamedTuple):
    """A sheet of a workbook: its name and its rows, those with text alone."""

    name: str
    rows: list[Row]


def read_sheets(
    path: Path, kinds: Kinds, remarks: Remarks | None = None, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """The records of all sheets that have some, or of the one that was chosen.

    A sheet without any known heading, as a cover or a pivot table, or without any time, as a list of people, is passed
    over when another sheet has records.

    :raises BadFile: when the file cannot be read, or no sheet has a heading.
    """
    fields = FactFields(kinds, choices)
    every = list(read_workbook(path))
    sheets = [found for found in every if found.rows]
    several = len(sheets) > 1
    if choices.sheet is not None:
        sheets = [chosen_sheet(path, every, choices.sheet)]
    if not sheets or not sheets[0].rows:
        raise BadFile(str(path), "has no rows", "choose a sheet with records")
    likely = [found for found in sheets if _known(found.rows, fields) >= 2] or sheets[:1]
    timed = [found for found in likely if has_times(found.rows)]
    for found in timed or likely:
        name = f"{path} [{found.name}]" if several else str(path)
        try:
            heading = find_heading(name, found.rows[:LOOKED_AT], fields)
        except BadFile as error:
            alone = "; or read one sheet alone with --sheet" if several and choices.sheet is None else ""
            raise BadFile(error.file, error.reason, error.hint + alone) from error

        if remarks is not None:
            remarks.titles += heading.titles
        rows = _with_midnights(found.rows, heading.names.index(heading.columns.at))

        def again(rows: list[Row] = rows) -> Iterable[Row]:
            return rows

        yield from read_rows(rows, heading, again)


def _with_midnights(rows: list[Row], place: int) -> list[Row]:
    """The rows with times in a column where some are: at midnight, a time is a date by itself to calamine."""
    cells = [row.cells[place] if place < len(row.cells) else None for row in rows]
    if not any(isinstance(cell, datetime) for cell in cells):
        return rows
    return [
        row._replace(cells=[*row.cells[:place], datetime.combine(cell, time()), *row.cells[place + 1 :]])
        if isinstance(cell, date) and not isinstance(cell, datetime)
        else row
        for row, cell in zip(rows, cells, strict=True)
    ]


def chosen_sheet(path: Path, sheets: Sequence[Sheet], chosen: str) -> Sheet:
    """The sheet of that name or, where none is called so, of that number (from 1).

    :raises BadFile: when there is none.
    """
    for name in (chosen, chosen.strip()):
        for found in sheets:
            if found.name == name:
                return found
    if chosen.strip().isdecimal() and 0 < int(chosen) <= len(sheets):
        return sheets[int(chosen) - 1]
    names = ", ".join(repr(found.name) for found in sheets)
    raise BadFile(str(path), f"has no sheet {chosen!r}", f"choose one with --sheet: {names}")


def _known(rows: list[Row], fields: FactFields) -> int:
    return max((likeness(row.cells, fields) for row in rows[:LOOKED_AT]), default=0)


def read_workbook(path: Path) -> Iterator[Sheet]:
    """All sheets of a workbook, or tables of a page.

    :raises BadFile: when it cannot be read.
    """
    start = _start(path)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x09\x08", b"\x09\x04", b"\x09\x02")):
        yield from _workbook(path)
    elif b"urn:schemas-microsoft-com:office:spreadsheet" in start or b"<Workbook" in start:
        yield from (Sheet(name, rows) for name, rows in read_spreadsheetml(path))
    else:
        yield from (Sheet(name, rows) for name, rows in read_html(path))


def _start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error


def _workbook(path: Path) -> Iterator[Sheet]:
    import python_calamine as calamine

    try:
        with calamine.load_workbook(str(path)) as book:
            for name in book.sheet_names:
                yield Sheet(name, list(_rows(book.get_sheet_by_name(name))))
    except calamine.PasswordError as error:
        raise BadFile(str(path), "is protected by a password", "save it without one") from error
    except calamine.CalamineError as error:
        raise BadFile(str(path), f"cannot be read as a spreadsheet: {error}", "open it and save it as XLSX") from error
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error


def _rows(sheet: object) -> Iterator[Row]:
    first = sheet.start[0] if sheet.start else 0  # type: ignore[attr-defined]
    for number, cells in enumerate(sheet.iter_rows(), 1):  # type: ignore[attr-defined]
        if any(cell != "" for cell in cells):
            yield Row(first + number, 0, cells)

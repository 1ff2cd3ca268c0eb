"""Spreadsheets (.xlsx, .xls, .xlsb, .ods, .et) by calamine, and HTML and SpreadsheetML, which merely are named so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from functools import partial
from itertools import islice, starmap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns
from reportdata.errors import BadFile
from reportdata.kinds import Kinds
from reportdata.other_tables import other_table
from reportdata.readers.cells import Row, has_times, is_time, text_of
from reportdata.readers.formulas import waits_to_be_computed
from reportdata.readers.grids import LOOKED_AT, FactFields, Heading, find_heading, likeness
from reportdata.readers.known_ids import KnownIds
from reportdata.readers.merged_cells import Above, used_from_above, with_texts
from reportdata.readers.rows import known_ids, read_rows
from reportdata.readers.table_rows import Cells, Grid
from reportdata.readers.text import opened_bytes
from reportdata.readers.workbook_copies import Damaged, sheets_read_once, worksheets
from reportdata.records import Line
from reportdata.remarks import Remarks

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook, SheetMetadata


class Sheet(NamedTuple):
    """A sheet of a workbook: its name, its first rows with text, all of them, to be read any number of times, and
    whether it is hidden."""

    name: str
    start: list[Row]
    rows: Iterable[Row]
    hidden: bool = False


class SheetTable(NamedTuple):
    """A sheet with records: its heading, its rows, which names in it go with which ids, and what is given that rows say
    of it."""

    heading: Heading[Columns]
    rows: Iterable[Row]
    ids: KnownIds
    remarks: Remarks | None = None

    def lines(self, rows: Iterable[Row] | None = None) -> Iterator[Line]:
        """The records of rows of the sheet, by default of all of them."""
        rows = self.rows if rows is None else rows
        if above := self.from_above():
            rows = with_texts(rows, self.rows, above, self.heading)
        return read_rows(self._with_midnights(rows), self.heading, self.ids, self.remarks)

    def from_above(self) -> Above:
        """The cells that are used and merged with some above (`reportdata.readers.merged_cells`)."""
        if not isinstance(self.rows, Cells | Grid):
            return {}
        return used_from_above(self.rows.merged, self.heading, self.rows.lines)

    @property
    def at(self) -> int:
        """The place of the time in a row."""
        return self.heading.names.index(self.heading.columns.at)

    def has_times(self) -> bool:
        """Whether there are times in the column of the time: then a date in it is a midnight."""
        place = self.at
        return any(isinstance(row.cells[place], datetime) for row in self.rows if place < len(row.cells))

    def _with_midnights(self, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows with times in a column where some are: at midnight, a time is a date by itself to calamine."""
        place, are_times = self.at, None
        for row in rows:
            cell = row.cells[place] if place < len(row.cells) else None
            if isinstance(cell, date) and not isinstance(cell, datetime):
                are_times = self.has_times() if are_times is None else are_times
                if are_times:
                    midnight = datetime.combine(cell, time())
                    yield row._replace(cells=[*row.cells[:place], midnight, *row.cells[place + 1 :]])
                    continue
            yield row


def read_sheets(
    path: Path, kinds: Kinds, remarks: Remarks | None = None, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """The records of all sheets that have some, or of the one that was chosen.

    :raises BadFile: as `read_sheet_tables`.
    """
    for table in read_sheet_tables(path, kinds, remarks, choices):
        yield from table.lines()


def read_sheet_tables(
    path: Path,
    kinds: Kinds,
    remarks: Remarks | None = None,
    choices: Choices = NO_CHOICES,
    folder: Path | None = None,
) -> Iterator[SheetTable]:
    """All sheets that have records, or the one that was chosen.

    A sheet without any known heading, as a cover or a pivot table, or without any time, as a list of people, is passed
    over when another sheet has records; one of counts is, too, and a remark says so.

    :param folder: as of `read_workbook`.
    :raises BadFile: when the file cannot be read, no sheet has a heading, or a hidden sheet has records beside another.
    """
    fields = FactFields(kinds, choices)
    every = list(read_workbook(path, folder))
    sheets = [found for found in every if found.start]
    several = len(sheets) > 1
    if choices.sheet is not None:
        sheets = [chosen_sheet(path, every, choices.sheet)]
    if not sheets or not sheets[0].start:
        raise BadFile(str(path), "has no rows", "choose a sheet with records")
    likely = [found for found in sheets if _known(found.start, fields) >= 2] or sheets[:1]
    timed = [found for found in likely if len(likely) > 1 and has_times(found.rows)]
    tables = timed or likely
    records = [found for found in tables if choices.columns or not _has_counts(found.start, fields)] or tables
    if remarks is not None:
        remarks.passed = [found.name for found in tables if found not in records]
    for found in records:
        name = f"{path} [{found.name}]" if several else str(path)
        try:
            heading = find_heading(name, found.start, fields)
        except BadFile as error:
            alone = "; or read one sheet alone with --sheet" if several and choices.sheet is None else ""
            raise BadFile(error.file, error.reason, error.hint + alone, error.line) from error
        if found.hidden and choices.sheet is None and any(not other.hidden for other in records):
            hint = "unhide it if it counts, and delete it if not; or read one sheet alone with --sheet"
            raise BadFile(name, "is hidden, and has records as others that are shown do", hint)
        if remarks is not None:
            remarks.titles += heading.titles
        rows = found.rows
        yield SheetTable(heading, rows, known_ids(partial(iter, rows), heading), remarks)


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


def _has_counts(rows: Sequence[Row], fields: FactFields) -> bool:
    """Whether a sheet has counts or attendance, and no times of records."""
    heading = max(rows, key=lambda row: likeness(row.cells, fields))
    times = (is_time(cell) for row in rows for cell in row.cells)
    return other_table(map(text_of, heading.cells)) is not None and not any(times)


def _known(rows: Sequence[Row], fields: FactFields) -> int:
    return max((likeness(row.cells, fields) for row in rows), default=0)


def read_workbook(path: Path, folder: Path | None = None) -> Iterator[Sheet]:
    """All sheets of a workbook, or tables of a page.

    :param folder: takes a copy of an XLSX workbook meanwhile, which is read in two thirds of the time.
    :raises BadFile: when it cannot be read.
    """
    from reportdata.readers.markup import read_html, read_spreadsheetml  # few files need it, and Python's HTML parser

    start = _start(path)
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x09\x08", b"\x09\x04", b"\x09\x02")):
        yield from _workbook(path, folder)
    elif b"urn:schemas-microsoft-com:office:spreadsheet" in start or b"<Workbook" in start:
        yield from (_sheet(name, rows) for name, rows in read_spreadsheetml(path))
    else:
        yield from (_sheet(name, rows) for name, rows in read_html(path))


def _sheet(name: str, rows: Iterable[Row]) -> Sheet:
    return Sheet(name, list(islice(rows, LOOKED_AT)), rows)


def _start(path: Path) -> bytes:
    with opened_bytes(path) as file:
        return file.read(4096)


def _workbook(path: Path, folder: Path | None) -> Iterator[Sheet]:
    import python_calamine as calamine

    if waits_to_be_computed(path):
        reason = "has formulas that no spreadsheet program has computed, so what they give is not known"
        raise BadFile(str(path), reason, "open it in one, and save it")
    try:
        found = sheets_read_once(path, folder) if folder is not None else None
        if found is not None:
            yield from starmap(_of_workbook, found)
            return
        with _opened(path) as book:
            yield from starmap(_of_workbook, worksheets(book))
    except calamine.PasswordError as error:
        raise BadFile(str(path), "is protected by a password", "save it without one") from error
    except (calamine.CalamineError, Damaged) as error:
        raise BadFile(str(path), f"cannot be read as a spreadsheet: {error}", "open it and save it as XLSX") from error
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error}") from error


def _of_workbook(said: SheetMetadata, sheet: CalamineSheet) -> Sheet:
    import python_calamine as calamine

    hidden = said.visible is not calamine.SheetVisibleEnum.Visible
    return _sheet(said.name, Cells(sheet))._replace(hidden=hidden)


def _opened(path: Path) -> CalamineWorkbook:
    """calamine's workbook. It goes by how the name ends; where that is wrong, it is given the content alone."""
    import python_calamine as calamine

    try:
        return calamine.load_workbook(str(path))
    except calamine.PasswordError:
        raise
    except calamine.CalamineError:
        with path.open("rb") as file, suppress(calamine.CalamineError):
            return calamine.load_workbook(file)
        raise

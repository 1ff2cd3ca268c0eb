"""Tables in HTML and in SpreadsheetML of 2003, which programs save under the names of Excel's files."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, iterparse

from reportdata.errors import BadFile
from reportdata.readers.cells import Row
from reportdata.readers.table_rows import Grid
from reportdata.readers.text import opened, opened_bytes

_SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
_MOST_SPANNED = 1000
_MOST_COLUMNS = 16_384
"""As many as Excel has."""


def read_html(path: Path) -> Iterator[tuple[str, Grid]]:
    """Each table of a page, by its number, with its rows; a row's line is its number in the table, since several may
    stand on one line.

    :raises BadFile: when there is no table.
    """
    parser = _Tables()
    with opened(path) as text:
        while chunk := text.read(1 << 20):
            parser.feed(chunk)
        parser.close()
    if not parser.is_whole:
        raise BadFile(str(path), "ends within a table: it was cut off", "copy or export it again")
    if not parser.tables:
        raise BadFile(str(path), "is HTML without a table", "export it as XLSX or CSV")
    for number, rows in enumerate(parser.tables, 1):
        yield f"table {number}", rows


class _Open(NamedTuple):
    """A table that is not at its end: its rows, its row and cell that are not at theirs, over how many columns and rows
    the cell goes, and in which columns how many rows more are taken by cells above."""

    table: Grid
    row: list[object] | None
    cell: list[str] | None
    spans: tuple[int, int]
    blocked: dict[int, int]


class _Tables(HTMLParser):
    """Gathers the cells of tables, each at its place: those that span several rows or columns leave empty ones. A table
    in a cell of another one is a table of its own."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Grid] = []
        self.is_whole = True
        """Whether all tables ended, or the page did."""
        self._around: list[_Open] = []
        self._table: Grid | None = None
        self._row: list[object] | None = None
        self._cell: list[str] | None = None
        self._spans = 1, 1
        self._blocked: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            if self._table is not None:
                self._around.append(_Open(self._table, self._row, self._cell, self._spans, self._blocked))
            self.tables.append(Grid())
            self._begin(_Open(self.tables[-1], None, None, (1, 1), {}))
        elif tag == "tr" and self._table is not None:
            self._end_row()
            self._row = []
        elif tag in ("td", "th") and self._row is not None:
            self._end_cell()
            said = dict(attrs)
            self._cell, self._spans = [], (_span(said.get("colspan")), _span(said.get("rowspan")))
        elif tag in ("br", "p", "div") and self._cell:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag == "table":
            self._end_table()
        elif tag in ("body", "html"):
            self._end_all()

    def close(self) -> None:
        super().close()
        self.is_whole = self._table is None
        self._end_all()

    def _begin(self, table: _Open) -> None:
        self._table, self._row, self._cell, self._spans, self._blocked = table

    def _end_table(self) -> None:
        self._end_row()
        if self._around:
            self._begin(self._around.pop())
        else:
            self._table = None

    def _end_all(self) -> None:
        while self._table is not None:
            self._end_table()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _end_cell(self) -> None:
        if self._cell is None or self._row is None or self._table is None:
            return
        self._skip_blocked()
        wide, high = self._spans
        place = len(self._row)
        self._row += ["".join(self._cell).strip(), *[""] * (wide - 1)]
        if high > 1:
            self._blocked.update(dict.fromkeys(range(place, place + wide), high - 1))
            line = len(self._table) + 1
            self._table.merged.append((line, line + high - 1, place))
        self._cell = None

    def _skip_blocked(self) -> None:
        if self._row is None:
            return
        while self._blocked.get(len(self._row), 0) > 0:
            self._blocked[len(self._row)] -= 1
            self._row.append("")

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None and self._table is not None:
            self._skip_blocked()
            self._table.append(Row(len(self._table) + 1, 0, self._row))
        self._row = None


def _span(text: str | None) -> int:
    return (
        min(max(int(text), 1), _MOST_SPANNED) if text is not None and text.strip().isascii() and text.isdigit() else 1
    )


def read_spreadsheetml(path: Path) -> Iterator[tuple[str, Grid]]:
    """Each worksheet of a SpreadsheetML file with its rows.

    :raises BadFile: when it is not whole.
    """
    name, rows, number = "", Grid(), 0
    try:
        with opened_bytes(path) as file:
            for event, element in iterparse(file, ("start", "end")):  # noqa: S314 (expat limits entities itself)
                if event == "start" and element.tag == f"{_SPREADSHEET}Worksheet":
                    name, rows, number = element.get(f"{_SPREADSHEET}Name", ""), Grid(), 0
                elif event == "end" and element.tag == f"{_SPREADSHEET}Row":
                    number = int(element.get(f"{_SPREADSHEET}Index", number + 1))
                    cells, merged = _cells(element)
                    rows.append(Row(number, 0, cells))
                    rows.merged += [(number, number + down, place) for place, down in merged]
                    element.clear()
                elif event == "end" and element.tag == f"{_SPREADSHEET}Worksheet":
                    yield name, rows
    except (ParseError, ValueError) as error:
        raise BadFile(str(path), f"is no whole SpreadsheetML: {error}", "open it and save it as XLSX") from error


def _cells(row: Element) -> tuple[list[object], list[tuple[int, int]]]:
    """The cells of a row, and the places of those that are merged with the ones below, each with how many these are.

    :raises ValueError: when the row has more columns than there can be.
    """
    cells: list[object] = []
    merged = []
    for cell in row.iterfind(f"{_SPREADSHEET}Cell"):
        place = int(cell.get(f"{_SPREADSHEET}Index", len(cells) + 1))
        wide = int(cell.get(f"{_SPREADSHEET}MergeAcross", 0))
        down = int(cell.get(f"{_SPREADSHEET}MergeDown", 0))
        last = max(place, len(cells) + 1) + wide
        if last > _MOST_COLUMNS:
            raise ValueError(f"a row has {last} columns")
        data = cell.find(f"{_SPREADSHEET}Data")
        cells += [""] * (place - 1 - len(cells))
        if down > 0:
            merged.append((len(cells), down))
        cells += ["".join(data.itertext()) if data is not None else "", *[""] * wide]
    return cells, merged

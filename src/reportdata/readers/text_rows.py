"""The rows of a CSV text."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TextIO

from reportdata.readers.cells import Row
from reportdata.readers.text import position

_LONGEST_CELL = 1 << 24
_BLANKS = " \t"


class TextRows:
    """The rows of a text that are not empty, as strict CSV; blanks around the quotes of a cell are passed over. Those
    before a quote are not where the quote is not closed on its line: it is then part of the cell, which ends with the
    line (`Row.open`).

    Iterating raises `csv.Error`, with the number of the line that is not CSV.
    """

    def __init__(self, text: TextIO, delimiter: str) -> None:
        csv.field_size_limit(_LONGEST_CELL)
        self._text = text
        self._delimiter = delimiter
        blanks = _BLANKS.replace(delimiter, "")
        self._padded = f'{blanks[0]}"', f'{blanks[-1]}"'
        self._begins = f"{delimiter}{blanks[0]}", f"{delimiter}{blanks[-1]}"
        self._padded_cell = re.compile(rf'(?:^|{re.escape(delimiter)})[{blanks}]+"')
        self._lines: list[str] = []
        self._open: int | None = None
        self._reader = csv.reader(self._noted(), delimiter=delimiter, strict=True)

    @property
    def lines(self) -> int:
        """How many lines were read."""
        return self._reader.line_num

    def __iter__(self) -> Iterator[Row]:
        while True:
            number = self._reader.line_num + 1
            self._lines.clear()
            self._open = None
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells, _ = _with_blanks("".join(self._lines), self._delimiter)
                if not cells:
                    raise csv.Error(f"line {number} is not CSV: {error}") from error
            else:
                if len(self._lines) > 1 and any(map(self._is_padded, self._lines)):
                    cells, self._open = _with_blanks("".join(self._lines), self._delimiter)
                    if not cells:
                        raise csv.Error(f"line {number} is not CSV: blanks stand before a quote")
            if cells:
                yield Row(number, position(self._text), cells, self._open)

    def _noted(self) -> Iterator[str]:
        lines, (padded, tabbed) = self._lines, self._padded
        for line in self._text:
            lines.append(line)
            # Few lines have these, and two characters are found sooner than a pattern.
            if (padded in line or tabbed in line) and len(lines) == 1 and self._is_padded(line):
                cells, self._open = _with_blanks(line, self._delimiter)
                yield self._delimiter.join(f'"{_doubled(cell)}"' for cell in cells) or line
            else:
                yield line

    def _is_padded(self, line: str) -> bool:
        """Whether a cell may begin with blanks and a quote."""
        return (self._begins[0] in line or self._begins[1] in line or line[0] in _BLANKS) and bool(
            self._padded_cell.search(line)
        )


def _with_blanks(row: str, delimiter: str) -> tuple[list[str], int | None]:
    """The cells of a row in which blanks stand around quotes, and the place of the first that has blanks before a quote
    that is not closed; no cells when it is not one row, or no CSV."""
    cells: list[str] = []
    open_: int | None = None
    at, cell = 0, _cell(delimiter)
    while found := cell.match(row, at):
        padded, quoted, plain, end = found.groups()
        within = quoted if padded is None else padded
        if within is None and plain.lstrip(_BLANKS)[:1] == '"':
            open_ = len(cells) if open_ is None else open_
        cells.append(plain if within is None else within.replace('""', '"'))
        at = found.end()
        if end != delimiter:
            return (cells, open_) if at == len(row) else ([], None)
    return [], None


def _doubled(cell: str) -> str:
    return cell.replace('"', '""')


@lru_cache(maxsize=8)
def _cell(delimiter: str) -> re.Pattern[str]:
    blank = f"[{_BLANKS.replace(delimiter, '')}]"
    other = rf"[^{re.escape(delimiter)}\r\n]"
    return re.compile(
        rf'(?:{blank}+"([^"\r\n]*(?:""[^"\r\n]*)*)"{blank}*|"([^"]*(?:""[^"]*)*)"{blank}*|((?!"){other}*))'
        rf"({re.escape(delimiter)}|\r?\n|\r|$)"
    )

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


class TextRows:
    """The rows of a text that are not empty, as strict CSV; blanks after the quote that ends a cell are passed over, as
    DuckDB does.

    Iterating raises `csv.Error`, with the number of the line that is not CSV.
    """

    def __init__(self, text: TextIO, delimiter: str) -> None:
        csv.field_size_limit(_LONGEST_CELL)
        self._text = text
        self._delimiter = delimiter
        self._lines: list[str] = []
        self._reader = csv.reader(self._noted(), delimiter=delimiter, strict=True)

    @property
    def lines(self) -> int:
        """How many lines were read."""
        return self._reader.line_num

    def __iter__(self) -> Iterator[Row]:
        while True:
            number = self._reader.line_num + 1
            self._lines.clear()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells = _with_blanks("".join(self._lines), self._delimiter)
                if not cells:
                    raise csv.Error(f"line {number} is not CSV: {error}") from error
            if cells:
                yield Row(number, position(self._text), cells)

    def _noted(self) -> Iterator[str]:
        for line in self._text:
            self._lines.append(line)
            yield line


def _with_blanks(row: str, delimiter: str) -> list[str]:
    """The cells of a row in which blanks follow a closing quote; none when it is another row that is no CSV."""
    cells: list[str] = []
    at, cell = 0, _cell(delimiter)
    while found := cell.match(row, at):
        quoted, plain, end = found.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        at = found.end()
        if end != delimiter:
            return cells if at == len(row) else []
    return []


@lru_cache(maxsize=8)
def _cell(delimiter: str) -> re.Pattern[str]:
    other = rf"[^{re.escape(delimiter)}\r\n]"
    return re.compile(rf'(?:"((?:[^"]|"")*)" *|((?!"){other}*))({re.escape(delimiter)}|\r?\n|\r|$)')

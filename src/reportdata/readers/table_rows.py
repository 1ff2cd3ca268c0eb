"""The rows of tables that know which of their cells are merged over several lines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from reportdata.readers.cells import Row

if TYPE_CHECKING:
    from python_calamine import CalamineSheet


class Grid(list[Row]):
    """The rows of a table, and its cells that are merged over several lines: their first and last line, and their place
    in a row."""

    def __init__(self) -> None:
        super().__init__()
        self.merged: list[tuple[int, int, int]] = []

    @property
    def lines(self) -> Sequence[int]:
        """The lines that there are, in their order."""
        return sorted({row.number for row in self})


class Cells:
    """The rows of calamine's sheet. They stay in its memory, which is a fraction of what they take as Python's objects,
    and become lists when they are read."""

    def __init__(self, sheet: CalamineSheet) -> None:
        self._sheet = sheet
        above, left = sheet.start or (0, 0)
        self.height = above + sheet.height  # blank rows above are read, too; columns to the left are not
        """How many they are, blank ones too."""
        self.merged = [
            (first + 1, last + 1, place - left)
            for (first, begin), (last, end) in sheet.merged_cell_ranges or ()
            if last > first
            for place in range(begin, end + 1)
        ]
        """The first and the last line and the place of cells that are merged over several lines."""
        self._reading: Iterator[Sequence[object]] = sheet.iter_rows()
        self._read = 0

    @property
    def lines(self) -> Sequence[int]:
        """The lines that there are, blank ones too."""
        return range(1, self.height + 1)

    def __iter__(self) -> Iterator[Row]:
        for number, cells in enumerate(self._sheet.iter_rows(), 1):
            if any(cell != "" for cell in cells):
                yield Row(number, 0, cells)

    def between(self, first: int, end: int) -> Iterator[Row]:
        """The rows with text from ``first`` to before ``end``, counted from 0. To ask for later ones goes on where the
        last ones ended."""
        if first < self._read:
            self._reading, self._read = self._sheet.iter_rows(), 0
        deque(islice(self._reading, first - self._read), 0)
        self._read = end
        for number, cells in enumerate(islice(self._reading, end - first), first + 1):
            if any(cell != "" for cell in cells):
                yield Row(number, 0, cells)

    def lists(self) -> Iterator[Sequence[object]]:
        """The cells of all rows, of blank ones too."""
        return self._sheet.iter_rows()

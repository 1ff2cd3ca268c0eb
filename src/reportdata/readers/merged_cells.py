"""Cells that are merged over several rows of a sheet: what stands in the first of them counts for all of these rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reportdata.columns import Columns
from reportdata.identifiers import is_nothing
from reportdata.readers.cells import Row
from reportdata.readers.grids import Heading

Merged = Sequence[tuple[int, int, int]]
"""The first and the last line of merged cells, and their place in a row."""
Above = Mapping[int, Mapping[int, int]]
"""In which line the text of a cell stands, by its own line and place."""


def used_from_above(merged: Merged, heading: Heading[Columns], lines: Sequence[int]) -> Above:
    """The cells below a heading that are used and whose text stands in a line above. Of cells that are said to overlap,
    the first counts.

    :param lines: those that there are, in their order.
    """
    used = {heading.names.index(name) for name in heading.columns.used}
    found: dict[int, dict[int, int]] = {}
    ends: dict[int, int] = {}
    for first, last, place in sorted(merged):
        if place in used and first > max(heading.last, ends.get(place, 0)):
            ends[place] = last
            for number in lines[bisect_right(lines, first) : bisect_right(lines, last)]:
                found.setdefault(number, {})[place] = first
    return found


def with_texts(rows: Iterable[Row], every: Iterable[Row], above: Above, heading: Heading[Columns]) -> Iterator[Row]:
    """Rows with the texts that stand in lines above. One of which all that is needed stands there is left out: it is no
    record of its own, but has more of the one above.

    :param every: all rows of the sheet, of which ``rows`` may be some.
    """
    needed = _needed(heading)
    firsts = {first for places in above.values() for first in places.values()}
    told = {row.number: row.cells for row in every if row.number in firsts}
    for row in rows:
        places = above.get(row.number, {})
        if places and needed <= places.keys():
            continue
        cells = list(row.cells) if places else row.cells
        for place, first in places.items():
            if place < len(cells) and is_nothing(cells[place]) and first in told and place < len(told[first]):
                cells[place] = told[first][place]  # type: ignore[index]
        yield row._replace(cells=cells)


def _needed(heading: Heading[Columns]) -> set[int]:
    """The places of the columns without which a row is no record."""
    columns = heading.columns
    fields = {column.name for column in columns.kind.fields() if column.required} & columns.fields.keys()
    names = {columns.at, *([columns.clock] if columns.clock else []), *(columns.fields[name] for name in fields)}
    if columns.person_name is not None and not fields & {columns.kind.person}:
        names.add(columns.person_name)
    return {heading.names.index(name) for name in names}

"""The records in the rows below a heading.

Blank rows, headings that are repeated, columns that nobody uses, and totals at the end do not matter; what cannot be
told is refused with its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress

from reportdata.columns import Columns
from reportdata.digests import of_cells
from reportdata.errors import BadField
from reportdata.headings import known_headings, normal
from reportdata.identifiers import is_no_person, is_nothing
from reportdata.plurals import count_of
from reportdata.readers.cells import (
    Row,
    announced,
    is_cut_off,
    is_remark,
    is_time,
    repeats_heading,
    says_total,
    stands_alone,
    text_of,
)
from reportdata.readers.encodings import REPLACED
from reportdata.readers.grids import Heading
from reportdata.readers.known_ids import KnownIds, Named
from reportdata.records import Line
from reportdata.remarks import Remarks
from reportdata.unnamed_rows import MANY, are_unnamed, counts_among, is_many, telling_apart

_DELIMITER_WITHIN = "put a cell that has the delimiter in it between quotes"
_OPEN = (
    "begins with blanks and a quote that is not closed on its line",
    "delete the blanks between the delimiter and the quote",
)
_ALONE = BadField(
    "line",
    "has one cell alone, and is no record",
    "delete the line; if it belongs to the text of the row above, put that text between quotes, with no blanks before "
    "them, or save it as XLSX",
)
_WITHIN = BadField(
    "line",
    "has a cell with whole records in it, which a quote that is never closed made of them",
    "write a quote within a cell twice, and the cell between quotes; or save the file as XLSX",
)
_DELIMITERS = "\t,;|"
_NARROW = 2
"""Columns of a table whose lines a text may have by chance."""
_OTHER_HEADING = BadField(
    "line",
    "is another heading than the one above",
    "move it, and the rows below it, to a sheet or file of their own",
)


def read_rows(
    rows: Iterable[Row],
    heading: Heading[Columns],
    ids: KnownIds,
    remarks: Remarks | None = None,
    *,
    ragged: bool = True,
) -> Iterator[Line]:
    """The records of the rows below a heading.

    :param ids: of the table that the rows are of, or are a part of.
    :param remarks: is given what rows say of the table.
    :param ragged: whether rows may be shorter than the heading, as a sheet's are that end with empty cells.
    """
    columns = heading.columns
    remarks = remarks if remarks is not None else Remarks()
    own = telling_apart(columns, heading.names)
    known = known_headings((columns.kind,))
    held: list[Line] = []
    """Rows with one cell, of which a heading may follow: then they are its title."""
    places = {name: place for place, name in enumerate(heading.names)}
    used = {name: places[name] for name in columns.used}
    lists = {name: places[name] for name in (*columns.lists, *columns.signs)}
    width = len(heading.names)
    least = max(place for place, name in enumerate(heading.names, 1) if not name.startswith(" "))
    person = columns.fields.get(columns.kind.person or "")
    named = columns.person_name
    needed = [name for name in used if name not in _optional(columns)]
    unnamed = are_unnamed(columns)
    counts = [places[name] for name in counts_among(heading.names)] if unnamed else []
    for row in rows:
        if row.number <= heading.last:
            continue
        record = {name: row.cells[place] if place < len(row.cells) else None for name, place in used.items()}
        if repeats_heading(record, columns.at):
            held.clear()
            continue
        yield from held
        held.clear()
        if all(map(is_nothing, record.values())):
            _note(remarks, columns, row)
            if any(map(is_time, row.cells)):  # others go on with a record above, of which cells are merged
                wrong = BadField("record", "has none of the cells that are used", "delete the line, or fill it in")
                yield Line(row.number, row.position, columns, record, wrong)
            continue
        if not is_time(record[columns.at]):
            if says_total(row.cells, [record[name] for name in needed]) or is_remark(row.cells):
                _note(remarks, columns, row)
                continue
            if sum(normal(text_of(cell)) in known for cell in row.cells if isinstance(cell, str)) > 1:
                yield Line(row.number, row.position, columns, record, _OTHER_HEADING)
                continue
            if width > 1 and stands_alone(row.cells):
                if text_of(next(cell for cell in row.cells if not is_nothing(cell))) not in heading.titles:
                    held.append(Line(row.number, row.position, columns, {}, _ALONE))
                continue
        if (cells := _width(row.cells, width)) > width or (cells < least and not ragged):
            wrong = BadField(
                "line", f"has {count_of(cells, 'cell', 'cells')}, the heading has {width}", _DELIMITER_WITHIN
            )
            if row.open is not None and row.open < width:
                wrong = BadField(heading.names[row.open], *_OPEN)
            yield Line(row.number, row.position, columns, {}, wrong)
            continue
        if any(is_many(row.cells[place]) for place in counts if place < len(row.cells)):
            yield Line(row.number, row.position, columns, record, MANY)
            continue
        if not ragged and _has_records_within(row.cells, places[columns.at], width):
            yield Line(row.number, row.position, columns, {}, _WITHIN)
            continue
        if person and named and is_no_person(record[person]):
            record[person] = ids.id_of(record.get(columns.corp_id or ""), record[named])
        odd = next((name for name in needed if REPLACED in str(record[name])), None)
        if odd is not None:
            wrong = BadField(odd, f"{str(record[odd])[:40]!r} has bytes that are no text", "save the file as UTF-8")
            yield Line(row.number, row.position, columns, record, wrong)
            continue
        if lists:
            record |= {name: row.cells[place] for name, place in lists.items() if place < len(row.cells)}
        cells_hash = of_cells(compress(row.cells, own)) if unnamed else 0
        yield Line(row.number, row.position, columns, record, cells=cells_hash)
    yield from held


def _has_records_within(cells: Sequence[object], at: int, width: int) -> bool:
    """Whether a line of a cell is a record of the table: a quote in the row was never closed, and the one of a later
    row closed it."""
    for cell in cells:
        if isinstance(cell, str) and "\n" in cell and width > _NARROW:
            for line in cell.split("\n"):
                for delimiter in _DELIMITERS:
                    if line.count(delimiter) >= width - 1 and is_time(line.split(delimiter)[at].strip('"')):
                        return True
    return False


def _note(remarks: Remarks, columns: Columns, row: Row) -> None:
    """Note what a row below the records says of all of them."""
    remarks.announced = max(remarks.announced, announced(row.cells))
    if is_cut_off(row.cells):
        remarks.partial.setdefault(columns.kind.name, f"line {row.number} says that there is more than was exported")


def _optional(columns: Columns) -> set[str]:
    """The columns on which no number of a day depends."""
    return {
        columns.fields[column.name]
        for column in columns.kind.fields()
        if not column.required and column.name in columns.fields
    }


def _width(cells: Sequence[object], least: int) -> int:
    """How many cells there are, without empty ones beyond the last column."""
    count = len(cells)
    while count > least and is_nothing(cells[count - 1]):
        count -= 1
    return count


def known_ids(again: Callable[[], Iterable[Row]], heading: Heading[Columns]) -> KnownIds:
    """Which id a name has in a table.

    :param again: gives the table's rows once more.
    """
    columns = heading.columns
    held = columns.corp_id, columns.fields.get(columns.kind.person or ""), columns.person_name
    places = [heading.names.index(name) if name is not None else None for name in held]

    def named() -> Iterator[Named]:
        for row in again():
            if row.number > heading.last:
                cells = row.cells
                yield Named(*(cells[at] if at is not None and at < len(cells) else None for at in places))

    return KnownIds(named)

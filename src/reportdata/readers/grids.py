"""A grid of cells, as sheets and CSV files have it, to records: where its heading is, and which rows hold records.

People's sheets have titles and notes above the heading, headings over two lines, blank rows, columns that nobody uses,
and totals at the end. None of these matters; what cannot be told is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import zip_longest
from typing import Generic, NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns, is_known, read_columns
from reportdata.errors import BadField, BadFile
from reportdata.headings import normal, seen
from reportdata.identifiers import is_nothing, read_id, read_text, same_name
from reportdata.kinds import Kinds
from reportdata.readers.encodings import REPLACED
from reportdata.records import Line
from reportdata.times import read_instant

LOOKED_AT = 20
"""Rows in which the heading is looked for."""
_DELIMITER_WITHIN = "put a cell that has the delimiter in it between quotes"
_ONE_CELL = "put commas or tabs between the cells, or say in a first line like sep=^ what stands between them"
_UTC = ZoneInfo("UTC")
_TOTALS = ("合计", "总计", "小计", "共计", "汇总", "总数", "total", "sum", "subtotal", "grand total")

_TOTAL = re.compile(
    rf"({'|'.join(_TOTALS)}|共(?=\s*\d))s?"
    r"(发送|提交|日志(?=数)|[\s:\uff1a()\uff08\uff09\d.,人数条篇份次个项量计员者]|记录|rows?|reports?|records?)*"
)
"""A cell that says that its row has totals, and nothing else."""

_REMARK = re.compile(
    r"#.*|[-+=|]+|\x1a|\(?\d+ rows?\b.*|(?:备注|说明|注|制表|导出|打印|生成|审核|统计)\S{0,4}[:\uff1a].*", re.DOTALL
)
"""A cell that stands alone in its row and is none of a record: a comment, a rule, a count, who exported."""

_DATE = re.compile(r"\d{4}\s?[-/.年]\s?\d{1,2}")


class Row(NamedTuple):
    """The cells of a row, the line on which it begins (from 1), and how many bytes of the file were read by then."""

    number: int
    position: int
    cells: Sequence[object]


Found = TypeVar("Found")
Told = TypeVar("Told", covariant=True)


class Vocabulary(Protocol[Told]):
    """What headings mean."""

    def columns(self, names: list[str]) -> Told:
        """Which of the columns holds which field.

        :raises BadField: when they are no heading.
        """

    def knows(self, heading: str) -> bool:
        """Whether a heading is that of a field."""


class Heading(NamedTuple, Generic[Found]):
    """Where the heading is and what it says: its first and last line, the columns' names, each once, the fields, and
    the texts above it."""

    first: int
    last: int
    names: list[str]
    columns: Found
    titles: tuple[str, ...] = ()


class FactFields(NamedTuple):
    """The `Vocabulary` of facts: the headings of their kinds, and what a person chose."""

    kinds: Kinds
    choices: Choices = NO_CHOICES

    def columns(self, names: list[str]) -> Columns:
        return read_columns(names, self.kinds, sheet=True, choices=self.choices)

    def knows(self, heading: str) -> bool:
        return is_known(heading, self.kinds, self.choices)


def find_heading(file: str, rows: Sequence[Row], fields: Vocabulary[Found]) -> Heading[Found]:
    """The heading among the first rows of a grid.

    :raises BadFile: when there is none; the reason names the line that is most like one, and its columns.
    """
    best: tuple[int, Row, BadField] | None = None
    found: tuple[int, Heading[Found]] | None = None
    rows = [row for row in rows[:LOOKED_AT] if any(not is_nothing(cell) for cell in row.cells)]
    for at, row in enumerate(rows):
        if found is not None and any(map(_is_time, row.cells)):
            break  # a record
        for last, texts in _candidates(rows, at, fields):
            names = unique(texts)
            score = likeness(texts, fields)
            try:
                columns = fields.columns(names)
            except BadField as error:
                if best is None or score > best[0]:
                    best = score, row, error
            else:
                above = (text for other in rows[:at] for cell in other.cells if (text := _text(cell)))
                if found is None or score > found[0]:  # what was asked for may be written above as a heading is
                    found = score, Heading(row.number, last, names, columns, tuple(above))
                break
    if found is not None:
        return found[1]
    if best is None:
        raise BadFile(file, "has no rows", "choose a file with records")
    score, row, reason = best
    if reason.field == "kind" and not score:
        told = f"no heading was found in the first {LOOKED_AT} rows; the first is: {seen(list(map(_text, row.cells)))}"
        raise BadFile(file, told, reason.hint if any(len(row.cells) > 1 for row in rows) else _ONE_CELL)
    raise BadFile(file, f"line {row.number}: {reason}", reason.hint)


def _candidates(rows: Sequence[Row], at: int, fields: Vocabulary[object]) -> Iterator[tuple[int, list[str]]]:
    """The last line and the texts of a heading that begins with a row: of it and the next one together, where both say
    something that the other one does not, or fill different columns; and of it alone."""
    texts = list(map(_text, rows[at].cells))
    if at + 1 < len(rows):
        below = list(map(_text, rows[at + 1].cells))
        both = [lower or upper for upper, lower in zip_longest(texts, below, fillvalue="")]
        known = likeness(texts, fields)
        apart = not any(lower and upper for upper, lower in zip(texts, below, strict=False))
        if likeness(both, fields) > max(known, likeness(below, fields)) or (apart and known):
            yield rows[at + 1].number, both
    yield rows[at].number, texts


def unique(texts: Sequence[str]) -> list[str]:
    """Names of columns, each once: those without a heading or with one that was there get a number. In brackets it does
    not make another heading of it."""
    names: list[str] = []
    taken: set[str] = set()
    for place, text in enumerate(texts, 1):
        name = text or f" {place}"
        while name in taken:
            name = f"{name} ({place})"
        taken.add(name)
        names.append(name)
    return names


def read_rows(rows: Iterable[Row], heading: Heading[Columns], names: Names, *, ragged: bool = True) -> Iterator[Line]:
    """The records of the rows below a heading.

    :param names: of the table that the rows are of, or are a part of.
    :param ragged: whether rows may be shorter than the heading, as a sheet's are that end with empty cells.
    """
    columns = heading.columns
    places = {name: place for place, name in enumerate(heading.names)}
    used = {name: places[name] for name in columns.used}
    width = len(heading.names)
    least = max(place for place, name in enumerate(heading.names, 1) if not name.startswith(" "))
    person = columns.fields.get(columns.kind.person or "")
    named = columns.person_name
    needed = [name for name in used if name not in _optional(columns)]
    unnamed = columns.kind.sheet is not None and columns.kind.sheet.id not in columns.fields
    for row in rows:
        if row.number <= heading.last:
            continue
        record = {name: row.cells[place] if place < len(row.cells) else None for name, place in used.items()}
        if all(map(is_nothing, record.values())):
            if any(not is_nothing(cell) for cell in row.cells) and not _is_note(row.cells):
                wrong = BadField("record", "has none of the cells that are used", "delete the line, or fill it in")
                yield Line(row.number, row.position, columns, record, wrong)
            continue
        if _says_total(row.cells, [record[name] for name in needed]) and not _is_time(record[columns.at]):
            continue
        if _is_heading(record, columns.at) or _is_remark(row.cells):
            continue
        if (cells := _width(row.cells, width)) > width or (cells < least and not ragged):
            wrong = BadField("line", f"has {cells} cells, the heading has {width}", _DELIMITER_WITHIN)
            yield Line(row.number, row.position, columns, {}, wrong)
            continue
        if person and named and is_nothing(record[person]):
            record[person] = names.id_of(record[named])
        odd = next((name for name in needed if REPLACED in str(record[name])), None)
        if odd is not None:
            wrong = BadField(odd, f"{str(record[odd])[:40]!r} has bytes that are no text", "save the file as UTF-8")
            yield Line(row.number, row.position, columns, record, wrong)
            continue
        yield Line(row.number, row.position, columns, record, cells=hash(tuple(row.cells)) if unnamed else 0)


def _optional(columns: Columns) -> set[str]:
    """The columns on which no number of a day depends."""
    return {
        columns.fields[column.name]
        for column in columns.kind.fields()
        if not column.required and column.name in columns.fields
    }


def has_times(rows: Iterable[Row]) -> bool:
    """Whether there is a date or a time in any cell."""
    return any(
        isinstance(cell, date) or (isinstance(cell, str) and _DATE.search(cell)) or _is_time(cell)
        for row in rows
        for cell in row.cells
    )


def likeness(cells: Iterable[object], fields: Vocabulary[object]) -> int:
    """How many of a row's cells are known headings."""
    return sum(fields.knows(str(cell)) for cell in cells if cell)


def _width(cells: Sequence[object], least: int) -> int:
    """How many cells there are, without empty ones beyond the last column."""
    count = len(cells)
    while count > least and is_nothing(cells[count - 1]):
        count -= 1
    return count


def _first(cells: Sequence[object]) -> str:
    return next((_text(cell) for cell in cells if not is_nothing(cell)), "").lower()


def _is_time(cell: object) -> bool:
    """Whether a cell holds a time, with a time of day."""
    try:
        read_instant(cell, _UTC)
    except ValueError:
        return False
    return True


def is_total(cells: Sequence[object]) -> bool:
    """Whether a row has totals of others, and is no record."""
    first = _first(cells).strip("：: ")
    return first.startswith(_TOTALS) or first.startswith("共")


def _says_total(cells: Sequence[object], needed: Iterable[object]) -> bool:
    """Whether a row has totals: it says nothing but that, or it begins so and has nothing that a record needs. Of a
    record whose time is missing, the template, the department or the person may begin so, too."""
    return _TOTAL.fullmatch(_first(cells)) is not None or (is_total(cells) and all(map(is_nothing, needed)))


def _is_heading(record: Mapping[str, object], time: str) -> bool:
    """Whether a record is the heading once more: printed pages and files one after the other repeat it."""
    cell = record[time]
    if not isinstance(cell, str) or any(map(str.isdigit, cell)):
        return False
    return all(normal(_text(cell)) == normal(name) for name, cell in record.items())


def _is_remark(cells: Sequence[object]) -> bool:
    filled = [cell for cell in cells if not is_nothing(cell)]
    return len(filled) == 1 and _REMARK.fullmatch(_text(filled[0])) is not None


def _is_note(cells: Sequence[object]) -> bool:
    """Whether a row is a remark: a text alone, or totals."""
    filled = [cell for cell in cells if not is_nothing(cell)]
    return len(filled) == 1 or is_total(cells)


class Names:
    """Which id a name has, in a table where some rows have both and others the name alone.

    :param again: gives the table's rows once more.
    """

    def __init__(self, again: Callable[[], Iterable[Row]], heading: Heading[Columns]) -> None:
        self._again = again
        self._last = heading.last
        columns = heading.columns
        held = columns.fields.get(columns.kind.person or ""), columns.person_name
        self._places = [heading.names.index(name) for name in held if name is not None]
        self._known: dict[str, str] | None = None

    def id_of(self, name: object) -> object:
        """The id that goes with a name; None when there is none, or several."""
        if is_nothing(name):
            return None
        if self._known is None:
            self._known = self._learnt()
        return self._known.get(_name(name))

    def _learnt(self) -> dict[str, str]:
        found: dict[str, set[str]] = {}
        at_id, at_name = self._places
        width = max(self._places)
        for row in self._again():
            if row.number > self._last and len(row.cells) > width:
                name = _name(row.cells[at_name])
                with suppress(BadField):
                    user = read_id("", row.cells[at_id])
                    found.setdefault(name, set()).add(user)
        return {name: next(iter(users)) for name, users in found.items() if name and len(users) == 1}


def _name(cell: object) -> str:
    try:
        return same_name(read_text("", cell) or "")
    except BadField:
        return ""


def _text(cell: object) -> str:
    return " ".join(str(cell).split()) if not is_nothing(cell) else ""

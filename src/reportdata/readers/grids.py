"""A grid of cells, as sheets and CSV files have it: where its heading is, and what it says.

People's sheets have titles and notes above the heading, and headings over two lines. Neither matters; what cannot be
told is refused with its line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from typing import Generic, NamedTuple, Protocol, TypeVar

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns, is_known, read_columns
from reportdata.errors import BadField, BadFile
from reportdata.headings import seen
from reportdata.identifiers import is_nothing
from reportdata.kinds import Kinds
from reportdata.readers.answers import is_exchange
from reportdata.readers.cells import Row, is_time, text_of
from reportdata.zone_headings import other_zone_above

LOOKED_AT = 20
"""Rows in which the heading is looked for."""
_OF_JSON = "write what stands in it to a file of its own, one object on each line, and import that"
_ONE_CELL = "put commas or tabs between the cells, or say in a first line like sep=^ what stands between them"
_TURNED = (
    "write each record on a line, below one line with the names: in a spreadsheet program, paste by Transpose; "
    "in psql, without \\x"
)
_MISREAD = ("gb18030", "utf-8"), ("latin-1", "utf-8"), ("cp1252", "utf-8"), ("gb18030", "big5"), ("latin-1", "gb18030")
"""Encodings as which programs read text, each with the one in which it was."""
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

    def require_own(self, titles: Sequence[str]) -> None:
        """:raises BadField: when the texts above a heading say that what is below it means something else."""


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

    def require_own(self, titles: Sequence[str]) -> None:
        zone = other_zone_above(titles) if self.choices.times_in is None else None
        if zone is not None:
            reason = f"the lines above the heading say {zone!r}, so its times may be of another zone"
            raise BadField("zone", reason, "say of which with --times-in, for example --times-in UTC")


def find_heading(file: str, rows: Sequence[Row], fields: Vocabulary[Found]) -> Heading[Found]:
    """The heading among the first rows of a grid.

    :raises BadFile: when there is none; the reason names the line that is most like one, and its columns.
    """
    best: tuple[int, Row, BadField] | None = None
    found: tuple[int, Heading[Found]] | None = None
    rows = [row for row in rows[:LOOKED_AT] if any(not is_nothing(cell) for cell in row.cells)]
    for at, row in enumerate(rows):
        if found is not None and any(map(is_time, row.cells)):
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
                above = (text for other in rows[:at] for cell in other.cells if (text := text_of(cell)))
                if found is None or score > found[0]:  # what was asked for may be written above as a heading is
                    found = score, Heading(row.number, last, names, columns, tuple(above))
                break
    if found is not None:
        heading = found[1]
        try:
            fields.require_own(heading.titles)
        except BadField as error:
            raise BadFile(file, str(error), error.hint, heading.first) from error
        return _with_details(heading, rows, fields)
    if best is None:
        raise BadFile(file, "has no rows", "choose a file with records")
    score, row, reason = best
    if len(beginnings := _beginnings(rows, fields)) > 1:
        told = f"names of columns stand one below the other, like {seen(beginnings)}"
        raise BadFile(file, told, _TURNED, row.number)
    if reason.field == "kind" and (column := _column_of_json(rows, fields)) is not None:
        if not any(is_time(cell) for other in rows for cell in other.cells):
            raise BadFile(file, f"has JSON in its cells, in the column {column!r}", _OF_JSON, row.number)
        what = _OF_JSON
        hint = f"{reason.hint}; or, if its records are the JSON in the column {column!r}, {what}"
        raise BadFile(file, str(reason), hint, row.number)
    if reason.field == "kind" and not score:
        told = (
            f"no heading was found in the first {LOOKED_AT} rows; the first is: {seen(list(map(text_of, row.cells)))}"
        )
        raise BadFile(file, told, _without_heading(rows, fields, reason.hint))
    raise BadFile(file, str(reason), reason.hint, row.number)


def _column_of_json(rows: Sequence[Row], fields: Vocabulary[object]) -> str | None:
    """The heading, or the place, of a column with records or answers in JSON in it; None when there is none. What
    people wrote into a report may be JSON, too."""
    for row in rows:
        for place, cell in enumerate(row.cells):
            if isinstance(cell, str) and cell.lstrip()[:2] in ('{"', "[{"):
                with suppress(ValueError, RecursionError, BadField):
                    value = json.loads(cell)
                    first = value[0] if isinstance(value, list) else value
                    if not is_exchange(first):
                        fields.columns(list(first))
                    above = rows[0].cells[place] if place < len(rows[0].cells) and row is not rows[0] else None
                    return text_of(above) or str(place + 1)
    return None


def _beginnings(rows: Sequence[Row], fields: Vocabulary[object]) -> list[str]:
    """The first cells of rows that are known headings."""
    return list(dict.fromkeys(text_of(row.cells[0]) for row in rows if likeness(row.cells[:1], fields)))


def _without_heading(rows: Sequence[Row], fields: Vocabulary[object], hint: str) -> str:
    """What to do about rows of which none is a heading."""
    for one, other in _MISREAD:
        texts = [_read_as(str(cell), one, other) for row in rows for cell in row.cells if cell]
        if likeness(texts, fields):
            return f"its text is in {other.upper()}, and was read as {one.upper()}: save it again as UTF-8, or as XLSX"
    if any(set(str(cell)) == {"?"} for cell in rows[0].cells):
        return "a program has put question marks in place of its Chinese text: export it again, as UTF-8 or XLSX"
    if any("\uff0c" in str(cell) for cell in rows[0].cells) and len(rows[0].cells) == 1:
        return "its commas are full-width: put , or tabs in their place"
    if any(map(is_time, rows[0].cells)):
        return "there are records without a heading: write one above them, like 发送人,部门,提交时间"
    if len(rows) == LOOKED_AT:
        return "if the heading is further down, delete the lines above it"
    return hint if any(len(row.cells) > 1 for row in rows) else _ONE_CELL


def _read_as(text: str, one: str, other: str) -> str:
    """What a text was that is of another encoding; empty when it was none of that."""
    try:
        return text.encode(one).decode(other)
    except UnicodeError:
        return ""


def _with_details(heading: Heading[Found], rows: Sequence[Row], fields: Vocabulary[Found]) -> Heading[Found]:
    """The heading with the row below it where that divides columns of which no field is: those of details in a form."""
    below = next((row for row in rows if row.number > heading.last), None)
    if below is None:
        return heading
    known = {place for place, name in enumerate(heading.names) if fields.knows(name)}
    texts = {place: cell for place, cell in enumerate(below.cells) if not is_nothing(cell)}
    words = all(isinstance(cell, str) and not any(map(str.isdigit, cell)) for cell in texts.values())
    return heading._replace(last=below.number) if words and not known & texts.keys() else heading


def _candidates(rows: Sequence[Row], at: int, fields: Vocabulary[object]) -> Iterator[tuple[int, list[str]]]:
    """The last line and the texts of a heading that begins with a row: of it and the next one together, where both say
    something that the other one does not, or fill different columns; and of it alone."""
    texts = list(map(text_of, rows[at].cells))
    if at + 1 < len(rows):
        below = list(map(text_of, rows[at + 1].cells))
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


def likeness(cells: Iterable[object], fields: Vocabulary[object]) -> int:
    """How many of a row's cells are known headings."""
    return sum(fields.knows(str(cell)) for cell in cells if cell)

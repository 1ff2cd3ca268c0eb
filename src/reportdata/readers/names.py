"""Names of people from a file: an export of the address book, or any table with ids and names, as CSV, spreadsheet or
JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from reportdata.errors import BadField, BadFile, BadRecord
from reportdata.headings import headings_of, normal, seen
from reportdata.identifiers import are_names, read_id, read_text
from reportdata.kinds import Kinds
from reportdata.readers.documents import read_objects
from reportdata.readers.figures import rows_below, rows_of_sheet
from reportdata.readers.formats import Format, detect_format
from reportdata.readers.tables import read_grid

LONGEST = 100
"""Characters of a name at most."""
ID, NAME = "user_id", "user_name"
_NUMBERS = ("工号", "员工工号", "employeeid", "staffid", "jobnumber")
"""Headings of numbers that an organisation gives its people: they are ids where nothing else is."""
_HOW = "name the columns 用户ID and 姓名, or user_id and user_name"


class NameFields(NamedTuple):
    """The vocabulary of ids and names: the headings that people have in files of facts."""

    kinds: Kinds

    def headings(self, field: str) -> set[str]:
        """The headings of ids or names, in normal form."""
        found = {normal(field)}
        for kind in self.kinds.values():
            own = kind.person if field == ID else kind.person_name
            if own is not None:
                found |= {name for group in headings_of(kind)[own] for name in group}
        return found

    def columns(self, names: Sequence[str]) -> dict[str, str]:
        """The column of each field.

        :raises BadField: when one has none, or two.
        """
        found = {}
        for field in (ID, NAME):
            known = self.headings(field)
            held = [name for name in names if normal(name) in known]
            if field == ID:  # an address book has both
                held = [name for name in held if normal(name) not in _NUMBERS] or held
            if not held:
                raise BadField(field, f"no column holds it; the columns are: {seen(names)}", _HOW)
            if len(held) > 1:
                both = " and ".join(map(repr, held[:3]))
                raise BadField(field, f"{both} may both be it", "leave one of them out, or rename it")
            found[field] = held[0]
        return found

    def knows(self, heading: str) -> bool:
        """Whether a heading is that of a field."""
        return normal(heading) in self.headings(ID) | self.headings(NAME)

    def require_own(self, titles: Sequence[str]) -> None:
        """Names are names, whatever stands above."""


def read_names(path: Path, kinds: Kinds) -> dict[str, str]:
    """The names in a file, by the ids of people. Who has no name there is left out.

    :raises BadFile: when the file cannot be read, has no columns of ids and names, or has no names.
    :raises BadRecord: for the first row that has a name and no id, or that names a person again by another name.
    """
    fields = NameFields(kinds)
    match detect_format(path):
        case Format.JSONL:
            rows = _objects(path, fields)
        case Format.CSV:
            rows = rows_below(*read_grid(path, fields))
        case Format.SHEET:
            rows = rows_of_sheet(path, fields)
        case other:
            raise BadFile(str(path), f"is {other.value}, and names are not read from it", "save it as CSV or XLSX")
    names: dict[str, str] = {}
    for number, row in rows:
        try:
            _add(names, row)
        except BadField as error:
            raise BadRecord(str(path), number, error.field, error.reason, error.hint) from error
    if not names:
        raise BadFile(str(path), "has no names", "choose a file with ids and names of people")
    if are_names(names.keys()):
        raise BadFile(
            str(path), f"{ID}: the column holds names of people, not ids", "choose a file with their ids, too"
        )
    return names


def _add(names: dict[str, str], row: Mapping[str, object]) -> None:
    """Add the name of a row, if it has one.

    :raises BadField: when it has no id, or the name is none. What is wrong is told without the name.
    """
    name = read_name(row.get(NAME))
    if name is None:
        return
    user_id = read_id(ID, row.get(ID))
    if names.setdefault(user_id, name) != name:
        raise BadField(NAME, f"{user_id} has another name above", "leave one of the rows out")


def read_name(value: object) -> str | None:
    """A name, cleaned; None when there is none.

    :raises BadField: when it is too long for one.
    """
    name = read_text(NAME, value)
    if name is not None and len(name) > LONGEST:
        raise BadField(NAME, f"has {len(name)} characters, more than a name's {LONGEST}", "choose a column with names")
    return name


def _objects(path: Path, fields: NameFields) -> Iterator[tuple[int, Mapping[str, object]]]:
    for found in read_objects(path):
        if isinstance(found.content, BadField):
            error = found.content
            raise BadRecord(str(path), found.number, error.field, error.reason, error.hint)
        try:
            columns = fields.columns(list(found.content))
        except BadField as error:
            raise BadRecord(str(path), found.number, error.field, error.reason, error.hint) from error
        yield found.number, {field: found.content[name] for field, name in columns.items()}

"""Which id a name has, in a file where some records have both and others the name alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from reportdata.columns import Columns
from reportdata.errors import BadField
from reportdata.identifiers import is_no_person, is_nothing, read_id, read_text, same_name
from reportdata.records import Line


class Named(NamedTuple):
    """The cells of a record that say whose it is: of the organisation, the id, and the name."""

    corp_id: object
    user_id: object
    name: object


class KnownIds:
    """The ids of names, by organisation: the same name elsewhere may be of somebody else.

    :param again: gives the records of the file once more.
    """

    def __init__(self, again: Callable[[], Iterable[Named]]) -> None:
        self._again = again
        self._known: dict[tuple[str, str], str] | None = None

    def id_of(self, corp_id: object, name: object) -> str | None:
        """The id that goes with a name; None when there is none, or several."""
        if is_nothing(name):
            return None
        if self._known is None:
            self._known = self._learnt()
        return self._known.get((_text(corp_id), same_name(_text(name))))

    def _learnt(self) -> dict[tuple[str, str], str]:
        found: dict[tuple[str, str], set[str]] = {}
        for named in self._again():
            if not is_no_person(named.user_id):
                name = same_name(_text(named.name))
                with suppress(BadField):
                    found.setdefault((_text(named.corp_id), name), set()).add(read_id("", named.user_id))
        return {of: next(iter(users)) for of, users in found.items() if of[1] and len(users) == 1}


def named_in(lines: Iterable[Line]) -> Iterator[Named]:
    """Whose records are, where they have columns of ids and of names."""
    for line in lines:
        columns = line.columns
        if line.error is None and columns is not None and (person := _person(columns)) is not None:
            corp_id = line.record.get(columns.corp_id or "")
            yield Named(corp_id, line.record.get(person), line.record.get(columns.person_name or ""))


def with_ids(lines: Iterable[Line], known: KnownIds) -> Iterator[Line]:
    """The lines, with the ids of people of whom other records of the file have them beside their names."""
    for line in lines:
        columns = line.columns
        person = _person(columns) if columns is not None and line.error is None else None
        if columns is not None and person is not None and is_no_person(line.record.get(person)):
            name = line.record.get(columns.person_name or "")
            user_id = known.id_of(line.record.get(columns.corp_id or ""), name)
            if user_id is not None:
                yield line._replace(record={**line.record, person: user_id})
                continue
        yield line


def _person(columns: Columns) -> str | None:
    """The column of ids, where there is one of names beside it."""
    return columns.fields.get(columns.kind.person or "") if columns.person_name is not None else None


def _text(cell: object) -> str:
    try:
        return read_text("", cell) or ""
    except BadField:
        return ""

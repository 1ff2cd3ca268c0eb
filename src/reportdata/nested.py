"""Facts in lists within the records that they answer, as programs keep comments in their report.

Such facts have the record's id from it, and its organisation where they name none. Comments on records that are not in
the file are not in it either, so their days are partial.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns, lists_of, read_columns, signs_among, signs_of
from reportdata.days import moment_of
from reportdata.errors import BadField
from reportdata.headings import headings_of, known_headings, normal
from reportdata.identifiers import is_nothing
from reportdata.json_texts import RepeatedName
from reportdata.kinds import Kind, Kinds
from reportdata.members import items_of, object_of, says_at_most, says_of_more, says_of_none, unpacked
from reportdata.records import Line
from reportdata.remarks import Remarks
from reportdata.times import BadTime, read_instant

_MOST_FORMS = 1024
_LEAST_TIME = 10_000_000  # what numbers may be times from: days like 20240105, and seconds since 1970
_SIGN = "says that there are some that are not listed"


class _List(NamedTuple):
    """A member of records that may be a list of facts of a kind, and the members by which these are of their record, by
    field, which need be those in ``by``."""

    member: str
    kind: Kind
    shared: Mapping[str, str]
    by: Sequence[str]


class Nested:
    """The lists within the records of one file.

    :param zone: that in which times without an offset are written; None for that of the organisation.
    """

    def __init__(
        self, kinds: Kinds, remarks: Remarks, choices: Choices = NO_CHOICES, zone: ZoneInfo | None = None
    ) -> None:
        self._kinds = kinds
        self._remarks = remarks
        self._times_in = choices.times_in
        self._zone = zone
        self._lists: dict[tuple[str, ...], Sequence[_List]] = {}
        self._columns: dict[tuple[str, tuple[str, ...]], Columns | BadField] = {}

    def lines(
        self, number: int, place: int, record: Mapping[str, object], columns: Columns | None = None
    ) -> Iterator[Line]:
        """The facts in the lists of a record, or what is wrong with them.

        :param columns: of the record, whose other members may say that there are such facts.
        """
        listed: Counter[str] = Counter()
        for found in self._lists_of(tuple(record)):
            value = unpacked(record[found.member])  # once, as each question would do it
            alone = object_of(value)
            items = items_of(value) if alone is None else [alone] if _is_known(found.kind, alone) else []
            if not items and not says_of_none(value):
                self._note(found.member, found.kind, "is no list")
            shared = {field: record[member] for field, member in found.shared.items()}
            for item in items:
                for line in self._lines(number, place, found, item, shared):
                    listed[found.kind.name] += 1
                    yield line
            if items and says_of_more(value, len(items)):
                self._note(found.member, found.kind, "says that there are more than it lists")
        if columns is not None:
            self._note_signs(record, columns, listed)

    def following(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines of a table, each followed by the facts in the lists of its record."""
        for line in lines:
            yield line
            columns = line.columns
            if columns is not None and (columns.lists or columns.signs) and line.error is None:
                held = {**columns.fields, **({"corp_id": columns.corp_id} if columns.corp_id is not None else {})}
                shared = {field: line.record.get(column) for field, column in held.items()}
                others = (*columns.lists, *columns.signs)
                said = {name: line.record[name] for name in others if name in line.record}
                yield from self.lines(line.number, line.position, shared | said, columns)

    def look_around(self, content: Mapping[str, object]) -> None:
        """Note what an object around records says of facts: how many there are, or a text."""
        for kind in self._kinds.values():
            for name, value in content.items() if kind.lists else ():
                said = not isinstance(value, list | dict) and not says_of_none(value)
                if said and normal(name) in lists_of(kind) | signs_of(kind):
                    self._note(name, kind, _SIGN)

    def _note_signs(self, record: Mapping[str, object], columns: Columns, listed: Mapping[str, int]) -> None:
        """Note the members of a record that say that there are more facts than are listed in it."""
        for kind in self._kinds.values() if columns.signs else ():
            found = listed.get(kind.name, 0)
            for member in signs_among(columns.signs, kind, columns.kind):
                value = record.get(member)
                if not says_of_none(value) and not (found and says_at_most(value, found)):
                    self._note(member, kind, _SIGN, beside_list=found > 0)

    def _note(self, member: str, kind: Kind, reason: str, *, beside_list: bool = False) -> None:
        self._remarks.note_unclear(member, kind.name, BadField(member, reason), beside_list=beside_list)

    def first_list(self, record: Mapping[str, object]) -> str | None:
        """The first member of a record that is a list of facts which can be read; None when there is none.

        :raises BadField: for what stands in a list in place of a fact that is no good JSON.
        """
        for found in self._lists_of(tuple(record)):
            value = record[found.member]
            for item in items_of(value) if (alone := object_of(value)) is None else [alone]:
                if isinstance(item, BadField):
                    raise _of_member(found.member, item)
                if isinstance(item, dict):
                    fact = _with_shared(found.kind, item, dict.fromkeys(found.shared))
                    if isinstance(self._columns_of(found, tuple(fact)), Columns):
                        return found.member
        return None

    def are_all(self, record: Mapping[str, object]) -> bool:
        """Whether a record says nothing but its id and facts in lists, or that there are none."""
        lists = self._lists_of(tuple(record))
        said = {member for found in lists for member in (found.member, *found.shared.values())}
        return (
            bool(lists)
            and all(name in said or _says_little(value) for name, value in record.items())
            and all(set(found.by) <= found.shared.keys() for found in lists)
            and all(
                isinstance(item, dict)
                and isinstance(self._columns_of(found, tuple(_with_shared(found.kind, item, found.shared))), Columns)
                for found in lists
                for item in items_of(record[found.member])
            )
        )

    def _lines(
        self, number: int, place: int, found: _List, item: object, shared: Mapping[str, object]
    ) -> Iterator[Line]:
        if isinstance(item, RepeatedName):
            yield Line(number + item.lines, place, None, {}, item)
            return
        if isinstance(item, dict):
            fact = _with_shared(found.kind, item, shared)
            columns = self._columns_of(found, tuple(fact))
        else:
            fact, columns = {}, _of_member(found.member, item)
        if isinstance(columns, BadField):
            self._remarks.note_unread(found.member, found.kind.name, columns)
            return
        self._remarks.within[found.kind.name] += 1
        self._remarks.lists.add(found.member)
        error = None
        if self._zone is not None and isinstance(at := fact[columns.at], str):
            try:
                fact[columns.at] = local_moment(at, self._zone)
            except BadField as wrong:
                error = wrong
        yield Line(number, place, columns, fact, error)
        yield from self.lines(number, place, fact)  # answers to it

    def _lists_of(self, names: tuple[str, ...]) -> Sequence[_List]:
        found = self._lists.get(names)
        if found is None:
            found = list(self._told(names))
            if len(self._lists) < _MOST_FORMS:
                self._lists[names] = found
        return found

    def _told(self, names: Sequence[str]) -> Iterator[_List]:
        for kind in self._kinds.values():
            members = [name for name in names if normal(name) in lists_of(kind)] if kind.lists else []
            answered = self._kinds.answered(kind) if members else None
            if answered is None:
                continue
            by_heading = {normal(name): name for name in names}
            shared = {}
            for field in (*answered.by, "corp_id"):
                held = [by_heading[heading] for heading in _names(kind, field) if heading in by_heading]
                if len(held) == 1:
                    shared[field] = held[0]
            yield from (_List(member, kind, shared, answered.by) for member in members)

    def _columns_of(self, found: _List, names: tuple[str, ...]) -> Columns | BadField:
        key = found.kind.name, names
        columns = self._columns.get(key)
        if columns is None:
            try:
                columns = read_columns(names, self._kinds, choices=Choices(found.kind.name, times_in=self._times_in))
            except BadField as error:
                columns = error
            if len(self._columns) < _MOST_FORMS:
                self._columns[key] = columns
        return columns


def _of_member(member: str, item: object) -> BadField:
    """What is wrong with what stands in place of an object."""
    if isinstance(item, RepeatedName):
        return item
    return BadField(member, item.reason if isinstance(item, BadField) else "is no object")


def _is_known(kind: Kind, item: object) -> bool:
    """Whether an object has a member of a fact; another one may be a text, or how many there are."""
    return isinstance(item, dict) and any(normal(name) in known_headings((kind,)) for name in item)


def _with_shared(kind: Kind, item: Mapping[str, object], shared: Mapping[str, object]) -> dict[str, object]:
    """A fact with what it has from its record, where it does not say that itself."""
    found = dict(item)
    for field, value in shared.items():
        own = [name for name in item if normal(name) in _names(kind, field)]
        if all(is_nothing(item[name]) for name in own):
            for name in own:
                del found[name]
            found[field] = value
    return found


def _says_little(value: object) -> bool:
    """Whether a value is no text and no time: a flag, or a count."""
    return value is None or (isinstance(value, int) and abs(value) < _LEAST_TIME)


def local_moment(text: str, zone: ZoneInfo) -> datetime:
    """A time that is written as text, in a zone where it has no offset.

    :raises BadField: when it is none.
    """
    try:
        return moment_of(read_instant(text, zone), zone)
    except ValueError as error:
        raise BadField("create_time", str(error), error.hint if isinstance(error, BadTime) else "") from None


@cache
def _names(kind: Kind, field: str) -> frozenset[str]:
    return frozenset(name for group in headings_of(kind).get(field, ()) for name in group)

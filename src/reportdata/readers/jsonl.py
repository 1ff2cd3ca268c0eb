"""JSON records and saved answers of DingTalk's APIs, told apart object by object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import compress
from pathlib import Path

from reportdata.choices import NO_CHOICES, Choices, of_record
from reportdata.columns import Columns, is_known, read_columns
from reportdata.digests import of_cells
from reportdata.errors import BadField
from reportdata.headings import corp_id_of, is_corp_id, of_organisation
from reportdata.identifiers import is_nothing
from reportdata.kinds import Kinds
from reportdata.nested import Nested
from reportdata.readers import change_events
from reportdata.readers.answers import first_of_others, is_exchange
from reportdata.readers.documents import Found, decoded, found_at, nodes_of, objects_within, read_objects, rows_of
from reportdata.readers.exchanges import Exchanges, tells_facts
from reportdata.readers.har import api_of, entries_of, exchange_of
from reportdata.readers.parts import LineCounts, NotAlone, Part, opened_part
from reportdata.readers.service_pages import goes_on, lacks_records, places_of, total_of
from reportdata.records import Line
from reportdata.remarks import Remarks
from reportdata.unnamed_rows import MANY, are_unnamed, counts_among, is_many, telling_apart

_MOST_FORMS = 1024
"""Forms of records that are remembered."""


def read_jsonl(
    path: Path, kinds: Kinds, remarks: Remarks | None = None, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """The records of a JSON file, in any of the forms of `reportdata.readers.documents`."""
    return _records(read_objects(path), kinds, remarks or Remarks(), choices)


def read_part_of_jsonl(
    path: Path, part: Part, counts: LineCounts, kinds: Kinds, remarks: Remarks, choices: Choices = NO_CHOICES
) -> Iterator[Line]:
    """The records of a part of a JSON Lines file, as `read_jsonl` gives them.

    :raises NotAlone: when the part is not UTF-8, or is more than one record on each line.
    """
    return _records(_objects_of_part(path, part, counts), kinds, remarks, choices)


def _objects_of_part(path: Path, part: Part, counts: LineCounts) -> Iterator[Found]:
    number = counts.before(part)
    with opened_part(path, part) as text:
        for number, line in enumerate(text, number + 1):  # noqa: B020
            if line.strip():
                content = decoded(line)
                if not isinstance(content, dict) or is_exchange(content):
                    raise NotAlone(str(path), "is not one record on each line")
                yield Found(number, part.position, content)
    counts.note(part, number)


def _of_recording(entries: list[object]) -> Iterator[dict[str, object] | BadField]:
    """The exchanges with APIs that have facts; where there are none, one with another API, to be told."""
    found = [exchange_of(entry) for entry in entries if tells_facts(api_of(entry))]
    yield from found or [{"api": api_of(entry) or "?", "response": {}} for entry in entries[:1]]


class _Forms:
    """What the members of records hold, by their names."""

    def __init__(self, kinds: Kinds, choices: Choices) -> None:
        self._kinds = kinds
        self._choices = choices
        self._found: dict[tuple[str, ...], Columns | BadField] = {}
        self.any_known = False
        """Whether there was a record."""

    def columns_of(self, names: tuple[str, ...]) -> Columns | BadField:
        """The columns of a record with members of these names, or what is wrong with it."""
        found = self._found.get(names)
        if found is None:
            try:
                found = read_columns(names, self._kinds, choices=of_record(self._choices, names, self._kinds))
                self.any_known = True
            except BadField as error:
                found = error
            if len(self._found) < _MOST_FORMS:
                self._found[names] = found
        return found

    def lists_of(self, content: Mapping[str, object]) -> list[dict[str, object] | BadField] | None:
        """The objects in the lists of an object, as reports and comments beside each other, beside which it has plain
        values alone; None when what is in one of them is not told by its names."""
        found: list[dict[str, object] | BadField] = []
        for value in content.values():
            if isinstance(value, list):
                objects = [item for item in value if isinstance(item, dict | BadField)]
                first = next((item for item in objects if isinstance(item, dict)), None)
                if len(objects) < len(value) or (first and isinstance(self.columns_of(tuple(first)), BadField)):
                    return None
                found += objects
            elif isinstance(value, dict | BadField):
                return None
        return found or None

    def name_people(self, record: Mapping[str, object]) -> bool:
        """Whether a record has the name of its person, and no id."""
        columns = self.columns_of(tuple(record))
        return isinstance(columns, Columns) and columns.person_name is not None


def _cells_of(content: Mapping[str, object], columns: Columns) -> int:
    """A hash of the members of a record without an id that tell it from others of its digest."""
    names = sorted(name for name, value in content.items() if not is_nothing(value))
    return of_cells(f"{name}={content[name]}" for name in compress(names, telling_apart(columns, names)))


def _records(objects: Iterator[Found], kinds: Kinds, remarks: Remarks, choices: Choices) -> Iterator[Line]:
    forms = _Forms(kinds, choices)
    exchanges, nested = Exchanges(kinds, remarks), Nested(kinds, remarks, choices)
    for number, place, content in objects:
        if isinstance(content, BadField):
            yield Line(number, place, None, {}, content)
            continue
        if (entries := entries_of(content)) is not None:
            remarks.answers = True
            for exchange in _of_recording(entries):
                if isinstance(exchange, BadField):
                    yield Line(number, place, None, {}, exchange)
                else:
                    yield from exchanges.lines(number, place, exchange)
            continue
        columns = forms.columns_of(tuple(content))
        is_answer = isinstance(columns, BadField) and is_exchange(content)
        other = first_of_others(content) if is_answer else None
        if is_answer and (other is None or forms.name_people(other)):
            remarks.answers = True
            remarks.announced = max(remarks.announced, total_of(content))
            kind = ""
            for line in exchanges.lines(number, place, content):
                kind = kind or (line.columns.kind.name if line.columns is not None else "")
                yield line
            if kind and "response" not in content:
                remarks.following = (number, {kind}) if goes_on(content, of_service=False) else None
            continue
        if isinstance(columns, BadField):
            corp_id = corp_id_of(content)
            known_name = any(is_known(name, kinds, choices) and not is_corp_id(name) for name in content)
            if not known_name and (changed := change_events.wrong_with(content)) is not None:
                yield Line(number, place, None, {}, changed)
                continue
            within = None if known_name else nodes_of(content)
            if within is None and not known_name:
                within = rows_of(content) or objects_within(content) or forms.lists_of(content)
            if known_name and nested.are_all(content):
                yield from nested.lines(number, place, content)
            elif within is None:
                yield Line(number, place, None, {}, columns)
            else:
                remarks.announced = max(remarks.announced, total_of(content))
                remarks.following = None  # what stands further within may say it
                found: set[str] = set()
                of_it = (
                    inner if isinstance(inner, BadField) else dict(of_organisation(corp_id, inner)) for inner in within
                )
                for line in _records((found_at(number, place, one) for one in of_it), kinds, remarks, choices):
                    found |= {line.columns.kind.name} if line.columns is not None else set()
                    yield line
                if goes_on(content, of_service=True):
                    remarks.following = number, found
                if lacks_records(content):
                    remarks.note_not_whole(number, found)
                for around in places_of(content):
                    nested.look_around(around)
            continue
        unnamed = are_unnamed(columns)
        many = unnamed and any(is_many(content[name]) for name in counts_among(content))
        cells = _cells_of(content, columns) if unnamed else 0
        yield Line(number, place, columns, content, MANY if many else None, cells)
        yield from nested.lines(number, place, content, columns)
    yield from exchanges.unanswered()
    if not forms.any_known:
        yield from exchanges.of_others_alone()
    if not forms.any_known:
        for kind_name, windows in exchanges.windows().items():
            remarks.windows.setdefault(kind_name, []).extend(windows)
    for kind, reason in exchanges.partial():
        remarks.partial.setdefault(kind, reason)

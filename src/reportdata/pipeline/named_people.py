"""A look at people who are told by their names alone: one who is written in two ways in a file counts as two.

Nobody can be certain of that: two people may have one name, one of them in no department. So it is said, with lines and
without names, and nothing is joined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple

from reportdata.digests import PREFIX
from reportdata.errors import BadField
from reportdata.facts import Fact
from reportdata.identifiers import half_width, read_text, same_name
from reportdata.plurals import count_of
from reportdata.records import Line
from reportdata.values import read_names

_MOST = 20_000
"""Different ways to write people that are looked at."""
_GONE = (
    r"(?:[已待]?离职|已?(?:离开|退休|停用|禁用|注销|冻结)|\b(?:resigned|left|inactive|deactivated|disabled|removed))"
)
_MARK = re.compile(rf"^[\[(【]\s*{_GONE}\s*[\])】]\s*|[\s_·-]*[\[(【]?\s*{_GONE}\s*[\])】]?$", re.IGNORECASE)
"""What stands at a name when somebody has left."""


class _Written(NamedTuple):
    """How a person is written, in facts of a kind: the organisation, the name, and the departments. Numbers count
    people by kind, and not every kind has departments."""

    kind: str
    corp_id: str
    name: str
    departments: str


class NamedPeople:
    """The people of one file who have no ids, with the line on which each first is."""

    def __init__(self) -> None:
        self._lines: dict[_Written, int] = {}

    def begin_again(self) -> None:
        """The file is read once more."""
        self._lines.clear()

    def add(self, fact: Fact, line: Line) -> None:
        """Look at the person of a fact, where a name stands for one."""
        columns = line.columns
        if columns is None or columns.person_name is None or len(self._lines) >= _MOST:
            return
        person = fact.values[columns.kind.person or ""]
        if not isinstance(person, str) or not person.startswith(PREFIX):
            return
        with suppress(BadField):
            name = same_name(read_text("", line.record.get(columns.person_name)) or "")
            told = (columns.fields[field] for field in columns.kind.named_apart_by if field in columns.fields)
            departments = [read_names("", line.record.get(column)) or "" for column in told]
            written = _Written(columns.kind.name, fact.corp_id, half_width(name), "\n".join(departments).strip())
            self._lines.setdefault(written, line.number)

    def notes(self) -> Iterator[str]:
        """What is to be said of the people: that some may be one."""
        if pairs := self._pairs({one: one._replace(name=_MARK.sub("", one.name) or one.name) for one in self._lines}):
            first, second = pairs[0]
            yield (
                f"{count_of(len(pairs), 'person is', 'people are')} named with a mark that they left (离职), and "
                "without it, as on lines "
                f"{first} and {second}: each counts as two; write their names alike in all rows, or give a column of "
                "ids, and import that after `reportdata unimport`"
            )
        if pairs := self._pairs({one: one._replace(name=one.name.casefold()) for one in self._lines}):
            first, second = pairs[0]
            yield (
                f"{count_of(len(pairs), 'person has', 'people have')} names that differ in capitals alone, as "
                f"on lines {first} and {second}: "
                "each counts as two; write their names alike in all rows, or give a column of ids, and import that "
                "after `reportdata unimport`"
            )
        whole = {one: one._replace(departments="") for one in self._lines}
        without = {one for one in self._lines if not one.departments}
        if pairs := self._pairs({one: name for one, name in whole.items() if name in without}):
            first, second = pairs[0]
            yield (
                f"{count_of(len(pairs), 'person is', 'people are')} named with a department, and without one, "
                f"as on lines {first} and "
                f"{second}: each counts as two; where they are one, fill in the department in all rows, or leave its "
                "column out, or give a column of ids, and import that after `reportdata unimport`"
            )

    def _pairs(self, forms: Mapping[_Written, _Written]) -> list[tuple[int, int]]:
        """The lines of those that have one form, the first two of each."""
        found: dict[_Written, list[int]] = {}
        for one, form in forms.items():
            found.setdefault(form, []).append(self._lines[one])
        return [(lines[0], lines[1]) for lines in found.values() if len(lines) > 1]

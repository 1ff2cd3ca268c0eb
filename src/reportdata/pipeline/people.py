"""A look at the ids of people in a file: names must not come into the lake as ids.

Tables that are converted as whole columns have no such ids, since what is converted so is ASCII. So the look costs
only what is read record by record anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reportdata.choices import Choices
from reportdata.columns import Columns
from reportdata.digests import PREFIX
from reportdata.errors import BadFile
from reportdata.facts import Fact
from reportdata.headings import option
from reportdata.identifiers import are_names
from reportdata.pipeline.named_people import NamedPeople
from reportdata.plurals import count_of
from reportdata.records import Line

_MOST = 10_000
"""Different people that are looked at."""


class People:
    """The people of one file.

    :param choices: where the column of ids was chosen, it holds ids.
    """

    def __init__(self, choices: Choices) -> None:
        self._chosen = choices.columns
        self._ids: dict[tuple[str, str, str], set[str]] = {}
        self._certain = False
        self._named = NamedPeople()

    def begin_again(self) -> None:
        """The file is read once more."""
        self._ids.clear()
        self._certain = False
        self._named.begin_again()

    def have_ids(self) -> None:
        """A part of the file had nothing but ids."""
        self._certain = True

    def add(self, fact: Fact, line: Line) -> None:
        """Look at the person of a fact."""
        columns = line.columns
        if columns is not None and columns.kind.person is not None:
            self.add_ids([str(fact.values[columns.kind.person])], columns)
        self._named.add(fact, line)

    def add_ids(self, ids: Iterable[str], columns: Columns) -> None:
        """Look at the people of facts, where the file gives ids."""
        id_, name = columns.kind.person, columns.kind.person_name
        if id_ is None or name is None or id_ in self._chosen or id_ not in columns.fields:
            return
        for person in ids:
            self._add((id_, name, columns.fields[id_]), person)

    def _add(self, column: tuple[str, str, str], person: str) -> None:
        found = self._ids.setdefault(column, set())
        if len(found) < _MOST and not person.startswith(PREFIX):
            found.add(person)

    def notes(self) -> Iterator[str]:
        """What is to be said of the people: that some may be one, as where a spreadsheet took away leading zeros."""
        for found in self._ids.values():
            alike: dict[str, list[str]] = {}
            for person in sorted(found):
                alike.setdefault(person.lstrip("0").casefold(), []).append(person)
            if some := [ids for ids in alike.values() if len(ids) > 1]:
                yield (
                    f"{count_of(len(some), 'person has', 'people have')} ids that differ in zeros at the front "
                    "or in capitals alone, like "
                    f"{some[0][0]} and {some[0][1]}: each id counts as a person; write them alike where they are one"
                )
        yield from self._named.notes()

    def check(self, path: Path) -> None:
        """Refuse names of people where ids should be.

        :raises BadFile: with the options that say which they are.
        """
        for (id_, name, heading), found in self._ids.items():
            if not self._certain and are_names(found):
                raise BadFile(
                    str(path),
                    f"{id_}: the column {heading!r} holds names of people, not ids, and names are not kept",
                    f"say so with {option(name, heading)}, or name the column {name}; "
                    f"if these are ids, {option(id_, heading)}",
                )

"""What a reader learns of a file beyond its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from reportdata.errors import BadField


class Unread(NamedTuple):
    """Members of a list that were not understood: the kind of facts that they would be, how many they are, and why the
    first was not."""

    kind: str
    members: int
    reason: str


@dataclass
class Remarks:
    """``titles`` are texts that stand above the heading of a table; ``partial`` gives for kinds of facts of which
    some are missing the reason; ``answers`` says whether there were answers of an API, whose ids are exact;
    ``denied`` counts the records that do not stand, by the column that says so and what it says; ``announced`` is
    how many there are, as the file says, 0 when it does not; ``following`` is the line of the last page of a
    service, and the kinds of its facts, where it says that another one follows; ``not_whole`` gives by the kind of
    its facts, empty where it has none, the line of the first page that says that it was cut off, or that something
    failed; ``passed`` are sheets that have counts; ``within`` counts by kind the facts in lists within other
    records, and ``lists`` names the members that have them; ``unread`` gives for such lists what was not
    understood, and ``unclear`` for members that are no such lists, or a part of one, what says that there are
    facts: a text, or how many there are; ``windows`` are by kind the first and the last instants of which requests
    asked for facts."""

    titles: list[str] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)
    answers: bool = False
    announced: int = 0
    following: tuple[int, Collection[str]] | None = None
    not_whole: dict[str, int] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    denied: Counter[tuple[str, str]] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)
    lists: set[str] = field(default_factory=set)
    unread: dict[str, Unread] = field(default_factory=dict)
    unclear: dict[str, Unread] = field(default_factory=dict)
    windows: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def clear(self) -> None:
        """The file is read once more."""
        self.titles.clear()
        self.partial.clear()
        self.answers = False
        self.announced = 0
        self.following = None
        self.not_whole.clear()
        self.passed.clear()
        self.denied.clear()
        self.within.clear()
        self.lists.clear()
        self.unread.clear()
        self.unclear.clear()
        self.windows.clear()

    def note_not_whole(self, line: int, kinds: Collection[str]) -> None:
        """A page says that it is not whole."""
        for kind in kinds or ("",):
            self.not_whole.setdefault(kind, line)

    def note_unread(self, member: str, kind: str, reason: BadField) -> None:
        """An item of a list of facts was not understood."""
        _count(self.unread, member, kind, reason)

    def note_unclear(self, member: str, kind: str, reason: BadField, *, beside_list: bool = False) -> None:
        """A member says that there are facts that are not listed.

        :param beside_list: whether others of its record are.
        """
        _count(self.unclear, member, kind, reason)
        if beside_list:
            self.lists.add(member)

    def notes(self) -> Iterator[str]:
        """What is to be said of the file."""
        for sheet in self.passed:
            yield f"the sheet {sheet!r} has counts and no records, and was passed over"
        for (column, word), count in self.denied.items():
            yield f"records whose {' '.join(column.split())!r} says {word!r} were left out: {count:,}"
        for name, (_, count, reason) in self.unread.items():
            yield (
                f"what stands in {name!r} within records was not read ({count:,}): {reason}; if these are comments, "
                "write them as JSON, each with the id of who wrote it and the time, or to a file of their own, with "
                "the id of the report; if not, give it another name"
            )


def _count(found: dict[str, Unread], member: str, kind: str, reason: BadField) -> None:
    unread = found.get(member)
    found[member] = Unread(kind, 1, str(reason)) if unread is None else unread._replace(members=unread.members + 1)

"""What a kind of fact is, as data: its columns, which of them is its time, whom it is about and what it takes back.

Kinds stand in the ``service.toml`` of the service that counts them (`reportdata.services`); nothing else names them.
Every fact also has the organisation ``corp_id`` and the ``stat_day`` of its time, which no kind lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

import msgspec

from reportdata.errors import BadValue

TYPES = ("id", "text", "names", "integer", "count", "decimal", "instant")
"""What a column may hold: an id without white space around it; a short text; names with commas between them; a whole
number of 64 bits; one from 0 on; a number with up to six digits after the point; an instant."""
NUMBERS = ("integer", "count", "decimal")
"""The types of numbers."""
DIGITS, PLACES = 18, 6
"""The digits of a decimal, and how many of them stand after the point."""
RESERVED = frozenset(("corp_id", "stat_day", "kind", "at", "known_at", "origin"))
"""What a fact has besides its kind's columns."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)
_SQL = frozenset((
    "all", "and", "any", "as", "asc", "between", "both", "by", "case", "cast", "check", "collate", "column",
    "constraint", "create", "cross", "date", "day", "default", "desc", "distinct", "do", "else", "end", "except",
    "exists", "false", "fetch", "filter", "for", "foreign", "from", "full", "grant", "group", "having", "hour", "in",
    "inner", "insert", "interval", "intersect", "into", "is", "join", "lateral", "left", "like", "limit", "minute",
    "month", "natural", "not", "null", "offset", "on", "only", "or", "order", "outer", "over", "partition", "pivot",
    "primary", "qualify", "references", "returning", "right", "row", "rows", "second", "select", "semi", "set",
    "some", "table", "then", "time", "timestamp", "to", "true", "union", "unique", "unknown", "unpivot", "user",
    "using", "values", "when", "where", "window", "with", "year",
))  # fmt: skip
"""Words that SQL may take for its own."""
REPEATS = "-repeats"
"""How the names of the lake's folders end for facts, and for coverage, that imports had and that were known before."""
_FOLDERS = frozenset(("coverage", "incoming", "replaced", "merged", "spill", "raw", "unfinished", "log"))
"""Other folders of a lake."""


_NAMES = "use small letters, digits and _, and no word of SQL, for example sent"


def is_name(text: str) -> bool:
    """Whether a text can name a kind, a column or a relation in SQL."""
    return bool(_NAME.fullmatch(text)) and text not in _SQL


class Column(NamedTuple):
    """A column: what it holds, and whether every fact has it. Where it holds one of a few words, ``words`` has each,
    and what else is written for it."""

    name: str
    type: str
    required: bool
    words: Mapping[str, tuple[str, ...]] = {}


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How exported sheets that give their records no ids are told: by the heading of the time, one of ``times``. The
    column ``id`` then is a digest of the columns ``of``."""

    times: tuple[str, ...]
    id: str
    of: tuple[str, ...]


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of fact.

    ``columns`` gives the type of each column; a ``?`` after it allows that a fact has none. ``time`` is the column of
    the fact's own instant. A fact's identity is its content; in the columns ``key`` different facts nearly always
    differ, so these are compared first. ``person`` is the column of whose fact it is, for forgetting; where a file has
    no such column, a digest of the column ``person_name`` stands in, and of those of ``named_apart_by`` that it has.
    ``covers`` says whether seeing facts of a day means that the whole day was seen. A fact takes back those of the kind
    ``retracts`` that have the same organisation and the same columns ``by``, whatever their days.

    ``headings`` are other names of columns in files, and of ``person_name``; ``general`` are those that facts of other
    kinds may have, too, which count where no heading of the kind's own is there. Where the column of the time is headed
    by one of ``shared_times``, which is another kind's too, it is this kind when one of the columns or headings in
    ``told_by`` is there. ``before_kinds`` says whether coverage counts for it that was noted before it named kinds.

    ``words`` are those of which a column holds one, each with what else is written for it; another one is refused.
    ``lists`` are headings of lists of such facts within the records that they answer (`Kinds.answered`); below
    ``signs``, these say that there are some, or how many.
    In Chinese, people read ``name_zh``, before 记录; without it, the name.
    """

    name: str
    time: str
    columns: dict[str, str]
    key: tuple[str, ...]
    person: str | None = None
    person_name: str | None = None
    covers: bool = True
    retracts: str | None = None
    by: tuple[str, ...] = ()
    named_apart_by: tuple[str, ...] = ()
    headings: dict[str, tuple[str, ...]] = {}
    general: dict[str, tuple[str, ...]] = {}
    shared_times: tuple[str, ...] = ()
    told_by: tuple[str, ...] = ()
    sheet: Sheet | None = None
    before_kinds: bool = False
    words: dict[str, dict[str, tuple[str, ...]]] = {}
    lists: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()
    name_zh: str = ""

    def __post_init__(self) -> None:
        if not is_name(self.name) or self.name in _FOLDERS:
            raise BadValue(f"{self.name!r} is no name of a kind", _NAMES)
        for name, type_ in self.columns.items():
            if not is_name(name) or name in RESERVED:
                raise BadValue(f"the kind {self.name} has a column {name!r}", _NAMES)
            if type_.removesuffix("?") not in TYPES:
                raise BadValue(f"{self.name}.{name} is {type_!r}", f"its type is one of {', '.join(TYPES)}")
        for name in self.words:
            if self.columns.get(name) != "text":
                raise BadValue(f"the kind {self.name} has words of {name!r}", 'make it a column of the type "text"')
        used = {self.time, *self.key, *self.by, *self.named_apart_by, *([self.person] if self.person else [])}
        if self.sheet is not None:
            used |= {self.sheet.id, *self.sheet.of}
        for name in sorted(used - self.columns.keys()):
            raise BadValue(f"the kind {self.name} has no column {name!r}, and uses it", "add it to its columns")
        if self.columns[self.time] != "instant" or not self.key:
            raise BadValue(
                f"the kind {self.name} has no time or no key", 'its time is an "instant", its key some columns'
            )
        if bool(self.retracts) != bool(self.by):
            raise BadValue(f"the kind {self.name} does not say what it takes back by which columns", "give both")

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def repeats(self) -> str:
        """The lake's folder of facts of the kind that imports had and that were known before."""
        return f"{self.name}{REPEATS}"

    @property
    def record_id(self) -> str | None:
        """The column with the id of the record that a fact is of; None where a fact is of a person and a time alone."""
        first = self.key[0]
        return first if self.columns[first] == "id" and first != self.person else None

    def fields(self) -> tuple[Column, ...]:
        """The columns, in their order."""
        return _fields(self)


@cache
def _fields(kind: Kind) -> tuple[Column, ...]:
    columns = kind.columns.items()
    return tuple(
        Column(name, type_.removesuffix("?"), not type_.endswith("?"), kind.words.get(name, {}))
        for name, type_ in columns
    )


class Kinds(Mapping[str, Kind]):
    """All kinds that are known, by name, in their order.

    :raises BadValue: when two kinds have one name, or one takes back what is not known.
    """

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds: dict[str, Kind] = {}
        for kind in kinds:
            if self._kinds.setdefault(kind.name, kind) != kind:
                raise BadValue(f"there are two kinds {kind.name}", "give one of them another name")
        for kind in self.values():
            if kind.retracts is None:
                continue
            other = self._kinds.get(kind.retracts)
            if other is None or not set(kind.by) <= other.columns.keys():
                raise BadValue(f"{kind.name} takes back {kind.retracts} by {', '.join(kind.by)}, which is not there")

    def __getitem__(self, name: str) -> Kind:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def __hash__(self) -> int:
        return hash(tuple(self._kinds))

    def retracting(self) -> list[Kind]:
        """The kinds whose facts take back others."""
        return [kind for kind in self.values() if kind.retracts is not None]

    def counted(self) -> list[Kind]:
        """The kinds whose facts are counted on their own day: all others."""
        return [kind for kind in self.values() if kind.retracts is None]

    def taking_back(self, kind: Kind) -> Kind | None:
        """The kind that takes back facts of another one; None when none does."""
        return next((other for other in self.values() if other.retracts == kind.name), None)

    def answers(self, kind: Kind) -> bool:
        """Whether facts of a kind answer records of another one, as comments do reports: they have the columns by which
        these are taken back, and are themselves neither taken back nor take back."""
        return self.answered(kind) is not None

    def answered(self, kind: Kind) -> Kind | None:
        """The kind that takes back the records which facts of a kind answer; None when they answer none."""
        if kind.retracts is not None or self.taking_back(kind) is not None:
            return None
        return next((other for other in self.retracting() if set(other.by) <= kind.columns.keys()), None)

    def before_kinds(self) -> tuple[str, ...]:
        """The kinds for which coverage counts that names none."""
        return tuple(kind.name for kind in self.values() if kind.before_kinds)

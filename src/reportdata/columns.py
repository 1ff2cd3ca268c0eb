"""Which columns of a file hold which field, and so what kind of facts it holds.

Understood are the names of the kinds' columns and their headings (`reportdata.kinds`), however they are decorated. A
heading that only one kind has beats a general one, so that who sent and who commented are not mixed up. Two columns
that may both be it are refused, both named, with the option that chooses one. What a person chose
(`reportdata.choices`) is not looked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from reportdata.choices import NO_CHOICES, Choices
from reportdata.chosen_columns import apart, chosen_columns
from reportdata.errors import BadField, BadFile
from reportdata.headings import BOTH, headings_of, how_to_name, is_twin, known_headings, normal, require_own_unit, seen
from reportdata.kinds import NUMBERS, Kind, Kinds
from reportdata.standing import may_deny, says_when, standing_columns
from reportdata.table_kinds import SIDE_BY_SIDE, Table, column_of, kind_of
from reportdata.zone_headings import column_of_zones, other_zone

_MAY_BE_LIST = r"""^[\s\pZ\p{Cf}]*"?\s*(\[\s*[\[{"'\\]|\{\s*["'\\])"""


class Columns(NamedTuple):
    """The kind of facts that a table holds, and the column that each field stands in: the organisation, the time, and
    the others by the names of the kind's columns. ``person_name`` stands in where there is no person, and a sheet's id
    may be absent (`reportdata.facts` says what becomes of both). Where ``at`` holds days alone, ``clock`` holds the
    times of day. ``zone`` says of which time zone a record's time is. The columns in ``standing`` say of a record that
    it does not stand (`reportdata.standing`), and those of ``withdrawal`` when it was taken back. ``lists`` may hold
    lists of facts that answer a record, and ``signs`` may say that there are some (`reportdata.nested`)."""

    kind: Kind
    corp_id: str | None
    at: str
    fields: Mapping[str, str]
    person_name: str | None = None
    clock: str | None = None
    zone: str | None = None
    standing: tuple[str, ...] = ()
    withdrawal: Columns | None = None
    lists: tuple[str, ...] = ()
    signs: tuple[str, ...] = ()

    @property
    def used(self) -> list[str]:
        """The table's columns that hold a field or say whether a record stands, each once."""
        found = (self.corp_id, self.at, self.clock, self.zone, *self.fields.values(), self.person_name, *self.standing)
        found += (self.withdrawal.at,) if self.withdrawal is not None else ()
        return list(dict.fromkeys(column for column in found if column is not None))

    def withdrawal_of(self, record: Mapping[str, object]) -> Columns | None:
        """The columns of the withdrawal of a record that says when it was taken back; None for others."""
        found = self.withdrawal
        return found if found is not None and says_when(record.get(found.at)) else None

    @property
    def read(self) -> list[str]:
        """The table's columns that are used, and those that may hold lists."""
        return [*self.used, *self.lists]

    @property
    def looked_at(self) -> dict[str, str]:
        """The columns that may say that a record does not stand, or hold lists, each with a pattern that is found
        wherever they do."""
        found = {column: may_deny(column) for column in self.standing} | dict.fromkeys(self.lists, _MAY_BE_LIST)
        return found if self.withdrawal is None else found | {self.withdrawal.at: "."}

    @property
    def told_by_digest(self) -> frozenset[str]:
        """The table's columns by which the digest of a record without an id tells it, and what else is said of its
        person and its standing: they tell no two of one digest apart."""
        kind = self.kind
        of = kind.sheet.of if kind.sheet is not None else ()
        fields = (self.fields.get(name) for name in (*of, *kind.named_apart_by))
        found = (self.corp_id, self.at, self.clock, self.zone, self.person_name, *fields, *self.standing)
        return frozenset(column for column in found if column is not None)

    @property
    def is_whole(self) -> bool:
        """Whether each field stands in a column of its own, and no other column says what one means."""
        required = (column.name for column in self.kind.fields() if column.required and column.name != self.kind.time)
        return self.clock is None and self.zone is None and all(name in self.fields for name in required)


def read_columns(names: Iterable[str], kinds: Kinds, *, sheet: bool = False, choices: Choices = NO_CHOICES) -> Columns:
    """The columns of a table with these names.

    :param sheet: whether it is a table that people made, which may have no ids of records.
    :raises BadField: when the kind cannot be told, a needed column is missing, a chosen one is not there, or two
        columns may hold the same field. The hint names the options that help.
    """
    columns = [name for name in names if name.strip()]
    said, clocks = apart(columns, choices.columns)
    for field in clocks.keys() - {kind.time for kind in kinds.values()}:
        raise BadField(field, "is no time, which alone may stand in two columns", "name one column")
    chosen = chosen_columns(columns, said)
    clock = next(iter(chosen_columns([name for name in columns if name not in chosen.values()], clocks).values()), None)
    by_heading: dict[str, list[str]] = {}
    for name in columns:
        if name not in (*chosen.values(), clock):
            by_heading.setdefault(normal(name), []).append(name)

    def works(said: Choices) -> bool:
        try:
            read_columns(columns, kinds, sheet=sheet, choices=said)
        except BadField:
            return False
        return True

    table = Table(columns, by_heading, chosen, works)
    kind, time = kind_of(table, kinds, choices)
    zone = other_zone(time) if choices.times_in is None else None
    if zone is not None:
        reason = f"{time!r} says {zone!r}, so its times may be of another zone"
        raise BadField(kind.time, reason, "say of which with --times-in, for example --times-in UTC")
    found: dict[str, str] = {**chosen, kind.time: time}
    for field, groups in headings_of(kind).items():
        held = column_of(field, kind, groups, by_heading) if field not in found else None
        if held is not None and held != time:
            found[field] = held
        if field in found and kind.columns.get(field, "").removesuffix("?") in NUMBERS:
            require_own_unit(field, found[field])
    person_name = found.get(kind.person_name) if kind.person_name else None
    person = found.get(kind.person or "") or person_name
    if person is not None and is_twin(person, columns) and is_twin(time, columns):
        raise BadField(kind.time, f"{time!r} and {person!r} are both there twice", SIDE_BY_SIDE)
    fields = {column: found[column] for column in kind.columns if column in found and column != kind.time}
    for column in sorted(kind.fields(), key=lambda column: column.name != kind.person):
        stands_in = (column.name == kind.person and person_name is not None) or (
            kind.sheet is not None and column.name == kind.sheet.id and (sheet or time.strip() in kind.sheet.times)
        )
        if column.required and column.name not in found and not stands_in:
            reason = f"no column holds it; the columns are: {seen(columns)}"
            left = [name for name in columns if name not in found.values()]
            hint = how_to_name(column.name, [kind], left)
            if kind.sheet is not None and column.name == kind.sheet.id:
                hint += "; records that have no ids are read from CSV and spreadsheets, where their rows stand for them"
            raise BadField(column.name, reason, hint)
    withdrawal = _withdrawal(kind, kinds, by_heading, found)
    held_by = {*found.values(), *([withdrawal.at] if withdrawal is not None else [])}
    unheld = {heading: named for heading, named in by_heading.items() if not held_by & {*named}}
    standing: tuple[str, ...] = ()
    if kinds.taking_back(kind) is not None or kinds.answers(kind):
        standing = standing_columns(unheld, answers=kinds.answers(kind))
    zones = column_of_zones(name for name in columns if name not in held_by) if choices.times_in is None else None
    listed = frozenset[str]().union(*map(lists_of, kinds.values()))
    lists = tuple(name for heading, named in unheld.items() if heading in listed for name in named)
    signs = tuple(name for other in kinds.values() for name in signs_among(columns, other, kind) if name not in held_by)
    return Columns(
        kind, found.get("corp_id"), time, fields, person_name, clock, zones, standing, withdrawal, lists, signs
    )


@cache
def lists_of(kind: Kind) -> frozenset[str]:
    """The headings, in their normal form, of lists of facts of a kind within records that they answer."""
    return frozenset(map(normal, kind.lists))


def signs_among(names: Iterable[str], kind: Kind, own: Kind) -> list[str]:
    """The names that say of a record of another kind, ``own``, that there are facts of a kind which answer it: they are
    headings of such facts, or of how many there are."""
    headings = signs_of(kind, own)
    return [name for name in names if normal(name) in headings] if headings else []


def speaks_of(columns: Columns, kind: Kind) -> bool:
    """Whether columns of a table may list facts of a kind which answer its records, or say that there are some."""
    lists = lists_of(kind)
    return any(normal(name) in lists for name in columns.lists) or bool(signs_among(columns.signs, kind, columns.kind))


@cache
def signs_of(kind: Kind, own: Kind | None = None) -> frozenset[str]:
    """The headings, in their normal form, that say of a record that there are facts of a kind which answer it.

    :param own: the kind of the record, where that is known.
    """
    if kind == own or not kind.lists:
        return frozenset()
    fields = (groups[0] for field, groups in headings_of(kind).items() if field != "corp_id")
    found = frozenset(map(normal, kind.signs)).union(*fields)
    return found - lists_of(kind) - (known_headings((own,)) if own is not None else frozenset())


def _withdrawal(
    kind: Kind, kinds: Kinds, by_heading: Mapping[str, list[str]], found: Mapping[str, str]
) -> Columns | None:
    """The columns of the facts that take back those of a table which says when they were; None when it does not."""
    other = kinds.taking_back(kind)
    time = column_of(other.time, other, headings_of(other)[other.time], by_heading) if other is not None else None
    if other is None or time is None or time in found.values():
        return None
    fields = {name: found[name] for name in other.columns if name in found and name != other.time}
    return Columns(other, found.get("corp_id"), time, fields)


def why_chosen(columns: Columns, field: str) -> str:
    """Why a column holds a field, which is one of the kind's, its person's name, or ``corp_id``: ``name``, it is called
    so; ``own`` or ``general``, by a heading of this kind or of any; ``shared``, by a heading of the times of several
    kinds, of which other columns tell this one; ``given``, a person said so."""
    kind = columns.kind
    column = {"corp_id": columns.corp_id, kind.time: columns.at, kind.person_name: columns.person_name}.get(field)
    heading = normal(column or columns.fields.get(field, ""))
    if heading == normal(field):
        return "name"
    own, *general = headings_of(kind)[field]
    if heading in own:
        return "own"
    if any(heading in group for group in general):
        return "general"
    return "shared" if field == kind.time and heading in map(normal, kind.shared_times) else "given"


def columns_of_file(file: str, names: Iterable[str], kinds: Kinds, choices: Choices = NO_CHOICES) -> Columns:
    """The columns of a file whose records all have these.

    :raises BadFile: as `read_columns` raises `BadField`.
    """
    try:
        return read_columns(names, kinds, choices=choices)
    except BadField as error:
        raise BadFile(file, str(error), error.hint) from error


def is_known(heading: str, kinds: Kinds, choices: Choices = NO_CHOICES) -> bool:
    """Whether a heading names a field of any kind, or was named by a person."""
    text = normal(heading)
    named = (part for said in choices.columns.values() for part in (said, *said.split(BOTH)))
    return text in known_headings(tuple(kinds.values())) or any(text == normal(part) for part in named)

"""Which columns of a file hold which field, and so what kind of facts it holds.

Understood are the names of the kinds' columns and their headings (`reportdata.kinds`), in whatever case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NamedTuple

from reportdata.errors import BadField, BadFile
from reportdata.kinds import Kind, Kinds

_CORP_ID = ("corp_id", "corpid", "组织id", "企业id", "企业corpid")


class Columns(NamedTuple):
    """The kind of facts that a table holds, and the column that each field stands in: the organisation, the time, and
    the others by the names of the kind's columns. ``person_name`` stands in for an absent person, and a sheet's id may
    be absent (`reportdata.facts` says what becomes of both)."""

    kind: Kind
    corp_id: str | None
    at: str
    fields: Mapping[str, str]
    person_name: str | None = None

    @property
    def used(self) -> list[str]:
        """The table's columns that hold a field, each once."""
        found = (self.corp_id, self.at, *self.fields.values(), self.person_name)
        return list(dict.fromkeys(column for column in found if column is not None))

    @property
    def is_whole(self) -> bool:
        """Whether no field has something else standing in for it."""
        required = (column.name for column in self.kind.fields() if column.required and column.name != self.kind.time)
        return all(name in self.fields for name in required)


def read_columns(names: Iterable[str], kinds: Kinds) -> Columns:
    """The columns of a table with these names.

    :raises BadField: when the kind cannot be told, a needed column is missing, or two columns hold the same field.
    """
    given = {name: name.strip().lower().replace(" ", "_") for name in names}
    kind, time = _kind(given, kinds)
    field_of = _headings(kind)
    found: dict[str, str] = {kind.time: time}
    for name, heading in given.items():
        field = field_of.get(heading)
        if field is None or name == time:
            continue
        repeated = field == kind.person_name or kind.columns.get(field, "").startswith("names")
        if field in found and not repeated:
            raise BadField(name, f"holds the {field} a second time, after {found[field]!r}", "leave one of the two out")
        found.setdefault(field, name)
    person_name = found.get(kind.person_name) if kind.person_name and kind.person not in found else None
    fields = {column: found[column] for column in kind.columns if column in found and column != kind.time}
    for column in sorted(kind.fields(), key=lambda column: column.name != kind.person):
        stands_in = (column.name == kind.person and person_name is not None) or _is_sheets(kind, column.name, time)
        if column.required and column.name not in found and not stands_in:
            raise BadField(column.name, "no column holds it", f"name the column {column.name}")
    return Columns(kind, found.get("corp_id"), time, fields, person_name)


def columns_of_file(file: str, names: Iterable[str], kinds: Kinds) -> Columns:
    """The columns of a file whose records all have these.

    :raises BadFile: as `read_columns` raises `BadField`.
    """
    try:
        return read_columns(names, kinds)
    except BadField as error:
        raise BadFile(file, str(error), error.hint) from error


@cache
def _headings(kind: Kind) -> dict[str, str]:
    """The field that each heading holds, for the kind."""
    found = dict.fromkeys(_CORP_ID, "corp_id")
    for field, others in kind.headings.items():
        if field in kind.columns or field == kind.person_name:
            found |= dict.fromkeys((field, *others), field)
    return found | {name: name for name in kind.columns}


def _is_sheets(kind: Kind, column: str, time: str) -> bool:
    return kind.sheet is not None and column == kind.sheet.id and time.strip() in kind.sheet.times


def _kind(given: Mapping[str, str], kinds: Kinds) -> tuple[Kind, str]:
    """The kind of facts, and the column of their time."""
    times = {
        kind: [name for name, heading in given.items() if _headings(kind).get(heading) == kind.time]
        for kind in kinds.values()
    }
    named = {kind: found for kind, found in times.items() if found}
    if len({found[0] for found in named.values()}) > 1:
        both = " and ".join(sorted({repr(found[0]) for found in named.values()}, key=list(map(repr, given)).index))
        raise BadField("kind", f"{both} are both here", "keep the facts of each kind in files of their own")
    if len(named) > 1:  # kinds whose times are called the same
        named = {kind: found for kind, found in named.items() if _has_all(kind, given)}
    if len(named) == 1:
        ((kind, found),) = named.items()
        if len(found) > 1:
            reason = f"holds the {kind.time} a second time, after {found[0]!r}"
            raise BadField(found[1], reason, "leave one of the two out")
        return kind, found[0]
    return _told(given, kinds)


def _has_all(kind: Kind, given: Mapping[str, str]) -> bool:
    held = {_headings(kind).get(heading) for heading in given.values()}
    return all(column.name in held for column in kind.fields() if column.required)


def _told(given: Mapping[str, str], kinds: Kinds) -> tuple[Kind, str]:
    """The kind that is told by other columns than that of its time."""
    sharing = {
        kind: [name for name, heading in given.items() if heading in kind.shared_times] for kind in kinds.values()
    }
    sharing = {kind: found for kind, found in sharing.items() if found}
    if not sharing:
        named = [f"{kind.time} ({kind.name})" for kind in kinds.values()]
        listed = " or ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))
        raise BadField("kind", "no column tells what kind of facts these are", f"name the time column {listed}")
    for kind, (time, *_) in sharing.items():
        if any(heading in kind.told_by or _headings(kind).get(heading) in kind.told_by for heading in given.values()):
            return kind, time
    time = next(iter(sharing.values()))[0]
    reason = f"may be the time of {' or '.join(kind.name for kind in sharing)}"
    hint = "name it " + " or ".join(f"{kind.time} ({kind.name})" for kind in sharing)
    raise BadField(given[time], reason, hint)

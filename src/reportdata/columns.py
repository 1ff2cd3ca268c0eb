"""Which columns of a file hold which field, and so what kind of facts it holds.

Understood are the names of the kinds' columns and their headings (`reportdata.kinds`), however they are decorated. A
heading that only one kind has beats a general one, so that who sent and who commented are not mixed up. Two columns
that may both be it are refused, both named.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from reportdata.errors import BadField, BadFile
from reportdata.kinds import Kind, Kinds

_CORP_ID = ("corp_id", "组织id", "企业id", "企业corpid", "公司id")
_BRACKETS = re.compile(r"[(\[{【<《][^)\]}】>》]*[)\]}】>》]")
_DECORATION = re.compile(r"[*★☆·:?#\s_\-—/]+")
_SHOWN = 12
"""How many columns a message names."""


class Columns(NamedTuple):
    """The kind of facts that a table holds, and the column that each field stands in: the organisation, the time, and
    the others by the names of the kind's columns. ``person_name`` stands in where there is no person, and a sheet's id
    may be absent (`reportdata.facts` says what becomes of both)."""

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


def read_columns(names: Iterable[str], kinds: Kinds, *, sheet: bool = False) -> Columns:
    """The columns of a table with these names.

    :param sheet: whether it is a table that people made, which may have no ids of records.
    :raises BadField: when the kind cannot be told, a needed column is missing, or two columns may hold the same field.
    """
    columns = [name for name in names if name.strip()]
    by_heading: dict[str, list[str]] = {}
    for name in columns:
        by_heading.setdefault(normal(name), []).append(name)
    kind, time = _kind(by_heading, columns, kinds)
    found: dict[str, str] = {kind.time: time}
    for field, groups in _headings(kind).items():
        held = _column(field, kind, groups, by_heading) if field != kind.time else None
        if held is not None and held != time:
            found[field] = held
    person_name = found.get(kind.person_name) if kind.person_name else None
    fields = {column: found[column] for column in kind.columns if column in found and column != kind.time}
    for column in sorted(kind.fields(), key=lambda column: column.name != kind.person):
        stands_in = (column.name == kind.person and person_name is not None) or (
            kind.sheet is not None and column.name == kind.sheet.id and (sheet or time.strip() in kind.sheet.times)
        )
        if column.required and column.name not in found and not stands_in:
            reason = f"no column holds it; the columns are: {seen(columns)}"
            raise BadField(column.name, reason, _advice(column.name, kind, columns))
    return Columns(kind, found.get("corp_id"), time, fields, person_name)


def columns_of_file(file: str, names: Iterable[str], kinds: Kinds) -> Columns:
    """The columns of a file whose records all have these.

    :raises BadFile: as `read_columns` raises `BadField`.
    """
    try:
        return read_columns(names, kinds)
    except BadField as error:
        raise BadFile(file, str(error), error.hint) from error


def normal(heading: str) -> str:
    """The form in which headings are compared: half-width, lower case, without blanks and decorations."""
    text = unicodedata.normalize("NFKC", heading)
    text = "".join(sign for sign in text if unicodedata.category(sign) != "Cf").lower()
    return _DECORATION.sub("", _BRACKETS.sub("", text)) or _DECORATION.sub("", text)


def is_known(heading: str, kinds: Kinds) -> bool:
    """Whether a heading names a field of any kind."""
    return normal(heading) in _known(tuple(kinds.values()))


def seen(columns: Iterable[str]) -> str:
    """The columns that were seen, for a message."""
    names = [repr(" ".join(column.split())) for column in columns if column.strip()]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more or "none with a name"


@cache
def _known(kinds: tuple[Kind, ...]) -> frozenset[str]:
    fields = {name for kind in kinds for groups in _headings(kind).values() for group in groups for name in group}
    return frozenset(fields | {normal(name) for kind in kinds for name in kind.shared_times})


@cache
def _headings(kind: Kind) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The headings of each field in their normal form, the kind's own first, then those that are general."""
    found: dict[str, tuple[tuple[str, ...], ...]] = {"corp_id": (tuple(map(normal, _CORP_ID)),)}
    for field in (*kind.columns, *([kind.person_name] if kind.person_name else [])):
        own, general = kind.headings.get(field, ()), kind.general.get(field, ())
        groups = ((field, *own), general) if field == kind.time else (own, (field, *general))
        found[field] = tuple(tuple(dict.fromkeys(map(normal, group))) for group in groups)
    return found


def _column(
    field: str, kind: Kind, groups: Iterable[tuple[str, ...]], by_heading: Mapping[str, list[str]]
) -> str | None:
    type_ = kind.columns.get(field, "").removesuffix("?")
    for group in groups:
        found = [column for name in group for column in by_heading.get(name, ())]
        if len(found) > 1 and type_ not in ("text", "names") and field != "corp_id":
            both = " and ".join(map(repr, found[:3]))
            hint = f"leave one of them out, or call the right one {field}"
            if field in found:
                hint = f"leave {next(column for column in found if column != field)!r} out"
            raise BadField(field, f"{both} may both be it", hint)
        if found:
            return found[0]
    return None


def _kind(by_heading: Mapping[str, list[str]], columns: list[str], kinds: Kinds) -> tuple[Kind, str]:
    """The kind of facts, and the column of their time."""
    named = {kind: column for kind in kinds.values() if (column := _time(kind, by_heading)) is not None}
    if len(set(named.values())) > 1:
        both = " and ".join(sorted({repr(column) for column in named.values()}, key=list(map(repr, columns)).index))
        raise BadField("kind", f"{both} are both here", "keep the facts of each kind in files of their own")
    if len(named) > 1:  # kinds whose times are called the same
        named = {kind: column for kind, column in named.items() if _has_all(kind, by_heading)}
    if len(named) == 1:
        ((kind, column),) = named.items()
        return kind, column
    return _told(by_heading, columns, kinds)


def _time(kind: Kind, by_heading: Mapping[str, list[str]]) -> str | None:
    return _column(kind.time, kind, _headings(kind)[kind.time], by_heading)


def _has_all(kind: Kind, by_heading: Mapping[str, list[str]]) -> bool:
    return all(
        any(name in by_heading for group in _headings(kind)[column.name] for name in group)
        for column in kind.fields()
        if column.required
    )


def _told(by_heading: Mapping[str, list[str]], columns: list[str], kinds: Kinds) -> tuple[Kind, str]:
    """The kind that is told by other columns than that of its time."""
    sharing = {
        kind: [column for name in kind.shared_times for column in by_heading.get(normal(name), ())]
        for kind in kinds.values()
    }
    sharing = {kind: found for kind, found in sharing.items() if found}
    if not sharing:
        reason = f"no column holds a time; the columns are: {seen(columns)}"
        kind = next(iter(kinds.values()))
        raise BadField("kind", reason, _advice(kind.time, kind, columns, kinds))
    told = [kind for kind in sharing if _is_told(kind, by_heading)]
    if len(told) == 1:
        return told[0], sharing[told[0]][0]
    time = next(iter(sharing.values()))[0]
    reason = (
        f"{time!r} may be the time of {' or of '.join(kind.name for kind in sharing)}; the columns are: {seen(columns)}"
    )
    raise BadField("kind", reason, "name it " + " or ".join(f"{kind.time} ({kind.name})" for kind in sharing))


def _is_told(kind: Kind, by_heading: Mapping[str, list[str]]) -> bool:
    """Whether a column is there that only this kind has: who did it, or one of those that tell it."""
    people = [field for field in (kind.person, kind.person_name) if field is not None]
    own = [name for field in people for name in _headings(kind)[field][0]]
    told_by = [
        name for field in kind.told_by for group in _headings(kind).get(field, ((normal(field),),)) for name in group
    ]
    return any(name in by_heading for name in (*own, *told_by))


def _advice(field: str, kind: Kind, columns: Iterable[str], kinds: Kinds | None = None) -> str:
    """What to call a column: the known headings, and those that are like the ones that are there."""
    known = _known(tuple(kinds.values()) if kinds is not None else (kind,))
    near = []
    for column in columns:
        name = normal(column)
        if name not in known and (found := get_close_matches(name, sorted(known), 1, 0.6)):
            near.append(f"{' '.join(column.split())!r} is like {found[0]!r}")
    if kinds is not None:
        called = " or ".join(f"{found.time} ({found.name})" for found in kinds.values())
        examples = [name for found in kinds.values() for name in found.headings.get(found.time, ())[:2]]
    else:
        called, examples = field, [*kind.headings.get(field, ())[:2], *kind.general.get(field, ())[:1]]
    others = f", or for example {', '.join(examples)}" if examples else ""
    return "; ".join([*near[:3], f"name the column {called}{others}"])

"""What a person says of a file that cannot be told from it: of which kind its facts are, which column holds which
field, which sheet is meant, and in which zone its times are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

import msgspec

from reportdata.errors import BadField
from reportdata.headings import normal
from reportdata.kinds import Kind, Kinds


class Choices(msgspec.Struct, frozen=True):
    """What is said of a file; what is not said is told from the file.

    ``kind`` is the kind of facts that its tables hold, and ``columns`` the heading of fields of this kind. Of a
    workbook, only the ``sheet`` of that name or number (from 1) is read. Times without an offset are local time in
    ``times_in``, and without it in the zone of their organisation.
    """

    kind: str | None = None
    columns: Mapping[str, str] = {}
    sheet: str | None = None
    times_in: ZoneInfo | None = None

    def possible(self, kinds: Kinds) -> list[Kind]:
        """The kinds that the facts may be of: the one that is named, or those that have all fields that are named."""
        return [
            kind
            for kind in kinds.values()
            if self.kind in (None, kind.name) and self.columns.keys() <= set(fields_of(kind))
        ]


NO_CHOICES = Choices()


def fields_of(kind: Kind) -> tuple[str, ...]:
    """The fields of a kind for which a column can be named."""
    return ("corp_id", *kind.columns, *([kind.person_name] if kind.person_name else []))


def check_choices(choices: Choices, kinds: Kinds) -> None:
    """Check that the kind and the fields are known.

    The error's field is the key of a mapping file.

    :raises BadField: when one of them is not, or no kind has all of the fields; the hint names the known ones.
    """
    if choices.kind is not None and choices.kind not in kinds:
        raise BadField("kind", f"{choices.kind!r} is no kind of facts", f"the kinds are {', '.join(kinds)}")
    known = [kind for kind in kinds.values() if choices.kind in (None, kind.name)]
    for field in choices.columns:
        if not any(field in fields_of(kind) for kind in known):
            raise BadField("columns", f"{field!r} is no field of {_named(known)}", _fields(known))
    if not choices.possible(kinds):
        raise BadField("columns", f"no kind of facts has all of {', '.join(choices.columns)}", _fields(known))


def of_record(choices: Choices, names: Iterable[str], kinds: Kinds) -> Choices:
    """The choices for a record that has these members alone: what is not needed may be absent from it."""
    there = set(map(normal, names))
    needed = {"corp_id"} | {
        column.name for kind in choices.possible(kinds) for column in kind.fields() if column.required
    }
    kept = {field: name for field, name in choices.columns.items() if field in needed or normal(name) in there}
    return msgspec.structs.replace(choices, columns=kept)


def _named(kinds: Iterable[Kind]) -> str:
    return " or ".join(kind.name for kind in kinds)


def _fields(kinds: Iterable[Kind]) -> str:
    return "the fields are " + "; ".join(f"of {kind.name} {', '.join(fields_of(kind))}" for kind in kinds)

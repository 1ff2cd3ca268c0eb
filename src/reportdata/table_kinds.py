"""Which kind of facts a table holds, told by the heading of its time, or by columns that only one kind has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from reportdata.choices import Choices
from reportdata.errors import BadField
from reportdata.headings import (
    has_like,
    headings_of,
    how_to_name,
    how_to_name_both,
    is_of_days,
    is_twin,
    likely_time,
    normal,
    option,
    seen,
)
from reportdata.kinds import Kind, Kinds
from reportdata.other_tables import other_records, other_table

_UTC = ZoneInfo("UTC")


SIDE_BY_SIDE = (
    "put tables that stand side by side one below the other, or each in a sheet or file of its own; "
    "of a column that is there twice, delete one"
)


class Table(NamedTuple):
    """The columns of a table, those that nobody chose by their headings in normal form, the chosen ones by field, and
    whether other choices would make a table of facts of it."""

    columns: list[str]
    by_heading: Mapping[str, list[str]]
    chosen: Mapping[str, str]
    works: Callable[[Choices], bool]


def column_of(
    field: str, kind: Kind, groups: Iterable[tuple[str, ...]], by_heading: Mapping[str, list[str]]
) -> str | None:
    """The column that holds a field: that of the first group of headings that names one.

    :raises BadField: when several may, and the field is one of which there is but one.
    """
    type_ = kind.columns.get(field, "").removesuffix("?")
    for group in groups:
        found = [column for name in group for column in by_heading.get(name, ())]
        if len(found) > 1 and type_ not in ("text", "names") and field != "corp_id":
            both = " and ".join(map(repr, found[:3]))
            if is_twin(found[0], found):
                raise BadField(field, f"{both} may both be it", SIDE_BY_SIDE)
            options = " or ".join(option(field, column) for column in found[:3])
            hints = [f"say which with {options}", *(how_to_name_both(field, found) if field == kind.time else [])]
            raise BadField(field, f"{both} may both be it", "; ".join(hints))
        if found:
            return found[0]
    return None


def kind_of(table: Table, kinds: Kinds, choices: Choices) -> tuple[Kind, str]:
    """The kind of facts, and the column of their time.

    :raises BadField: when the kind cannot be told.
    """
    possible = choices.possible(kinds)
    if len(possible) == 1:
        (kind,) = possible
        time = table.chosen.get(kind.time) or _time(kind, table) or _shared_time(kind, table)
        if time is None:
            raise _of_another_kind(kind, kinds, table) or _without_time(possible, table, choices)
        _require_no_other_time(kind, time, table)
        return kind, time
    named = {kind: column for kind in possible if (column := _time(kind, table)) is not None}
    for kind in [kind for kind in named if kind.retracts is not None]:
        if any(other.name == kind.retracts for other in named):
            del named[kind]  # of records that were sent, some may say when they were taken back
    if len(set(named.values())) > 1:
        in_order = sorted({repr(column) for column in named.values()}, key=list(map(repr, table.columns)).index)
        raise BadField(
            "kind",
            f"{' and '.join(in_order)} are both here",
            f"read one kind at a time, with {_kind_options(named, table, choices)}; "
            "or keep the facts of each in files of their own",
        )
    if len(named) > 1:  # kinds whose times are called the same
        named = {kind: column for kind, column in named.items() if _has_all(kind, table)}
    if len(named) == 1:
        ((kind, column),) = named.items()
        _require_no_other_time(kind, column, table)
        return kind, column
    return _told(possible, table, choices)


def _time(kind: Kind, table: Table) -> str | None:
    return column_of(kind.time, kind, headings_of(kind)[kind.time], table.by_heading)


def _shared_time(kind: Kind, table: Table) -> str | None:
    return column_of(kind.time, kind, [tuple(map(normal, kind.shared_times))], table.by_heading)


def _of_another_kind(chosen: Kind, kinds: Kinds, table: Table) -> BadField | None:
    """What is wrong with a table that has the time of another kind than the chosen one; None where it has none."""
    for kind in kinds.values():
        if kind != chosen and (time := _time(kind, table)) is not None:
            return BadField(
                "kind",
                f"{time!r} is the time of {kind.name} facts, not of {chosen.name}",
                f"read them without --kind, or with --kind {kind.name}, from files of their own",
            )
    return None


def _require_no_other_time(kind: Kind, time: str, table: Table) -> None:
    """
    :raises BadField: when a column of days, which may be those that reports are about, would be taken in place of one
        that says when they were made.
    """
    made = _shared_time(kind, table)
    if made is None or time in (made, table.chosen.get(kind.time)) or not is_of_days(time):
        return
    options = " or ".join(option(kind.time, column) for column in (made, time))
    raise BadField(
        kind.time,
        f"{made!r} and {time!r} may both be it",
        f"say which with {options}: a report counts on the day on which it was sent, whatever day it is about",
    )


def _has_all(kind: Kind, table: Table) -> bool:
    return all(
        column.name in table.chosen
        or any(name in table.by_heading for group in headings_of(kind)[column.name] for name in group)
        for column in kind.fields()
        if column.required
    )


def _told(possible: list[Kind], table: Table, choices: Choices) -> tuple[Kind, str]:
    """The kind that is told by other columns than that of its time."""
    sharing = {kind: found for kind in possible if (found := _shared(kind, table))}
    if not sharing:
        raise _without_time(possible, table, choices)
    told = [kind for kind in sharing if _is_told(kind, table)]
    time = next(iter(sharing.values()))[0]
    if told and (others := other_records(table.columns)) is not None:
        raise BadField(
            "kind",
            f"{time!r} may be the time of {others}, which other headings name; the columns are: {seen(table.columns)}",
            f"choose the sheet that 日志 exports; if they are reports all the same, say so with "
            f"{_kind_options(told, table, choices)}",
        )
    if len(told) == 1:
        return told[0], _shared_time(told[0], table) or time
    alternatives = " or ".join(kind.name for kind in sharing)
    reason = f"{time!r} may be the time of {alternatives}"
    alternatives = " or ".join(f"{kind.time} ({kind.name})" for kind in sharing)
    raise BadField(
        "kind",
        f"{reason}; the columns are: {seen(table.columns)}",
        f"say which with {_kind_options(sharing, table, choices)}; or name it {alternatives}",
    )


def _shared(kind: Kind, table: Table) -> list[str]:
    return [column for name in kind.shared_times for column in table.by_heading.get(normal(name), ())]


def _is_told(kind: Kind, table: Table) -> bool:
    """Whether a column is there that only this kind has: who did it, or one of those that tell it."""
    people = [field for field in (kind.person, kind.person_name) if field is not None]
    own = [name for field in people for name in headings_of(kind)[field][0]]
    told_by = [
        name for field in kind.told_by for group in headings_of(kind).get(field, ((normal(field),),)) for name in group
    ]
    return any(name in table.by_heading for name in (*own, *told_by))


def _without_time(possible: list[Kind], table: Table, choices: Choices) -> BadField:
    reason = f"no column holds a time; the columns are: {seen(table.columns)}"
    named = option(possible[0].time, "HEADING")
    match other_table(table.columns):
        case "attendance":
            hint = (
                "these look like records of attendance (考勤), and not of reports: choose the sheet that 日志 exports; "
                f"if they are reports all the same, say when they were sent, with {named}"
            )
            return BadField("kind", reason, hint)
        case "counts":
            hint = (
                "these look like counts of people or days, from which nothing can be counted: export the reports "
                "themselves, in DingTalk by 日志 → 报表 → 导出; "
                f"if they are reports all the same, say when they were sent, with {named}"
            )
            return BadField("kind", reason, hint)
    left = [name for name in table.columns if name not in table.chosen.values()]
    if len(possible) > 1:  # to take something back is never a guess
        possible = [kind for kind in possible if kind.retracts is None or has_like(kind, left)]
    likely = {kind: time for kind in possible if (time := likely_time(kind, left)) is not None}
    working = [
        kind
        for kind, time in likely.items()
        if table.works(
            replace(choices, columns={**choices.columns, kind.time: time}, times_in=choices.times_in or _UTC)
        )
    ]
    return BadField("kind", reason, how_to_name(None, working or possible, left))


def _kind_options(found: Iterable[Kind], table: Table, choices: Choices) -> str:
    """The options that choose a kind: of those that have all of its fields, or of all where none has."""
    named = [kind.name for kind in found]
    working = [name for name in named if table.works(replace(choices, kind=name))]
    return " or ".join(f"--kind {name}" for name in working or named)

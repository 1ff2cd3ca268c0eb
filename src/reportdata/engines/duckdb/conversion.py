"""Tables of texts to facts, as two queries.

`facts_of_table` converts. It fails at the first record whose organisation, report or time it would not convert exactly
as `reportdata.facts` does. `uncommon_cells` then checks the other columns. These have few distinct values, so checking
each value once takes a tenth of the time of checking each cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Sequence
from zoneinfo import ZoneInfo

from reportdata.columns import Columns
from reportdata.days import END_INSTANT, FIRST_INSTANT, SECOND, Offset, offsets
from reportdata.engines.duckdb.connection import name, text
from reportdata.engines.duckdb.organisations import ORGANISATIONS, Zones
from reportdata.engines.duckdb.spans import Rows
from reportdata.identifiers import LONGEST_ID, NO_PERSON, NO_RECORD, NOTHING, ROUNDED
from reportdata.kinds import DIGITS, PLACES, Column, Kind
from reportdata.times import END_OF_SECONDS

_ID = "[0-9A-Za-z_$:@-]+"
_SIGN = r"[^\x00-\x1f\x7f-\x9f\s\pZ\p{Cf}\x{FFFD}]"
_TEXT = f"{_SIGN}+( {_SIGN}+)*"
_NAME = _TEXT.replace("[^", "[^,，;；、")
_CLOCK = r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
_NOTHING = ", ".join(map(text, sorted(NOTHING)))
_NO_IDS = sorted(word for word in NOTHING if re.fullmatch(_ID, word))
"""Those words for nothing that are written as ids are."""
_OFFSET = r"(Z|[+-](0\d|1[0-3]):[0-5]\d)"


def can_convert(kind: Kind) -> bool:
    """Whether tables of a kind can be converted: its time is its only instant."""
    return [column.name for column in kind.fields() if column.type == "instant"] == [kind.time]


def facts_of_table(query: str, columns: Columns, known: Zones, corp_id: str | None, end: int) -> str:
    """A query of the facts in a table of texts; it fails at the first record that is not of the common forms. All of
    its facts are to be thrown away if `uncommon_cells` finds any among them."""
    zones, kind = known.zones, columns.kind
    others = [column for column in kind.fields() if column.name != kind.time]
    cells = [
        f"{_corp(columns.corp_id, corp_id)} as corp_id",
        f"{name(columns.at)} as written_",
        *(f"{_cell_of(column, columns.fields.get(column.name))} as {column.name}" for column in others),
        *(f"{name(column)} as standing{place}_" for place, column in enumerate(columns.looked_at)),
    ]
    checks = ["zone_ is not null", f"instant_ >= {FIRST_INSTANT}", f"instant_ < {min(end, END_INSTANT)}"]
    checks += [_each_is_common(column, kind) for column in others if _is_checked_each(column, kind)]
    checks += [
        f"not regexp_matches(coalesce(standing{place}_, ''), {text(pattern)}, 'i')"
        for place, pattern in enumerate(columns.looked_at.values())
    ]
    out = ["corp_id", *(_converted(column) for column in others)]
    return f"""
        with cells as (select {", ".join(cells)} from ({query})),
        placed as (
            select *, try_cast(written_ as timestamp) as clock_, {_zone_number(known)} as zone_ from cells
        ),
        timed as (
            select *, {_instant(known)} as instant_ from (select *, epoch_us(clock_) as local_ from placed)
        ),
        checked as (
            select *, case when {" and ".join(checks)}
                then cast(make_timestamp(instant_ + {_by_zone(zones, "instant_", _offset_of_instant)}) as date)
                else cast(error('not of the common forms') as date) end as stat_day
            from timed
        )
        select {", ".join(out)}, make_timestamptz(instant_) as {kind.time}, stat_day from checked
    """


def uncommon_cells(facts: str, columns: Columns) -> str:
    """A query of a cell that is not of the common forms among facts that `facts_of_table` gave; no row, when there is
    none."""
    checks, kind = {"corp_id": _is_id("corp_id")}, columns.kind
    for column in kind.fields():
        held = column.required or column.name in columns.fields  # what no column holds is null, as it may be
        if held and column.name != kind.time and not _is_checked_each(column, kind):
            checks[column.name] = _each_is_common(column, kind)
    # The count keeps the optimizer from checking before it groups.
    found = (
        f"(select {cell} from ({facts}) group by {cell} having not coalesce({check} and count(*) > 0, false) limit 1)"
        for cell, check in checks.items()
    )
    return " union all ".join(found)


def _is_checked_each(column: Column, kind: Kind) -> bool:
    """Whether a column's cells are checked one by one: numbers, and ids of which there are many different ones."""
    return column.type in ("integer", "count", "decimal") or column.name == kind.key[0]


def _each_is_common(column: Column, kind: Kind) -> str:
    """The condition that a cell is of the common forms."""
    match column.type:
        case "id":
            nobody = NO_RECORD if column.name == kind.record_id else NO_PERSON if column.name == kind.person else ()
            check = _is_id(column.name, nobody)
        case "names":
            words = f"string_split(lower({column.name}), ',')"
            check = f"{_matches(column.name, f'{_NAME}(,{_NAME})*')} and not list_has_any({words}, [{_NOTHING}])"
        case "integer":
            check = _matches(column.name, f"-?[0-9]{{1,{DIGITS}}}")
        case "count":
            check = _matches(column.name, f"[0-9]{{1,{DIGITS}}}")
        case "decimal":
            check = _matches(column.name, rf"-?[0-9]{{1,{DIGITS - PLACES}}}(\.[0-9]{{1,{PLACES}}})?")
        case _ if column.words:
            check = f"{column.name} in ({', '.join(map(text, column.words))})"
        case _:
            check = f"{_matches(column.name, _TEXT)} and lower({column.name}) not in ({_NOTHING})"
    return check if column.required else f"({column.name} is null or {check})"


def _cell_of(column: Column, held_by: str | None) -> str:
    return name(held_by) if column.required and held_by is not None else _cell(held_by)


def _converted(column: Column) -> str:
    if column.type in ("integer", "count"):
        return f"try_cast({column.name} as bigint) as {column.name}"
    if column.type == "decimal":
        return f"try_cast({column.name} as decimal({DIGITS}, {PLACES})) as {column.name}"
    return column.name


def _corp(column: str | None, given: str | None) -> str:
    cell = _cell(column)
    return f"coalesce({cell}, {text(given)})" if given is not None else cell


def _cell(column: str | None) -> str:
    return f"nullif({name(column)}, '')" if column is not None else "cast(null as varchar)"


def _is_id(column: str, nobody: Collection[str] = ()) -> str:
    """
    :param nobody: short ids that are none.
    """
    # The words stand in a pattern: those of a list are joined, and with that looked up for ids of any length.
    short = "|".join((f"(?i:{'|'.join(_NO_IDS)})", *sorted(nobody)))
    longest = max(map(len, (*_NO_IDS, *nobody)))
    return (
        f"{_matches(column, _ID)} and case when strlen({column}) > {longest} "
        f"then strlen({column}) <= {LONGEST_ID} else not {_matches(column, short)} end"
    )


def _matches(column: str, pattern: str) -> str:
    return f"regexp_full_match({column}, {text(pattern)})"


def _zone_number(known: Zones) -> str:
    """Which of the zones counts for ``corp_id``; null for an unknown organisation."""
    # Of a join, DuckDB might take the facts into memory in place of the organisations.
    cases = " ".join(
        f"when corp_id in (select corp_id from {ORGANISATIONS} where zone = {at}) then {at}"
        for at, _ in enumerate(known.zones)
    )
    others = "cast(null as integer)" if known.others is None else str(known.others)
    if known.others is not None and len(known.zones) == 1:
        return others
    return f"case {cases} else {others} end" if cases else others


def _instant(known: Zones) -> str:
    # What DuckDB writes itself is exact, and cheaper to compare than to match. Other than `or`, `case` matches the rest
    # alone; and the many offsets stand in the query once.
    zones = [known.times_in] if known.times_in is not None else known.zones
    written_so = "cast(clock_ as varchar) = written_"
    return f"""case
        when case when {written_so} then true else {_matches("written_", _CLOCK)} end
            then local_ - {_by_zone(zones, "local_", _offset_of_local)}
        when {_matches("written_", r"[0-9]{13}")} then cast(written_ as bigint) * 1000
        when {_matches("written_", r"[0-9]{10}")} and cast(written_ as bigint) < {END_OF_SECONDS}
            then cast(written_ as bigint) * {SECOND}
        when {_matches("written_", _CLOCK + _OFFSET)} then epoch_us(try_cast(written_ as timestamptz))
    end"""


def _by_zone(zones: Sequence[ZoneInfo], value: str, expression: Callable[[Sequence[Offset], str], str]) -> str:
    if len(zones) <= 1:
        return expression(offsets(zones[0]), value) if zones else "0"
    cases = " ".join(f"when {at} then {expression(offsets(zone), value)}" for at, zone in enumerate(zones))
    return f"case zone_ {cases} end"


def _offset_of_instant(steps: Sequence[Offset], value: str) -> str:
    return _search([(step.start, step.offset) for step in steps], value)


def _offset_of_local(steps: Sequence[Offset], value: str) -> str:
    """A local time that happens twice is the first of the two and one that is skipped has the offset before the gap:
    the later offset counts from the first local time that has it alone."""
    before = [steps[0], *steps]
    return _search(
        [(step.start + max(step.offset, last.offset), step.offset) for last, step in zip(before, steps, strict=False)],
        value,
    )


def _search(steps: Sequence[tuple[int, int]], value: str) -> str:
    """A binary search among steps (from, offset), as nested cases."""
    if len(steps) == 1:
        return str(steps[0][1])
    middle = len(steps) // 2
    low, high = _search(steps[:middle], value), _search(steps[middle:], value)
    return f"case when {value} < {steps[middle][0]} then {low} else {high} end"


def rounded_ids(rows: Rows, facts: str, kind: Kind, trusted: Container[str]) -> tuple[str, str] | None:
    """A column of ids whose values of 16 digits and more all end in zeros, as spreadsheets round them, with one of
    these; None when there is no such column among those that are not trusted."""
    for column in kind.fields():
        if column.type != "id" or column.name in trusted:
            continue
        source = f"({facts}) where {column.name}"
        # Files whose ids begin with no digit are not read, and of the others few ids end in a zero: only these are
        # matched, and mostly that is all.
        number = f"between '0' and '9~' and {column.name}"
        rounded = f"like '%0' and {column.name} similar to '{ROUNDED}'"
        found = rows(f"select {column.name} from {source} {number} {rounded} limit 1")
        exact = f"similar to '[0-9]{{16,}}' and not {column.name} similar to '{ROUNDED}'"
        if found and not rows(f"select 1 from {source} {number} {exact} limit 1"):
            return column.name, str(found[0][0])
    return None

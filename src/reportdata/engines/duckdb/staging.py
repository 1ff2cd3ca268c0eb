"""From what is imported to Parquet files in the lake's layout, whole columns at a time.

Tables whose cells are all of the common forms are converted by DuckDB (`Staging.add_table`). It takes only what it
converts exactly as `reportdata.facts` would; anything else makes it give up, and the table is read record by record
(`Staging.add_facts`), which is slower and says precisely what is wrong where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.columns import Columns
from reportdata.days import END_INSTANT, FIRST_INSTANT, PARTITION, SECOND, Offset, day_of_folder, from_date, offsets
from reportdata.engines.duckdb.connection import COLUMNS, connect, facts, file, name, text
from reportdata.errors import LakeError
from reportdata.facts import KINDS, LONGEST_ID, Fact, Kind, Organisations

_ID = "[0-9A-Za-z_$:@-]+"
_EDGE = r"[^\x00-\x1f\x7f-\x9f\s\pZ,，]"
_WORD = rf"{_EDGE}([^\x00-\x1f\x7f-\x9f,，]*{_EDGE})?"
_CLOCK = r"\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?"
_OFFSET = r"(Z|[+-](0\d|1[0-3]):[0-5]\d)"


_FACT = {field: "bigint" if field == "at" else "varchar" for field in Fact.__struct_fields__}


class Staged(NamedTuple):
    """What was staged of a kind: records read, facts that the lake does not have yet, their days, and each
    organisation's first and last day among all that was read."""

    kind: Kind
    read: int
    added: int
    days: tuple[str, ...]
    spans: Mapping[str, tuple[str, str]]


class Staging:
    """Writes facts to ``folder``, laid out like the lake: ``<kind>/stat_day=2021-06-20/*.parquet``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = connect(folder / "spill")

    def close(self) -> None:
        """Let go of the database."""
        self._connection.close()

    def read_csv(self, path: Path, header: Sequence[str], delimiter: str) -> str:
        """A query of a UTF-8 file with commas or tabs, all of it text."""
        columns = ", ".join(f"{text(column)}: 'varchar'" for column in header)
        return (
            f"select * from read_csv({file(path)}, columns = {{{columns}}}, delim = {text(delimiter)}, "
            "quote = '\"', escape = '\"', header = true, auto_detect = false, strict_mode = true, nullstr = '', "
            "allow_quoted_nulls = true, hive_partitioning = false)"
        )

    def add_table(self, query: str, columns: Columns, organisations: Organisations, corp_id: str | None) -> bool:
        """Stage the records of a query, whose cells are texts. False, and nothing is staged, when one of them is not of
        the common forms."""
        if columns.report_id is None or (columns.user_id is None and columns.kind != "withdrawn"):
            return False
        try:
            self._copy_facts(columns.kind, _facts_of_table(query, columns, organisations, corp_id))
        except LakeError:
            rmtree(self._raw(columns.kind), ignore_errors=True)
            return False
        if organisations.add_in is not None:
            for (corp,) in self._rows(f"select distinct corp_id from ({self._staged(columns.kind)})"):
                organisations.time_zone(corp)
        return True

    def add_facts(self, found: Iterable[Fact]) -> None:
        """Stage facts one by one. What the iterable raises goes on to the caller, and nothing is staged."""
        encoder = msgspec.json.Encoder()
        path = self._folder / "facts.jsonl"
        with path.open("wb") as lines:
            for fact in found:
                lines.write(encoder.encode(fact) + b"\n")
        fields = ", ".join(f"{name(field)}: '{type_}'" for field, type_ in _FACT.items())
        source = (
            f"read_json({file(path)}, format = 'newline_delimited', maximum_object_size = 67108864, "
            f"hive_partitioning = false, columns = {{{fields}}})"
        )
        for (kind,) in self._rows(f"select distinct kind from {source}"):
            made = {
                "timestamptz": 'make_timestamptz("at")',
                "date": "cast(strptime(stat_day, '%Y%m%d') as date)",
            }
            columns = ", ".join(f"{made.get(type_, column)} as {column}" for column, type_ in COLUMNS[kind].items())
            self._copy_facts(kind, f"select {columns} from {source} where kind = {text(kind)}")
        path.unlink()

    def finish(self, known: Callable[[Kind, Sequence[str]], Sequence[Path]]) -> list[Staged]:
        """Keep the facts that are new, each once.

        :param known: gives the lake's files of a kind for some days.
        """
        return [self._finish(kind, known) for kind in KINDS if self._raw(kind).exists()]

    def _finish(self, kind: Kind, known: Callable[[Kind, Sequence[str]], Sequence[Path]]) -> Staged:
        staged = self._staged(kind)
        groups = self._rows(f"select corp_id, min(stat_day), max(stat_day), count(*) from ({staged}) group by corp_id")
        spans = {corp: (from_date(first), from_date(last)) for corp, first, last, _ in groups}
        read = sum(count for *_, count in groups)
        days = _days_in(self._raw(kind))
        here = known(kind, days)
        # What differs in the hash of its id, or of all its columns, are different facts; the reverse need not hold.
        differing = "report_id" if kind == "sent" else ", ".join(COLUMNS[kind])
        if not here and self._rows(f"select count(distinct hash({differing})) from ({staged})")[0][0] == read:
            self._raw(kind).rename(self._folder / kind)
            return Staged(kind, read, read, days, spans)
        self._copy(f"{staged} except {facts(kind, here)}", self._folder / kind)
        paths = sorted((self._folder / kind).glob(f"{PARTITION}*/*.parquet"))
        ((added,),) = self._rows(f"select count(*) from ({facts(kind, paths)})")
        return Staged(kind, read, added, _days_in(self._folder / kind), spans)

    def _raw(self, kind: str) -> Path:
        return self._folder / "raw" / kind

    def _staged(self, kind: str) -> str:
        return facts(kind, sorted(self._raw(kind).glob(f"{PARTITION}*/*.parquet")))

    def _copy_facts(self, kind: str, query: str) -> None:
        self._copy(f"select {', '.join(COLUMNS[kind])} from ({query})", self._raw(kind))

    def _copy(self, query: str, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._rows(
            f"copy ({query}) to {text(str(folder))} "
            "(format parquet, parquet_version v2, partition_by (stat_day), write_partition_columns true, "
            "overwrite_or_ignore true, filename_pattern 'facts-{uuid}')"
        )

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise LakeError(f"what is imported cannot be staged in {self._folder}: {error}") from error


def _days_in(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(day_of_folder(path.name) for path in folder.glob(f"{PARTITION}*")))


def _facts_of_table(query: str, columns: Columns, organisations: Organisations, corp_id: str | None) -> str:
    """A query of the facts in a table of texts; it fails at the first record that is not of the common forms."""
    zones = sorted({*organisations.known.values(), *_added_zone(organisations)}, key=str)
    fields = [
        f"{_corp(columns.corp_id, corp_id)} as corp_id",
        f"{name(columns.report_id or '')} as report_id",
        f"{name(columns.at)} as written",
    ]
    simple = ["zone is not null"]
    ids = ["report_id"]
    if columns.kind != "withdrawn":
        fields.append(f"{name(columns.user_id or '')} as user_id")
        ids.append("user_id")
    out = ["corp_id", *ids]
    simple += map(_is_id, ids if organisations.add_in is None else out)  # a known organisation's id is one
    if columns.kind == "sent":
        fields += [f"{_cell(columns.template)} as template", f"{_cell(columns.departments)} as departments"]
        simple += [
            f"(template is null or {_matches('template', _WORD.replace(',，', ''))})",
            f"(departments is null or {_matches('departments', f'{_WORD}(,{_WORD})*')})",
        ]
        out += ["template", "departments"]
    simple += [f"instant >= {FIRST_INSTANT}", f"instant < {END_INSTANT}"]
    at = columns.time_field
    return f"""
        with cells as (select {", ".join(fields)} from ({query})),
        placed as (select *, {_zone_number(zones, organisations)} as zone from cells),
        timed as (select *, {_instant(zones)} as instant from placed),
        checked as (
            select *, case when coalesce({" and ".join(simple)}, false)
                then cast(make_timestamp(instant + {_by_zone(zones, "instant", _offset_of_instant)}) as date)
                else cast(error('not of the common forms') as date) end as stat_day
            from timed
        )
        select {", ".join(out)}, make_timestamptz(instant) as {at}, stat_day from checked
    """


def _added_zone(organisations: Organisations) -> list[ZoneInfo]:
    return [organisations.add_in] if organisations.add_in is not None else []


def _corp(column: str | None, given: str | None) -> str:
    cell = _cell(column)
    return f"coalesce({cell}, {text(given)})" if given is not None else cell


def _cell(column: str | None) -> str:
    return f"nullif({name(column)}, '')" if column is not None else "cast(null as varchar)"


def _is_id(column: str) -> str:
    return f"strlen({column}) <= {LONGEST_ID} and {_matches(column, _ID)}"


def _matches(column: str, pattern: str) -> str:
    return f"regexp_full_match({column}, {text(pattern)})"


def _zone_number(zones: Sequence[ZoneInfo], organisations: Organisations) -> str:
    """Which of the zones counts for ``corp_id``; null for an unknown organisation."""
    members: dict[ZoneInfo, list[str]] = {zone: [] for zone in zones}
    for corp_id, zone in organisations.known.items():
        members[zone].append(text(corp_id))
    cases = [
        f"when corp_id in ({', '.join(members[zone])}) then {number}"
        for number, zone in enumerate(zones)
        if members[zone]
    ]
    other = str(zones.index(organisations.add_in)) if organisations.add_in is not None else "cast(null as integer)"
    return f"case {' '.join(cases)} else {other} end" if cases else other


def _instant(zones: Sequence[ZoneInfo]) -> str:
    local = "epoch_us(try_cast(written as timestamp))"
    utc = f"{local} - {_by_zone(zones, local, _offset_of_local)}"
    # What DuckDB writes itself is exact, and cheaper to compare than to match.
    return f"""case
        when cast(try_cast(written as timestamp) as varchar) = written then {utc}
        when {_matches("written", _CLOCK)} then {utc}
        when {_matches("written", r"[0-9]{13}")} then cast(written as bigint) * 1000
        when {_matches("written", r"[0-9]{10}")} then cast(written as bigint) * {SECOND}
        when {_matches("written", _CLOCK + _OFFSET)} then epoch_us(try_cast(written as timestamptz))
    end"""


def _by_zone(zones: Sequence[ZoneInfo], value: str, expression: Callable[[Sequence[Offset], str], str]) -> str:
    if len(zones) <= 1:
        return expression(offsets(zones[0]), value) if zones else "0"
    cases = " ".join(f"when {at} then {expression(offsets(zone), value)}" for at, zone in enumerate(zones))
    return f"case zone {cases} end"


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

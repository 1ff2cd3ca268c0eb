"""Text files as DuckDB reads them: tables in CSV, and lines in JSON, by which facts and organisations come to it from
Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reportdata.engines.duckdb.connection import columns_of, file, name, text
from reportdata.kinds import Kind


def read_csv(path: Path, header: Sequence[str], delimiter: str, skipped: int, buffer: int) -> str:
    """A query of a UTF-8 file with commas or tabs, all of it text.

    :param skipped: how many lines stand before the records: the heading and what is above it.
    :param buffer: bytes that are read at once.
    """
    columns = ", ".join(f"{text(column)}: 'varchar'" for column in header)
    return (
        f"select * from read_csv({file(path)}, columns = {{{columns}}}, delim = {text(delimiter)}, "
        f"quote = '\"', escape = '\"', header = {skipped > 0}, "
        f"skip = {max(skipped - 1, 0)}, auto_detect = false, strict_mode = true, nullstr = '', "
        f"allow_quoted_nulls = true, buffer_size = {buffer}, hive_partitioning = false)"
    )


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write lines to a file; returns how many there were."""
    count = 0
    with path.open("wb") as file:
        for line in lines:
            file.write(line)
            count += 1
    return count


def facts_of_lines(path: Path, kind: Kind, longest: int) -> str:
    """A query of the facts of a kind in a file of lines (`reportdata.facts.line_of`)."""
    made = {
        "stat_day": "cast(strptime(stat_day, '%Y%m%d') as date)",
        **{c.name: f"make_timestamptz({name(c.name)})" for c in kind.fields() if c.type == "instant"},
        kind.time: 'make_timestamptz("at")',
    }
    columns = ", ".join(f"{made.get(column, column)} as {column}" for column in columns_of(kind))
    source = read_lines(path, _line_columns(kind), longest)
    return f"select {columns} from {source} where kind = {text(kind.name)}"


def _line_columns(kind: Kind) -> dict[str, str]:
    """What the line of a fact holds, with DuckDB's types. Instants are whole numbers of microseconds."""
    own = {name: "bigint" if type_ == "timestamptz" else type_ for name, type_ in columns_of(kind).items()}
    return own | {"kind": "varchar", "at": "bigint", "stat_day": "varchar"}


def read_lines(path: Path, columns: Mapping[str, str], longest: int) -> str:
    """What such a file holds, as SQL names it; ``longest`` is the most bytes of a line. DuckDB takes twice as many."""
    types = ", ".join(f"{name(column)}: {text(type_)}" for column, type_ in columns.items())
    return (
        f"read_json({file(path)}, format = 'newline_delimited', maximum_object_size = {longest}, "
        f"hive_partitioning = false, columns = {{{types}}})"
    )

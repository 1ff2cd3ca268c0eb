"""Parquet files of facts to one file, each fact once and those of an organisation together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reportdata.engines import Origin, Whose
from reportdata.engines.duckdb.connection import columns_of, failing, file, text
from reportdata.engines.duckdb.provenance import FIRST, SOURCE, having_provenance, same, with_provenance
from reportdata.engines.duckdb.spans import Rows
from reportdata.errors import LakeError
from reportdata.kinds import Kind

if TYPE_CHECKING:
    import duckdb

ROW_GROUP = 16_384
"""Facts in a row group. An organisation's facts are read with the row groups they stand in: smaller ones leave out more
of the others, larger ones read faster as a whole. Measured with 333,000 facts of 200 organisations: 2.6 ms for one of
them, 4.6 ms with 122,880, and as fast for all."""


class Merged(NamedTuple):
    """What is merged: files of a kind, with when each was added (seconds since 1970), and whose facts are left out."""

    kind: Kind
    files: Mapping[Path, float]
    without: Whose | None


def write_merged(database: duckdb.DuckDBPyConnection, merged: Merged, target: Path, repeats: Path | None) -> int:
    """Write the facts of files to a new file, each once with when it was first known and from where; returns how many
    it has.

    :param repeats: a new file for the facts that an import had first, from each other origin; none when there are none.
    :raises LakeError: when a file cannot be read, or a new one does not hold what was written to it.
    """
    kind = merged.kind
    columns = ", ".join(columns_of(kind))
    with sorting(database) as rows:
        source = _source(rows, merged)
        written = write_sorted(rows, kind, f"select {columns}, {FIRST} from ({source}) group by {columns}", target)
        ((read,),) = rows(f"select count(*) from ({source})")
        if repeats is not None and read > written:
            write_some(rows, kind, _other_origins(kind, source, target), repeats)
    return written


def write_repeats(database: duckdb.DuckDBPyConnection, merged: Merged, target: Path) -> int:
    """Write the repeats of files to a new file, each fact once from each origin; returns how many it has."""
    columns = ", ".join(columns_of(merged.kind))
    with sorting(database) as rows:
        source = f"select *, {SOURCE} as source from ({_source(rows, merged)})"
        found = f"select {columns}, {FIRST} from ({source}) group by {columns}, source"
        return write_sorted(rows, merged.kind, found, target)


@contextmanager
def sorting(database: duckdb.DuckDBPyConnection) -> Iterator[Rows]:
    """Queries that keep the order of what they write, in a session of their own.

    :raises LakeError: when a file cannot be read or written.
    """
    failed = failing(lambda error: LakeError(f"the lake's files cannot be merged: {error}"))
    with failed, closing(database.cursor()) as connection:
        connection.execute("set session preserve_insertion_order = true")  # of row groups, too
        connection.execute("set enable_progress_bar = false")
        yield lambda sql: connection.execute(sql).fetchall()


def write_sorted(rows: Rows, kind: Kind, query: str, target: Path) -> int:
    """Write what a query finds to a new file, sorted by organisation; returns how many facts it has."""
    order = ", ".join(["corp_id", *(column.name for column in kind.fields() if column.required), "stat_day"])
    ((written,),) = rows(
        f"copy ({query} order by {order}) "
        f"to {text(str(target))} (format parquet, parquet_version v2, row_group_size {ROW_GROUP})"
    )
    ((found,),) = rows(f"select count(*) from read_parquet({file(target)})")
    if found != written:
        raise LakeError(f"{target} has {found} facts in place of {written}", "see to its disk")
    return int(found)


def write_some(rows: Rows, kind: Kind, query: str, target: Path) -> int:
    """Write what a query finds to a new file, if it finds anything; returns how many facts that are."""
    written = write_sorted(rows, kind, query, target)
    if not written:
        target.unlink()
    return written


def _source(rows: Rows, merged: Merged) -> str:
    own = facts_of(merged.kind, merged.without) if merged.without else None
    found = with_provenance(rows, merged.kind, merged.files)
    return f"select * from ({found}) where not ({own})" if own else found


def _other_origins(kind: Kind, source: str, target: Path) -> str:
    """The facts that stand in the merged file from an import, from each other origin that they had. Few have several:
    these are found first, so that little has to be joined."""
    columns = ", ".join(columns_of(kind))
    of_told = ", ".join(f"told.{column}" for column in columns_of(kind))
    merged = f"select {columns}, {SOURCE} as source from read_parquet({file(target)}, hive_partitioning = false)"
    return (
        f"with told as (select *, {SOURCE} as source from ({source})), "
        f"several as (select {columns} from told group by {columns} having min(source) <> max(source)), "
        f"firsts as (select merged.* from ({merged}) merged join several on {same(kind, 'merged', 'several')}) "
        f"select {of_told}, {FIRST} from told join firsts on {same(kind, 'told', 'firsts')} "
        f"where firsts.source <> '' and told.source <> firsts.source group by {of_told}, told.source"
    )


def files_holding(rows: Rows, kind: Kind, files: Sequence[Path], whose: Whose) -> str:
    """A query of the names of those files that have such facts."""
    if isinstance(whose, Origin):
        files = having_provenance(rows, files)
    if not files:
        return "select null where false"
    listed = ", ".join(file(path) for path in files)
    source = f"read_parquet([{listed}], hive_partitioning = false, filename = true)"
    return f"select distinct filename from {source} where {facts_of(kind, whose)}"


def facts_of(kind: Kind, whose: Whose) -> str | None:
    """The condition that a fact is the subject's, or of the origin; None when none of that kind can be."""
    if isinstance(whose, Origin):
        return f"coalesce(starts_with(origin, {text(whose.import_id + '/')}), false)"
    own = f"corp_id = {text(whose.corp_id)}"
    if whose.user_id is None:
        return own
    return f"{own} and {kind.person} = {text(whose.user_id)}" if kind.person is not None else None

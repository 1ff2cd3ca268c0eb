"""A file of facts without those that an import brought."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reportdata.engines import Origin, Rewritten
from reportdata.engines.duckdb.connection import columns_of
from reportdata.engines.duckdb.merging import facts_of, sorting, write_some
from reportdata.engines.duckdb.provenance import FIRST, same, with_provenance
from reportdata.kinds import Kind

if TYPE_CHECKING:
    import duckdb


class TakenBack(NamedTuple):
    """What is taken back: the facts of an import in a file, but for those that other files have from another origin.
    Files with when each was added, in seconds since 1970."""

    kind: Kind
    file: Mapping[Path, float]
    origin: Origin
    others: Mapping[Path, float]


def write_without(database: duckdb.DuckDBPyConnection, what: TakenBack, target: Path, gone: Path) -> Rewritten:
    """Write the facts that stay to the file ``target`` and those that go to ``gone``, each if there are any.

    :raises LakeError: when a file cannot be read, or a new one does not hold what was written to it.
    """
    kind, columns = what.kind, ", ".join(columns_of(what.kind))
    own = facts_of(kind, what.origin)
    with sorting(database) as rows:
        source, others = with_provenance(rows, kind, what.file), with_provenance(rows, kind, what.others)
        rows(f"create temp table brought as select distinct {columns} from ({source}) where {own}")
        of_others = ", ".join(f"others.{column}" for column in columns_of(kind))
        rows(
            f"create temp table kept as select {of_others}, {FIRST} "
            f"from (select * from ({others}) where not {own}) others "
            f"join brought on {same(kind, 'others', 'brought')} group by {of_others}"
        )
        stays = f"select {columns}, known_at, origin from ({source}) where not {own}"
        write_some(rows, kind, f"{stays} union all select {columns}, known_at, origin from kept", target)
        went = write_some(rows, kind, f"select {columns} from brought except select {columns} from kept", gone)
        ((kept,),) = rows("select count(*) from kept")
    return Rewritten(went, int(kept))

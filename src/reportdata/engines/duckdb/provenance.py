"""When the facts in files were first known, and from where, as DuckDB reads it.

Facts in files of older releases have no provenance: they were known when their file was added. Their origin is empty,
and stays, as that of a push or a collection does: only imports can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reportdata.engines.duckdb.connection import columns_of, facts, file
from reportdata.engines.duckdb.spans import Rows
from reportdata.kinds import Kind

SOURCE = "case when contains(origin, '/') then split_part(origin, '/', 1) else '' end"
"""The import that a fact came from; empty when it came from elsewhere, and stays."""
FIRST = "min(known_at) as known_at, nullif(arg_min(coalesce(origin, ''), known_at), '') as origin"
"""When equal facts were first known, and from where."""


def with_provenance(rows: Rows, kind: Kind, files: Mapping[Path, float]) -> str:
    """A query of facts with their provenance.

    :param files: with when each was added, in seconds since 1970.
    """
    known = having_provenance(rows, list(files))
    columns = ", ".join(columns_of(kind))
    queries = []
    if known:
        listed = ", ".join(map(file, known))
        queries.append(f"select {columns}, known_at, origin from read_parquet([{listed}], hive_partitioning = false)")
    for path, at in files.items():
        if path not in known:
            added = f"make_timestamptz({int(at * 1_000_000)}) as known_at, cast(null as varchar) as origin"
            queries.append(f"select *, {added} from ({facts(kind, [path])})")
    none = f"select *, cast(null as timestamptz) as known_at, cast(null as varchar) as origin from ({facts(kind, [])})"
    return " union all ".join(queries) or none


def having_provenance(rows: Rows, files: Sequence[Path]) -> list[Path]:
    """The files whose facts have a provenance."""
    if not files:
        return []
    listed = ", ".join(map(file, files))
    found = rows(f"select distinct file_name from parquet_schema([{listed}]) where name = 'known_at'")
    names = {name for (name,) in found}
    return [path for path in files if str(path) in names]


def origins_on_days(files: Sequence[Path]) -> str:
    """A query of organisation, day and origin of facts in files, each once. It fails where the facts of one have no
    provenance."""
    listed = ", ".join(map(file, files))
    source = f"read_parquet([{listed}], hive_partitioning = false)"
    return f"select distinct corp_id, stat_day, coalesce(origin, '') as origin from {source}"


def origins_of_all(rows: Rows, kind: Kind, files: Sequence[Path]) -> str:
    """The same, of files of which some may have no provenance: an origin that is not known is empty."""
    known = having_provenance(rows, files)
    others = sorted(set(files).difference(known))
    unknown = f"select distinct corp_id, stat_day, '' as origin from ({facts(kind, others)})"
    return f"{origins_on_days(known)} union {unknown}" if known else unknown


def sole_origins(rows: Rows, files: Sequence[Path]) -> dict[Path, str]:
    """The origins of those files whose footers tell that all of their facts have the same."""
    if not files:
        return {}
    listed = ", ".join(map(file, files))
    found = rows(
        "select file_name, min(stats_min_value), max(stats_max_value), "
        "bool_and(coalesce(stats_null_count = 0 and stats_min_value <= stats_max_value, false)) "
        f"from parquet_metadata([{listed}]) where path_in_schema = 'origin' group by file_name"
    )
    told = {name: least for name, least, greatest, whole in found if whole and least == greatest}
    return {path: told[str(path)] for path in files if str(path) in told}


def same(kind: Kind, one: str, other: str) -> str:
    """The condition that two facts are the same."""
    return " and ".join(f"{one}.{column} is not distinct from {other}.{column}" for column in columns_of(kind))

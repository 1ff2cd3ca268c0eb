"""Facts of people who were forgotten, out of what was staged: whichever way they came, before they are compared."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from reportdata.days import PARTITION
from reportdata.digests import of_person
from reportdata.engines.duckdb.connection import facts, file, name, text
from reportdata.engines.duckdb.spans import Rows
from reportdata.kinds import Kind


def leave_out(rows: Rows, kind: Kind, parts: Path, forgotten: Collection[str]) -> int:
    """Remove the staged facts of people with these digests; returns how many records they were."""
    files = sorted(parts.glob(f"*/{kind.name}/{PARTITION}*/*.parquet")) if kind.person is not None else []
    if not files or not forgotten or kind.person is None:
        return 0
    person = name(kind.person)
    people = rows(f"select distinct corp_id, {person} from ({facts(kind, files)})")
    gone = [(corp_id, user_id) for corp_id, user_id in people if of_person(corp_id, user_id) in forgotten]
    if not gone:
        return 0
    listed = ", ".join(f"({text(corp_id)}, {text(user_id)})" for corp_id, user_id in gone)
    return sum(_without(rows, path, f"(corp_id, {person}) in ({listed})") for path in files)


def _without(rows: Rows, path: Path, whose: str) -> int:
    """Write a file anew without some of its facts; returns how many these were. A file that had no others goes, and so
    does its folder."""
    source = f"from read_parquet([{file(path)}], hive_partitioning = false)"
    ((gone, all_),) = rows(f"select count(*) filter ({whose}), count(*) {source}")
    if gone == all_:
        path.unlink()
        for folder in (path.parent, path.parent.parent):
            if not any(folder.iterdir()):
                folder.rmdir()
    elif gone:
        target = path.with_name("left.tmp")
        rows(f"copy (select * {source} where not {whose}) to {text(str(target))} (format parquet, parquet_version v2)")
        target.replace(path)
    return int(gone)

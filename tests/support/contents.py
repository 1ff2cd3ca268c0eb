"""What a data folder holds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from reportdata.services import REPORTS as REPORT_DATA
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent, Withdrawn
from tests.support.services import NAMES as KINDS

Numbers = dict[tuple[str, str], tuple[int, ...]]


def facts_in(folder: Folder, known: dict[Path, set[Fact]] | None = None) -> set[Fact]:
    """All facts in the lake.

    :param known: what was read before, by file: files never change, so that each is read once.
    """
    known = {} if known is None else known
    found: set[Fact] = set()
    types: tuple[type[Fact], ...] = (Sent, Commented, Withdrawn)
    for type_, kind in zip(types, KINDS, strict=True):
        for path in itertools.chain(*folder.lake.files(kind).values()):
            if path not in known:
                with folder.lake.located([path]) as (place,):
                    user = "" if type_ is Withdrawn else "user_id,"
                    sql = f"select corp_id, report_id, {user} epoch_us({kind}_at) from read_parquet('{place}')"
                    known[path] = {_fact(type_, *row) for row in duckdb.execute(sql).fetchall()}
            found |= known[path]
    return found


def _fact(type_: type[Fact], *row: object) -> Fact:
    *ids, at = row
    assert isinstance(at, int)
    return type_._make([*ids, datetime.fromtimestamp(at / 1e6, UTC), "", ()][: len(type_._fields)])


def rows_of(paths: Sequence[Path]) -> list[tuple[str, ...]]:
    """All rows of Parquet files as texts, in the order in which they stand there."""
    found: list[tuple[str, ...]] = []
    for path in paths:
        sql = f"select columns(*)::varchar from read_parquet('{path}', hive_partitioning = false)"
        found += duckdb.execute(sql).fetchall()
    return found


def numbers_of(folder: Folder) -> Numbers:
    """What the store shows of every covered day."""
    rows = folder.store.kpis_between(REPORT_DATA, None, "20000101", "20991231")
    return {
        (row.corp_id, row.stat_day): tuple(int(row.values.get(kpi, 0)) for kpi in ("4100", "4101", "4102"))
        for row in rows
    }

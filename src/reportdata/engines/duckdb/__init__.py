"""DuckDB, in this process: computes KPIs and turns what is imported into Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportdata.days import from_date
from reportdata.engines import MEASURES, Measured, kpis_sql
from reportdata.engines.duckdb.connection import connect, facts
from reportdata.errors import LakeError


class DuckDBEngine:
    """A `reportdata.engines.Engine`. Larger work than memory spills to the folder ``spill``."""

    def __init__(self, spill: Path | None = None) -> None:
        self._connection = connect(spill)

    def kpis(self, sent: Sequence[Path], commented: Sequence[Path], withdrawn: Sequence[Path]) -> list[Measured]:
        self._views(sent=sent, commented=commented, withdrawn=withdrawn)
        rows = self._rows(f"select corp_id, stat_day, {', '.join(MEASURES)} from ({kpis_sql()})")
        return [
            Measured(corp_id, from_date(day), dict(zip(MEASURES, values, strict=True)))
            for corp_id, day, *values in rows
        ]

    def days_of_reports(self, withdrawn: Sequence[Path], sent: Sequence[Path]) -> set[str]:
        self._views(sent=sent, withdrawn=withdrawn)
        rows = self._rows(
            "select distinct stat_day from sent semi join withdrawn using (corp_id, report_id)",
        )
        return {from_date(day) for (day,) in rows}

    def close(self) -> None:
        self._connection.close()

    def _views(self, **paths: Sequence[Path]) -> None:
        for kind, files in paths.items():
            self._rows(f"create or replace temp view {kind} as {facts(kind, files)}")

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        import duckdb

        try:
            return self._connection.execute(sql).fetchall()
        except duckdb.Error as error:
            raise LakeError(f"the lake cannot be computed from: {error}") from error

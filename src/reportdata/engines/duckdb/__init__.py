"""DuckDB, in this process: computes KPIs, merges files, and turns what is imported into Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from reportdata.days import from_date
from reportdata.engines import (
    MEASURES,
    Commenters,
    Files,
    FilesHere,
    Measured,
    Place,
    Subject,
    by_calibre,
    calibres_sql,
    kpis_sql,
)
from reportdata.engines.duckdb.connection import connect, facts, failing, text
from reportdata.engines.duckdb.merging import facts_of, files_holding, write_merged
from reportdata.errors import LakeError
from reportdata.facts import Kind

_FETCHED = 10_000
"""Rows that are taken from DuckDB at once."""


class DuckDBEngine:
    """A `reportdata.engines.Engine` in this process. Larger work than memory spills to the folder ``spill``."""

    batch = 16 << 20
    """What is counted of this much fits the processor's caches."""

    def __init__(self, spill: Path | None = None, files: Files | None = None) -> None:
        self._spill = spill
        self._files = files or FilesHere()
        self._connection = connect(spill)

    def kpis(
        self,
        sent: Sequence[Path],
        commented: Sequence[Path],
        withdrawn: Sequence[Path],
        corp_ids: Collection[str] | None = None,
    ) -> Iterator[Measured]:
        with self._views(_only(corp_ids), sent=sent, commented=commented, withdrawn=withdrawn):
            sql = f"select corp_id, stat_day, {', '.join(MEASURES)} from ({kpis_sql()})"
            for corp_id, day, *values in self._rows(sql):
                yield Measured(corp_id, from_date(day), dict(zip(MEASURES, values, strict=True)))

    def commenters(
        self, sent: Sequence[Path], commented: Sequence[Path], corp_ids: Collection[str]
    ) -> list[Commenters]:
        with self._views(_only(corp_ids), sent=sent, commented=commented):
            rows = list(self._rows(calibres_sql()))
        return by_calibre((corp_id, from_date(day), rule, numbers) for corp_id, day, rule, *numbers in rows)

    def places(self, sent: Sequence[Path], commented: Sequence[Path]) -> Iterator[Place]:
        with self._views(sent=sent, commented=commented):
            yield from self._places("select corp_id, stat_day from sent union select corp_id, stat_day from commented")

    def places_of_reports(self, withdrawn: Sequence[Path], sent: Sequence[Path]) -> Iterator[Place]:
        for part in self._files.parts(sent):
            with self._views(sent=part, withdrawn=withdrawn):
                yield from self._places(
                    "select distinct corp_id, stat_day from sent semi join withdrawn using (corp_id, report_id)"
                )

    def merge(self, kind: Kind, files: Sequence[Path], target: Path, without: Subject | None = None) -> int:
        with self._files.located(files) as places:
            return write_merged(kind, places, target, without, self._spill)

    def holding(self, kind: Kind, files: Sequence[Path], subject: Subject) -> list[Path]:
        found: list[Path] = []
        for part in self._files.parts(files) if facts_of(kind, subject) else ():
            with self._files.located(part) as places:
                names = {name for (name,) in self._rows(files_holding(kind, places, subject))}
            found += [path for path, place in zip(part, places, strict=True) if str(place) in names]
        return found

    def close(self) -> None:
        self._connection.close()

    def _places(self, sql: str) -> Iterator[Place]:
        return (Place(corp_id, from_date(day)) for corp_id, day in self._rows(sql))

    @contextmanager
    def _views(self, only: str = "", **paths: Sequence[Path]) -> Iterator[None]:
        with ExitStack() as located:
            for kind, files in paths.items():
                places = located.enter_context(self._files.located(files))
                sql = f"create or replace temp view {kind} as select * from ({facts(kind, places)}){only}"
                for _ in self._rows(sql):
                    pass
            yield

    def _rows(self, sql: str) -> Iterator[tuple[Any, ...]]:
        with failing(lambda error: LakeError(f"the lake cannot be computed from: {error}")):
            found = self._connection.execute(sql)
            while rows := found.fetchmany(_FETCHED):
                yield from rows


def _only(corp_ids: Collection[str] | None) -> str:
    """A condition for these organisations' facts. DuckDB takes it into the scans, which leave out row groups of
    others."""
    return "" if corp_ids is None else f" where corp_id in ({', '.join(map(text, sorted(corp_ids))) or 'null'})"

"""What a question counts in the lake, in the way that costs least: facts, where each is a thing of its own, with what
was counted of days before; or the different things among them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reportdata.days import days_between
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.day_sums import Summed
from reportdata.kinds import Kinds
from reportdata.lake import Lake
from reportdata.lake.files import days_of_file
from reportdata.measures import Measure
from reportdata.services import Service
from reportdata.services.ctes import query_of
from reportdata.services.keys import OF_DAYS
from reportdata.services.lending import HISTORY, Narrowing
from reportdata.services.records import Records
from reportdata.services.sql import Computation, computation
from reportdata.services.unique import counted_things, sums_of
from reportdata.statistics.plan import Counted, Days
from reportdata.statistics.question import Asked, Question

LARGE = 1 << 20
_LENT = 4
"""How many times as large as the files that are counted those may be that lend, for it to pay to look whether each of
their facts has a key of its own."""


class Counting:
    """Counts in a lake.

    :param large: bytes of files from which on to look whether each fact is a thing of its own costs less than it saves.
    """

    def __init__(self, lake: Lake, engine: DuckDBEngine, service: Service, kinds: Kinds, large: int) -> None:
        self._lake = lake
        self._engine = engine
        self._service = service
        self._kinds = kinds
        self._large = large

    def rows(
        self, asked: Asked, counted: Counted, keys: tuple[str, ...], corp_id: str, zone: ZoneInfo
    ) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
        """What is counted in the lake, by keys: numbers, and None where none is stated."""
        question = asked.question
        narrowing = narrowing_of(question, counted.days)
        measures = {kpi: measure for kpi in counted.kpis if (measure := self._service.kpi(kpi).measure) is not None}
        what = computation(self._service, self._kinds, keys, measures, zone, narrowing)
        files = self.files(what, counted)
        rows: Iterable[tuple[Any, ...]] | None = None
        unique, sole = self._unique(narrowing, measures, corp_id, files), self._sole(what, measures, corp_id, files)
        lacking = self._lacking(corp_id, files)
        if unique or sole or lacking:
            narrowing = narrowing._replace(unique=unique, sole=sole, lacking=lacking)
            what = computation(self._service, self._kinds, keys, measures, zone, narrowing)
            if unique and not (asked.pinned or question.is_filtered):
                rows = self._summed(keys, measures, narrowing, corp_id, zone, files)
        if rows is None:
            rows = self._engine.known(what, files, corp_id, days_of_file, asked.moment if asked.pinned else None)
        for row in rows:
            yield row[: len(keys)], dict(zip(what.numbers, row[len(keys) :], strict=True))

    def _summed(
        self,
        keys: Sequence[str],
        measures: Mapping[str, Measure],
        narrowing: Narrowing,
        corp_id: str,
        zone: ZoneInfo,
        files: Mapping[str, Mapping[Path, float]],
    ) -> Iterable[tuple[Any, ...]] | None:
        """What is counted, from the numbers of days: of things with one fact each, they add up. None where there are
        other things among them, or too many numbers."""
        relations = {measure.relation for measure in measures.values()}
        if len(relations) > 1 or not relations <= set(narrowing.unique):
            return None
        (relation,) = relations
        own = ("stat_day", *(key for key in keys if key not in OF_DAYS))
        what = computation(self._service, self._kinds, own, measures, zone, narrowing)
        days = [day for first, last in narrowing.days for day in days_between(first, last)]
        name = (relation, zone.key, *own, *what.numbers)
        summed = Summed(what, self._service.relations[relation].rows, name, days)
        table = self._engine.summed(summed, files, corp_id, days_of_file)
        if table is None:
            return None
        return self._engine.all_rows(sums_of(table, keys, len(what.numbers), narrowing.conditions()))

    def _unique(
        self,
        narrowing: Narrowing,
        measures: Mapping[str, Measure],
        corp_id: str,
        files: Mapping[str, Mapping[Path, float]],
    ) -> frozenset[str]:
        """The relations of which each fact is a thing of its own, where it pays to look."""
        if narrowing.of_departments or narrowing.newest:  # then a fact has several rows, or a column of another's
            return frozenset()
        return frozenset(
            relation
            for relation, rows in counted_things(self._service, self._kinds, measures)
            if self._is_large(files[rows.name]) and self._engine.unique(rows, corp_id, files[rows.name])
        )

    def _sole(
        self,
        what: Computation,
        measures: Mapping[str, Measure],
        corp_id: str,
        files: Mapping[str, Mapping[Path, float]],
    ) -> frozenset[str]:
        """The kinds that lend of which each fact has a key of its own, where it pays to look."""
        if not what.history:
            return frozenset()
        counted = {self._service.relations[measure.relation].rows for measure in measures.values()}
        least = sum(self._size(files[rows]) for rows in counted)
        return frozenset(
            kind.name
            for kind in what.history
            if self._large <= self._size(files[kind.name + HISTORY]) <= _LENT * least
            and self._engine.unique(kind, corp_id, files[kind.name + HISTORY])
        )

    def _lacking(self, corp_id: str, files: Mapping[str, Mapping[Path, float]]) -> frozenset[str]:
        """The common table expressions that have no rows, where it pays to look."""
        service, found = self._service, set()
        for name, kind in service.rare.items():
            own = files.get(kind, {})
            if own and self._is_large(own):
                query = query_of(service.sql, name)
                if self._engine.lacks(f"{service.id} {name}", query, self._kinds[kind], corp_id, own):
                    found.add(name)
        return frozenset(found)

    def _is_large(self, paths: Iterable[Path]) -> bool:
        sizes = itertools.accumulate((self._lake.info(path).size for path in paths), initial=0)
        return any(size >= self._large for size in sizes)

    def _size(self, paths: Iterable[Path]) -> int:
        return sum(self._lake.info(path).size for path in paths)

    def files(self, what: Computation | Records, counted: Counted) -> dict[str, dict[Path, float]]:
        """The files of the views that are read: of the days, of what takes back on any day, and of those that lend."""
        days = [day for first, last in counted.days for day in days_between(first, last)]
        relations = (self._service.relations[self._service.kpi(kpi).relation] for kpi in counted.kpis)
        read = {kind for relation in relations for kind in relation.reads}
        found: dict[str, Iterable[Path]] = {}
        for kind in what.kinds:
            if kind.name not in read:  # its view is there for the text alone
                continue
            every = kind.retracts is not None
            found[kind.name] = self._lake.paths(kind.name) if every else _each(self._lake.files(kind.name, days))
        for kind in (*what.history, *(history.kind for history in what.changes)):
            found[kind.name + HISTORY] = self._lake.paths(kind.name)
        return {view: {path: self._lake.info(path).added for path in paths} for view, paths in found.items()}


def narrowing_of(question: Question, days: Days) -> Narrowing:
    """What a question counts of days in pieces."""
    return Narrowing(
        days,
        question.departments,
        question.templates,
        question.users,
        question.children,
        question.newest_departments,
        question.within,
    )


def _each(files: Mapping[str, Sequence[Path]]) -> Iterator[Path]:
    yield from dict.fromkeys(path for paths in files.values() for path in paths)

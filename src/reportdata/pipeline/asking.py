"""Answers to questions about an organisation: totals of days from the store, everything else from the lake.

What is known later than a named moment does not count: facts (`known_at`), looks at days (`Looks`), and states that a
collector noted. So a day that was covered only later is not known at the moment, and is no zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from reportdata.coverage import latest
from reportdata.days import MILLISECOND, SECOND, days_between, from_date, time_zone
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.errors import BadValue, NotKnown
from reportdata.kinds import Kinds
from reportdata.lake import Lake
from reportdata.measures import Number
from reportdata.pipeline.counting import LARGE, Counting
from reportdata.pipeline.covered import certainty_of
from reportdata.pipeline.damage import require_lake
from reportdata.pipeline.known_looks import Looks
from reportdata.pipeline.observed import told_by_kind
from reportdata.pipeline.stating import days_of, in_cells, windows_of
from reportdata.services import Service
from reportdata.states import DayState
from reportdata.statistics.answers import Answer, answer, require_few
from reportdata.statistics.meta import Found
from reportdata.statistics.plan import cells, counted_together, known_days, time_keys
from reportdata.statistics.question import Asked, Question, days_of_question, fixed
from reportdata.statistics.spans import Counts, Span, countable, counts, nothing, question_of
from reportdata.store import Day, Store
from reportdata.store.standing import Standing, stand, standing

_KEYS = {"user": "user_id"}
"""What the generator of SQL calls groupings that have another name there."""


class Asking:
    """Answers questions about the organisations of a store and a lake.

    :param large: bytes of files from which on to look whether each fact is a thing of its own costs less than it saves.
    """

    def __init__(
        self, lake: Lake, store: Store, engine: DuckDBEngine, service: Service, kinds: Kinds, large: int = LARGE
    ) -> None:
        self._lake = lake
        self._store = store
        self._engine = engine
        self._service = service
        self._kinds = kinds
        self.counting = Counting(lake, engine, service, kinds, large)
        self._looks = Looks(lake, store)

    def answer(self, question: Question, corp_id: str, now: float) -> Answer:
        """The answer to a question.

        :param now: seconds since 1970.
        :raises BadValue: when it cannot be answered as it is asked.
        """
        zone = self.zone(corp_id)
        asked = fixed(question, zone, now)
        question = asked.question
        if question.is_of_days and self._is_whole(question):
            found = self._of_days(question, corp_id, zone, now)
        else:
            found = self._counted(asked, corp_id, zone)
        return answer(asked, self._service, zone, found)

    def span(self, span: Span, corp_id: str, now: float) -> Counts:
        """The numbers of a span of days.

        :param now: seconds since 1970.
        """
        question = question_of(span)
        try:
            zone = self.zone(corp_id)
        except NotKnown:
            return nothing(span, len(days_of_question(question)))
        asked = fixed(question, zone, now)
        groups: dict[tuple[Any, ...], dict[str, Number]] = {}
        with self._lake.reading():
            require_lake(self._lake, self._store, [self._service])
            certainty = certainty_of(self.standing(asked, corp_id))
            self._group(asked, countable(self._service, certainty, span.metrics), corp_id, zone, groups)
        return counts(span, self._service, zone.key, certainty, groups)

    def days_taken(
        self, asked: Asked, known: Mapping[str, Collection[str]], corp_id: str, zone: ZoneInfo
    ) -> Mapping[str, Collection[str]]:
        """The days whose facts the numbers of a question rest on, of KPIs by the days on which they are known."""
        stated = {kpi: days for kpi, days in known.items() if self._service.kpi(kpi).stated}
        if not stated:
            return known
        earlier = self._observed_before(asked, corp_id, stated)
        return {**known, **days_of(windows_of(self._service, cells(asked.question, zone), stated, earlier))}

    def zone(self, corp_id: str) -> ZoneInfo:
        """An organisation's time zone.

        :raises NotKnown: when there is no such organisation.
        """
        for organisation in self._store.organisations():
            if organisation.corp_id == corp_id:
                return time_zone(organisation.time_zone)
        raise NotKnown(f"the organisation {corp_id!r} is not known")

    def _is_whole(self, question: Question) -> bool:
        """Whether all rows are in one answer; the pages of others are of one moment, which the store does not have."""
        return question.format != "json" or len(days_of_question(question)) <= question.page_size

    def _of_days(self, question: Question, corp_id: str, zone: ZoneInfo, now: float) -> Found:
        """The totals of days, which the store has."""
        days = list(standing(self._store, self._service, corp_id, question.first_day, question.last_day, now))
        planned = cells(question, zone)
        values = {day.stat_day: day.values for day in days}
        groups = {tuple(key): values[cell.days[0]] for key, cell in planned.items()}
        return Found(planned, certainty_of(days), groups)

    def _counted(self, asked: Asked, corp_id: str, zone: ZoneInfo) -> Found:
        """What is counted in the lake."""
        question = asked.question
        with self._lake.reading():
            require_lake(self._lake, self._store, [self._service])
            certainty = certainty_of(self.standing(asked, corp_id))
            groups: dict[tuple[Any, ...], dict[str, Number]] = {}
            self._group(asked, known_days(self._service, certainty, question.metrics), corp_id, zone, groups)
        return Found(cells(question, zone), certainty, groups)

    def standing(self, asked: Asked, corp_id: str) -> Iterator[Standing]:
        """How each day of a question stands, by what was known at its moment."""
        service, store = self._service, self._store
        first, last = asked.question.first_day, asked.question.last_day
        moment = asked.moment if asked.pinned else None
        put: dict[str, list[DayState]] = {}
        for state in store.states(service.id, corp_id, first, last):
            if moment is None or state.as_of * MILLISECOND <= moment:
                put.setdefault(state.stat_day, []).append(state)
        looks: dict[str, dict[str, int]] = {}
        for look in latest(told_by_kind(self._looks.known(corp_id, moment), self._kinds)):
            for day in days_between(max(look.first_day, first), min(look.last_day, last)):
                looks.setdefault(day, {})[look.kind] = look.at
        known = store.day(service.id, corp_id, first)
        stated = {kpi.id: 0 for kpi in service.kpis if kpi.stated}  # whether anything was is seen in the lake
        damaged = {one.stat_day for one in store.damage() if one.service == service.id}
        for day in days_between(first, last):
            looked = looks.get(day, {})
            # A look without a time takes that of the day's last computation.
            at = store.day(service.id, corp_id, day).computed_at if 0 in looked.values() else 0
            here = Day(stated, at, looked, put.get(day, ()), known.time_zone, service.ids, day in damaged)
            yield stand(service, corp_id, day, here, asked.moment / SECOND)

    def _group(
        self,
        asked: Asked,
        known: Mapping[str, Collection[str]],
        corp_id: str,
        zone: ZoneInfo,
        groups: dict[tuple[Any, ...], dict[str, Number]],
    ) -> None:
        """Add the numbers of the cells of a question to groups, of KPIs by the days on which they are known."""
        question, service = asked.question, self._service
        dimensions = tuple(_KEYS.get(name, name) for name in question.dimensions)
        stated = {kpi: days for kpi, days in known.items() if service.kpi(kpi).stated}
        keys = (*time_keys(question), *dimensions)
        for counted in counted_together({kpi: days for kpi, days in known.items() if kpi not in stated}):
            for key, numbers in self.counting.rows(asked, counted, keys, corp_id, zone):
                groups.setdefault(key, {}).update(numbers)
                require_few(len(groups))
        if not stated:
            return
        if "hour" in question.by:
            raise BadValue(f"{', '.join(stated)} are stated as of days, which have no hours", "leave out by=hour")
        planned = cells(question, zone)
        windows = windows_of(service, planned, stated, self._observed_before(asked, corp_id, stated))
        found: dict[tuple[Any, ...], dict[str, dict[str, Number]]] = {}
        for counted in counted_together(days_of(windows)):
            for key, numbers in self.counting.rows(asked, counted, ("stat_day", *dimensions), corp_id, zone):
                here = found.setdefault(key[1:], {}).setdefault(from_date(key[0]), {})
                here |= {kpi: number for kpi, number in numbers.items() if number is not None}
                require_few(len(found))
        for cell, numbers in in_cells(found, windows, planned):
            groups.setdefault(cell, {}).update(numbers)
            require_few(len(groups))

    def _observed_before(self, asked: Asked, corp_id: str, kpis: Iterable[str]) -> set[str]:
        """The days before a question's that were observed for all of its KPIs that stand until they are changed."""
        kinds = {kind for kpi in kpis if self._service.kpi(kpi).stands for kind in self._service.observed(kpi)}
        before: dict[str, set[str]] = {kind: set() for kind in kinds}
        first, moment = asked.question.first_day, asked.moment if asked.pinned else None
        for look in told_by_kind(self._looks.known(corp_id, moment), self._kinds) if kinds else ():
            if look.kind in before:
                before[look.kind].update(day for day in days_between(look.first_day, look.last_day) if day < first)
        return set.intersection(*before.values()) if before else set()

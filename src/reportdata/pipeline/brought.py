"""Answers about services without facts, whose numbers are DingTalk's own figures of single days: read from the store
alone. As of a moment, a number is what the store had then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import MILLISECOND, SECOND, days_between, moment_of, time_zone
from reportdata.errors import NotKnown
from reportdata.measures import Number
from reportdata.pipeline.changed import when_of
from reportdata.pipeline.covered import certainty_of
from reportdata.pipeline.told_values import definition_of, value_of
from reportdata.services import Service, Services, official
from reportdata.services.service import foreign_part
from reportdata.statistics.answers import Answer, answer
from reportdata.statistics.brought import carry, notes_of_days, numbers_of_cells, require_whole
from reportdata.statistics.explained import Explained, words_of_explained
from reportdata.statistics.meta import Found
from reportdata.statistics.plan import Certain, cells
from reportdata.statistics.question import Asked, Question, fixed
from reportdata.store import FIRST_DAY, Day, Store
from reportdata.store.replay import Change, changes_of
from reportdata.store.standing import Standing, stand, standing

NO_RECORDS = "figures that were brought have no records"


class Brought:
    """Answers questions about a service of figures, and explains them.

    :param services: all that there are: ratios may name others' KPIs.
    """

    def __init__(self, store: Store, service: Service, services: Services) -> None:
        self._store = store
        self._service = service
        self._services = services

    def answer(self, question: Question, corp_id: str, now: float) -> Answer:
        """The answer to a question.

        :param now: seconds since 1970.
        :raises BadValue: when it cannot be answered as it is asked.
        """
        require_whole(question, self._service)
        zone = self._zone(corp_id)
        asked = fixed(question, zone, now)
        days = list(self._standing(self._service, asked, corp_id))
        values: dict[str, dict[str, Number]] = {day.stat_day: dict(day.values) for day in days}
        certainty: dict[str, dict[str, Certain]] = {day: dict(of) for day, of in certainty_of(days).items()}
        for part in dict.fromkeys(part for metric in question.metrics for part in self._service.kpi(metric).ratio):
            if (named := foreign_part(part)) is not None:
                others = list(self._standing(self._services.service(named[0]), asked, corp_id))
                for day, of in certainty_of(others).items():
                    certainty[day][part] = of[named[1]]
                for other in others:
                    if named[1] in other.values:
                        values[other.stat_day][part] = other.values[named[1]]
        planned = cells(asked.question, zone)
        numbers = numbers_of_cells(asked.question, self._service, planned, certainty, values)
        return answer(asked, self._service, zone, Found(planned, certainty, numbers))

    def explain(self, explained: Explained, corp_id: str, now: float) -> Answer:
        """What is known of a number: its definition, and the values that it has had where it is one of a day.

        :param now: seconds since 1970.
        :raises BadValue: when it cannot be answered as it is asked.
        """
        zone, kpi = self._zone(corp_id), self._service.kpi(explained.cell.metrics[0])
        asked = fixed(explained.cell, zone, now)
        history = self._history(asked, corp_id, zone)
        other = None
        if explained.than is not None:
            than = fixed(explained.than, zone, now).question
            other = value_of(kpi, than, self._row(than, corp_id, now), explained.lang, [])
        value = value_of(kpi, asked.question, self._row(asked.question, corp_id, now), explained.lang, history)
        meta = {
            "metric": kpi.name_of_column,
            **value,
            "timeZone": zone.key,
            "asOf": moment_of(asked.moment, zone).isoformat(timespec="microseconds"),
            "definition": definition_of(kpi, explained.lang),
            "history": history,
            "counted": None,
            "sets": None,
            "than": other,
            "totalRows": 0,
            "page": explained.cell.page,
            "pageSize": explained.cell.page_size if explained.cell.format == "json" else 0,
            "nextPage": None,
            "emptyReason": NO_RECORDS,
            "columns": [{"name": "item", "type": "text"}],
            "notes": notes_of_days(self._cell(asked.question), self._service),
            "query": dict(words_of_explained(explained, self._service)),
        }
        return Answer([], meta)

    def _row(self, question: Question, corp_id: str, now: float) -> dict[str, Any] | None:
        found = self.answer(self._cell(question), corp_id, now).data
        return found[0] if found else None

    @staticmethod
    def _cell(question: Question) -> Question:
        by = ("day",) if question.first_day == question.last_day else ()
        return msgspec.structs.replace(question, by=by, page=1, format="json")

    def _history(self, asked: Asked, corp_id: str, zone: ZoneInfo) -> list[dict[str, Any]]:
        """The values that the number of a day has had; nothing of ranges, of which the store keeps none."""
        question = asked.question
        if question.first_day != question.last_day:
            return []
        return [
            {"when": when_of(change, zone), "was": change.was, "is": change.now, "cause": ", ".join(change.causes)}
            for change in self._changes(self._service, asked, corp_id)
            if change.kpi_id == question.metrics[0]
        ]

    def _standing(self, service: Service, asked: Asked, corp_id: str) -> Iterator[Standing]:
        """How each day of a question stands, by what was known at its moment."""
        first, last, moment = asked.question.first_day, asked.question.last_day, asked.moment
        if not asked.pinned:
            yield from standing(self._store, service, corp_id, first, last, moment / SECOND)
            return
        values: dict[str, dict[str, Number]] = {}
        changed_at: dict[str, int] = {}
        for change in self._changes(service, asked, corp_id, since=FIRST_DAY if service.stands else first):
            of_day = values.setdefault(change.stat_day, {})
            changed_at[change.stat_day] = change.at
            if change.now is None:
                of_day.pop(change.kpi_id, None)
            else:
                of_day[change.kpi_id] = change.now
        carry(service, values)
        kind, looks = official(service), {}
        for look in self._store.observations(corp_id, first, last):
            if look.kind == kind:
                looks.update(dict.fromkeys(days_between(look.first_day, look.last_day), look.at))
        for day in days_between(first, last):
            seen = {}
            if values.get(day):  # a later look was not known then; the first was when the number came to be known
                seen[kind] = looks[day] if looks.get(day, moment) * MILLISECOND <= moment else changed_at[day]
            here = Day(values.get(day), 0, seen, (), self._zone(corp_id).key)
            yield stand(service, corp_id, day, here, moment / SECOND)

    def _changes(self, service: Service, asked: Asked, corp_id: str, since: str = "") -> Iterator[Change]:
        """What changed of the days of a question, or of those from another one on, up to its moment."""
        first, last = since or asked.question.first_day, asked.question.last_day
        story = self._store.story(service.id, corp_id, first, last)
        for change in changes_of(story, service, self._store.computed(service.id)):
            if change.at * MILLISECOND <= asked.moment:
                yield change

    def _zone(self, corp_id: str) -> ZoneInfo:
        for organisation in self._store.organisations():
            if organisation.corp_id == corp_id:
                return time_zone(organisation.time_zone)
        raise NotKnown(f"the organisation {corp_id!r} is not known")

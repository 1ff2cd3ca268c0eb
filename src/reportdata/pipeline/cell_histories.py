"""The values that the number of a cell has had, and why it changed."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from reportdata.causes import UNKNOWN, bounded
from reportdata.days import MILLISECOND, moment_of, to_date
from reportdata.engines.duckdb import DuckDBEngine, Known
from reportdata.kinds import Kinds
from reportdata.measures import Number
from reportdata.pipeline.asking import Asking
from reportdata.pipeline.cells import Cell, is_day, records_of
from reportdata.pipeline.changed import when_of
from reportdata.pipeline.known_looks import Looks
from reportdata.pipeline.moments import Moment, moments_of
from reportdata.services import Service
from reportdata.services.lending import HISTORY
from reportdata.statistics.explained import moment_text
from reportdata.statistics.plan import Counted, Days
from reportdata.store import Store
from reportdata.store.replay import changes_of


class Histories:
    """The histories of cells: of a whole day as the store keeps it; of any other cell by counting what was known at
    each moment at which facts or looks came.

    :param looks: the looks that the lake and the store know of.
    """

    def __init__(
        self, asking: Asking, looks: Looks, store: Store, engine: DuckDBEngine, service: Service, kinds: Kinds
    ) -> None:
        self._asking = asking
        self._looks = looks
        self._store = store
        self._engine = engine
        self._service = service
        self._kinds = kinds

    def of(self, cell: Cell, corp_id: str, zone: ZoneInfo, now: float) -> list[dict[str, Any]]:
        """The values that a cell has had, the earliest first. Who may be told of some departments only is told none:
        when a number changed and why depends on what came of others, too."""
        if cell.asked.question.within:
            return []
        if is_day(cell.asked.question):
            return self._of_store(cell, corp_id, zone)
        found: list[dict[str, Any]] = []
        was: Number | None = None
        for moment in self._moments(cell, corp_id):
            number = self._number_at(cell, moment, corp_id, zone, now)
            if number != was:
                when = moment_text(moment.at, zone)
                causes = bounded(moment.causes) or [UNKNOWN]
                found.append({"when": when, "was": was, "is": number, "cause": ", ".join(causes)})
                was = number
        return found

    def _of_store(self, cell: Cell, corp_id: str, zone: ZoneInfo) -> list[dict[str, Any]]:
        question, service = cell.asked.question, self._service
        story = self._store.story(service.id, corp_id, question.first_day, question.first_day)
        return [
            {"when": when_of(change, zone), "was": change.was, "is": change.now, "cause": ", ".join(change.causes)}
            for change in changes_of(story, service, self._store.computed(service.id))
            if change.kpi_id == question.metrics[0] and change.at * MILLISECOND <= cell.asked.moment
        ]

    def _moments(self, cell: Cell, corp_id: str) -> list[Moment]:
        question, until = cell.asked.question, cell.asked.moment
        days: Days = ((question.first_day, question.last_day),)
        what = records_of(cell._replace(days=days), self._service, self._kinds)
        lending = [*what.history, *(history.kind for history in what.changes)]
        lent = lending if question.departments or question.templates else []
        kinds = dict.fromkeys((*what.kinds, *lent))
        files = self._asking.counting.files(what, Counted(days, question.metrics))
        for kind in lent:
            files[kind.name] = files[kind.name + HISTORY]
        pieces = " or ".join(
            f"stat_day between date '{to_date(first)}' and date '{to_date(last)}'" for first, last in days
        )
        condition = "true" if lent else f"({pieces})"
        known = self._engine.moments(list(kinds), files, Known(corp_id, until), condition)
        observed = self._service.observed(question.metrics[0])
        looks = (
            (look, at)
            for look, at in self._looks.moments(corp_id)
            if at <= until
            and look.first_day <= question.last_day
            and look.last_day >= question.first_day
            and (not look.kind or look.kind.partition(" ")[0] in observed)
        )
        return moments_of(known, looks, self._kinds)

    def _number_at(self, cell: Cell, moment: Moment, corp_id: str, zone: ZoneInfo, now: float) -> Number | None:
        at = moment_of(moment.at, zone).isoformat(timespec="microseconds")
        question = msgspec.structs.replace(cell.asked.question, as_of=at, page=1, format="json")
        found = self._asking.answer(question, corp_id, now).data
        number: Number | None = found[0][self._service.kpi(question.metrics[0]).name_of_column] if found else None
        return number

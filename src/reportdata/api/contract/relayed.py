"""Services whose answers are kept whole: the same checks, and what DingTalk answered."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.api.contract import wire
from reportdata.api.contract.endpoint import Endpoint
from reportdata.api.contract.entry import Entry
from reportdata.api.contract.memory import DayAnswer, Wanted
from reportdata.api.resource import Context
from reportdata.days import MILLISECOND, end_of, time_zone
from reportdata.services.relayed import EMPTY, Relayed, without_rows
from reportdata.states import State


class RelayedEndpoint(Endpoint):
    """Answers ``GET`` and ``HEAD`` of one of them."""

    def __init__(self, relayed: Relayed, context: Context) -> None:
        answers = RelayedAnswers(relayed, context)
        super().__init__(Entry(relayed.path, relayed.scope, None), context, context.memory.known(answers.read))

    def _require_service(self) -> None:
        """Its KPIs come with its answers."""


class RelayedAnswers:
    """What was answered for days of organisations. A day that nothing was kept of has the KPIs of the newest one."""

    def __init__(self, relayed: Relayed, context: Context) -> None:
        self._relayed = relayed
        self._store = context.reader

    def read(self, wanted: Sequence[Wanted]) -> Sequence[DayAnswer]:
        """The answers, in their order."""
        return [self._answer(one) for one in wanted]

    def _answer(self, wanted: Wanted) -> DayAnswer:
        service, corp_id, day = self._relayed.id, wanted.corp_id, wanted.stat_day
        found = next((one for one in self._store.official(service, corp_id, day, day) if one.answer is not None), None)
        if found is None or found.answer is None:
            newest = self._store.newest_official(service, corp_id)
            body = without_rows(newest.answer) if newest is not None and newest.answer is not None else EMPTY
            return DayAnswer(body, wire.state_lines(State.MISSING, 0, None) + wire.OFFICIAL_LINES)
        name = self._store.day(service, corp_id, day).time_zone
        zone = time_zone(name) if name is not None else None
        over = zone is not None and found.fetched_at * MILLISECOND >= end_of(self._relayed.last_day(day), zone)
        lines = wire.state_lines(State.FINAL if over else State.PROVISIONAL, found.fetched_at, zone)
        return DayAnswer(found.answer.encode(), lines + wire.OFFICIAL_LINES)

"""What is answered for days, remembered until the store changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reportdata.api.contract import wire
from reportdata.api.memory import Memory
from reportdata.catalogue import Service
from reportdata.days import time_zone
from reportdata.store import Day, Store
from reportdata.store.standing import follows, stand


class DayAnswer(NamedTuple):
    """What is answered for a day: the body, and the lines of headers that are its own."""

    body: bytes
    lines: bytes


class DayAnswers:
    """The answers of a service for days of organisations."""

    def __init__(self, service: Service, store: Store, memory: Memory) -> None:
        self._service = service
        self._body = wire.Body(service)
        self._store = store
        self.known = memory.known(self._read)
        """By organisation and stat day."""

    def _read(self, wanted: Sequence[tuple[str, str]]) -> Sequence[DayAnswer]:
        days = self._store.days(self._service.id or "", wanted)
        return [
            DayAnswer(self._body.of_day(corp_id, stat_day, day.values), self._state_lines(corp_id, stat_day, day))
            for (corp_id, stat_day), day in zip(wanted, days, strict=True)
        ]

    def _state_lines(self, corp_id: str, stat_day: str, day: Day) -> bytes:
        zone = time_zone(day.time_zone) if day.time_zone is not None else None
        if not day.states:  # then all KPIs are alike
            return wire.state_lines(*follows(stat_day, day), zone)
        known = stand(self._service, corp_id, stat_day, day)
        return wire.state_lines(known.state, known.as_of, zone, known.kpis)

"""What is answered for days, remembered until the store changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from reportdata.api.contract import wire
from reportdata.api.contract.entry import Entry
from reportdata.api.memory import Memory
from reportdata.days import time_zone
from reportdata.http.answers import Failed
from reportdata.store import Store
from reportdata.store.standing import changes_at, stand


class Wanted(NamedTuple):
    """The day of an organisation that is asked for, and whether the app wants 0 for what is not known."""

    corp_id: str
    stat_day: str
    zero_unknown: bool


class DayAnswer(NamedTuple):
    """What is answered for a day: the body, and the lines of headers that are its own."""

    body: bytes
    lines: bytes


class DayAnswers:
    """The answers of an entry of the contract for days of organisations."""

    def __init__(self, entry: Entry, store: Store, memory: Memory, clock: Callable[[], float]) -> None:
        self._service = entry.service
        self._body = wire.Body(entry.service) if entry.service is not None else None
        self._store = store
        self._memory = memory
        self._clock = clock
        self.known = memory.known(self._read)

    def _read(self, wanted: Sequence[Wanted]) -> Sequence[DayAnswer]:
        if self._service is None or self._body is None:
            raise Failed(wire.META_IS_NULL)
        days = self._store.days(self._service.id, [(one.corp_id, one.stat_day) for one in wanted])
        found = []
        now = self._clock()
        for one, day in zip(wanted, days, strict=True):
            known = stand(self._service, one.corp_id, one.stat_day, day, now)
            self._memory.until(changes_at(day, now))
            body = self._body.of_day(one.corp_id, one.stat_day, known.values, zero_unknown=one.zero_unknown)
            zone = time_zone(day.time_zone) if day.time_zone is not None else None
            lines = wire.state_lines(known.state, known.as_of, zone, known.kpis)
            found.append(DayAnswer(body, lines if self._service.has_facts else lines + wire.OFFICIAL_LINES))
        return found

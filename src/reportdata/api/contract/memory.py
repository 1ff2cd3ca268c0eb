"""What is answered for days, remembered until the store changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reportdata.api.contract import wire
from reportdata.api.contract.entry import Entry
from reportdata.api.resource import Context
from reportdata.days import time_zone
from reportdata.http.answers import Failed
from reportdata.measures import Number
from reportdata.services import Service, official, without_facts
from reportdata.store import Day
from reportdata.store.standing import changes_at, stand, stands_as_one, what_stands


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

    def __init__(self, entry: Entry, context: Context) -> None:
        self._service = entry.service
        self._body = wire.Body(entry.service) if entry.service is not None else None
        self._store = context.reader
        self._memory = context.memory
        self._clock = context.clock
        self._official = context.official
        self._stands = entry.service.stands if entry.service is not None else ()
        self._lines = b"" if entry.service is None or entry.service.has_facts else wire.OFFICIAL_LINES
        self.known = context.memory.known(self._read)

    def _read(self, wanted: Sequence[Wanted]) -> Sequence[DayAnswer]:
        service, body = self._service, self._body
        if service is None or body is None:
            raise Failed(wire.META_IS_NULL)
        days = self._store.days(service.id, [(one.corp_id, one.stat_day) for one in wanted])
        chosen = self._official() if service.has_facts else frozenset()
        now = self._clock()
        found = []
        for one, day in zip(wanted, days, strict=True):
            if (one.corp_id, service.id) in chosen:
                own, stored, lines = without_facts(service), self._figures(service, one, day), wire.OFFICIAL_LINES
            else:
                own, stored, lines = service, day, self._lines
                if self._stands:
                    values = what_stands(self._store, service, one.corp_id, one.stat_day, one.stat_day)
                    stored = stored._replace(values=values.get(one.stat_day, stored.values))
            numbers, told = self._told(own, one, stored, now)
            content = body.of_day(one.corp_id, one.stat_day, numbers, zero_unknown=one.zero_unknown)
            found.append(DayAnswer(content, told + lines))
        return found

    def _told(self, service: Service, wanted: Wanted, day: Day, now: float) -> tuple[Mapping[str, Number], bytes]:
        """The known numbers of a day, and the headers that tell how certain they are."""
        zone = time_zone(day.time_zone) if day.time_zone is not None else None
        whole = stands_as_one(service, wanted.stat_day, day, now)
        if whole is not None:
            return day.values or {}, wire.state_lines(*whole, zone)
        known = stand(service, wanted.corp_id, wanted.stat_day, day, now)
        self._memory.until(changes_at(day, now))
        return known.values, wire.state_lines(known.state, known.as_of, zone, known.kpis)

    def _figures(self, service: Service, wanted: Wanted, day: Day) -> Day:
        """A day as DingTalk's own figures have it."""
        found = self._store.official(service.id, wanted.corp_id, wanted.stat_day, wanted.stat_day)
        values, at = next(((one.values, one.fetched_at) for one in found), (None, 0))
        looks = {official(service): at} if values is not None else {}
        return Day(values, at, looks, (), day.time_zone)

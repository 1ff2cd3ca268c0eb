"""The closed calls as a resource: those of ``exclusive_1_0`` on a day's numbers, of the organisation or by department.

Callers are admitted as everywhere. Their documents have other errors of the service than the contract's, and numbers
as texts.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import Demand
from reportdata.api.contract import wire
from reportdata.api.contract.closed_description import BUSY, ILLEGAL, NULL, described
from reportdata.api.contract.periods import state_lines
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.spans import Asked
from reportdata.days import is_day, time_zone
from reportdata.http.answers import Failed, address_of, pairs
from reportdata.http.routes import IDS, json_response
from reportdata.identity import App
from reportdata.measures import Number
from reportdata.services import Service
from reportdata.services.service import Closed
from reportdata.statistics.spans import Span
from reportdata.store.standing import changes_at, stand

log = logging.getLogger("reportdata.api")

_LARGEST = 2**63 - 1
"""The largest value of a Long."""


def resource(context: Context) -> Resource:
    """The calls of all services."""
    calls = []
    for service in context.services:
        for call in service.closed:
            answering = (Departments if call.by_department else Organisation)(service, call, context)
            calls.append(Operation("GET", call.path, partial(described, service, call), answering.answer))
    return Resource("closed calls", calls)


class _Found(NamedTuple):
    """What is answered: an object, and the lines of headers that tell how certain it is."""

    content: Mapping[str, object]
    lines: bytes


class ClosedCall:
    """One call: admits its callers, and answers what goes wrong as its document says."""

    def __init__(self, service: Service, call: Closed, context: Context) -> None:
        self.service = service
        self.call = call
        self.context = context
        self._demand = Demand(call.path, (service.scope_of(call),))

    async def answer(self, request: Request) -> Response:
        """Answer a request."""
        now = self.context.clock()
        ids = request.scope[IDS]
        try:
            app, corp_id = await self.context.admission.caller(self._demand, request, now)
            day = request.path_params["dataId"]
            found = await self.found(app, corp_id, day, request.query_params)
        except Failed:
            raise
        except Exception as error:
            log.error("request %s failed", ids.request, exc_info=error, extra={"request_id": ids.request})  # noqa: TRY400
            raise Failed(BUSY) from error
        self.context.note(app.app_key, corp_id, day, address_of(request.scope), ids.request, now)
        response = json_response(found.content)
        response.raw_headers += pairs(found.lines)
        return response

    async def found(self, app: App, corp_id: str, day: str, query: Mapping[str, str]) -> _Found:
        """What is answered to an app for a day, as it was written."""
        raise NotImplementedError


class Organisation(ClosedCall):
    """Numbers of the whole organisation, which the store has."""

    def __init__(self, service: Service, call: Closed, context: Context) -> None:
        super().__init__(service, call, context)
        self._days = context.memory.known(self._read)

    async def found(self, app: App, corp_id: str, day: str, _query: Mapping[str, str]) -> _Found:
        if not day.strip():
            raise Failed(NULL)
        if not is_day(day):
            raise Failed(ILLEGAL)
        values, lines = await self._days.ask((corp_id, day))
        known = {word: values.get(kpi, 0 if app.zero_unknown else None) for word, kpi in self.call.numbers.items()}
        return _Found({word: str(number) for word, number in known.items() if number is not None}, lines)

    def _read(self, wanted: Sequence[tuple[str, str]]) -> Sequence[tuple[Mapping[str, Number], bytes]]:
        now = self.context.clock()
        own = set(self.call.numbers.values())
        found = []
        for (corp_id, stat_day), day in zip(wanted, self.context.reader.days(self.service.id, wanted), strict=True):
            known = stand(self.service, corp_id, stat_day, day, now)
            known = known._replace(kpis=[kpi for kpi in known.kpis if kpi.kpi_id in own])
            self.context.memory.until(changes_at(day, now))
            zone = time_zone(day.time_zone) if day.time_zone is not None else None
            found.append((known.values, wire.state_lines(known.state, known.as_of, zone, known.kpis)))
        return found


class Departments(ClosedCall):
    """Numbers of each department, which other processes count: departments whose facts have some that day, by name."""

    async def found(self, _app: App, corp_id: str, day: str, query: Mapping[str, str]) -> _Found:
        start, size = _long(query, "nextToken", 0), _long(query, "maxResults", 1)
        if not is_day(day):
            raise Failed(ILLEGAL)
        metrics = tuple(dict.fromkeys(self.call.numbers.values()))
        span = Span(self.service.id, day, day, metrics, by_department=True)
        counts = await self.context.spans.counts(Asked(corp_id, span))
        page = counts.groups[start : start + size]
        rows = [
            {"deptName": name} | {word: str(of[kpi]) for word, kpi in self.call.numbers.items() if kpi in of}
            for name, of in page
        ]
        following = start + len(page)
        content = {"data": rows, "nextToken": following, "hasMore": following < len(counts.groups)}
        return _Found(content, state_lines(corp_id, day, counts))


def _long(query: Mapping[str, str], name: str, least: int) -> int:
    """A number that the call needs."""
    text = query.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= _LARGEST):
        raise Failed(ILLEGAL)
    return int(text)

"""``POST /v1/facts``: facts are pushed as they happen, and acknowledged when they are durable in the inbox."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api import push_body
from reportdata.api.admission import ClientToken, Demand
from reportdata.api.faults import INVALID_BODY, MISSING_BODY
from reportdata.api.intake import OVERFULL, Room
from reportdata.api.openapi import BY_THE_STORE, COUNT, TEXT, Json, Sample, answer, object_of, operation, parameter
from reportdata.api.push_body import Taken, is_packed, unpacked
from reportdata.api.resource import Context, Operation, Resource
from reportdata.days import time_zone
from reportdata.http.answers import BODY_TOO_LARGE
from reportdata.http.limits import BodyLimit
from reportdata.http.routes import json_response
from reportdata.identity import App
from reportdata.kinds import Kinds
from reportdata.services import Services

PATH = "/v1/facts"
BODY = BodyLimit(4 << 20, 60)
"""What a push may be as it comes over the wire."""
CLAIM_HEADER = "Idempotency-Key"

_SMALL = 1 << 16
"""Bytes up to which a body waits for no turn."""
_TURNS = 4


def resource(context: Context) -> Resource:
    """Pushing facts."""
    demand = Demand(PATH, tuple(sorted({s.push_scope for s in context.services if s.push_scope is not None})))
    described = _described(context.services, demand)
    push = Operation("POST", PATH, described, Pushes(context, demand).push, body=BODY)
    return Resource("facts", [push], asked=(CLAIM_HEADER,))


class Pushes:
    """Takes pushes."""

    def __init__(self, context: Context, demand: Demand) -> None:
        self._demand = demand
        self._services = context.services
        self._kinds: dict[tuple[str, ...], Kinds] = {}  # by what an app may do
        self._store = context.reader
        self._admission = context.admission
        self._intake = context.intake
        self._forgotten = context.memory.known(self._read_forgotten)
        self._clock = context.clock
        self._accepted = context.metrics.counter("reportdata_facts_accepted", "Facts pushed.")
        self._refused = context.metrics.counter("reportdata_facts_refused", "Records refused in pushes.")
        self._zones: dict[str, ZoneInfo] = {}  # an organisation's never changes
        self._room = Room(context.intake)
        self._turns = asyncio.Semaphore(_TURNS)

    async def push(self, request: Request) -> Response:
        """Take a push."""
        now = self._clock()
        app, corp_id = await self._admission.caller(self._demand, request, now)
        await self._room.require()
        packed = is_packed(",".join(request.headers.getlist("content-encoding")))
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                self._room.hold(len(part))
            # What a large body becomes takes memory until it is written, so that few do at a time.
            async with self._turns if packed or len(body) > _SMALL else nullcontext():
                content = await run_in_threadpool(unpacked, body) if packed else bytes(body)
                found = await self._taken(request, app, corp_id, content, now)
        finally:
            self._room.let_go(len(body))
        self._accepted.value += len(found.lines)
        self._refused.value += len(found.refused)
        return json_response({"added": len(found.lines), "refused": len(found.refused), "records": found.refused})

    async def _taken(self, request: Request, app: App, corp_id: str, content: bytes, now: float) -> Taken:
        forgotten = await self._forgotten.ask("")
        found = Taken(corp_id, self._zone(corp_id), self._kinds_of(app), forgotten)
        await found.read(content)
        key = request.headers.get(CLAIM_HEADER)  # claimed by bodies that can be read only, so that a slip uses none up
        if key:
            await self._admission.claim(app, ClientToken(key, b"push"), content, now)
        if found.lines:
            await asyncio.wrap_future(self._intake.append(b"".join(found.lines)))
        return found

    def _kinds_of(self, app: App) -> Kinds:
        """The kinds of facts that an app may push."""
        found = self._kinds.get(app.scopes)
        if found is None:
            kinds = self._services.kinds.values()
            found = Kinds(kind for kind in kinds if self._services.push_scope(kind.name) in app.scopes)
            self._kinds[app.scopes] = found
        return found

    def _read_forgotten(self, keys: Sequence[str]) -> Sequence[frozenset[str]]:
        found = self._store.forgotten()
        return [found for _ in keys]

    def _zone(self, corp_id: str) -> ZoneInfo:
        if corp_id not in self._zones:
            self._zones = {found.corp_id: time_zone(found.time_zone) for found in self._store.organisations()}
        return self._zones[corp_id]


def _described(services: Services, demand: Demand) -> Json:
    time = {"oneOf": [TEXT, {"type": "integer", "format": "int64"}], "description": "When: ISO 8601, or since 1970."}
    names = {"oneOf": [TEXT, {"type": "array", "items": TEXT}]}
    number = {"oneOf": [TEXT, {"type": "number"}]}
    of_type: Json = {"instant": time, "names": names, "integer": number, "decimal": number}
    kinds = services.kinds.values()
    values: Json = {"corp_id": TEXT} | {c.name: of_type.get(c.type, TEXT) for kind in kinds for c in kind.fields()}
    content: Json = {"schema": {"type": "array", "items": {"type": "object", "properties": values}}}
    refused = object_of({"record": COUNT, "field": TEXT, "reason": TEXT})
    sample = {"report_id": "r1", "user_id": "u1", "sent_at": "2026-09-21 17:05:00"}
    said = {"record": 17, "field": "sent_at", "reason": "is not a time"}
    return operation(
        "pushFacts",
        "Push reports, comments and withdrawals",
        answer(
            object_of({"added": COUNT, "refused": COUNT, "records": {"type": "array", "items": refused}}),
            {"some refused": {"added": 998, "refused": 1, "records": [said]}},
        ),
        (
            *demand.samples(),
            Sample(OVERFULL, waits=True),
            push_body.UNKNOWN_CODING,
            push_body.WRONG_CODING,
            BODY_TOO_LARGE,
            push_body.TOO_MANY_RECORDS,
            MISSING_BODY,
            INVALID_BODY,
            *BY_THE_STORE,
        ),
        description="Records as imports read them, in an array, alone, or on lines; gzip is understood. What is "
        f"answered is durable; records that are not named are taken. The app needs the scope "
        f"{' or '.join(demand.scopes)}.",
        security=[{"token": []}],
        parameters=[
            parameter("header", CLAIM_HEADER.lower(), "The same key with another body within a day is refused.")
        ],
        requestBody={"required": True, "content": {"application/json": content | {"example": [sample]}}},
    )

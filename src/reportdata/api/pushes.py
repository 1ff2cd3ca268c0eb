"""``POST /v1/facts``: facts are pushed as they happen, and acknowledged when they are durable in the inbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api import push_body
from reportdata.api.admission import ClientToken, Demand
from reportdata.api.faults import GONE, INVALID_BODY, MISSING_BODY
from reportdata.api.intake import LATER, OVERFULL, UNAVAILABLE, Room
from reportdata.api.openapi import COUNT, TEXT, Json, Sample, answer, object_of, operation, parameter
from reportdata.api.push_body import Body, Push, Taken, is_packed
from reportdata.api.resource import Context, Operation, Resource
from reportdata.days import SECOND, day_of, end_of, time_zone
from reportdata.errors import InboxError, StoreError
from reportdata.http.answers import BODY_TOO_LARGE, UNKNOWN_ERROR, Failed
from reportdata.http.limits import BodyLimit
from reportdata.http.routes import IDS, json_response
from reportdata.identity import App
from reportdata.services import Services
from reportdata.statistics.question import AHEAD

log = logging.getLogger("reportdata.http")

PATH = "/v1/facts"
BODY = BodyLimit(4 << 20, 60)
"""What a push may be as it comes over the wire."""
CLAIM_HEADER = "Idempotency-Key"

_SMALL = 1 << 14
"""Bytes up to which a body is read on the event loop: no step of that takes half a millisecond, whatever it holds."""
_OVER = object()
_TURNS = 4
"""Larger bodies of which what they hold is kept in memory until it is written."""


def resource(context: Context) -> Resource:
    """Pushing facts."""
    demand = Demand(PATH, tuple(sorted({s.push_scope for s in context.services if s.push_scope is not None})))
    described = partial(_described, context.services, demand)
    push = Operation("POST", PATH, described, Pushes(context, demand).push, body=BODY)
    return Resource("facts", [push], asked=(CLAIM_HEADER,))


class Pushes:
    """Takes pushes."""

    def __init__(self, context: Context, demand: Demand) -> None:
        self._demand = demand
        self._services = context.services
        self._kinds: dict[tuple[str, ...], tuple[str, ...]] = {}  # names, by what an app may do
        self._store = context.reader
        self._admission = context.admission
        self._intake = context.intake
        self._forgotten = context.memory.known(self._read_forgotten)
        self._clock = context.clock
        self._is_present = context.is_present
        self._accepted = context.metrics.counter("reportdata_facts_accepted", "Facts pushed.")
        self._refused = context.metrics.counter("reportdata_facts_refused", "Records refused in pushes.")
        self._read_beside = context.read_push
        self._zones: dict[str, str] = {}  # an organisation's never changes
        self._room = Room(context.intake)
        self._turns = asyncio.Semaphore(_TURNS)
        self._slice = asyncio.Lock()

    async def push(self, request: Request) -> Response:
        """Take a push.

        :raises Failed: also when the store or the inbox cannot answer: what was pushed may then be pushed again.
        """
        try:
            return await self._pushed(request)
        except (StoreError, InboxError) as error:
            request_id = request.scope[IDS].request
            log.warning("request %s: %s", request_id, error, extra={"request_id": request_id})
            raise Failed(UNAVAILABLE, headers=LATER) from error

    async def _pushed(self, request: Request) -> Response:
        now = self._clock()
        app, corp_id = await self._admission.caller(self._demand, request, now)
        if not self._is_present():
            raise Failed(GONE)
        await self._room.require()
        packed = is_packed(",".join(request.headers.getlist("content-encoding")))
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                self._room.hold(len(part))
            push = await self._job(app, corp_id, now, is_packed=packed)
            found = await self._read(push, body, request, app, now)
        finally:
            self._room.let_go(len(body))
        self._accepted.value += found.added
        self._refused.value += found.refused
        said = {"added": found.added, "refused": found.refused, "records": msgspec.Raw(found.records)}
        if found.notes:
            said["notes"] = found.notes
        return json_response(said)

    async def _read(self, push: Push, body: bytearray, request: Request, app: App, now: float) -> Taken:
        if not push.is_packed and len(body) <= _SMALL:
            return await self._write(await self._read_here(push, bytes(body)), request, app, now)
        async with self._turns:
            found = await asyncio.wrap_future(self._read_beside(push, bytes(body)))
            return await self._write(found, request, app, now)

    async def _read_here(self, push: Push, content: bytes) -> Taken:
        """Read on the event loop, of all bodies one slice in each of its turns."""
        found = Body(push, self._services.kinds)
        slices = found.slices(content)
        more = True
        while more:
            async with self._slice:
                more = next(slices, _OVER) is not _OVER
                await asyncio.sleep(0)
        return found.taken(content)

    async def _write(self, found: Taken, request: Request, app: App, now: float) -> Taken:
        key = request.headers.get(CLAIM_HEADER)  # claimed by bodies that can be read only, so that a slip uses none up
        if key:
            await self._admission.claim(app, ClientToken(key, b"push"), found.digest, now)
        if found.lines:
            await asyncio.wrap_future(self._intake.append(found.lines))
        return found

    async def _job(self, app: App, corp_id: str, now: float, *, is_packed: bool) -> Push:
        kinds = self._kinds.get(app.scopes)
        if kinds is None:
            kinds = tuple(k for k in self._services.kinds if self._services.push_scope(k) in app.scopes)
            self._kinds[app.scopes] = kinds
        forgotten = await self._forgotten.ask("")
        zone = self._zone(corp_id)
        today = day_of(int(now * SECOND) + AHEAD, time_zone(zone))
        end = end_of(today, time_zone(zone))
        return Push(corp_id, zone, kinds, is_packed, push_body.MOST_RECORDS, end, forgotten)

    def _read_forgotten(self, keys: Sequence[str]) -> Sequence[frozenset[str]]:
        found = self._store.forgotten()
        return [found for _ in keys]

    def _zone(self, corp_id: str) -> str:
        if corp_id not in self._zones:
            self._zones = {found.corp_id: found.time_zone for found in self._store.organisations()}
        return self._zones[corp_id]


def _described(services: Services, demand: Demand) -> Json:
    time = {"oneOf": [TEXT, {"type": "integer", "format": "int64"}], "description": "When: ISO 8601, or since 1970."}
    names = {"oneOf": [TEXT, {"type": "array", "items": TEXT}]}
    number = {"oneOf": [TEXT, {"type": "number"}]}
    of_type: Json = {"instant": time, "names": names, "integer": number, "count": number, "decimal": number}
    kinds = services.kinds.values()
    values: Json = {"corp_id": TEXT} | {c.name: of_type.get(c.type, TEXT) for kind in kinds for c in kind.fields()}
    content: Json = {"schema": {"type": "array", "items": {"type": "object", "properties": values}}}
    refused = object_of({"record": COUNT, "field": TEXT, "reason": TEXT})
    sample = {"report_id": "r1", "user_id": "u1", "sent_at": "2026-09-21 17:05:00"}
    said = object_of({"added": COUNT, "refused": COUNT, "records": {"type": "array", "items": refused}})
    bad = {"record": 17, "field": "sent_at", "reason": "is not a time"}
    return operation(
        "pushFacts",
        "Push reports, comments and withdrawals",
        answer(
            said | {"properties": {**said["properties"], "notes": {"type": "array", "items": TEXT}}},
            {"some refused": {"added": 998, "refused": 1, "records": [bad]}},
        ),
        (
            *demand.samples(),
            Sample(OVERFULL, waits=True),
            GONE,
            push_body.UNKNOWN_CODING,
            push_body.WRONG_CODING,
            BODY_TOO_LARGE,
            push_body.TOO_MANY_RECORDS,
            MISSING_BODY,
            INVALID_BODY,
            Sample(UNAVAILABLE, waits=True),
            UNKNOWN_ERROR,
        ),
        description="Records as imports read them, in an array, alone, or on lines; gzip is understood. What is "
        f"answered is durable; records that are not named are taken, and `notes` say what may be wrong with these. The "
        f"app needs the scope "
        f"{' or '.join(demand.scopes)}.",
        security=[{"token": []}],
        parameters=[
            parameter("header", CLAIM_HEADER.lower(), "The same key with another body within a day is refused.")
        ],
        requestBody={"required": True, "content": {"application/json": content | {"example": [sample]}}},
    )

"""``POST /v1/facts``: facts are pushed as they happen, and acknowledged when they are durable in the inbox."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reportdata.api.contract import wire
from reportdata.api.push_body import Taken, is_packed, unpacked
from reportdata.days import time_zone
from reportdata.errors import InboxError, Reason, Refused
from reportdata.http.answers import (
    JSON,
    SYSTEM_ERROR,
    Fault,
    address_of,
)
from reportdata.http.connections import BodyLimit
from reportdata.http.request_metrics import OUTCOME, Traffic
from reportdata.http.routes import IDS, Failed
from reportdata.identity import (
    REPORT_WRITE,
    App,
    authenticate,
    hash_of,
    require_address,
    require_organisation,
    require_scope,
)
from reportdata.limits import Rates
from reportdata.store import Store

PATH = "/v1/facts"
BODY = BodyLimit(4 << 20, 60)
"""What a push may be as it comes over the wire."""
CLAIM_HEADER = "idempotency-key"

OVERFULL = Fault(503, "ServiceUnavailable", "More facts wait than can be kept. Try again later.")

_LATER = {"retry-after": "5"}
_LONGEST_DELAY = 1.0
_SMALL = 1 << 16
"""Bytes up to which a body waits for no turn."""
_TURNS = 4
_LOOK = 0.1
"""Seconds between two looks at how full the inbox is."""

log = logging.getLogger("reportdata.api")


class Limits(NamedTuple):
    """How much may wait, in bytes."""

    soft: int = 64 << 20
    """From here on callers are kept waiting, up to a second, the longer the more there is."""
    hard: int = 256 << 20
    """From here on they are refused."""
    least_free: int = 100_000_000
    """With less on the disk they are refused too."""
    held: int = 64 << 20
    """What the bodies have together that are being read."""


DEFAULTS = Limits()


class Intake(NamedTuple):
    """Where facts go.

    ``append`` takes whole lines, each a `reportdata.facts.Fact` in JSON, which are durable when the future is done;
    ``backlog`` gives the bytes that wait, ``free`` those that the disk has left. All fail with `InboxError`.
    """

    append: Callable[[bytes], Future[None]]
    backlog: Callable[[], int]
    free: Callable[[], int]
    limits: Limits = DEFAULTS


class Pushes:
    """Takes pushes.

    :param store: is read on the event loop.
    :param claim: claims a key against repeats; it writes, and is called in a thread.
    """

    def __init__(
        self,
        store: Store,
        claim: Callable[[str, str, str, float], bool],
        intake: Intake,
        rates: Rates,
        traffic: Traffic,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._claim = claim
        self._intake = intake
        self._rates = rates
        self._traffic = traffic
        self._clock = clock
        self._zones: dict[str, ZoneInfo] = {}  # an organisation's never changes
        self._held = 0
        self._turns = asyncio.Semaphore(_TURNS)
        self._looked = 0.0
        self._backlog, self._free = 0, intake.limits.least_free

    def routes(self) -> list[Route]:
        """Where pushes are taken."""
        return [Route(PATH, self._push, methods=["POST"])]

    async def _push(self, request: Request) -> Response:
        now = self._clock()
        try:
            app = self._admitted(request, now)
            corp_id = require_organisation(app)
            await self._require_room()
            return await self._answer(request, app, corp_id, now)
        except Refused as refused:
            return _refusal(request, refused.reason)
        except InboxError as error:
            request_id = request.scope[IDS].request
            log.error("request %s: %s", request_id, error.message, extra={"request_id": request_id})  # noqa: TRY400
            raise Failed(SYSTEM_ERROR) from error

    def _admitted(self, request: Request, now: float) -> App:
        token = wire.read_call(request.scope["headers"], b"").token
        if token is None:
            raise Refused(Reason.TOKEN_MISSING)
        app = authenticate(self._store.caller(hash_of(token)), now)
        address = address_of(request.scope)
        try:
            require_address(app, address)
        except Refused as refused:
            raise Failed(wire.address_refused(address, app.app_key)) from refused
        require_scope(app, REPORT_WRITE)
        self._rates.require(app, PATH, now)
        return app

    async def _require_room(self) -> None:
        """Keep the caller waiting while much waits to be taken up, and refuse it when too much does."""
        now = asyncio.get_running_loop().time()
        if now >= self._looked + _LOOK:
            self._looked = now
            self._backlog, self._free = await run_in_threadpool(lambda: (self._intake.backlog(), self._intake.free()))
        limits = self._intake.limits
        if self._backlog >= limits.hard or self._free < limits.least_free:
            raise Failed(OVERFULL, _LATER)
        if self._backlog > limits.soft:
            await asyncio.sleep(_LONGEST_DELAY * (self._backlog - limits.soft) / (limits.hard - limits.soft))

    async def _answer(self, request: Request, app: App, corp_id: str, now: float) -> Response:
        packed = is_packed(",".join(request.headers.getlist("content-encoding")))
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                self._held += len(part)
                if self._held > self._intake.limits.held:
                    raise Failed(OVERFULL, _LATER)
            # What a large body becomes takes memory until it is written, so that few do at a time.
            async with self._turns if packed or len(body) > _SMALL else nullcontext():
                content = await run_in_threadpool(unpacked, body) if packed else bytes(body)
                found = await self._taken(request, app, corp_id, content, now)
        finally:
            self._held -= len(body)
        self._traffic.facts_accepted += len(found.lines)
        self._traffic.facts_refused += len(found.refused)
        reply = {"added": len(found.lines), "refused": len(found.refused), "records": found.refused}
        return Response(msgspec.json.encode(reply), media_type=JSON)

    async def _taken(self, request: Request, app: App, corp_id: str, content: bytes, now: float) -> Taken:
        found = Taken(corp_id, self._zone(corp_id))
        await found.read(content)
        key = request.headers.get(CLAIM_HEADER)  # claimed by bodies that can be read only, so that a slip uses none up
        if key and not await run_in_threadpool(self._claimed, app.app_key, key, content, now):
            raise Refused(Reason.CLIENT_TOKEN)
        if found.lines:
            await asyncio.wrap_future(self._intake.append(b"".join(found.lines)))
        return found

    def _claimed(self, app_key: str, key: str, content: bytes, now: float) -> bool:
        # The contract's client tokens are digests of another kind, so that none is ever equal to one of these.
        claimed = hashlib.blake2b(key.encode(), digest_size=32, person=b"push").hexdigest()
        return self._claim(app_key, claimed, hashlib.sha256(content).hexdigest(), now)

    def _zone(self, corp_id: str) -> ZoneInfo:
        if corp_id not in self._zones:
            self._zones = {found.corp_id: time_zone(found.time_zone) for found in self._store.organisations()}
        return self._zones[corp_id]


def _refusal(request: Request, reason: Reason) -> Response:
    fault = wire.REFUSALS[reason]
    request.scope[OUTCOME] = fault.code
    detail = {"requiredScopes": [REPORT_WRITE]} if reason is Reason.SCOPE else None
    return Response(fault.body(request.scope[IDS].request, detail), fault.status, media_type=JSON)

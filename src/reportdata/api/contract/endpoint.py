"""The hot path: one service of the contract as a bare ASGI endpoint, its checks in their order."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from reportdata.api.batching import Together
from reportdata.api.contract import wire
from reportdata.catalogue import Service
from reportdata.days import is_day, time_zone
from reportdata.errors import Reason, Refused, StoreError
from reportdata.http.answers import SYSTEM_ERROR, UNKNOWN_ERROR, Answer, Fault, Ids, address_of, new_ids, send_answer
from reportdata.http.request_metrics import GOOD, Asked, Traffic
from reportdata.identity import (
    App,
    Caller,
    authenticate,
    hash_of,
    require_address,
    require_organisation,
    require_scope,
)
from reportdata.limits import Rates
from reportdata.store import Day, Store
from reportdata.store.standing import follows, stand

log = logging.getLogger("reportdata.api")

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

Note = Callable[[str, str, str, str, str, float], None]
MOST_REMEMBERED = 10_000
"""Callers, and bodies of about a kilobyte each, that are remembered at most."""


class _Failed(Exception):
    """A check failed in the service."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class _Day(NamedTuple):
    """What is answered for a day: the body, and the lines of headers that are its own."""

    body: bytes
    lines: bytes


class Endpoint:
    """Answers ``GET`` and ``HEAD`` of one service.

    :param store: is read on the event loop; reads of an embedded store take microseconds. What calls need of a remote
        one is asked for all that wait for it at once.
    :param claim: claims a client token; it writes, and is called in a thread.
    :param note: is told of every read: app key, organisation, day, address, request id, time.
    """

    def __init__(
        self,
        service: Service,
        store: Store,
        claim: Callable[[str, str, str, float], bool],
        rates: Rates,
        traffic: Traffic,
        note: Note,
        clock: Callable[[], float],
    ) -> None:
        self._service = service
        self._body = wire.Body(service)
        self._store = store
        self._claim = claim
        self._rates = rates
        self._traffic = traffic
        self._note = note
        self._clock = clock
        # What was read since the store last changed: whom a token was issued to, and the answers for days.
        self._version: int | None = None
        self._looked = False
        self._callers: dict[str, Caller] = {}
        self._days: dict[tuple[str, str], _Day] = {}
        self._asked_callers = Together(self._read_callers)
        self._asked_days = Together(self._read_days)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        call = wire.read_call(scope["headers"], scope["query_string"])
        await send_answer(send, await self._answer_waiting(call, address_of(scope)))

    def answer(self, headers: wire.Headers, query: bytes, address: str) -> Answer | None:
        """The answer to a request from an address; None when something has to be waited for: a client token is claimed
        in a thread, and a remote store is not asked for one call alone."""
        began = perf_counter()
        call = wire.read_call(headers, query)
        if call.client_token is not None:
            return None
        now = self._clock()
        ids = new_ids(now)
        app = None
        try:
            if self._store.remote and not self._remembers(call):
                return None
            app = authenticate(self._caller(call.token), now)
            found = self._day_for(call, self._admitted(app, address, now))
        except Exception as error:
            return self._failed(error, call, ids, app, address, began)
        return self._answered(found, call, ids, app, address, began, now)

    async def _answer_waiting(self, call: wire.Call, address: str) -> Answer:
        began = perf_counter()
        now = self._clock()
        ids = new_ids(now)
        app = None
        try:
            app = authenticate(await self._caller_waiting(call.token), now)
            corp_id = self._admitted(app, address, now)
            if call.client_token is not None:
                await self._require_same_request(app, call, now)
            found = await self._day_waiting(call, corp_id)
        except Exception as error:
            return self._failed(error, call, ids, app, address, began)
        return self._answered(found, call, ids, app, address, began, now)

    def _answered(
        self, found: _Day, call: wire.Call, ids: Ids, app: App, address: str, began: float, now: float
    ) -> Answer:
        day = call.stat_date or ""
        self._note(app.app_key, app.corp_id or "", day, address, ids.request, now)
        asked = Asked(self._service.path, address, app.app_key, day)
        self._traffic.answered(asked, ids, 200, GOOD, perf_counter() - began)
        return Answer(200, found.body, ids, found.lines)

    def _failed(
        self, error: Exception, call: wire.Call, ids: Ids, app: App | None, address: str, began: float
    ) -> Answer:
        detail = None
        match error:
            case Refused():
                fault = wire.REFUSALS[error.reason]
                detail = {"requiredScopes": [self._service.scope]} if error.reason is Reason.SCOPE else None
            case _Failed():
                fault = error.fault
            case StoreError():
                log.error("request %s: %s", ids.request, error.message, extra={"request_id": ids.request})
                fault = SYSTEM_ERROR
            case _:
                log.error("request %s failed", ids.request, exc_info=error, extra={"request_id": ids.request})
                fault = UNKNOWN_ERROR
        asked = Asked(self._service.path, address, app.app_key if app else "", call.stat_date or "")
        self._traffic.answered(asked, ids, fault.status, fault.code, perf_counter() - began)
        return Answer(fault.status, fault.body(ids.request, detail), ids)

    def _admitted(self, app: App, address: str, now: float) -> str:
        """The organisation whose numbers the app may have now."""
        self._admit(app, address, now)
        corp_id = require_organisation(app)
        self._require_service()
        return corp_id

    def _remembers(self, call: wire.Call) -> bool:
        """Whether all that an answer needs is in memory."""
        self._forget_changed()
        caller = self._callers.get(call.token or "")
        return caller is not None and self._known_day(call, caller.app.corp_id or "") is not None

    def _forget_changed(self) -> None:
        """Looked at once in a turn of the event loop: whoever knows of a change asks in a later one."""
        if self._looked:
            return
        version = self._store.version()
        if version != self._version:
            self._version = version
            self._callers.clear()
            self._days.clear()
        self._looked = True
        asyncio.get_running_loop().call_soon(self._look_again)

    def _look_again(self) -> None:
        self._looked = False

    def _known_caller(self, token: str | None) -> tuple[str, Caller | None]:
        if token is None:
            raise Refused(Reason.TOKEN_MISSING)
        self._forget_changed()
        return token, self._callers.get(token)

    def _caller(self, token: str | None) -> Caller | None:
        token, caller = self._known_caller(token)
        return caller or self._read_callers([token])[0]

    async def _caller_waiting(self, token: str | None) -> Caller | None:
        token, caller = self._known_caller(token)
        return caller or await self._asked_callers.ask(token)

    def _read_callers(self, tokens: Sequence[str]) -> Sequence[Caller | None]:
        callers = self._store.callers([hash_of(token) for token in tokens])
        for token, caller in zip(tokens, callers, strict=True):
            if caller is not None:
                _remember(self._callers, token, caller)
        return callers

    def _admit(self, app: App, address: str, now: float) -> None:
        try:
            require_address(app, address)
        except Refused as refused:
            raise _Failed(wire.address_refused(address, app.app_key)) from refused
        require_scope(app, self._service.scope)
        self._rates.require(app, self._service.path, now)

    def _require_service(self) -> None:
        if self._service.id is None:
            raise _Failed(wire.SERVICE_IS_NULL)
        if not self._service.kpis:
            raise _Failed(wire.META_IS_NULL)

    async def _require_same_request(self, app: App, call: wire.Call, now: float) -> None:
        claimed = hashlib.sha256((call.client_token or "").encode()).hexdigest()
        request = hashlib.sha256(repr((self._service.path, call.stat_date)).encode()).hexdigest()
        if not await run_in_threadpool(self._claim, app.app_key, claimed, request, now):
            raise Refused(Reason.CLIENT_TOKEN)

    def _day_for(self, call: wire.Call, corp_id: str) -> _Day:
        return self._known_day(call, corp_id) or self._read_days([(corp_id, _stat_day(call))])[0]

    async def _day_waiting(self, call: wire.Call, corp_id: str) -> _Day:
        return self._known_day(call, corp_id) or await self._asked_days.ask((corp_id, _stat_day(call)))

    def _known_day(self, call: wire.Call, corp_id: str) -> _Day | None:
        return self._days.get((corp_id, call.stat_date or ""))

    def _read_days(self, wanted: Sequence[tuple[str, str]]) -> Sequence[_Day]:
        found = []
        for (corp_id, stat_day), day in zip(wanted, self._store.days(self._service.id or "", wanted), strict=True):
            body, lines = self._body.of_day(corp_id, stat_day, day.values), self._state_lines(corp_id, stat_day, day)
            found.append(_Day(body, lines))
            _remember(self._days, (corp_id, stat_day), found[-1])
        return found

    def _state_lines(self, corp_id: str, stat_day: str, day: Day) -> bytes:
        zone = time_zone(day.time_zone) if day.time_zone is not None else None
        if not day.states:  # then all KPIs are alike
            return wire.state_lines(*follows(stat_day, day), zone)
        known = stand(self._service, corp_id, stat_day, day)
        return wire.state_lines(known.state, known.as_of, zone, known.kpis)


def _stat_day(call: wire.Call) -> str:
    if not call.stat_date:
        raise _Failed(wire.DATE_IS_NULL)
    if not is_day(call.stat_date):
        raise _Failed(wire.DATE_FORMAT)
    return call.stat_date


def _remember(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    if len(kept) >= MOST_REMEMBERED:
        kept.clear()
    kept[key] = value

"""The hot path: one service of the contract as a bare ASGI endpoint, its checks in their order."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from reportdata.api.admission import ClientToken, Demand
from reportdata.api.contract import wire
from reportdata.api.contract.entry import Entry
from reportdata.api.contract.memory import DayAnswer, DayAnswers, Wanted
from reportdata.api.faults import GONE
from reportdata.api.memory import Known
from reportdata.api.resource import Context
from reportdata.days import is_day
from reportdata.errors import EngineError, FolderGone, StoreError
from reportdata.http.answers import (
    SYSTEM_ERROR,
    UNKNOWN_ERROR,
    Answer,
    Failed,
    Ids,
    address_of,
    lines,
    new_ids,
    send_answer,
)
from reportdata.http.request_metrics import GOOD
from reportdata.identity import App

log = logging.getLogger("reportdata.api")


class _Asked(NamedTuple):
    """Who asked for what; empty where that is not known."""

    api: str
    address: str
    app_key: str
    stat_date: str


class Endpoint:
    """Answers ``GET`` and ``HEAD`` of one entry of the contract.

    The store is read on the event loop; reads of an embedded one take microseconds. What calls need of a remote one is
    asked for all that wait for it at once.

    :param days: what is answered for days, where it is not by the entry's service.
    """

    def __init__(self, entry: Entry, context: Context, days: Known[Wanted, DayAnswer] | None = None) -> None:
        self._entry = entry
        self._demand = Demand(entry.path, (entry.scope,))
        self._admission = context.admission
        self._days = days or DayAnswers(entry, context).known
        self._remote = context.reader.remote
        self._metrics = context.metrics
        self._note = context.note
        self._clock = context.clock

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        call = wire.read_call(scope["headers"], scope["query_string"])
        await send_answer(send, await self._answer_waiting(call, address_of(scope), self._days.ask))

    def answer(self, headers: Sequence[tuple[bytes, bytes]], query: bytes, address: str) -> Answer | None:
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
            if self._remote and not self._remembers(call):
                return None
            app = self._admission.app(self._demand, call.token, now)
            corp_id = self._admission.admit(self._demand, app, address, now)
            self._require_service()
            wanted = Wanted(corp_id, call.stat_date or "", app.zero_unknown)
            found = self._days.get(wanted)
            if found is None:  # a day that is none has no answer
                _require_day(call)
                found = self._days.read_now(wanted)
        except Exception as error:
            return self._failed(error, call, ids, app, address, began)
        return self._answered(found, call, ids, app, address, began, now)

    async def _answer_waiting(
        self, call: wire.Call, address: str, ask: Callable[[Wanted], Awaitable[DayAnswer]]
    ) -> Answer:
        began = perf_counter()
        now = self._clock()
        ids = new_ids(now)
        app = None
        try:
            app = await self._admission.app_waiting(self._demand, call.token, now)
            corp_id = self._admission.admit(self._demand, app, address, now)
            self._require_service()
            if call.client_token is not None:
                request = hashlib.sha256(repr((self._entry.path, call.stat_date)).encode()).hexdigest()
                await self._admission.claim(app, ClientToken(call.client_token), request, now)
            found = await ask(_wanted(call, app, corp_id))
        except Exception as error:
            return self._failed(error, call, ids, app, address, began)
        return self._answered(found, call, ids, app, address, began, now)

    def _require_service(self) -> None:
        if self._entry.service is None:
            raise Failed(wire.META_IS_NULL if self._entry.has_id else wire.SERVICE_IS_NULL)

    def _remembers(self, call: wire.Call) -> bool:
        """Whether all that an answer needs is in memory."""
        caller = self._admission.known(call.token)
        if caller is None:
            return False
        wanted = Wanted(caller.app.corp_id or "", call.stat_date or "", caller.app.zero_unknown)
        return self._days.get(wanted) is not None

    def _answered(
        self, found: DayAnswer, call: wire.Call, ids: Ids, app: App, address: str, began: float, now: float
    ) -> Answer:
        day = call.stat_date or ""
        self._note(app.app_key, app.corp_id or "", day, address, ids.request, now)
        seconds = perf_counter() - began
        if self._metrics.logs_requests:
            self._metrics.answered(_Asked(self._entry.path, address, app.app_key, day), ids, 200, GOOD, seconds)
        else:
            self._metrics.count_answer(self._entry.path, GOOD, seconds)
        return Answer(200, found.body, ids, found.lines)

    def _failed(
        self, error: Exception, call: wire.Call, ids: Ids, app: App | None, address: str, began: float
    ) -> Answer:
        detail, more = None, b""
        match error:
            case Failed():
                fault, detail = error.fault, error.detail
                more = lines(*((name.encode(), value.encode()) for name, value in (error.headers or {}).items()))
            case StoreError() | EngineError():
                log.error("request %s: %s", ids.request, error.message, extra={"request_id": ids.request})
                fault = SYSTEM_ERROR
            case FolderGone():
                log.error("request %s: %s", ids.request, error.message, extra={"request_id": ids.request})
                fault = GONE
            case _:
                log.error("request %s failed", ids.request, exc_info=error, extra={"request_id": ids.request})
                fault = UNKNOWN_ERROR
        asked = _Asked(self._entry.path, address, app.app_key if app else "", call.stat_date or "")
        self._metrics.answered(asked, ids, fault.status, fault.code, perf_counter() - began)
        return Answer(fault.status, fault.body(ids.request, detail), ids, more)


def _wanted(call: wire.Call, app: App, corp_id: str) -> Wanted:
    return Wanted(corp_id, _require_day(call), app.zero_unknown)


def _require_day(call: wire.Call) -> str:
    if not call.stat_date:
        raise Failed(wire.DATE_IS_NULL)
    if not is_day(call.stat_date):
        raise Failed(wire.DATE_FORMAT)
    return call.stat_date

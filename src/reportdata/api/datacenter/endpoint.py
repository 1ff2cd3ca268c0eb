"""The hot path: one service of the contract as a bare ASGI endpoint, its checks in their order."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from reportdata.api.answers import SYSTEM_ERROR, UNKNOWN_ERROR, Fault, Ids, new_ids, send_answer
from reportdata.api.datacenter import wire
from reportdata.catalogue import Service
from reportdata.days import is_day
from reportdata.errors import Reason, Refused, StoreError
from reportdata.identity import (
    App,
    Rates,
    authenticate,
    hash_of,
    require_address,
    require_organisation,
    require_scope,
)
from reportdata.store import Store

log = logging.getLogger("reportdata.api")

MOST_ANSWERS = 10_000
"""Answers that are remembered; each takes about a kilobyte."""


class _Failed(Exception):
    """A check failed in the service."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class _Remembered(NamedTuple):
    """An answer that holds as long as the store is unchanged: to whom, until when, and its body."""

    app: App
    expires_at: int
    body: bytes


class Endpoint:
    """Answers ``GET`` and ``HEAD`` of one service.

    :param store: is read on the event loop; reads of an embedded store take microseconds.
    :param claim: claims a client token; it writes, and is called in a thread.
    """

    def __init__(
        self,
        service: Service,
        store: Store,
        claim: Callable[[str, str, str, float], bool],
        rates: Rates,
        clock: Callable[[], float],
    ) -> None:
        self._service = service
        self._body = wire.Body(service)
        self._store = store
        self._claim = claim
        self._rates = rates
        self._clock = clock
        self._version: int | None = None
        self._answers: dict[tuple[bytes | None, bytes], _Remembered] = {}

    def is_immediate(self, scope: Scope) -> bool:
        """Whether the call is answered without waiting: it has no client token to claim, not even a disguised one."""
        query: bytes = scope["query_string"]
        return wire.read_tokens(scope["headers"])[1] is None and b"%" not in query and b"clientToken" not in query

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        now = self._clock()
        ids = new_ids(now)
        status = 200
        try:
            token, client_token = wire.read_tokens(scope["headers"])
            query: bytes = scope["query_string"]
            known = self._remembered(token, query, now) if client_token is None else None
            if known is not None:
                self._admit(known.app, scope, now)
                body = known.body
            else:
                body = await self._checked(token, client_token, query, scope, now)
        except Refused as refused:
            status, body = self._refusal(refused.reason, ids)
        except _Failed as failed:
            status, body = failed.fault.status, failed.fault.body(ids.request)
        except StoreError as error:
            log.error("request %s: %s", ids.request, error.message)  # noqa: TRY400 - the message says it all
            status, body = SYSTEM_ERROR.status, SYSTEM_ERROR.body(ids.request)
        except Exception:
            log.exception("request %s failed", ids.request)
            status, body = UNKNOWN_ERROR.status, UNKNOWN_ERROR.body(ids.request)
        await send_answer(send, status, body, ids)

    def _remembered(self, token: bytes | None, query: bytes, now: float) -> _Remembered | None:
        version = self._store.version()
        if version != self._version:
            self._version = version
            self._answers.clear()
            return None
        known = self._answers.get((token, query))
        return known if known is not None and known.expires_at > now else None

    async def _checked(
        self, token: bytes | None, client_token: bytes | None, query: bytes, scope: Scope, now: float
    ) -> bytes:
        """Make all checks in their order, and answer."""
        call = wire.read_call(token, client_token, query)
        if call.token is None:
            raise Refused(Reason.TOKEN_MISSING)
        caller = self._store.caller(hash_of(call.token))
        app = authenticate(caller, now)
        self._admit(app, scope, now)
        corp_id = require_organisation(app)
        self._require_service()
        if call.client_token is not None:
            await self._require_same_request(app, call, now)
        body = self._answer(corp_id, call.stat_date)
        if call.client_token is None and caller is not None:
            if len(self._answers) >= MOST_ANSWERS:
                self._answers.clear()
            self._answers[token, query] = _Remembered(app, caller.expires_at, body)
        return body

    def _admit(self, app: App, scope: Scope, now: float) -> None:
        try:
            require_address(app, _address(scope))
        except Refused as refused:
            raise _Failed(wire.address_refused(_address(scope), app.app_key)) from refused
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

    def _answer(self, corp_id: str, stat_date: str | None) -> bytes:
        if not stat_date:
            raise _Failed(wire.DATE_IS_NULL)
        if not is_day(stat_date):
            raise _Failed(wire.DATE_FORMAT)
        values = self._store.kpis(self._service.id or "", corp_id, stat_date)
        return self._body.of_day(corp_id, stat_date, values)

    def _refusal(self, reason: Reason, ids: Ids) -> tuple[int, bytes]:
        fault = wire.REFUSALS[reason]
        detail = {"requiredScopes": [self._service.scope]} if reason is Reason.SCOPE else None
        return fault.status, fault.body(ids.request, detail)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""

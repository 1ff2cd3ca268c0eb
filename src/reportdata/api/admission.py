"""Who may call: from the token to the app and its organisation, and everything that may be refused on the way.

All resources admit their callers here, in one order of checks: token, address, scope, rate, organisation; a client
token is claimed when the resource has read what it needs of the request. A refusal is `Failed` with its fault.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from reportdata.api.cookies import COOKIE
from reportdata.api.credentials import TOKEN_HEADER, token_in
from reportdata.api.memory import Memory
from reportdata.api.openapi import Json, Sample
from reportdata.errors import Reason, Refused
from reportdata.http.answers import Failed, Fault, address_of
from reportdata.identity import (
    App,
    Caller,
    authenticate,
    hash_of,
    require_address,
    require_one_scope,
    require_organisation,
)
from reportdata.limits import Rates
from reportdata.store import Store

SECURITY: Json = {
    "token": {"type": "apiKey", "in": "header", "name": TOKEN_HEADER.decode()},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
}
"""How a caller shows who it is, as OpenAPI says it."""

REFUSALS = {
    Reason.TOKEN_MISSING: Fault(400, "AuthenticationFailed.MissingParameter", "缺少参数：x-acs-dingtalk-access-token"),
    Reason.TOKEN_INVALID: Fault(400, "InvalidAuthentication", "不合法的access_token"),
    Reason.ADDRESS: Fault(
        403,
        "Forbidden.AccessDenied.IpNotInWhiteList",
        "访问ip不在白名单之中，请参考FAQ：https://open.dingtalk.com/document/org-faq/app-faq",
    ),
    Reason.SCOPE: Fault(
        403,
        "Forbidden.AccessDenied.AccessTokenPermissionDenied",
        "没有调用该接口的权限，接口权限申请参考：https://open.dingtalk.com/document/orgapp-server/add-api-permission",
    ),
    Reason.RATE: Fault(
        403,
        "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
        "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了",
    ),
    Reason.NO_ORGANISATION: Fault(500, "orgId.is.null", "orgId请求参数为空", by_service=True),
    Reason.CLIENT_TOKEN: Fault(
        400,
        "IdempotentParameterMismatch",
        "The request uses the same client token as a previous, but non-identical request. "
        "Do not reuse a client token with different requests, unless the requests are identical.",
    ),
}
"""What a refused caller is answered."""

Claim = Callable[[str, str, str, float], bool]
"""Claims a client token of an app for a request at a time; False when another request has it."""

_SAMPLE_CALLER = ("192.0.2.7", "ding0123456789abcdef")


class Demand(NamedTuple):
    """What a resource demands of its callers."""

    api: str
    """By which calls are counted: the path."""
    scopes: tuple[str, ...]
    """Of which an app needs one."""
    by_department: bool = False
    """Whether the resource tells a link that shows some departments of these only. Without it, such links are refused:
    a resource that says nothing of departments tells of the whole organisation."""

    def refusal(self, reason: Reason) -> Failed:
        """The refusal for that reason."""
        detail = {"requiredScopes": list(self.scopes)} if reason is Reason.SCOPE else None
        return Failed(REFUSALS[reason], detail)

    def require(self, app: App) -> None:
        """:raises Failed: when an app has none of the scopes."""
        try:
            require_one_scope(app, self.scopes)
        except Refused as refused:
            raise self.refusal(refused.reason) from None

    def is_met(self, app: App) -> bool:
        """Whether an app has one of the scopes."""
        return not set(app.scopes).isdisjoint(self.scopes)

    def samples(self, reasons: Iterable[Reason] = tuple(REFUSALS)) -> Iterable[Sample]:
        """The refusals for these reasons, all without them, for a description."""
        for reason in reasons:
            fault = REFUSALS[reason]
            said = _address_refused(*_SAMPLE_CALLER) if reason is Reason.ADDRESS else fault
            yield Sample(said, self.refusal(reason).detail)


class Admission:
    """Admits callers.

    :param store: is read on the event loop; reads of an embedded store take microseconds. Callers are remembered in
        ``memory`` until it changes.
    :param claim: writes, and is called in threads.
    """

    def __init__(self, store: Store, memory: Memory, claim: Claim, rates: Rates) -> None:
        self._store = store
        self._callers = memory.known(self._read)
        self._claim = claim
        self._rates = rates

    def known(self, token: str | None) -> Caller | None:
        """Whom a token was issued to, if that is remembered."""
        return self._callers.get(token) if token is not None else None

    def app(self, demand: Demand, token: str | None, now: float) -> App:
        """The app that a token was issued to, read at once."""
        if token is None:
            raise demand.refusal(Reason.TOKEN_MISSING)
        return _authenticated(demand, self._callers.read(token), now)

    async def app_waiting(self, demand: Demand, token: str | None, now: float) -> App:
        """The app that a token was issued to, read with those that other calls wait for."""
        if token is None:
            raise demand.refusal(Reason.TOKEN_MISSING)
        return _authenticated(demand, await self._callers.ask(token), now)

    def admit(self, demand: Demand, app: App, address: str, now: float) -> str:
        """The organisation whose data the app may have or bring now."""
        try:
            require_address(app, address)
            require_one_scope(app, demand.scopes)
            self._rates.require(app, demand.api, now)
            return require_organisation(app)
        except Refused as refused:
            if refused.reason is Reason.ADDRESS:
                raise Failed(_address_refused(address, app.app_key)) from refused
            raise demand.refusal(refused.reason) from refused

    async def caller(self, demand: Demand, request: Request, now: float) -> tuple[App, str]:
        """The app that sends a request, and the organisation whose data it may have or bring now."""
        tokens = (token_in(value) for name, value in request.scope["headers"] if name == TOKEN_HEADER)
        app = await self.app_waiting(demand, next(tokens, None), now)
        return app, self.admit(demand, app, address_of(request.scope), now)

    async def claim(self, app: App, client_token: ClientToken, request: str, now: float) -> None:
        """Claim a client token for a request, which has it for a day.

        :param request: the SHA-256 of what makes the request the same as another one.
        """

        def claimed() -> bool:
            return self._claim(app.app_key, client_token.digest(), request, now)

        if not await run_in_threadpool(claimed):
            raise Failed(REFUSALS[Reason.CLIENT_TOKEN])

    def _read(self, tokens: Sequence[str]) -> Sequence[Caller | None]:
        return self._store.callers([hash_of(token) for token in tokens])


class ClientToken(NamedTuple):
    """A text that a caller chose for a request, so that no other request is taken for it.

    ``kind`` keeps those of one resource apart from those of all others.
    """

    text: str
    kind: bytes = b""

    def digest(self) -> str:
        """What is kept of it."""
        if not self.kind:
            return hashlib.sha256(self.text.encode()).hexdigest()
        return hashlib.blake2b(self.text.encode(), digest_size=32, person=self.kind).hexdigest()


def _authenticated(demand: Demand, caller: Caller | None, now: float) -> App:
    try:
        return authenticate(caller, now)
    except Refused as refused:
        raise demand.refusal(refused.reason) from refused


def _address_refused(address: str, app_key: str) -> Fault:
    """The fault of a caller outside the allow-list, which names both."""
    fault = REFUSALS[Reason.ADDRESS]
    return fault._replace(message=f"{fault.message},request ip={address} appKey({app_key})")

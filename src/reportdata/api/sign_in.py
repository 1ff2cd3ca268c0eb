"""Sign-in as tools offer it: the contract's token in its header or as Bearer, or app key and secret as Basic."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import NamedTuple

from starlette.requests import Request

from reportdata.api.admission import Demand
from reportdata.api.credentials import TOKEN_HEADER, token_in
from reportdata.api.guessing import when_again
from reportdata.api.openapi import Sample
from reportdata.api.resource import Context
from reportdata.errors import Refused
from reportdata.http.answers import Failed, Fault, address_of
from reportdata.identity import App, issue

NOT_SIGNED_IN = Fault(
    401,
    "AuthenticationFailed.NotSignedIn",
    "Send a token in x-acs-dingtalk-access-token or as Authorization: Bearer, or app key and secret as Basic.",
)
WRONG_SECRET = Fault(401, "AuthenticationFailed.WrongSecret", "The app key or the secret is wrong.")
SAMPLES = (Sample(NOT_SIGNED_IN), Sample(WRONG_SECRET, waits=True))
_CHALLENGE = {"www-authenticate": 'Basic realm="reportdata", charset="UTF-8"'}


class Caller(NamedTuple):
    """Who asks: the app, its organisation, and the address that it asks from."""

    app: App
    corp_id: str
    address: str


class SignIn:
    """Admits callers of tools."""

    def __init__(self, context: Context) -> None:
        self._admission = context.admission
        self._guessing = context.guessing
        self._store = context.reader
        self._apps = context.memory.known(self._read)

    async def caller(self, demand: Demand, request: Request, now: float) -> Caller:
        """Who sends a request, and may now.

        :raises Failed: who may not.
        """
        address = address_of(request.scope)
        found = _authorization(request)
        if found is not None and found.scheme == "basic":
            app = await self._basic(found.value, address, now, request)
        else:
            tokens = (token_in(value) for name, value in request.scope["headers"] if name == TOKEN_HEADER)
            token = found.value if found is not None else next(tokens, None)
            if not token:
                raise Failed(NOT_SIGNED_IN, headers=_challenge(request))
            app = await self._admission.app_waiting(demand, token, now)
        return Caller(app, self._admission.admit(demand, app, address, now), address)

    def _read(self, keys: Sequence[str]) -> list[App | None]:
        return [self._store.app(key) for key in keys]

    async def _basic(self, value: str, address: str, now: float, request: Request) -> App:
        key, secret = _decoded(value)
        try:
            with self._guessing.guess(key, address, secret, now) as presented:
                app = await self._apps.ask(key)
                presented.exists = app is not None
                issue(app, secret, None, now)  # who may have a token may sign in; no token is issued
        except Refused as refused:
            raise Failed(WRONG_SECRET, headers=_challenge(request) | (when_again(refused) or {})) from None
        assert app is not None  # noqa: S101 - no secret is right for none
        return app


class _Authorization(NamedTuple):
    scheme: str
    value: str


def _authorization(request: Request) -> _Authorization | None:
    """What the header ``Authorization`` has, of the schemes that are known."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    known: Sequence[str] = ("basic", "bearer")
    return _Authorization(scheme.lower(), value.strip()) if scheme.lower() in known else None


def _decoded(value: str) -> tuple[str, str]:
    try:
        key, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return key, secret


def _challenge(request: Request) -> dict[str, str]:
    """What makes programs ask for key and secret. A page's own calls get none: the browser would ask in its place."""
    return {} if request.headers.get("sec-fetch-mode") == "cors" else dict(_CHALLENGE)

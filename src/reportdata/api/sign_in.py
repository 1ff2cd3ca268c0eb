"""Sign-in as tools and pages offer it: the contract's token in its header or as Bearer, app key and secret as Basic, or
the cookie of a session. What stands in a header goes before a cookie."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import NamedTuple

from starlette.requests import Request

from reportdata.api.admission import Demand
from reportdata.api.cookies import MOST_COOKIES, is_own, sessions_in
from reportdata.api.credentials import TOKEN_HEADER, token_in
from reportdata.api.guessing import when_again
from reportdata.api.openapi import Sample
from reportdata.api.resource import Context
from reportdata.errors import Refused
from reportdata.http.answers import Failed, Fault, address_of
from reportdata.identity import App, hash_of, issue
from reportdata.links import Ending, Link, Viewer, ended

NOT_SIGNED_IN = Fault(
    401,
    "AuthenticationFailed.NotSignedIn",
    "Send a token in x-acs-dingtalk-access-token or as Authorization: Bearer, or app key and secret as Basic.",
)
WRONG_SECRET = Fault(401, "AuthenticationFailed.WrongSecret", "The app key or the secret is wrong.")
ENDINGS = {
    Ending.SESSION: Fault(401, "AuthenticationFailed.SessionEnded", "The session has ended. Sign in again."),
    Ending.REVOKED: Fault(
        401,
        "AuthenticationFailed.LinkRevoked",
        "The link was revoked. Whoever gave it to you may give you another one.",
    ),
    Ending.LINK: Fault(
        401, "AuthenticationFailed.LinkEnded", "The link has ended. Whoever gave it to you may give you another one."
    ),
    Ending.DISABLED: Fault(401, "AuthenticationFailed.AppDisabled", "The app was disabled. Ask who runs the server."),
}
"""What somebody is answered who was let in and is not any more."""
CROSS_SITE = Fault(403, "Forbidden.CrossSite", "A page of another site sent the request, with the cookie of this one.")
SOME_DEPARTMENTS = Fault(
    403,
    "Forbidden.AccessDenied.SomeDepartments",
    "The link shows some departments, and this call tells of the whole organisation.",
)
SAMPLES = (
    Sample(NOT_SIGNED_IN),
    Sample(WRONG_SECRET, waits=True),
    *map(Sample, ENDINGS.values()),
    Sample(CROSS_SITE),
    Sample(SOME_DEPARTMENTS),
)
_CHALLENGE = {"www-authenticate": 'Basic realm="reportdata", charset="UTF-8"'}


class Caller(NamedTuple):
    """Who asks: the app, or a link as one; its organisation, and the address that it asks from."""

    app: App
    corp_id: str
    address: str
    link: Link | None = None

    @property
    def departments(self) -> tuple[str, ...]:
        """All departments that it may be told of, with those below them; empty for the whole organisation."""
        return self.link.departments if self.link is not None else ()

    @property
    def name(self) -> str:
        """What the audit calls it: the app's key, or the link's name and id."""
        return self.app.app_key if self.link is None else f"{self.link.name} ({self.link.link_id})"


class SignIn:
    """Admits callers of tools and pages."""

    def __init__(self, context: Context) -> None:
        self._admission = context.admission
        self._guessing = context.guessing
        self._store = context.reader
        self._apps = context.memory.known(self._read)
        self._viewers = context.memory.known(self._read_viewers)
        self._has_sessions = context.web

    async def caller(self, demand: Demand, request: Request, now: float) -> Caller:
        """Who sends a request, and may now.

        :raises Failed: who may not.
        """
        address = address_of(request.scope)
        found = _authorization(request)
        tokens = (token_in(value) for name, value in request.scope["headers"] if name == TOKEN_HEADER)
        token = found.value if found is not None else next(tokens, None)
        link = None
        if found is not None and found.scheme == "basic":
            app = await self._basic(found.value, address, now, request)
        elif token:
            app = await self._admission.app_waiting(demand, token, now)
        elif self._has_sessions and (secrets := sessions_in(request)):
            viewer = await self._viewer(secrets[:MOST_COOKIES], request, now)
            app, link = _whose(viewer)
        else:
            raise Failed(NOT_SIGNED_IN, headers=_challenge(request))
        return self.admitted(demand, Caller(app, "", address, link), now)

    async def session(self, demand: Demand, request: Request, now: float) -> tuple[Caller, int]:
        """Whose session a request brings, and when it ends, in seconds since 1970.

        :raises Failed: when it brings none, or whose it is may not.
        """
        secrets = sessions_in(request)
        if not secrets:
            raise Failed(NOT_SIGNED_IN)
        viewer = await self._viewer(secrets[:MOST_COOKIES], request, now)
        app, link = _whose(viewer)
        caller = self.admitted(demand, Caller(app, "", address_of(request.scope), link), now)
        return caller, viewer.expires_at

    def admitted(self, demand: Demand, caller: Caller, now: float) -> Caller:
        """A caller who showed who it is, with its organisation.

        :raises Failed: when it may not have what the resource has.
        """
        if caller.departments and not demand.by_department:
            raise Failed(SOME_DEPARTMENTS)
        return caller._replace(corp_id=self._admission.admit(demand, caller.app, caller.address, now))

    async def proven(self, key: str, secret: str, address: str, now: float) -> App:
        """The app of that key and secret.

        :raises Refused: when they are wrong, or too many were.
        """
        with self._guessing.guess(key, address, secret, now) as presented:
            app = await self._apps.ask(key)
            presented.exists = app is not None
            issue(app, secret, None, now)  # who may have a token may sign in; no token is issued
        assert app is not None  # noqa: S101 - no secret is right for none
        return app

    async def _viewer(self, secrets: Sequence[str], request: Request, now: float) -> Viewer:
        """Whose session a request brings."""
        if not is_own(request):
            raise Failed(CROSS_SITE)
        ending = Ending.SESSION
        for secret in secrets:
            viewer = await self._viewers.ask(hash_of(secret))
            found = ended(viewer, now)
            if viewer is not None and found is None:
                return viewer
            ending = found if found is not None and ending is Ending.SESSION else ending
        raise Failed(ENDINGS[ending])

    def _read(self, keys: Sequence[str]) -> list[App | None]:
        return [self._store.app(key) for key in keys]

    def _read_viewers(self, session_hashes: Sequence[str]) -> list[Viewer | None]:
        return self._store.viewers(session_hashes)

    async def _basic(self, value: str, address: str, now: float, request: Request) -> App:
        key, secret = _decoded(value)
        try:
            return await self.proven(key, secret, address, now)
        except Refused as refused:
            raise Failed(WRONG_SECRET, headers=_challenge(request) | (when_again(refused) or {})) from None


def _whose(viewer: Viewer) -> tuple[App, Link | None]:
    """The app whose session it is, or the link as one."""
    if viewer.link is not None:
        return viewer.link.as_app(), viewer.link
    assert viewer.app is not None  # noqa: S101 - a session is an app's or a link's
    return viewer.app, None


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

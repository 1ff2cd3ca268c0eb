"""Sessions of people with a browser: ``POST /v1/session`` begins one, with an app's key and secret or a view link's
secret, ``GET`` says whose it is, ``DELETE`` ends it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import Demand
from reportdata.api.bodies import json_object
from reportdata.api.cookies import MOST_COOKIES, is_own, sessions_in, set_cookie
from reportdata.api.faults import missing_parameter
from reportdata.api.guessing import when_again
from reportdata.api.openapi import Json
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.sessions_description import (
    BOTH_GIVEN,
    HEADERS,
    PATH,
    WRONG_LINK,
    described_beginning,
    described_end,
    described_session,
)
from reportdata.api.sign_in import CROSS_SITE, ENDINGS, SOME_DEPARTMENTS, WRONG_SECRET, Caller, SignIn
from reportdata.api.visible import visible
from reportdata.days import time_zone
from reportdata.errors import Reason, Refused
from reportdata.http.answers import Failed, address_of
from reportdata.http.routes import IDS, json_response
from reportdata.identity import App, hash_of, issue
from reportdata.links import (
    Holder,
    Link,
    NewSession,
    begin_session,
    link_ended,
    link_id_in,
    require_secret,
)
from reportdata.services import REPORTS, Services

_FIELDS = ("appKey", "appSecret")


def resource(context: Context) -> Resource:
    """The calls."""
    sessions = Sessions(context)
    scopes = scopes_of_sessions(context.services)
    return Resource(
        "sessions",
        [
            Operation("POST", PATH, partial(described_beginning, scopes), sessions.begin),
            Operation("GET", PATH, partial(described_session, scopes), sessions.show),
            Operation("DELETE", PATH, described_end, sessions.end),
        ],
        answered=HEADERS,
    )


def scopes_of_sessions(services: Services) -> tuple[str, ...]:
    """The scopes of which one is needed to begin a session: to ask about any service, or to bring files."""
    push = services.service(REPORTS).push_scope
    return (*services.scopes_to_ask, *([push] if push is not None else []))


class Sessions:
    """Begins and ends sessions."""

    def __init__(self, context: Context) -> None:
        service = context.services.service(REPORTS)
        words = {
            service.statistics_scope: "totals",
            service.records_scope: "records",
            service.push_scope: "import",
        }
        self.scopes = {scope: word for scope, word in words.items() if scope is not None}
        """What a session calls scopes about reports."""
        self._records = service.records_scope
        self._push_scope = service.push_scope
        self._context = context
        self._sign_in = SignIn(context)
        self._demand = Demand(PATH, scopes_of_sessions(context.services), by_department=True)
        self._links = context.memory.known(self._read_links)

    async def begin(self, request: Request) -> Response:
        """Begin a session."""
        if not is_own(request):
            raise Failed(CROSS_SITE)
        fields = await json_object(request)
        now = self._context.clock()
        if "link" in fields:
            if any(name in fields for name in _FIELDS):
                raise Failed(BOTH_GIVEN)
            secret = _text(fields, "link")
            caller = await self._by_link(secret, request, now)
        else:
            key, secret = (_text(fields, name) for name in _FIELDS)
            caller = await self._by_app(key, secret, request, now)
        caller = self._sign_in.admitted(self._demand, caller, now)
        self._require_something(caller)
        opened = await self._opened(caller, secret, now)
        self._context.note(caller.name, caller.corp_id, "sign-in", caller.address, request.scope[IDS].request, now)
        cookie = set_cookie(request, self._context.base_path, opened.secret, opened.kept.expires_at - int(now))
        return json_response(self._told(caller, opened.kept.expires_at), {"set-cookie": cookie})

    async def show(self, request: Request) -> Response:
        """Say whose the session is."""
        caller, expires_at = await self._sign_in.session(self._demand, request, self._context.clock())
        return json_response(self._told(caller, expires_at))

    async def end(self, request: Request) -> Response:
        """End the session, if there is one."""
        if not is_own(request):
            raise Failed(CROSS_SITE)
        for secret in sessions_in(request)[:MOST_COOKIES]:
            await run_in_threadpool(self._context.writing.end_session, hash_of(secret))
        return Response(None, 204, {"set-cookie": set_cookie(request, self._context.base_path, "", 0)})

    def _require_something(self, caller: Caller) -> None:
        """:raises Failed: when a link of some departments shows only services that have none."""
        brings = self._push_scope in caller.app.scopes  # the page for that says what such a link may do
        if caller.departments and not brings and not visible(self._context.services, caller):
            raise Failed(SOME_DEPARTMENTS)

    async def _by_app(self, key: str, secret: str, request: Request, now: float) -> Caller:
        address = address_of(request.scope)
        try:
            app = await self._sign_in.proven(key, secret, address, now)
        except Refused as refused:
            raise Failed(WRONG_SECRET, headers=when_again(refused)) from None
        return Caller(app, "", address)

    async def _by_link(self, secret: str, request: Request, now: float) -> Caller:
        address = address_of(request.scope)
        link_id = link_id_in(secret)
        try:
            with self._context.guessing.guess(link_id, address, secret, now) as presented:
                found = await self._links.ask(link_id)
                presented.exists = found is not None
                link = require_secret(found, secret)
        except Refused as refused:
            raise Failed(WRONG_LINK, headers=when_again(refused)) from None
        return Caller(_let_in(link, now).as_app(), "", address, link)

    async def _opened(self, caller: Caller, secret: str, now: float) -> NewSession:
        """The session, unless what let the caller in was changed meanwhile."""
        holder = Holder(None, caller.link.link_id) if caller.link is not None else Holder(caller.app.app_key)

        def decide(found: App | Link | None) -> NewSession:
            if isinstance(found, Link):
                return begin_session(_let_in(require_secret(found, secret), now), self._context.session_hours, now)
            issue(found, secret, None, now)
            if found is None:
                raise Refused(Reason.CREDENTIALS)
            return begin_session(found, self._context.session_hours, now)

        try:
            return await run_in_threadpool(self._context.writing.open_session, holder, decide, now)
        except Refused:
            raise Failed(WRONG_LINK if caller.link is not None else WRONG_SECRET) from None

    def _told(self, caller: Caller, expires_at: int) -> Json:
        """What a page is told of its session."""
        known = self._context.reader.organisations()
        zone = next((one.time_zone for one in known if one.corp_id == caller.corp_id), "UTC")
        held = [word for scope, word in self.scopes.items() if scope in caller.app.scopes]
        if self._records in caller.app.scopes and "totals" not in held:
            held.insert(0, "totals")
        return {
            "kind": "app" if caller.link is None else "link",
            "name": caller.app.name,
            "organisation": caller.corp_id,
            "organisationName": None,
            "timeZone": zone,
            "scopes": held,
            "services": [one.service.id for one in visible(self._context.services, caller)],
            "departments": list(caller.departments) or None,
            "expiresAt": datetime.fromtimestamp(expires_at, time_zone(zone)).isoformat(),
        }

    def _read_links(self, link_ids: Sequence[str]) -> list[Link | None]:
        return [self._context.reader.link(link_id) for link_id in link_ids]


def _let_in(link: Link, now: float) -> Link:
    """:raises Failed: when the link lets nobody in any more."""
    ending = link_ended(link, now)
    if ending is not None:
        raise Failed(ENDINGS[ending])
    return link


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Failed(missing_parameter(name))
    return value

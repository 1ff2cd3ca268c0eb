"""The services: ``GET /v1/services`` lists those that a caller may be told of, with their KPIs, and
``GET /v1/services/overview`` has the newest numbers of all of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import Demand
from reportdata.api.asking import Job
from reportdata.api.family_description import OVERVIEW, PATH, described_overview, described_services
from reportdata.api.leaving import unless_left
from reportdata.api.listed_services import Visible, listed, today_of
from reportdata.api.observed_days import by_kind, newest_of
from reportdata.api.replies import told
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.sign_in import Caller, SignIn
from reportdata.api.statistics_description import ASKED, BAD_QUESTION, HEADERS
from reportdata.api.visible import visible
from reportdata.days import day_before, from_date, to_date
from reportdata.http.answers import EXPOSED, JSON, Failed
from reportdata.http.routes import IDS, json_response
from reportdata.statistics.newest import Newest

DAYS = 30
"""Days of a service that the overview has."""


def resource(context: Context) -> Resource:
    """The calls."""
    family = Family(context)
    scopes = context.services.scopes_to_ask
    return Resource(
        "services",
        [
            Operation("GET", PATH, partial(described_services, scopes), family.services),
            Operation("GET", OVERVIEW, partial(described_overview, scopes), family.overview),
        ],
        answered=HEADERS,
        asked=ASKED,
    )


class Family:
    """Tells of the services."""

    def __init__(self, context: Context) -> None:
        scopes = context.services.scopes_to_ask
        self._services = context.services
        self._demands = {path: Demand(path, scopes, by_department=True) for path in (PATH, OVERVIEW)}
        self._sign_in = SignIn(context)
        self._store = context.reader
        self._note = context.note
        self._clock = context.clock
        self._versions = context.versions
        self._kept = context.kept

    async def services(self, request: Request) -> Response:
        """List the services."""
        now = self._clock()
        caller = await self._sign_in.caller(self._demands[PATH], request, now)
        _require_no_parameters(request)
        seen = visible(self._services, caller)
        tag = _tag(self._versions.tag(caller.corp_id, now), seen)
        headers = {"etag": tag, "cache-control": "no-store", EXPOSED: "etag"}
        if tag in [given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
        self._audit(caller, "services", request, now)
        today, observed = self._today(caller.corp_id, now), by_kind(self._store.observations(caller.corp_id))
        data = [self._told(one, observed, today) for one in seen]
        return json_response({"data": data, "meta": {"totalRows": len(data)}}, headers)

    async def overview(self, request: Request) -> Response:
        """Give the newest numbers of each service."""
        now = self._clock()
        caller = await self._sign_in.caller(self._demands[OVERVIEW], request, now)
        _require_no_parameters(request)
        today, observed = self._today(caller.corp_id, now), by_kind(self._store.observations(caller.corp_id))
        wanted = [_newest(one, observed, today) for one in visible(self._services, caller)]
        newest = tuple(one for one in wanted if one is not None)
        self._audit(caller, "services overview", request, now)
        job = Job(caller.corp_id, now, within=caller.departments, newest=newest)
        kept = await unless_left(request, self._kept.answer(job))
        told(kept.reply)
        return Response(kept.body, media_type=JSON)

    def _today(self, corp_id: str, now: float) -> str:
        return today_of(corp_id, self._store.organisations(), now)

    def _told(self, seen: Visible, observed: dict[str, list[tuple[str, str]]], today: str) -> dict[str, Any]:
        return listed(seen, observed, today, self._services.kinds)

    def _audit(self, caller: Caller, what: str, request: Request, now: float) -> None:
        self._note(caller.name, caller.corp_id, what, caller.address, request.scope[IDS].request, now)


def _newest(seen: Visible, observed: dict[str, list[tuple[str, str]]], today: str) -> Newest | None:
    """The days of a service to be shown: up to the newest before today or, where there is none, up to today."""
    service, main = seen.service, seen.main
    ids = [main.id, *(kpi.id for kpi in seen.kpis if kpi is not main)]
    for wanted in (ids[:1], ids):
        for until in (day_before(today), today):
            last = newest_of(service, wanted, observed, until)
            if last is not None:
                return Newest(service.id, from_date(to_date(last) - timedelta(days=DAYS - 1)), last, tuple(ids))
    return None


def _require_no_parameters(request: Request) -> None:
    """:raises Failed: when there are some: who filters would take all for a part."""
    for name in request.query_params:
        raise Failed(BAD_QUESTION._replace(message=f"the parameter {name[:40]!r} is not known; there are none"))


def _tag(version: str, seen: Sequence[Visible]) -> str:
    """The entity tag of a list: the version of all that is served, and what of it may be told."""
    text = repr([(one.service.id, [kpi.id for kpi in one.kpis], one.records) for one in seen])
    return f'{version.removesuffix(chr(34))}-{hashlib.blake2b(text.encode(), digest_size=6).hexdigest()}"'

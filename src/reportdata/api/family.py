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
from reportdata.api.observed_days import by_kind, first_of, newest_of
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.sign_in import Caller, SignIn
from reportdata.api.statistics import told
from reportdata.api.statistics_description import ASKED, BAD_QUESTION, HEADERS
from reportdata.api.visible import Visible, visible
from reportdata.days import SECOND, day_before, day_of, from_date, time_zone, to_date
from reportdata.http.answers import EXPOSED, JSON, Failed
from reportdata.http.routes import IDS, json_response
from reportdata.measures import Kpi
from reportdata.services import Service
from reportdata.services.grouping import ways_to_group
from reportdata.statistics.newest import Newest, origin_of
from reportdata.statistics.words import dashed

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
        known = self._store.organisations()
        zone = next((one.time_zone for one in known if one.corp_id == corp_id), "UTC")
        return day_of(int(now * SECOND), time_zone(zone))

    def _told(self, seen: Visible, observed: dict[str, list[tuple[str, str]]], today: str) -> dict[str, Any]:
        service, ids = seen.service, [kpi.id for kpi in seen.kpis]
        days = [find(service, ids, observed, today) for find in (first_of, newest_of)]
        first, newest = (dashed(day) if day and days[1] else None for day in days)
        return {
            "service": service.id,
            "path": service.path,
            "name": service.name or service.title,
            "nameEn": service.name_en or service.name or service.id,
            "origin": origin_of(service),
            "main": seen.main.name_of_column,
            "records": seen.records,
            "firstDay": first,
            "newestDay": newest,
            "kpis": [self._kpi(service, kpi) for kpi in seen.kpis],
        }

    def _kpi(self, service: Service, kpi: Kpi) -> dict[str, Any]:
        return {
            "metric": kpi.name_of_column,
            "kpiId": kpi.id,
            "kpiName": kpi.name,
            "kpiNameEn": kpi.name_en or kpi.name,
            "unit": kpi.unit,
            "kpiCaliber": kpi.caliber,
            "type": "number" if kpi.may_be_broken else "integer",
            "isRatio": bool(kpi.ratio),
            "several": several(service, kpi),
            "groupings": list(ways_to_group(service, kpi.id, self._services.kinds)),
            "isExplained": kpi.measure is not None or not service.has_facts,
        }

    def _audit(self, caller: Caller, what: str, request: Request, now: float) -> None:
        self._note(caller.name, caller.corp_id, what, caller.address, request.scope[IDS].request, now)


def several(service: Service, kpi: Kpi) -> str | None:
    """What a KPI of several days is: ``counted`` over them, the ``sum`` of the days, that of the ``last`` day, the
    ``ratio`` of its parts; None when it is known of single days alone."""
    if kpi.ratio:
        known = service.has_facts or kpi.over or all(service.part(part).over for part in kpi.ratio)
        return "ratio" if known else None
    if kpi.stated:
        return "last"
    return "counted" if kpi.measure is not None else kpi.over or None


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

"""Statistics: ``GET /v1/statistics`` answers questions, ``GET /v1/statistics/coverage`` says what is covered,
``GET /v1/statistics/changes`` what changed, and ``GET /v1/statistics/explain`` what a number is made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import Demand
from reportdata.api.asking import Job, Reply
from reportdata.api.explaining_description import described_changes, described_explain
from reportdata.api.leaving import unless_left
from reportdata.api.replies import headers_of, refused, response, told
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.sign_in import Caller, SignIn
from reportdata.api.statistics_description import (
    ASKED,
    COVERAGE,
    HEADERS,
    described,
    described_coverage,
)
from reportdata.errors import BadValue
from reportdata.http.answers import EXPOSED, JSON
from reportdata.http.routes import IDS
from reportdata.services import REPORTS, Service
from reportdata.statistics.changes import CHANGES_PATH, read_changes
from reportdata.statistics.explained import EXPLAIN_PATH, read_explained
from reportdata.statistics.parameters import given_in
from reportdata.statistics.question import Question
from reportdata.statistics.words import PATH, SERVICE, read_question, service_in

_NAMED = " with names"
"""What the audit says of answers that have names of people; no name stands there."""


def resource(context: Context) -> Resource:
    """The calls."""
    service = context.services.service(REPORTS)
    statistics = Statistics(context)
    return Resource(
        "questions",
        [
            Operation("GET", PATH, partial(described, service), statistics.statistics),
            Operation("GET", COVERAGE, partial(described_coverage, service), statistics.coverage),
            Operation("GET", CHANGES_PATH, partial(described_changes, service), statistics.changes),
            Operation("GET", EXPLAIN_PATH, partial(described_explain, service), statistics.explain),
        ],
        answered=HEADERS,
        asked=ASKED,
    )


class _Demands(NamedTuple):
    """What the calls about a service demand: of apps and links, and to tell single people apart; None where the
    service tells nothing of these."""

    totals: Demand
    coverage: Demand
    changes: Demand
    explain: Demand
    records: Demand | None


def _demands(service: Service) -> _Demands:
    scopes = service.scopes_to_ask
    narrows = service.has_facts  # figures that were brought are of the whole organisation
    totals, coverage, explain = (Demand(path, scopes, by_department=narrows) for path in (PATH, COVERAGE, EXPLAIN_PATH))
    changes = Demand(CHANGES_PATH, scopes)  # these are of the whole organisation
    records = Demand(PATH, (service.records_scope,)) if service.records_scope is not None else None
    return _Demands(totals, coverage, changes, explain, records)


class _Asked(NamedTuple):
    """Who asks for what, about which service, and when."""

    caller: Caller
    service: Service
    demands: _Demands
    now: float


class Statistics:
    """Has questions answered."""

    def __init__(self, context: Context) -> None:
        self._services = context.services
        self._demands = {service.id: _demands(service) for service in context.services}
        self._sign_in = SignIn(context)
        self._ask = context.ask
        self._note = context.note
        self._clock = context.clock
        self._versions = context.versions
        self._kept = context.kept

    async def statistics(self, request: Request) -> Response:
        """Answer a question."""
        asked = await self._asked("totals", request)
        question = _read(read_question, request, asked.service)
        self._require_records(asked, of_people=question.names_users)
        self._audit(asked, _range_of(question), request)
        job = _job(asked, question=question)
        if question.may_be_kept:
            kept = await unless_left(request, self._kept.answer(job))
            return Response(kept.body, headers=headers_of(told(kept.reply)), media_type=JSON)
        async with self._answered(request, job) as (reply, target):
            return response(question.format, reply, target)

    async def coverage(self, request: Request) -> Response:
        """Say what is covered."""
        asked = await self._asked("coverage", request)
        _read(lambda pairs, _: given_in(pairs, [SERVICE]), request, asked.service)
        tag = self._versions.tag(asked.caller.corp_id, asked.now)
        if tag in _tags(request):
            return Response(status_code=304, headers=_tagged(tag))
        self._audit(asked, "coverage", request)
        async with self._answered(request, _job(asked)) as (reply, target):
            found = response("json", reply, target)
            found.headers.update(_tagged(tag))
            return found

    async def changes(self, request: Request) -> Response:
        """Say what changed since a moment."""
        asked = await self._asked("changes", request)
        changes = _read(read_changes, request, asked.service)
        days = f"{changes.first_day}-{changes.last_day} " if changes.bounds_days else ""
        self._audit(asked, f"{days}changes since {changes.since}", request)
        async with self._answered(request, _job(asked, changes=changes)) as (reply, target):
            return response(changes.format, reply, target)

    async def explain(self, request: Request) -> Response:
        """Say what a number is made of; its records are told to who may have the ids of people."""
        asked = await self._asked("explain", request)
        explained = _read(read_explained, request, asked.service)
        self._require_records(asked, of_people=explained.names_users)
        records = asked.demands.records
        with_records = records is not None and records.is_met(asked.caller.app)
        what = f"{_range_of(msgspec.structs.replace(explained.cell, users=()))} explained"
        by_user = " by user" if with_records else ""
        self._audit(asked, f"{what}{by_user}{_NAMED if explained.names else ''}", request)
        job = _job(asked, explained=explained, with_records=with_records)
        async with self._answered(request, job) as (reply, target):
            return response(explained.cell.format, reply, target)

    async def _asked(self, call: str, request: Request) -> _Asked:
        """Who asks about which service.

        :raises Failed: who may not, and when there is no such service.
        """
        now, pairs = self._clock(), request.query_params.multi_items()
        try:
            service, unknown = service_in(pairs, self._services), None
        except BadValue as error:  # which is told to who may ask about the reports
            service, unknown = self._services.service(REPORTS), error
        demands = self._demands[service.id]
        caller = await self._sign_in.caller(getattr(demands, call), request, now)
        if unknown is not None:
            raise refused(f"{unknown.message}; {unknown.hint}")
        return _Asked(caller, service, demands, now)

    def _require_records(self, asked: _Asked, *, of_people: bool) -> None:
        """:raises Failed: when single people are asked for whom the app may not be told of."""
        if not of_people:
            return
        if asked.demands.records is None:
            raise refused(f"{asked.service.id} tells of no single people; leave out user and names")
        asked.demands.records.require(asked.caller.app)

    def _audit(self, asked: _Asked, what: str, request: Request) -> None:
        caller = asked.caller
        told = what if asked.service.id == REPORTS else f"{asked.service.id} {what}"
        self._note(caller.name, caller.corp_id, told, caller.address, request.scope[IDS].request, asked.now)

    @asynccontextmanager
    async def _answered(self, request: Request, job: Job) -> AsyncIterator[tuple[Reply, Path]]:
        """A job's reply and file; the work ends when the client leaves."""
        reply, target = await unless_left(request, self._ask(job))
        try:
            yield told(reply), target
        finally:
            with suppress(OSError):
                target.unlink(missing_ok=True)


def _job(asked: _Asked, **what: Any) -> Job:
    """What is to be answered to a caller: the one place where a link's departments become a part of it."""
    caller = asked.caller
    return Job(caller.corp_id, asked.now, within=caller.departments, service=asked.service.id, **what)


def _tags(request: Request) -> list[str]:
    """The versions that the client has."""
    given = request.headers.get("if-none-match", "").split(",")
    return [tag.strip().removeprefix("W/") for tag in given]


def _tagged(tag: str) -> dict[str, str]:
    # Asked for again, and kept by no cache.
    return {"etag": tag, "cache-control": "no-store", EXPOSED: "etag"}


_Read = TypeVar("_Read")


def _read(read: Callable[[Iterable[tuple[str, str]], Service], _Read], request: Request, service: Service) -> _Read:
    """What a request asks.

    :raises Failed: when it is not known.
    """
    try:
        return read(request.query_params.multi_items(), service)
    except BadValue as error:
        raise refused(f"{error.message}; {error.hint}") from None


def _range_of(question: Question) -> str:
    """What the audit says was read."""
    days = f"{question.first_day}-{question.last_day}" if question.first_day else question.range_
    return f"{days} by user{_NAMED if question.names else ''}" if question.names_users else days

"""Statistics: ``GET /v1/statistics`` answers questions, ``GET /v1/statistics/coverage`` says what is covered,
``GET /v1/statistics/changes`` what changed, and ``GET /v1/statistics/explain`` what a number is made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from reportdata.api.admission import Demand
from reportdata.api.asking import Job, Reply
from reportdata.api.explaining_description import described_changes, described_explain
from reportdata.api.kept_answers import KeptAnswers
from reportdata.api.leaving import unless_left
from reportdata.api.resource import Context, Operation, Resource
from reportdata.api.sign_in import Caller, SignIn
from reportdata.api.statistics_description import (
    ASKED,
    BAD_QUESTION,
    COVERAGE,
    HEADERS,
    MEDIA_TYPES,
    NEXT_SINCE,
    described,
    described_coverage,
)
from reportdata.api.versions import Versions
from reportdata.errors import BadValue, EngineError
from reportdata.http.answers import JSON, Failed
from reportdata.http.routes import IDS
from reportdata.services import REPORTS, Service
from reportdata.statistics.explained import CHANGES_PATH, EXPLAIN_PATH, read_changes, read_explained
from reportdata.statistics.question import Question
from reportdata.statistics.words import PATH, read_question

_CHUNK = 1 << 16
_NAMED = " with names"
"""What the audit says of answers that have names of people; no name stands there."""


def resource(context: Context) -> Resource:
    """The calls."""
    service = context.services.service(REPORTS)
    scopes = tuple(scope for scope in (service.statistics_scope, service.records_scope) if scope is not None)
    statistics = Statistics(context, scopes)
    return Resource(
        "questions",
        [
            Operation("GET", PATH, described(service, scopes), statistics.statistics),
            Operation("GET", COVERAGE, described_coverage(service, scopes), statistics.coverage),
            Operation("GET", CHANGES_PATH, described_changes(service, scopes), statistics.changes),
            Operation("GET", EXPLAIN_PATH, described_explain(service, scopes), statistics.explain),
        ],
        answered=HEADERS,
        asked=ASKED,
    )


class Statistics:
    """Has questions answered.

    :param scopes: for totals, and for records with the ids of people.
    """

    def __init__(self, context: Context, scopes: tuple[str, ...]) -> None:
        self._service = context.services.service(REPORTS)
        self._sign_in = SignIn(context)
        self._ask = context.ask
        self._note = context.note
        self._clock = context.clock
        self._versions = Versions(context.reader)
        self._kept = KeptAnswers(context.ask, context.questions, self._versions, context.clock)
        self._totals, self._coverage, self._explain = (
            Demand(path, scopes, by_department=True) for path in (PATH, COVERAGE, EXPLAIN_PATH)
        )
        self._changes = Demand(CHANGES_PATH, scopes)  # these are of the whole organisation
        self._records = Demand(PATH, scopes[1:])

    async def statistics(self, request: Request) -> Response:
        """Answer a question."""
        now = self._clock()
        caller = await self._sign_in.caller(self._totals, request, now)
        question = _read(read_question, request, self._service)
        if question.names_users:
            self._records.require(caller.app)
        self._audit(caller, _range_of(question), request, now)
        job = _job(caller, now, question=question)
        if question.may_be_kept:
            kept = await unless_left(request, self._kept.answer(job))
            return Response(kept.body, headers=_said(_told(kept.reply)), media_type=JSON)
        async with self._answered(request, job) as (reply, target):
            return _response(question.format, reply, target)

    async def coverage(self, request: Request) -> Response:
        """Say what is covered."""
        now = self._clock()
        caller = await self._sign_in.caller(self._coverage, request, now)
        for name in request.query_params:
            raise _refused(f"the parameter {name[:40]!r} is not known; there are none")
        tag = self._versions.tag(caller.corp_id, now)
        if tag in _tags(request):
            return Response(status_code=304, headers=_tagged(tag))
        self._audit(caller, "coverage", request, now)
        async with self._answered(request, _job(caller, now)) as (reply, target):
            found = _response("json", reply, target)
            found.headers.update(_tagged(tag))
            return found

    async def changes(self, request: Request) -> Response:
        """Say what changed since a moment."""
        now = self._clock()
        caller = await self._sign_in.caller(self._changes, request, now)
        asked = _read(read_changes, request, self._service)
        days = f"{asked.first_day}-{asked.last_day} " if asked.bounds_days else ""
        self._audit(caller, f"{days}changes since {asked.since}", request, now)
        async with self._answered(request, _job(caller, now, changes=asked)) as (reply, target):
            return _response(asked.format, reply, target)

    async def explain(self, request: Request) -> Response:
        """Say what a number is made of; its records are told to who may have the ids of people."""
        now = self._clock()
        caller = await self._sign_in.caller(self._explain, request, now)
        asked = _read(read_explained, request, self._service)
        if asked.names_users:
            self._records.require(caller.app)
        with_records = self._records.is_met(caller.app)
        what = f"{_range_of(msgspec.structs.replace(asked.cell, users=()))} explained"
        by_user = " by user" if with_records else ""
        self._audit(caller, f"{what}{by_user}{_NAMED if asked.names else ''}", request, now)
        job = _job(caller, now, explained=asked, with_records=with_records)
        async with self._answered(request, job) as (reply, target):
            return _response(asked.cell.format, reply, target)

    def _audit(self, caller: Caller, what: str, request: Request, now: float) -> None:
        self._note(caller.name, caller.corp_id, what, caller.address, request.scope[IDS].request, now)

    @asynccontextmanager
    async def _answered(self, request: Request, job: Job) -> AsyncIterator[tuple[Reply, Path]]:
        """A job's reply and file; the work ends when the client leaves."""
        reply, target = await unless_left(request, self._ask(job))
        try:
            yield _told(reply), target
        finally:
            with suppress(OSError):
                target.unlink(missing_ok=True)


def _job(caller: Caller, now: float, **asked: Any) -> Job:
    """What is to be answered to a caller: the one place where a link's departments become a part of it."""
    return Job(caller.corp_id, now, within=caller.departments, **asked)


def _told(reply: Reply) -> Reply:
    """The reply, unless it tells of no answer.

    :raises Failed: when the question cannot be answered as it was asked.
    :raises EngineError: when something went wrong on this side.
    """
    if reply.error is not None:
        raise EngineError(reply.error)
    if reply.refused is not None:
        raise _refused(reply.refused)
    return reply


def _tags(request: Request) -> list[str]:
    """The versions that the client has."""
    given = request.headers.get("if-none-match", "").split(",")
    return [tag.strip().removeprefix("W/") for tag in given]


def _tagged(tag: str) -> dict[str, str]:
    return {"etag": tag, "cache-control": "no-store"}  # asked for again, and kept by no cache


_Asked = TypeVar("_Asked")


def _read(read: Callable[[Iterable[tuple[str, str]], Service], _Asked], request: Request, service: Service) -> _Asked:
    """What a request asks.

    :raises Failed: when it is not known.
    """
    try:
        return read(request.query_params.multi_items(), service)
    except BadValue as error:
        raise _refused(f"{error.message}; {error.hint}") from None


def _refused(message: str) -> Failed:
    return Failed(BAD_QUESTION._replace(message=message))


def _range_of(question: Question) -> str:
    """What the audit says was read."""
    days = f"{question.first_day}-{question.last_day}" if question.first_day else question.range_
    return f"{days} by user{_NAMED if question.names else ''}" if question.names_users else days


def _response(format_: str, reply: Reply, target: Path) -> Response:
    """The file of an answer. It is removed when it is open, and read while it is sent."""
    headers = _said(reply)
    if format_ == "json":
        return Response(target.read_bytes(), headers=headers, media_type=JSON)
    headers["content-disposition"] = f'attachment; filename="statistics.{format_}"'
    headers["content-length"] = str(target.stat().st_size)
    return StreamingResponse(_chunks(target.open("rb")), headers=headers, media_type=MEDIA_TYPES[format_])


def _said(reply: Reply) -> dict[str, str]:
    """What headers say of an answer."""
    headers = {"link": f'<{reply.next_page}>; rel="next"'} if reply.next_page is not None else {}
    if reply.next_since is not None:
        headers[NEXT_SINCE] = reply.next_since
    return headers


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk

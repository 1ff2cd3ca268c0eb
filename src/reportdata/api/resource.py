"""What a resource of the API is: calls, each with its path, what answers it, and what OpenAPI says of it.

A new resource is a module with a function from `Context` to `Resource`, and a line in `reportdata.api.application`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from reportdata.api.admission import Admission
from reportdata.api.asking import Ask, Questions, nobody
from reportdata.api.bringing import Bringing, Nobody
from reportdata.api.contract.entry import Entry, entry_of
from reportdata.api.guessing import Guessing
from reportdata.api.intake import Intake
from reportdata.api.kept_answers import KeptAnswers
from reportdata.api.memory import Memory
from reportdata.api.openapi import Json
from reportdata.api.push_body import Push, Taken
from reportdata.api.spans import Spans
from reportdata.api.versions import Versions
from reportdata.api.writing import Writing
from reportdata.http.answers import Answer
from reportdata.http.connections import Connections
from reportdata.http.limits import BodyLimit
from reportdata.http.request_metrics import RequestMetrics
from reportdata.limits import Rates
from reportdata.services import Service, Services
from reportdata.store import Store

Note = Callable[[str, str, str, str, str, float], None]
"""Is told of a read: app key, organisation, day, address, request id, time."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What resources are made of.

    :param reader: is read on the event loop.
    :param writer: is written to in threads; another instance on the same store.
    :param clock: gives the time in seconds since 1970.
    :param note: is told of every read.
    :param intake: where pushed facts go.
    :param read_push: reads the body of a push off the event loop, as `reportdata.api.push_body.read_push` does. The
        future fails with `Failed` when it cannot be read, and with `InboxError` when nothing reads.
    :param entry: what the contract has for a service.
    :param ask: answers questions, in other processes.
    :param questions: how these do.
    :param bringing: reads files that are brought, in other processes.
    :param is_present: whether the folders are where they were opened. It is called on the event loop.
    :param web: whether there are sessions, and pages.
    :param base_path: the path under which a reverse proxy has all calls, like ``/reports``, or nothing.
    :param session_hours: for how long a session lasts.
    :param rate: calls a second of apps without a rate of their own; 0 for no limit.
    """

    services: Services
    reader: Store
    writer: Store
    clock: Callable[[], float]
    metrics: RequestMetrics
    connections: Connections
    note: Note
    intake: Intake
    read_push: Callable[[Push, bytes], Future[Taken]]
    is_present: Callable[[], bool] = lambda: True
    web: bool = True
    base_path: str = ""
    session_hours: float = 12.0
    rate: int = 0
    entry: Callable[[Service], Entry] = entry_of
    ask: Ask = nobody
    questions: Questions = field(default_factory=Questions)
    bringing: Bringing = field(default_factory=Nobody)

    @cached_property
    def memory(self) -> Memory:
        """What was read of the store since it last changed."""
        return Memory(self.reader, self.clock)

    @cached_property
    def official(self) -> Callable[[], frozenset[tuple[str, str]]]:
        """Of which organisations and services DingTalk's own figures are served in place of what was counted."""

        def read(keys: Sequence[str]) -> list[frozenset[tuple[str, str]]]:
            return [self.reader.official_services() for _ in keys]

        return partial(self.memory.known(read).read, "")

    @cached_property
    def versions(self) -> Versions:
        """Versions of all that is served of an organisation."""
        return Versions(self.reader)

    @cached_property
    def kept(self) -> KeptAnswers:
        """Answers that were computed, kept until something changes."""
        return KeptAnswers(self.ask, self.questions, self.versions, self.clock)

    @cached_property
    def spans(self) -> Spans:
        """Numbers of spans of days."""
        return Spans(self.ask, self.memory, self.clock)

    @cached_property
    def guessing(self) -> Guessing:
        """Slows down who guesses secrets."""
        return Guessing()

    @cached_property
    def writing(self) -> Writing:
        """What calls write to the store."""
        return Writing(self.writer)

    @cached_property
    def admission(self) -> Admission:
        """Admits callers."""
        return Admission(self.reader, self.memory, self.writing.claim, Rates(self.rate))


class DirectEndpoint(Protocol):
    """Answers ``GET`` and ``HEAD`` of a path with whole answers, and counts them itself."""

    def answer(self, headers: Sequence[tuple[bytes, bytes]], query: bytes, address: str) -> Answer | None:
        """The answer at once, as `reportdata.http.protocol.Direct`; None when something has to be waited for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, /) -> None:
        """The answer as an ASGI application gives it."""


@dataclass(frozen=True)
class Operation:
    """A call. Either ``answer`` answers it, or ``direct`` does.

    :param path: where it is, as Starlette's routes have it: ``/days/{day}``.
    :param description: makes what OpenAPI says of it, of the pieces in `reportdata.api.openapi`; None for a page, which
        is for people and no call.
    :param body: how large and slow a body may be, if not as usual.
    """

    method: str
    path: str
    description: Callable[[], Json] | None
    answer: Callable[[Request], Awaitable[Response]] | None = None
    direct: DirectEndpoint | None = None
    body: BodyLimit | None = None


@dataclass(frozen=True)
class Resource:
    """Calls that belong together.

    :param tag: their name in the description.
    :param answered: headers that only their answers have, as OpenAPI describes headers.
    :param asked: headers that browsers may send with them.
    """

    tag: str
    operations: Sequence[Operation]
    answered: Mapping[str, Json] = field(default_factory=dict)
    asked: Sequence[str] = ()


def routes(operations: Sequence[Operation]) -> list[Route]:
    """The routes of calls that are not answered directly."""
    return [Route(found.path, found.answer, methods=[found.method]) for found in operations if found.answer]

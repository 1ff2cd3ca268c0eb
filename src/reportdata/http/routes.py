"""Everything that is not the hot path: routes, and JSON for whatever they raise."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from time import perf_counter

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import URLPath
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reportdata.errors import ReportDataError
from reportdata.http.answers import JSON, NOT_FOUND, UNKNOWN_ERROR, Failed, Fault, Ids, address_of, completed
from reportdata.http.request_metrics import GOOD, OTHER, OUTCOME, RequestMetrics
from reportdata.http.request_metrics import Request as Asked

IDS = "reportdata.ids"
"""Where a request's ids lie in its scope."""
_TEMPLATE = "reportdata.template"
"""Where the path of a request's route lies in its scope, as the route has it."""

LARGEST_GATHERED = 16 << 20
"""Bytes of a streamed answer to a client of HTTP/1.0."""

log = logging.getLogger("reportdata.http")


def routed(
    routes: Sequence[Route | Mount], metrics: RequestMetrics, known: Mapping[type[ReportDataError], Fault] | None = None
) -> ASGIApp:
    """An application of routes; ``IDS`` is in the scopes that it is given.

    A route's answer may be of any kind, whole or in parts; what it says of itself is not changed.

    :param known: what is answered to errors that need no traceback in the log.
    """
    faults = known or {}

    def known_error(request: Request, error: Exception) -> Response:
        request_id = request.scope[IDS].request
        log.error("request %s: %s", request_id, error, extra={"request_id": request_id})
        return _answer(request, Failed(next(faults[kind] for kind in type(error).__mro__ if kind in faults)))

    app = Starlette(
        routes=[_Templated(route) for route in routes],
        exception_handlers={
            HTTPException: _not_found,
            Failed: _failed,
            Exception: _unknown,
            **dict.fromkeys(faults, known_error),
        },
    )
    app.router.redirect_slashes = False

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        ids: Ids = scope[IDS]
        status = 0

        async def send_completed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = completed(message["headers"], ids)
            await send(message)

        knows_chunks = scope["http_version"] != "1.0" or scope["method"] == "HEAD"
        try:
            await app(scope, receive, send_completed if knows_chunks else _gathered(send_completed))
        except ClientDisconnect:
            return
        except Exception:  # Starlette answers it, and raises it again
            log.exception("request %s failed", ids.request, extra={"request_id": ids.request})
        asked = Asked(scope.get(_TEMPLATE, OTHER), address_of(scope))
        metrics.answered(asked, ids, status, scope.get(OUTCOME, GOOD), perf_counter() - began)

    return answer


def json_response(content: object, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(msgspec.json.encode(content), headers=headers, media_type=JSON)


def _gathered(send: Send) -> Send:
    """Sends an answer whose length is not known when it has come whole, with its length."""
    start: Message | None = None
    body = bytearray()

    async def gather(message: Message) -> None:
        nonlocal start
        if start is None and _is_without_length(message):
            start = message
            return
        if start is None:
            await send(message)
            return
        body.extend(message.get("body", b""))
        if len(body) > LARGEST_GATHERED:
            raise ValueError("the answer is too large for a client that knows no chunks")
        if not message.get("more_body", False):
            start["headers"] = [*start["headers"], (b"content-length", b"%d" % len(body))]
            await send(start)
            await send({"type": "http.response.body", "body": bytes(body)})

    return gather


def _is_without_length(message: Message) -> bool:
    """Whether it begins an answer with a body and does not say how long that is."""
    if message["type"] != "http.response.start" or message["status"] in (204, 304):
        return False
    return all(name.lower() != b"content-length" for name, _ in message["headers"])


class _Templated(BaseRoute):
    """A route that leaves its path in the scopes of the requests that it takes: there are as many paths as callers
    think of, and few templates."""

    def __init__(self, route: Route | Mount) -> None:
        self._route = route

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self._route.matches(scope)

    def url_path_for(self, name: str, /, **path_params: object) -> URLPath:
        return self._route.url_path_for(name, **path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[_TEMPLATE] = self._route.path
        await self._route.handle(scope, receive, send)


def _not_found(request: Request, _error: Exception) -> Response:
    return _answer(request, Failed(NOT_FOUND))


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failed)  # noqa: S101 - what it is registered for
    return _answer(request, error)


def _unknown(request: Request, _error: Exception) -> Response:
    return _answer(request, Failed(UNKNOWN_ERROR))


def _answer(request: Request, failed: Failed) -> Response:
    fault = failed.fault
    request.scope[OUTCOME] = fault.code
    body = fault.body(request.scope[IDS].request, failed.detail)
    return Response(body, fault.status, failed.headers, JSON)

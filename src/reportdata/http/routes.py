"""Everything that is not the hot path: routes, and JSON for whatever they raise."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from time import perf_counter

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reportdata.errors import StoreError
from reportdata.http.answers import JSON, NOT_FOUND, SYSTEM_ERROR, UNKNOWN_ERROR, Fault, Ids, address_of, headers
from reportdata.http.request_metrics import GOOD, OTHER, OUTCOME, Asked, Traffic

IDS = "reportdata.ids"
"""Where a request's ids lie in its scope."""

log = logging.getLogger("reportdata.api")


class Failed(Exception):
    """A call that is answered with an error."""

    def __init__(self, fault: Fault, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.headers = headers


def routed(routes: Sequence[Route], traffic: Traffic) -> ASGIApp:
    """An application of routes; ``IDS`` is in the scopes that it is given."""
    app = Starlette(
        routes=list(routes),
        exception_handlers={HTTPException: _not_found, Failed: _failed, StoreError: _store_error, Exception: _unknown},
    )
    app.router.redirect_slashes = False
    known = {route.path for route in routes}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        ids: Ids = scope[IDS]
        status = 0

        async def send_with_ids(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = {name for name, _ in message["headers"]}
                message["headers"] += [pair for pair in headers(0, ids) if pair[0] not in own]
            await send(message)

        try:
            await app(scope, receive, send_with_ids)
        except ClientDisconnect:
            return
        except Exception:  # Starlette answers it, and raises it again
            log.exception("request %s failed", ids.request, extra={"request_id": ids.request})
        api = scope["path"] if scope["path"] in known else OTHER
        asked = Asked(api, address_of(scope))
        traffic.answered(asked, ids, status, scope.get(OUTCOME, GOOD), perf_counter() - began)

    return answer


def _not_found(request: Request, _error: Exception) -> Response:
    return _answer(request, NOT_FOUND)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failed)  # noqa: S101 - what it is registered for
    return _answer(request, error.fault, error.headers)


def _store_error(request: Request, error: Exception) -> Response:
    request_id = request.scope[IDS].request
    log.error("request %s: %s", request_id, error, extra={"request_id": request_id})
    return _answer(request, SYSTEM_ERROR)


def _unknown(request: Request, _error: Exception) -> Response:
    return _answer(request, UNKNOWN_ERROR)


def _answer(request: Request, fault: Fault, more: Mapping[str, str] | None = None) -> Response:
    request.scope[OUTCOME] = fault.code
    return Response(fault.body(request.scope[IDS].request), fault.status, more, JSON)

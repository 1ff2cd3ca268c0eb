"""The application: every path that is served, and JSON for everything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reportdata.api.answers import (
    JSON,
    NOT_FOUND,
    PREFLIGHT,
    SYSTEM_ERROR,
    UNKNOWN_ERROR,
    Fault,
    Ids,
    headers,
    new_ids,
    send_answer,
)
from reportdata.api.datacenter.endpoint import Endpoint
from reportdata.api.tokens import Decide, Failed, Tokens
from reportdata.catalogue import Catalogue
from reportdata.errors import StoreError
from reportdata.identity import Rates
from reportdata.store import Store

LONGEST_WAIT = 1.4
"""Seconds that a call waits for others before it; the store then waits as long for other processes."""

log = logging.getLogger("reportdata.api")


def build_app(catalogue: Catalogue, reader: Store, writer: Store, clock: Callable[[], float]) -> Application:
    """The whole API as an ASGI application.

    :param reader: answers the contract, on the event loop.
    :param writer: issues tokens, in threads; another instance on the same store.
    :param clock: gives the time in seconds since 1970.
    """
    lock = _Lock()

    def issue_token(app_key: str, decide: Decide) -> str:
        with lock:
            return writer.issue_token(app_key, decide)

    def claim_client_token(app_key: str, client_token: str, request: str, now: float) -> bool:
        with lock:
            return writer.claim_client_token(app_key, client_token, request, now)

    rates = Rates()
    endpoints = {
        service.path: Endpoint(service, reader, claim_client_token, rates, clock) for service in catalogue.services
    }
    return Application(endpoints, _others(Tokens(issue_token, clock).routes()), clock)


class Application:
    """The hot endpoints by path, and everything else."""

    def __init__(self, endpoints: Mapping[str, Endpoint], others: ASGIApp, clock: Callable[[], float]) -> None:
        self._endpoints = endpoints
        self._others = others
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("//"):  # an endpoint that was configured with a slash at its end
            path = scope["path"] = "/" + path.lstrip("/")
        endpoint = self._endpoints.get(path)
        if endpoint is not None and scope["method"] in ("GET", "HEAD"):
            await endpoint(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await send_answer(send, 200, b"{}", new_ids(self._clock()), PREFLIGHT)
        else:
            scope["reportdata.ids"] = new_ids(self._clock())
            await self._others(scope, receive, send)


class _Lock:
    """Lets in one thread after the other, and keeps none waiting so long that its caller gives up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=LONGEST_WAIT):
            raise StoreError("the store is busy with other calls")

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _others(routes: list[Route]) -> ASGIApp:
    """The routes that are not hot, and the answers to unknown paths and to what they raise."""
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _not_found, Failed: _failed, StoreError: _store_error, Exception: _unknown},
    )
    app.router.redirect_slashes = False

    async def others(scope: Scope, receive: Receive, send: Send) -> None:
        ids: Ids = scope["reportdata.ids"]

        async def send_with_ids(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message["headers"]}
                message["headers"] += [pair for pair in headers(0, ids) if pair[0] not in own]
            await send(message)

        try:
            await app(scope, receive, send_with_ids)
        except Exception:  # Starlette answers it, and raises it again
            log.exception("request %s failed", ids.request)

    return others


def _not_found(request: Request, _error: Exception) -> Response:
    return _answer(request, NOT_FOUND)


def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, Failed)  # noqa: S101 - what it is registered for
    return _answer(request, error.fault, close=error.close)


def _store_error(request: Request, error: Exception) -> Response:
    log.error("request %s: %s", _ids(request).request, error)
    return _answer(request, SYSTEM_ERROR)


def _unknown(request: Request, _error: Exception) -> Response:
    return _answer(request, UNKNOWN_ERROR)


def _answer(request: Request, fault: Fault, *, close: bool = False) -> Response:
    return Response(
        fault.body(_ids(request).request),
        fault.status,
        {"connection": "close"} if close else None,
        JSON,
    )


def _ids(request: Request) -> Ids:
    ids: Ids = request.scope["reportdata.ids"]
    return ids

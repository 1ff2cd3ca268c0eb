"""The application: every path that is served, and JSON for everything else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reportdata.api.contract.endpoint import Endpoint, Note
from reportdata.api.description import Description
from reportdata.api.pushes import Intake, Pushes
from reportdata.api.tokens import Decide, Tokens
from reportdata.catalogue import Catalogue
from reportdata.errors import StoreError
from reportdata.http.answers import PREFLIGHT, Answer, new_ids, send_answer
from reportdata.http.request_metrics import Traffic
from reportdata.http.routes import IDS, routed
from reportdata.limits import Rates
from reportdata.store import Store

LONGEST_WAIT = 1.4
"""Seconds that a call waits for others before it; the store then waits as long for other processes."""


def build_app(
    catalogue: Catalogue,
    reader: Store,
    writer: Store,
    clock: Callable[[], float],
    *,
    routes: Sequence[Route] = (),
    rate: int = 0,
    traffic: Traffic,
    note: Note,
    intake: Intake,
) -> Application:
    """The whole API as an ASGI application.

    :param reader: answers the contract, on the event loop.
    :param writer: issues tokens, in threads; another instance on the same store.
    :param clock: gives the time in seconds since 1970.
    :param routes: what else is served.
    :param rate: calls a second of apps without a rate of their own; 0 for no limit.
    :param note: is told of every read, see `reportdata.api.contract.endpoint.Endpoint`.
    :param intake: where pushed facts go.
    """
    lock = _Lock()

    def issue_token(app_key: str, decide: Decide) -> str:
        with lock:
            return writer.issue_token(app_key, decide)

    def claim_client_token(app_key: str, client_token: str, request: str, now: float) -> bool:
        with lock:
            return writer.claim_client_token(app_key, client_token, request, now)

    rates = Rates(rate)
    endpoints = {
        service.path: Endpoint(service, reader, claim_client_token, rates, traffic, note, clock)
        for service in catalogue.services
    }
    tokens = Tokens(issue_token, traffic, clock)
    pushes = Pushes(reader, claim_client_token, intake, rates, traffic, clock)
    others = [*tokens.routes(), *pushes.routes(), *Description(catalogue).routes(), *routes]
    return Application(endpoints, routed(others, traffic), clock)


class Application:
    """The hot endpoints by path, and everything else."""

    def __init__(self, endpoints: Mapping[str, Endpoint], others: ASGIApp, clock: Callable[[], float]) -> None:
        self.direct = {path.encode(): endpoint.answer for path, endpoint in endpoints.items()}
        """What answers ``GET`` at once, by path: see `reportdata.http.protocol.Protocol`."""
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
            await send_answer(send, Answer(200, b"{}", new_ids(self._clock())), PREFLIGHT)
        else:
            scope[IDS] = new_ids(self._clock())
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

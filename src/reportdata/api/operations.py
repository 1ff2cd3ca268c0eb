"""What operators watch: health, and metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from reportdata.api.faults import GONE
from reportdata.api.openapi import BY_THE_STORE, Json, answer, exactly, object_of, operation
from reportdata.api.resource import Context, Operation, Resource, routes
from reportdata.errors import FolderGone, StoreError
from reportdata.http.answers import STOPPING, SYSTEM_ERROR, Failed, Fault, new_ids
from reportdata.http.request_metrics import RequestMetrics
from reportdata.http.routes import IDS, json_response, routed

if TYPE_CHECKING:
    from reportdata.api.metrics import Freshness


def resource(context: Context) -> Resource:
    """Health: whether the process answers, and whether it can answer calls and is not stopping."""

    async def healthz(_request: Request) -> Response:
        return json_response({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        if context.connections.draining:
            raise Failed(STOPPING)
        if not context.is_present():
            raise Failed(GONE)
        context.reader.version()
        return json_response({"status": "ready"})

    return Resource(
        "health",
        [
            Operation("GET", "/healthz", partial(_described, "healthz", "ok"), healthz),
            Operation("GET", "/readyz", partial(_described, "readyz", "ready", STOPPING, GONE, *BY_THE_STORE), readyz),
        ],
    )


def build_operations(context: Context, freshness: Callable[[], Freshness]) -> ASGIApp:
    """The application for operators: health, and ``/metrics`` for Prometheus.

    :param freshness: reads lake and store; it is called in a thread.
    """
    from prometheus_client import CollectorRegistry, generate_latest  # most processes serve no metrics
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    from reportdata.api.metrics import Metrics
    from reportdata.api.process_metrics import ProcessMetrics

    registry = CollectorRegistry()
    registry.register(ProcessMetrics())
    registry.register(
        Metrics(
            context.metrics, context.connections, context.questions, context.bringing.brought, freshness, context.clock
        )
    )

    async def metrics(_request: Request) -> Response:
        return Response(await run_in_threadpool(generate_latest, registry), media_type=CONTENT_TYPE_LATEST)

    app = routed(
        [*routes(resource(context).operations), Route("/metrics", metrics)],
        RequestMetrics(),
        {StoreError: SYSTEM_ERROR, FolderGone: GONE},
    )

    async def operations(scope: Scope, receive: Receive, send: Send) -> None:
        scope[IDS] = new_ids(context.clock())
        await app(scope, receive, send)

    return operations


def _described(name: str, status: str, *faults: Fault) -> Json:
    return operation(name, f"Is it {status}?", answer(object_of({"status": exactly(status)})), faults)

"""Whether the process lives, and whether it can answer."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reportdata.http.answers import JSON, STOPPING
from reportdata.http.connections import Connections
from reportdata.http.routes import Failed
from reportdata.store import Store


def health_routes(reader: Store, connections: Connections) -> list[Route]:
    """``/healthz``: the process answers. ``/readyz``: it can answer calls, and is not stopping."""

    async def healthz(_request: Request) -> Response:
        return _json({"status": "ok"})

    async def readyz(_request: Request) -> Response:
        if connections.draining:
            raise Failed(STOPPING)
        reader.version()
        return _json({"status": "ready"})

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type=JSON)

"""The application: the resources that are served, and JSON for everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from reportdata.api import calendar, family, imports, operations, pushes, sessions, statistics, tokens, web
from reportdata.api.contract import closed, services
from reportdata.api.credentials import TOKEN_HEADER
from reportdata.api.description import description
from reportdata.api.faults import GONE
from reportdata.api.resource import Context, Resource, routes
from reportdata.errors import BadValue, EngineError, FolderGone, InboxError, StoreError
from reportdata.http.answers import SYSTEM_ERROR, Answer, new_ids, send_answer
from reportdata.http.limits import USUAL_BODY, BodyLimit
from reportdata.http.routes import IDS, routed

_WEB: tuple[Callable[[Context], Resource], ...] = (sessions.resource, web.resource)
"""What is served to people with a browser, unless it is switched off."""
RESOURCES: tuple[Callable[[Context], Resource], ...] = (
    services.resource,
    closed.resource,
    tokens.resource,
    pushes.resource,
    statistics.resource,
    family.resource,
    imports.resource,
    calendar.resource,
    operations.resource,
)
"""Everything that is served. A new resource is one line here."""

KNOWN_ERRORS = {StoreError: SYSTEM_ERROR, InboxError: SYSTEM_ERROR, EngineError: SYSTEM_ERROR, FolderGone: GONE}


def build_app(context: Context, resources: Sequence[Callable[[Context], Resource]] = RESOURCES) -> Application:
    """The whole API as an ASGI application, with the description of itself.

    :raises BadValue: when paths of calls begin with the base path.
    """
    found = [resource(context) for resource in (*resources, *(_WEB if context.web else ()))]
    return Application(context, [*found, description(found, context.base_path)])


class Application:
    """Resources on one port."""

    def __init__(self, context: Context, resources: Sequence[Resource]) -> None:
        operations = [operation for resource in resources for operation in resource.operations]
        self.described = frozenset((found.path, found.method) for found in operations if found.description)
        """Paths and methods that the description tells of, which itself is not kept: it is served as bytes."""
        self.direct = {found.path.encode(): found.direct.answer for found in operations if found.direct}
        """What answers ``GET`` at once, by path: see `reportdata.http.protocol.ServerProtocol`."""
        self._bodies = [(compile_path(found.path)[0], found.body) for found in operations if found.body]
        self._endpoints = {found.path: found.direct for found in operations if found.direct}
        self._others = routed(routes(operations), context.metrics, KNOWN_ERRORS)
        self._preflight = _preflight([name for resource in resources for name in resource.asked])
        self._clock = context.clock
        self._base = context.base_path
        for path in (found.path for found in operations if self._base):
            if f"{path}/".startswith(f"{self._base}/"):
                raise BadValue(f"{self._base} is a path of its own", "name another base path, like /reports")

    def body_limit(self, path: bytes) -> BodyLimit:
        """How large and slow a body may be that is sent to a path."""
        text = path.decode("latin-1")
        if self._base and text.startswith(f"{self._base}/"):
            text = text.removeprefix(self._base)
        return next((limit for pattern, limit in self._bodies if pattern.match(text)), USUAL_BODY)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        raw: bytes = scope.get("raw_path", b"")
        if b"%2f" in raw.lower():  # a slash that separates nothing: no path that is served has one
            path = scope["path"] = raw.decode("latin-1")
        if self._base and path == self._base:  # what pages name is below it
            more = [(b"location", f"{self._base}/".encode())]
            await send_answer(send, Answer(308, b"{}", new_ids(self._clock())), more)
            return
        if self._base and path.startswith(f"{self._base}/"):  # a proxy that does not take it off
            path = scope["path"] = path.removeprefix(self._base)
        if path.startswith("//"):  # an endpoint that was configured with a slash at its end
            path = scope["path"] = "/" + path.lstrip("/")
        endpoint = self._endpoints.get(path)
        if endpoint is not None and scope["method"] in ("GET", "HEAD"):
            await endpoint(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await send_answer(send, Answer(200, b"{}", new_ids(self._clock())), self._preflight)
        else:
            scope[IDS] = new_ids(self._clock())
            await self._others(scope, receive, send)


def _preflight(asked: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """What a browser is told before it calls."""
    allowed = ("X-Requested-With", "X-Sequence", TOKEN_HEADER.decode(), "content-type", *asked)
    return [
        (b"access-control-allow-methods", b"POST, GET, OPTIONS, PUT, DELETE"),
        (b"access-control-allow-headers", ", ".join(allowed).encode()),
        (b"access-control-max-age", b"172800"),
    ]

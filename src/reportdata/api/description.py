"""The API in OpenAPI, served at ``/openapi.json``: put together from what each resource says of itself.

Resources take what the code knows from it: paths from routes, KPIs and rows from the services, errors from each
`reportdata.http.answers.Fault`. `tests/api/test_description.py` compares the description with real answers.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import SECURITY
from reportdata.api.openapi import HEADERS, answer, operation
from reportdata.api.packing import in_form
from reportdata.api.resource import Operation, Resource
from reportdata.http.answers import JSON

_ABOUT = """\
The statistics of work reports (日志) under the contract of DingTalk's datacenter API, the calls that issue tokens, and
one that takes the reports as they are sent.

Every answer has the ids of the call in its headers, and every error is JSON. `HEAD` is answered like `GET` without the
body, `OPTIONS` with what browsers ask for; other methods and paths are not found. What is not described is ignored."""


def description(resources: Iterable[Resource], base_path: str = "") -> Resource:
    """Serves the description of all resources, and of itself.

    :param base_path: what all paths have before them, or nothing.
    """

    async def served(request: Request) -> Response:
        return in_form(request, packed, JSON)

    own = partial(operation, "openapi", "This description", answer({"type": "object"}))
    found = Resource("description", [Operation("GET", "/openapi.json", own, served)])
    packed = _compressed(describe([*resources, found], base_path))
    return found


def describe(resources: Sequence[Resource], base_path: str = "") -> Iterator[bytes]:
    """The description as an OpenAPI document, in pieces: a call at a time, because hundreds of them at once would leave
    their memory to the process for good."""
    headers = dict(HEADERS)
    calls: dict[str, list[tuple[str, Operation]]] = {}
    for resource in resources:
        headers |= resource.answered
        for call in resource.operations:
            if call.description is not None:
                calls.setdefault(call.path, []).append((resource.tag, call))
    tagged = {tag for of in calls.values() for tag, _ in of}
    about = {
        "openapi": "3.0.3",
        "info": {"title": "reportdata", "version": "1.0", "description": _ABOUT},  # the contract's version
        "servers": [{"url": base_path or "/"}],
        "tags": [{"name": resource.tag} for resource in resources if resource.tag in tagged],
    }
    yield msgspec.json.encode(about)[:-1] + b',"paths":{'
    for place, (path, of) in enumerate(calls.items()):
        found = {call.method.lower(): call.description() | {"tags": [tag]} for tag, call in of if call.description}
        yield b"," * (place > 0) + msgspec.json.encode({path: found})[1:-1]
    components = {"components": {"securitySchemes": SECURITY, "headers": headers}}
    yield b"}," + msgspec.json.encode(components)[1:]


def _compressed(pieces: Iterable[bytes]) -> bytes:
    """Pieces as one file of gzip, which tells no time."""
    packing = zlib.compressobj(wbits=31)
    return b"".join([*map(packing.compress, pieces), packing.flush()])

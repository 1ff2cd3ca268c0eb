"""The API in OpenAPI, served at ``/openapi.json``: put together from what each resource says of itself.

Resources take what the code knows from it: paths from routes, KPIs and rows from the services, errors from each
`reportdata.http.answers.Fault`. `tests/api/test_description.py` compares the description with real answers.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.admission import SECURITY
from reportdata.api.openapi import HEADERS, Json, answer, operation
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
    packed = gzip.compress(msgspec.json.encode(describe([*resources, found], base_path)), 6, mtime=0)
    return found


def describe(resources: Sequence[Resource], base_path: str = "") -> Json:
    """The description as an OpenAPI document."""
    paths: Json = {}
    headers = dict(HEADERS)
    for resource in resources:
        headers |= resource.answered
        for call in resource.operations:
            if call.description is not None:
                described = call.description() | {"tags": [resource.tag]}
                # As bytes at once: hundreds of calls as objects would leave their memory to the process for good.
                paths.setdefault(call.path, {})[call.method.lower()] = msgspec.Raw(msgspec.json.encode(described))
    return {
        "openapi": "3.0.3",
        "info": {"title": "reportdata", "version": "1.0", "description": _ABOUT},  # the contract's version
        "servers": [{"url": base_path or "/"}],
        "tags": [
            {"name": resource.tag} for resource in resources if any(call.description for call in resource.operations)
        ],
        "paths": paths,
        "components": {"securitySchemes": SECURITY, "headers": headers},
    }

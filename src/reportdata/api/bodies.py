"""Small bodies in JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from reportdata.api.faults import INVALID_BODY, MISSING_BODY
from reportdata.http.answers import Failed


async def json_object(request: Request) -> dict[str, Any]:
    """The object in a request's body.

    :raises Failed: when there is none.
    """
    body = await request.body()
    if not body.strip() or not _may_be_json(request):
        raise Failed(MISSING_BODY)
    try:
        fields = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Failed(INVALID_BODY) from None
    if not isinstance(fields, dict):
        raise Failed(INVALID_BODY)
    return fields


def _may_be_json(request: Request) -> bool:
    """A form is no body to the real service; a missing content type is let pass."""
    return "form" not in request.headers.get("content-type", "")

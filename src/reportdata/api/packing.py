"""Answers that are the same for everyone, packed once, for clients that unpack them."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

_NO_HEADERS: Mapping[str, str] = {}


def in_form(
    request: Request, body: bytes, packed: bytes, media_type: str, headers: Mapping[str, str] = _NO_HEADERS
) -> Response:
    """The body, packed with gzip where the request says that this can be read."""
    own = {**headers, "vary": "accept-encoding"}
    packs = "gzip" in request.headers.get("accept-encoding", "")
    if packs:
        own["content-encoding"] = "gzip"
    return Response(packed if packs else body, headers=own, media_type=media_type)

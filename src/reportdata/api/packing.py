"""Answers that are the same for everyone, compressed with gzip once, and kept in that form alone."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

_NO_HEADERS: Mapping[str, str] = {}


def in_form(request: Request, packed: bytes, media_type: str, headers: Mapping[str, str] = _NO_HEADERS) -> Response:
    """What was compressed, as it is where the request says that this can be read."""
    own = {**headers, "vary": "accept-encoding"}
    packs = "gzip" in request.headers.get("accept-encoding", "")
    if packs:
        own["content-encoding"] = "gzip"
    return Response(packed if packs else gzip.decompress(packed), headers=own, media_type=media_type)

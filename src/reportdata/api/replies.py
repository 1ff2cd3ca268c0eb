"""What the reply to a question becomes over HTTP: headers, and the bytes of the answer's file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from starlette.responses import Response, StreamingResponse

from reportdata.api.asking import Reply, damaged
from reportdata.api.statistics_description import BAD_QUESTION, MEDIA_TYPES, NEXT_SINCE
from reportdata.errors import EngineError
from reportdata.http.answers import EXPOSED, JSON, Failed

_CHUNK = 1 << 16


def refused(message: str) -> Failed:
    """What is answered to a question that cannot be answered as it was asked."""
    return Failed(BAD_QUESTION._replace(message=message))


def told(reply: Reply) -> Reply:
    """The reply, unless it tells of no answer.

    :raises Failed: when the question cannot be answered as it was asked, or needs damaged files.
    :raises EngineError: when something went wrong on this side.
    """
    if reply.damaged is not None:
        raise Failed(damaged(reply.damaged))
    if reply.error is not None:
        raise EngineError(reply.error)
    if reply.refused is not None:
        raise refused(reply.refused)
    return reply


def response(format_: str, reply: Reply, target: Path) -> Response:
    """The file of an answer. It is removed when it is open, and read while it is sent."""
    headers = headers_of(reply)
    if format_ == "json":
        return Response(target.read_bytes(), headers=headers, media_type=JSON)
    headers["content-disposition"] = f'attachment; filename="statistics.{format_}"'
    headers["content-length"] = str(target.stat().st_size)
    return StreamingResponse(_chunks(target.open("rb")), headers=headers, media_type=MEDIA_TYPES[format_])


def headers_of(reply: Reply) -> dict[str, str]:
    """What headers say of an answer."""
    headers = {"link": f'<{reply.next_page}>; rel="next"'} if reply.next_page is not None else {}
    if reply.next_since is not None:
        headers[NEXT_SINCE] = reply.next_since
    if headers:
        headers[EXPOSED] = ", ".join(headers)
    return headers


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk

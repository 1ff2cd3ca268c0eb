"""How an answer looks whatever it says: ids, headers, and the two shapes of an error's body.

Clients read errors only from a JSON object with the names ``code``, ``message`` and ``requestid``, in small letters, so
every error is one. What a gateway answers begins with ``code``, what a service behind it answers begins with
``requestid``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from starlette.types import Scope, Send

JSON = "application/json;charset=utf-8"
"""The content type of JSON."""
_JSON = (b"content-type", JSON.encode())
EXPOSED = "access-control-expose-headers"
"""The header that says what pages of other sites may read of an answer. It may be there several times."""
_CACHE_CONTROL = b"cache-control"
_NO_STORE = (_CACHE_CONTROL, b"no-store")  # what a token's holder may read is no one else's
_ALWAYS = (
    (b"access-control-allow-origin", b"*"),
    (b"x-content-type-options", b"nosniff"),
    (EXPOSED.encode(), b"x-acs-request-id, x-acs-trace-id, retry-after"),
)
_CLOSE = (b"connection", b"close")
_STATUS_LINES = {status.value: f"HTTP/1.1 {status} {status.phrase}\r\n".encode() for status in HTTPStatus}
_OF_ITS_OWN = {EXPOSED.encode()}
"""Headers of which an answer may have several, which add up."""


def lines(*headers: tuple[bytes, bytes]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


def pairs(lines: bytes) -> list[tuple[bytes, bytes]]:
    """Headers by the lines that `lines` makes of them."""
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines.splitlines())]


_JSON_LINE, _ALWAYS_LINES, _CLOSE_LINE = lines(_JSON), lines(*_ALWAYS, _NO_STORE), lines(_CLOSE)

_bits = random.Random(random.SystemRandom().getrandbits(64)).getrandbits  # noqa: S311 - ids are not secrets


class Ids(NamedTuple):
    """The request id (a UUID of version 7 in capitals) and the trace id (32 hex digits) of one call."""

    request: str
    trace: str


def new_ids(now: float) -> Ids:
    """Fresh ids for a call at that time."""
    time = int(now * 1000)
    parts = time >> 16, time & 0xFFFF, _bits(12), 0x8000 | _bits(14), _bits(48)
    # Written otherwise, these take half as long again.
    return Ids("%08X-%04X-7%03X-%04X-%012X" % parts, "%032x" % _bits(128))  # noqa: UP031


class Fault(NamedTuple):
    """An error of the wire. ``by_service`` tells the service's shape of the body from the gateway's."""

    status: int
    code: str
    message: str
    by_service: bool = False

    def body(self, request_id: str, detail: Mapping[str, object] | None = None) -> bytes:
        """The error's body; ``detail`` becomes ``accessdenieddetail``."""
        fields: dict[str, object] = {"code": self.code, "requestid": request_id, "message": self.message}
        if self.by_service:
            fields = {"requestid": request_id, "code": self.code, "message": self.message}
        if detail is not None:
            fields["accessdenieddetail"] = detail
        return msgspec.json.encode(fields)


NOT_FOUND = Fault(404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
SYSTEM_ERROR = Fault(500, "systemError", "系统异常", by_service=True)
UNKNOWN_ERROR = Fault(500, "unknownError", "未知错误", by_service=True)
MALFORMED = Fault(400, "InvalidRequest", "The request is not valid HTTP.")
URL_TOO_LONG = Fault(414, "InvalidRequest.UrlTooLong", "The request's address is too long.")
HEADERS_TOO_LARGE = Fault(431, "InvalidRequest.HeadersTooLarge", "The request has too many or too large headers.")
TOO_SLOW = Fault(408, "InvalidRequest.TooSlow", "The request took too long to come.")
TOO_BUSY = Fault(503, "ServiceUnavailable", "The server has too many connections.")
STOPPING = Fault(503, "ServiceUnavailable", "The server is stopping.")
BODY_TOO_LARGE = Fault(413, "InvalidRequest.BodyTooLarge", "The request's body is too large.")


class Failed(Exception):
    """A call that is answered with an error.

    :param detail: becomes ``accessdenieddetail``.
    """

    def __init__(
        self, fault: Fault, detail: Mapping[str, object] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.detail = detail
        self.headers = headers


def _id_headers(ids: Ids) -> list[tuple[bytes, bytes]]:
    return [(b"x-acs-request-id", ids.request.encode()), (b"x-acs-trace-id", ids.trace.encode())]


def completed(headers: Sequence[tuple[bytes, bytes]], ids: Ids) -> list[tuple[bytes, bytes]]:
    """An answer's own headers, with those that every answer has. An answer is not stored by caches, unless it says how
    (``cache-control``) or can be asked for again (``etag``)."""
    own = {name.lower() for name, _ in headers} - _OF_ITS_OWN
    added = [pair for pair in (*_ALWAYS, *_id_headers(ids)) if pair[0] not in own]
    if not own & {_CACHE_CONTROL, b"etag"}:
        added.append(_NO_STORE)
    return [*headers, *added]


ON_EOF = "reportdata.on_eof"
"""Where an application leaves in a request's scope what is called when the client sends no more while it waits: most
such clients have left."""


def address_of(scope: Scope) -> str:
    """The address that a request came from; that which a trusted proxy names, when it came through one."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class Answer(NamedTuple):
    """A whole answer in JSON with the headers that all have, and with ``more``: lines as `lines` makes them."""

    status: int
    body: bytes
    ids: Ids
    more: bytes = b""

    def written(self, date: bytes, *, close: bool) -> bytes:
        """The answer as it goes over the wire.

        :param date: the line that tells the time, or nothing.
        """
        request_id, trace_id = self.ids
        return b"%b%b%bcontent-length: %d\r\n%bx-acs-request-id: %b\r\nx-acs-trace-id: %b\r\n%b%b\r\n%b" % (
            _STATUS_LINES[self.status],
            date,
            _JSON_LINE,
            len(self.body),
            _ALWAYS_LINES,
            request_id.encode(),
            trace_id.encode(),
            self.more,
            _CLOSE_LINE if close else b"",
            self.body,
        )


async def send_answer(send: Send, answer: Answer, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    """Send a whole answer."""
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [_JSON, length, *_ALWAYS, _NO_STORE, *_id_headers(answer.ids), *pairs(answer.more), *more]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})

"""Requests that cannot be read: no HTTP, ambiguous, or too large."""

from __future__ import annotations

from reportdata.http.limits import LARGEST_BODY
from tests.support.calling import DAY, PATH

GET = f"GET {PATH}?statDate={DAY} HTTP/1.1\r\nHost: h\r\n".encode()
POST = b"POST /v1.0/oauth2/accessToken HTTP/1.1\r\nHost: h\r\n"
"""Heads that are not ended."""
_BOTH = b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
_TLS = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"

UNREADABLE = {
    "text": (b"hello\r\n\r\n", 400, ""),
    "TLS": (_TLS + bytes(64), 400, ""),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, ""),
    "a tunnel": (b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""),
    "an unknown method": (b"SHOUT / HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""),
    "two hosts": (GET + b"host: h\r\n\r\n", 400, ""),
    "a zero byte": (GET + b"X: a\x00b\r\n\r\n", 400, ""),
    "a folded header": (GET + b"X: a\r\n b\r\n\r\n", 400, ""),
    "a path that is not ASCII": ("GET /数 HTTP/1.1\r\nHost: h\r\n\r\n".encode(), 400, ""),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400, ""),
    "a length and chunks": (POST + _BOTH, 400, ""),
    "a long URL": (b"GET /?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414, ".UrlTooLong"),
    "a URL without an end": (b"GET /" + b"a" * 20_000, 414, ".UrlTooLong"),
    "many headers": (GET + b"X: a\r\n" * 150 + b"\r\n", 431, ".HeadersTooLarge"),
    "a large header": (GET + b"X: " + b"a" * 40_000 + b"\r\n\r\n", 431, ".HeadersTooLarge"),
    "large headers": (GET + (b"X: " + b"a" * 8_000 + b"\r\n") * 5 + b"\r\n", 431, ".HeadersTooLarge"),
    "a large body": (
        POST + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY + 1) + b" " * (LARGEST_BODY + 1),
        413,
        ".BodyTooLarge",
    ),
    "a body without an end": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n8000\r\n" + b" " * 0x8000,
        413,
        ".BodyTooLarge",
    ),
}
"""By name: what is sent, and the status of the answer with the end of its code."""

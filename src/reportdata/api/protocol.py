"""HTTP as it comes from the network: limits on a request's head, and JSON even for what is no HTTP."""

from __future__ import annotations

import time

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from reportdata.api.answers import HEADERS_TOO_LARGE, MALFORMED, URL_TOO_LONG, Fault, headers, new_ids

LONGEST_URL = 8_192
MOST_HEADERS = 100
LARGEST_HEADERS = 32_768
"""Bytes of all names and values together."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, with limits."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._fault: Fault = MALFORMED
        self._header_bytes = 0
        self._hosts = 0

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > LONGEST_URL:
            self._fault = URL_TOO_LONG
            raise ValueError(URL_TOO_LONG.code)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > LARGEST_HEADERS or len(self.headers) >= MOST_HEADERS:
            self._fault = HEADERS_TOO_LARGE
            raise ValueError(HEADERS_TOO_LARGE.code)
        super().on_header(name, value)
        if self.headers[-1][0] == b"host":
            self._hosts += 1
            if self._hosts > 1:
                raise ValueError(MALFORMED.code)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the fault says more
        """Answer what could not be read, and close."""
        fault = getattr(self, "_fault", MALFORMED)
        ids = new_ids(time.time())
        body = fault.body(ids.request)
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers(len(body), ids, close=True))
        self.transport.write(STATUS_LINE[fault.status] + head + b"\r\n" + body)
        self.transport.close()

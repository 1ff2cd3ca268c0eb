"""HTTP as it comes from the network: limits on a request's head, and JSON even for what is no HTTP."""

from __future__ import annotations

import time
from typing import cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from reportdata.api.answers import HEADERS_TOO_LARGE, MALFORMED, URL_TOO_LONG, Fault, headers, new_ids

LONGEST_URL = 8_192
MOST_HEADERS = 100
LARGEST_HEADERS = 32_768
"""Bytes of all names and values together."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, with limits."""

    _head_bytes: int | None = None  # of a request's head that has begun and not ended
    _refused = False
    _fault: Fault = MALFORMED

    def data_received(self, data: bytes) -> None:
        began_earlier = self._head_bytes is not None
        super().data_received(data)
        # A header is reported when it has ended, so one without an end is counted here.
        if began_earlier and self._head_bytes is not None and not self._refused:
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_URL + LARGEST_HEADERS:
                self._refuse(HEADERS_TOO_LARGE)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._fault = MALFORMED
        self._head_bytes = 0
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
        name = name.lower()
        if name == b"host":
            self._hosts += 1
            if self._hosts > 1:
                raise ValueError(MALFORMED.code)
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._refused and self.cycle.response_complete and not self.transport.is_closing():
            self._refuse(self._fault)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the fault says more
        """Answer what could not be read, after all that came whole before it, and close."""
        self._refused = True
        cycle = cast(RequestResponseCycle | None, self.cycle)
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            self.flow.pause_reading()
        else:
            self._refuse(self._fault)

    def _refuse(self, fault: Fault) -> None:
        self._refused = True
        ids = new_ids(time.time())
        body = fault.body(ids.request)
        head = b"".join(name + b": " + value + b"\r\n" for name, value in headers(len(body), ids, close=True))
        self.transport.write(STATUS_LINE[fault.status] + head + b"\r\n" + body)
        self.transport.close()

"""What is read as a request, and what is refused because it is too large, or could be read in another way by others:
`README.md` beside this has the table."""

from __future__ import annotations

import httptools

from reportdata.http.answers import HEADERS_TOO_LARGE, MALFORMED, TOO_BUSY, URL_TOO_LONG, Fault
from reportdata.http.limits import LARGEST_HEADERS, LONGEST_URL, MOST_HEADERS, MOST_PIPELINED
from reportdata.http.uvicorn_private import HttpToolsProtocol

_STEERING = (b"connection", b"proxy-connection")
"""Headers by which a connection ends or goes on, which the parser heeds in a trailer too."""
_HEEDED = frozenset((b"host", b"transfer-encoding", b"expect"))


class StrictProtocol(HttpToolsProtocol):
    """uvicorn's protocol on httptools, which reads requests in one way only.

    `on_head` is called with each head that is one; `send_400_response` when there is a ``fault``.
    """

    fault: Fault = MALFORMED
    head_bytes: int | None = None
    """Of a request's head that has begun and not ended."""
    body_bytes = 0
    requests = 0
    upgrade: tuple[bytes, str] | None = None
    """Method and version of a request that asks for another protocol."""
    last = False
    """Whether the request that was read last is the connection's last."""
    refused = False
    """Whether nothing more is read."""
    _over = False  # whether more came after the last request
    _is_chunked = False  # the request whose body is being read
    _quiet_bytes = 0  # that came for a body in chunks without any of its content

    def on_head(self) -> None:
        """A head was read."""

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        head_bytes, requests, body_bytes = self.head_bytes, self.requests, self.body_bytes
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_on(memoryview(data)[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._stop()
        if self.head_bytes is not None or self._is_chunked:
            self._count(len(data), requests if head_bytes is not None else 0, requests, body_bytes)

    def _count(self, size: int, unfinished: int, requests: int, body_bytes: int) -> None:
        """Count what came and was not reported: a header or a trailer is when it has ended, an extension never.

        :param unfinished: the request whose head had begun, and what else was known before it came.
        """
        if self.refused:
            return
        if self.head_bytes is not None and unfinished == self.requests:
            self.head_bytes += size
            if self.head_bytes > LONGEST_URL + LARGEST_HEADERS:
                self._refuse_headers()
        elif self._is_chunked:
            is_quiet = (requests, body_bytes) == (self.requests, self.body_bytes)
            self._quiet_bytes = self._quiet_bytes + size if is_quiet else 0
            if self._quiet_bytes > LARGEST_HEADERS:
                self._refuse_headers()

    def _refuse_headers(self) -> None:
        self.fault = HEADERS_TOO_LARGE
        self.send_400_response(HEADERS_TOO_LARGE.code)

    def _read_on(self, rest: memoryview) -> None:
        """Read what follows the head of a request that asks for another protocol."""
        while True:
            try:
                self._begin_again()
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
            except httptools.HttpParserError:
                self._stop()
                return
            else:
                return

    def _stop(self) -> None:
        if not self._over:
            self.send_400_response(self.fault.code)

    def _begin_again(self) -> None:
        """Read the head of a request that asks for another protocol as if it did not ask. The parser gave it no body:
        what follows would be read as another request."""
        assert self.upgrade is not None  # noqa: S101 - the parser stops for nothing else
        method, version = self.upgrade
        lines = [b"%b %b HTTP/%b" % (method, self.url, version.encode())]
        lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.upgrade = None
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

    def on_message_begin(self) -> None:
        if self.last:
            self._over = True
            raise ValueError(MALFORMED.code)
        if len(self.pipeline) >= MOST_PIPELINED:
            self.fault = TOO_BUSY
            raise ValueError(TOO_BUSY.code)
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self.requests += 1
        self.fault = MALFORMED
        self.head_bytes = 0
        self._header_bytes = 0
        self.body_bytes = 0
        self._quiet_bytes = 0
        self._hosts = 0
        self._is_chunked = False

    def on_url(self, url: bytes) -> None:
        if b"#" in url:  # some leave out what follows it
            raise ValueError(MALFORMED.code)
        self.url += url
        if len(self.url) > LONGEST_URL:
            self.fault = URL_TOO_LONG
            raise ValueError(URL_TOO_LONG.code)

    def on_header(self, name: bytes, value: bytes) -> None:
        headers = self.headers
        self._header_bytes = size = self._header_bytes + len(name) + len(value)
        if size > LARGEST_HEADERS or len(headers) >= MOST_HEADERS:
            self.fault = HEADERS_TOO_LARGE
            raise ValueError(HEADERS_TOO_LARGE.code)
        name = name.lower()
        if self.head_bytes is None:  # a trailer, which says nothing of a request that is being answered
            if name in _STEERING:
                raise ValueError(MALFORMED.code)
            return
        if name in _HEEDED:
            self._heed(name, value)
        headers.append((name, value))

    def _heed(self, name: bytes, value: bytes) -> None:
        if name == b"host":
            self._hosts += 1
        elif name == b"transfer-encoding":
            if self._is_chunked or value.strip().lower() != b"chunked":
                raise ValueError(MALFORMED.code)
            self._is_chunked = True
        elif value.lower() == b"100-continue":
            self.expect_100_continue = True

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        # A head in which there is no version is one of HTTP/0.9 to the parser.
        right = self._hosts == 1 if version == "1.1" else version == "1.0" and self._hosts <= 1 and not self._is_chunked
        if not right:
            raise ValueError(MALFORMED.code)
        if self.parser.should_upgrade():
            self.upgrade = self.parser.get_method(), version
            if self.upgrade[0] == b"CONNECT":
                raise ValueError(MALFORMED.code)
            return
        self.head_bytes = None
        self.last = version == "1.0" or not self.parser.should_keep_alive()
        self.on_head()

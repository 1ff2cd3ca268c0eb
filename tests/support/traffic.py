"""Requests at random, from a seed: good and wrong calls, broken HTTP, pipelines, pieces, and connections that end
anyhow."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple

PATH, ISSUE, OLD_ISSUE = "/v1.0/datacenter/reportData", "/v1.0/oauth2/accessToken", "/gettoken"
_WORDS = ("statDate", "clientToken", "appkey", "appsecret", "corpid", "corpsecret", "a", "", "%", "%00", "数")
_METHODS = ("GET", "GET", "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND")
_PLACES = (
    "/",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
    PATH + "/",
    PATH.lower(),
    "//x",
    "/..",
    "/%2e%2e/%ff",
)
_GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\r\n\r\n\r\n",
    b"GET",
    b"GET /\r\n\r\n",
    b"GET / HTTP/0.9\r\n\r\n",
    b"GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET http://[::1 HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET / HTTP/1.1\nHost: h\n\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n",
)
_LENGTHS = (
    "Content-Length: 5\r\nTransfer-Encoding: chunked",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: -1",
    "Content-Length: 99999999999999999999",
    "Content-Length: 0x10",
    "Content-Length: 5, 5",
    "Content-Length: 70000",
    "Transfer-Encoding: chunked, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: \x0bchunked",
)
_CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5;name=value\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    b"-1\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhel",
    b"5\r\nhelloworld\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\nhello",
    b"7fffffff\r\nhello",
    b"zz\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"0\r\n",
)


class End(Enum):
    """What a client does when it has sent all."""

    READ = auto()
    """It reads the answers, then closes."""
    HALF = auto()
    """It sends no more, and reads."""
    CLOSE = auto()
    RESET = auto()


class Visit(NamedTuple):
    """What is sent on one connection, in parts. Each of the first requests is whole and has an answer, of which
    ``heads`` tells whether it is one without a body; what follows them, if anything does, may be answered or not."""

    parts: Sequence[bytes]
    heads: Sequence[bool]
    odd: bool
    end: End

    @property
    def requests(self) -> int:
        """How many there are."""
        return len(self.heads) + self.odd


class Requests:
    """An endless source of visits; the same seed gives the same."""

    def __init__(self, seed: int, token: str, credentials: tuple[str, str]) -> None:
        self._rng = random.Random(seed)
        self._token = token
        self._right = credentials

    def visit(self) -> Visit:
        """The next visit."""
        rng = self._rng
        whole = [self._whole() for _ in range(rng.randint(0, 8))]
        odd = self._odd() if rng.random() < 0.4 or not whole else b""
        sent = b"".join(whole) + odd
        cuts = sorted(rng.randrange(len(sent)) for _ in range(rng.choice((0, 0, 0, 1, 2, 20))))
        parts = [sent[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
        end = rng.choices(list(End), (85, 5, 5, 5))[0]
        return Visit(parts, [request.startswith(b"HEAD") for request in whole], bool(odd), end)

    def _whole(self) -> bytes:
        kinds: list[Callable[[], bytes]] = [self._numbers, self._numbers, self._issue, self._old_issue, self._other]
        return self._rng.choice(kinds)()

    def _numbers(self) -> bytes:
        date = self._rng.choice(("20210620", "20210621", "20230229", "2021-06-20", "", self._digits(8), self._text(9)))
        query = self._rng.choice(
            (f"statDate={date}", f"statDate={date}", self._query(), f"{self._query()}&statDate={date}")
        )
        token = self._rng.choice((self._token,) * 5 + (f'"{self._token}"', "", self._text(32), self._digits(32)))
        headers = [f"x-acs-dingtalk-access-token: {token}"]
        if self._rng.random() < 0.03:
            headers.append(f"x-client-token: {self._digits(2)}")
        return self._request(self._rng.choice(("GET",) * 9 + ("HEAD",)), f"{PATH}?{query}", headers)

    def _issue(self) -> bytes:
        key, secret = self._credentials()
        body = json.dumps({"appKey": key, "appSecret": secret}).encode()
        others = (
            b"",
            b"{}",
            b"[" * self._rng.randrange(9_999),
            body[: self._rng.randrange(len(body))],
            self._bytes(200),
        )
        body = self._rng.choice(
            (body, body, *others, b'{"appKey":1}', b"appKey=a&appSecret=b", b'{"appKey":"\\ud800"}')
        )
        headers = [self._rng.choice(("Content-Type: application/json", "Content-Type: a/form", "X: y"))]
        if self._rng.random() < 0.3:
            step = self._rng.randint(1, 2_000)
            chunks = [body[start : start + step] for start in range(0, len(body), step)]
            encoded = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
            return self._request("POST", ISSUE, [*headers, "Transfer-Encoding: chunked"]) + encoded
        return self._request("POST", ISSUE, [*headers, f"Content-Length: {len(body)}"]) + body

    def _old_issue(self) -> bytes:
        known = "appkey={}&appsecret={}".format(*self._credentials())
        return self._request("GET", f"{OLD_ISSUE}?{self._rng.choice((known, self._query()))}", [])

    def _credentials(self) -> tuple[str, str]:
        """Seldom those that are right; the others have keys of their own, since wrong secrets make a key wait."""
        return self._right if self._rng.random() < 0.1 else (self._digits(2), self._text(9))

    def _other(self) -> bytes:
        method, place = self._rng.choice(_METHODS), self._rng.choice((*_PLACES, PATH, ISSUE, OLD_ISSUE))
        return self._request(method, place + self._rng.choice(("", f"?{self._query()}")), ["Content-Length: 0"])

    def _request(self, method: str, target: str, headers: list[str]) -> bytes:
        """A head that is read as such."""
        more = [f"x{self._text(6)}: {self._text(20, quoted=False)}" for _ in range(self._rng.choice((0, 0, 1, 9)))]
        lines = [f"{method} {target} HTTP/1.1", "Host: localhost", *headers, *more, "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def _odd(self) -> bytes:
        kinds: list[Callable[[], bytes]] = [self._changed, self._cut, self._large, self._body, self._closing]
        kinds += [lambda: self._bytes(3_000), lambda: self._rng.choice(_GARBAGE) + self._bytes(60)]
        return self._rng.choice(kinds)()

    def _changed(self) -> bytes:
        """A request with some bytes changed, lost or added."""
        changed = bytearray(self._whole())
        for _ in range(self._rng.randint(1, 6)):
            at = self._rng.randrange(len(changed))
            changed[at : at + self._rng.randint(0, 2)] = self._bytes(2)
        return bytes(changed) or b"x"

    def _cut(self) -> bytes:
        request = self._whole()
        return request[: self._rng.randrange(1, len(request))]

    def _large(self) -> bytes:
        size = self._rng.choice((7_000, 9_000, 30_000, 70_000, 200_000))
        headers = self._rng.choice(
            (["X: " + "a" * size], ["X: a"] * (size // 100), ["X: " + "a" * 500] * (size // 500), ["a" * size + ": b"])
        )
        body = b'{"appKey":"' + b"a" * size
        return self._rng.choice(
            (
                self._request("GET", "/" + "a" * size, []),
                self._request("GET", PATH, headers),
                self._request("POST", ISSUE, [f"Content-Length: {len(body)}"]) + body,
                self._request("POST", ISSUE, ["Transfer-Encoding: chunked"]) + b"%x\r\n%b\r\n" % (len(body), body),
                b"a" * size,
            )
        )

    def _body(self) -> bytes:
        """A body whose end is hard to tell."""
        if self._rng.random() < 0.5:
            return self._request("POST", ISSUE, [self._rng.choice(_LENGTHS)]) + b"hello" + self._bytes(20)
        return (
            self._request("POST", ISSUE, ["Transfer-Encoding: chunked"]) + self._rng.choice(_CHUNKS) + self._bytes(20)
        )

    def _closing(self) -> bytes:
        """A request after which the connection is to close or to become something else, with another after it."""
        headers = [
            "Connection: close",
            "Connection: Upgrade\r\nUpgrade: websocket",
            "Upgrade: h2c",
            "Expect: 100-continue",
        ]
        first = self._request("POST", ISSUE, [self._rng.choice(headers), "Content-Length: 2"]) + b"{}"
        if self._rng.random() < 0.3:
            first = first.replace(b"HTTP/1.1", b"HTTP/1.0")
        return first + self._whole()

    def _query(self) -> str:
        pairs = (f"{self._rng.choice(_WORDS)}={self._text(9)}" for _ in range(self._rng.randrange(4)))
        return "&".join(pairs).replace("数", "%E6%95%B0")

    def _digits(self, count: int) -> str:
        return "".join(self._rng.choices("0123456789", k=count))

    def _text(self, most: int, *, quoted: bool = True) -> str:
        """Printable characters; those that a name or an address must not have are left out where it is ``quoted``."""
        text = "".join(chr(self._rng.randint(33, 126)) for _ in range(self._rng.randint(0, most)))
        return re.sub(r"[^A-Za-z0-9.~-]", "", text) if quoted else text

    def _bytes(self, most: int) -> bytes:
        return self._rng.randbytes(self._rng.randint(0, most))

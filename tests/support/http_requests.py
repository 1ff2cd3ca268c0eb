"""Random requests as no honest client sends them: framings that contradict each other, odd heads, and pipelines of good
and bad ones."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

_METHODS = (b"POST", b"POST", b"GET", b"GET", b"HEAD", b"OPTIONS", b"PUT", b"PATCH", b"DELETE", b"TRACE")
_ODD_METHODS = (
    b"CONNECT",
    b"post",
    b"PRI",
    b"M-SEARCH",
    b"BREW",
    b"G\tT",
    b"",
    b"GET ",
    b"\r\nGET",
    b"\nPOST",
    b"G\0T",
)
_TARGETS = (b"/", b"/a?b=c", b"/direct", b"/direct?x=y", b"/%2f", b"*", b"//a", b"/a/../b", b"http://h/a?b")
_ODD_TARGETS = (
    b"http://other/a",
    b"HTTP://h:80",
    b"https://h/direct",
    b"h:80",
    b"/a b",
    b"/a\0b",
    b"/\xe6\x95\xb0",
    b"/a#b",
    b"/a\tb",
    b"/a\rb",
    b"?",
    b"",
    b"a",
    b"/" + b"a" * 9_000,
)
_ODD_VERSIONS = (
    b"HTTP/1.0",
    b"HTTP/1.0",
    b"HTTP/1.2",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"http/1.1",
    b"HTTP/1.1 ",
    b"HTTP/01.1",
    b"HTTP/1.10",
    b"HTTP/11",
    b"HTP/1.1",
    b"ICE/1.0",
    b"RTSP/1.0",
    b"",
)
_ODD_HOSTS = ((), (b"Host: h", b"Host: h"), (b"Host:",), (b"hOST:h",), (b"Host : h",), (b" Host: h",), (b"Host: a,b",))
_ODD_FRAMINGS = (
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"content-length:5",
    b"Content-Length: 05",
    b"Content-Length: +5",
    b"Content-Length: 5, 5",
    b"Content-Length: 5,6",
    b"Content-Length : 5",
    b"Content-Length\t: 5",
    b"Content-Length: 5 ",
    b"Content-Length: 5\t",
    b"Content-Length:\t5",
    b"Content-Length: 5;a=b",
    b"Content-Length: 5 5",
    b"Content-Length: 0x5",
    b"Content-Length: -1",
    b"Content-Length: 5.0",
    b"Content-Length: 1e1",
    b"Content-Length:",
    b"Content-Length: 99999999999999999999999999",
    b"Content-Length: 18446744073709551621",
    b"Content-Length:\r\n 5",
    b"Content-Length: 5\r\n ",
    b"Content-Length: \xc2\xb2",
    b"Content_Length: 5",
    b"Content-Length\0: 5",
    b"\0Content-Length: 5",
    b"X: y\nContent-Length: 5",
    b"X: y\rContent-Length: 5",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: chunked",
    b"transfer-encoding:  CHUNKED ",
    b"Transfer-Encoding:chunked\t",
    b"Transfer-Encoding: identity",
    b"Transfer-Encoding: identity, chunked",
    b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked;a=b",
    b"Transfer-Encoding: ,chunked",
    b'Transfer-Encoding: "chunked"',
    b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding: chunkedx",
    b"Transfer-Encoding: \x0bchunked",
    b"Transfer-Encoding: chunked\x0c",
    b"Transfer-Encoding: chunked\0",
    b"Transfer-Encoding:",
    b"Transfer-Encoding : chunked",
    b"Transfer-Encoding:\r\n chunked",
    b"Transfer-Encoding: chunked\r\n\t",
    b" Transfer-Encoding: chunked",
    b"Transfer_Encoding: chunked",
    b"X: y\nTransfer-Encoding: chunked",
    b"X: y\rTransfer-Encoding: chunked",
    b"TE: chunked",
    b"Trailer: X",
)
_CONNECTIONS = (
    b"Connection: close",
    b"Connection: Close, x",
    b"Connection: keep-alive",
    b"Connection: keep-alive, close",
    b"Connection: Upgrade\r\nUpgrade: h2c",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB",
    b"Upgrade: websocket\r\nConnection: keep-alive, upgrade",
    b"Connection: Upgrade",
    b"Connection: upgrade, close\r\nUpgrade: h2c",
    b"Upgrade: h2c",
    b"Connection: content-length",
    b"Proxy-Connection: close",
    b"Expect: 100-continue",
    b"Expect: 100-Continue",
    b"Expect: other",
)
_ODDITIES = (
    b"X: a",
    b"X: \xe6\x95\xb0",
    b"X:",
    b"X: \t a \t ",
    b"X: a\r\n b",
    b"X: a\r\n\tContent-Length: 5",
    b" X: a",
    b"\tX: a",
    b"X : a",
    b"X\t: a",
    b"X",
    b":",
    b": a",
    b"X y: a",
    b"X(y): a",
    b"X\x7f: a",
    b"\xe6: a",
    b"X: \0",
    b"X: a\x01",
    b"X: a\x7f",
    b"X: a\rb",
    b"X: a\r",
    b"X: a\nb",
    b"X: a\n",
    b"",
    b"\r",
    b"GET /smuggled HTTP/1.1",
    b"Host: other",
)
_SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
_ODD_CHUNKS = (
    b"5;a=b\r\nhello\r\n0\r\n\r\n",
    b'5;a="b;c"\r\nhello\r\n0\r\n\r\n',
    b"5;a=b\nhello\r\n0\r\n\r\n",
    b"5;\r\nhello\r\n0\r\n\r\n",
    b"5 ;a\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n0;a\r\n\r\n",
    b"05\r\nhello\r\n00\r\n\r\n",
    b"5 \r\nhello\r\n0\r\n\r\n",
    b"5\t\r\nhello\r\n0\r\n\r\n",
    b" 5\r\nhello\r\n0\r\n\r\n",
    b"0x5\r\nhello\r\n0\r\n\r\n",
    b"+5\r\nhello\r\n0\r\n\r\n",
    b"-5\r\nhello\r\n0\r\n\r\n",
    b"5_0\r\nhello\r\n0\r\n\r\n",
    b"\xc2\xb2\r\nhello\r\n0\r\n\r\n",
    b"5\nhello\n0\n\n",
    b"5\r\nhello\n0\r\n\r\n",
    b"5\r\nhello0\r\n\r\n",
    b"5\rhello\r0\r\r",
    b"5\r\nhello\r\n0\r\n",
    b"5\r\nhelloworld\r\n0\r\n\r\n",
    b"6\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffff1\r\nhello\r\n0\r\n\r\n",
    b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    b"\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: y\r\nContent-Length: 5\r\n\r\n",
    b"5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\nHost: t\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n",
    b"5\r\nhello\r\n0\r\nConnection: close\r\nUpgrade: h2c\r\nExpect: 100-continue\r\n\r\n",
    b"5\r\nhello\r\n0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    b"5\r\nhello\r\n0\r\nno colon\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX : y\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n",
    b"5\r\nhello\r\n0\r\nX: y\n\n",
    b"0\r\n\r\n" + _SMUGGLED,
    b"1c\r\n" + _SMUGGLED[:28] + b"\r\n0\r\n\r\n",
)
_ENDS = (b"\n", b"\r", b"\r\r\n", b"\n\r\n", b"\r\n\r\n", b" \r\n", b"\0\r\n")


class Sent(NamedTuple):
    """What is sent on one connection: in which parts, and how many requests it was made of."""

    parts: Sequence[bytes]
    requests: int

    @property
    def whole(self) -> bytes:
        """All parts together."""
        return b"".join(self.parts)


def connection(random: Random) -> Sent:
    """One to eight requests, good and bad ones, seldom with some bytes changed, in one to four parts."""
    number = random.choice((1, 2, 2, 3, 3, 4, 6, 8))
    made = [_odd(random) if random.random() < 0.45 else _good(random) for _ in range(number)]
    whole = bytearray(b"".join(made))
    if whole and random.random() < 0.2:
        at = random.randrange(len(whole))
        whole[at : at + random.randrange(3)] = random.choice(
            (random.randbytes(random.randrange(3)), b"\r", b"\n", b" ")
        )
    cuts = sorted({0, len(whole), *(random.randint(0, len(whole)) for _ in range(random.choice((0, 0, 1, 3))))})
    return Sent([bytes(whole[start:end]) for start, end in pairwise(cuts)], number)


def _good(random: Random) -> bytes:
    head = b"%b %b HTTP/1.1\r\nHost: h\r\n" % (random.choice(_METHODS), random.choice(_TARGETS))
    for more in _CONNECTIONS[2:]:
        if random.random() < 0.03 and b"close" not in more:
            head += more + b"\r\n"
    body = random.choice((b"hello", b"", _SMUGGLED, b"\r\n", b"0\r\n\r\n"))
    framing = random.randrange(3)
    if framing == 0:
        return head + b"\r\n"
    if framing == 1:
        return head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + _chunks(random, body)


def _chunks(random: Random, body: bytes) -> bytes:
    cut = random.randint(0, len(body))
    sizes = [b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:cut], body[cut:]) if part]
    return b"".join(sizes) + b"0\r\n\r\n"


def _odd(random: Random) -> bytes:
    """A request of which each part now and then is not as it should be."""

    def usually(usual: Sequence[bytes], odd: Sequence[bytes]) -> bytes:
        return random.choice(odd if random.random() < 0.06 else usual)

    start = b" ".join(
        (
            usually(_METHODS, _ODD_METHODS),
            usually(_TARGETS, _ODD_TARGETS),
            usually((b"HTTP/1.1",), _ODD_VERSIONS),
        )
    )
    host = random.choice(_ODD_HOSTS) if random.random() < 0.06 else (b"Host: h",)
    headers = list(host)
    for of, likely in ((_ODD_FRAMINGS, 0.7), (_ODD_FRAMINGS, 0.15), (_CONNECTIONS, 0.25), (_ODDITIES, 0.2)):
        if random.random() < likely:
            headers.insert(random.randint(0, len(headers)), random.choice(of))
    head = b"".join(line + b"\r\n" for line in (start, *headers, b""))
    if random.random() < 0.08:
        end = random.choice(_ENDS)
        if random.random() < 0.5:
            head = head.replace(b"\r\n", end, random.randint(1, 9))
        else:
            before, last, after = head.rpartition(b"\r\n")
            head = before + (end if last else b"") + after
    return head + _body(random, b"\n".join(headers).lower())


def _body(random: Random, headers: bytes) -> bytes:
    """A body that most often suits the head."""
    if random.random() < 0.15:
        return random.choice((b"", b"hello", _chunks(random, b"hello"), *_ODD_CHUNKS, _SMUGGLED))
    if b"chunked" in headers:
        return random.choice(_ODD_CHUNKS) if random.random() < 0.4 else _chunks(random, b"hello")
    return b"hello" if b"length" in headers else b""

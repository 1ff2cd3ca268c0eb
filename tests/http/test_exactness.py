"""Where a request ends, and what is one: no byte of a body is ever read as a request, whatever the head says.

h11, another implementation of HTTP/1.1, is the judge of random requests: whatever is read here as a request is one for
it too, with the same method, target and body. That more is refused here than there is right.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.effort import examples
from tests.support.http_judge import judged
from tests.support.kernel import Kernel, kernel
from tests.support.tools import require_tool

HOST = b"Host: h\r\n"
UPGRADES = {
    "h2c": b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n",
    "websocket": b"Upgrade: websocket\r\nConnection: upgrade\r\n",
    "anything": b"connection: keep-alive, Upgrade\r\nupgrade: a/1, b/2\r\nUpgrade: c\r\n",
}
BODY = b"GET /smuggled HTTP/1.1\r\nA: b"
BODIES = {
    "a length": (b"Content-Length: %d\r\n\r\n" % len(BODY), BODY),
    "chunks": (b"Transfer-Encoding: chunked\r\n\r\n", b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Kernel]:
    with kernel() as found:
        yield found


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("upgrade", UPGRADES)
def test_a_request_for_another_protocol_is_answered_as_if_it_did_not_ask(
    server: Kernel, upgrade: str, body: str
) -> None:
    head, content = BODIES[body]
    request = b"POST /a HTTP/1.1\r\n" + HOST + UPGRADES[upgrade] + head
    after = b"GET /b?c HTTP/1.1\r\n" + HOST + b"\r\n"
    wanted = [(b"POST", b"/a", BODY), (b"GET", b"/b?c", b"")]
    whole = request + content + after
    for parts in ([whole], [request, content, after], [request[:30], request[30:] + content[:5], content[5:] + after]):
        found = server.exchange(*parts)
        assert found.asked == wanted
        assert found.statuses == [200, 200]


def test_many_requests_for_another_protocol_may_come_at_once(server: Kernel) -> None:
    request = b"GET /a HTTP/1.1\r\n" + HOST + UPGRADES["h2c"] + b"\r\n"
    found = server.exchange(request * 50)
    assert found.asked == [(b"GET", b"/a", b"")] * 50


REFUSED = {
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "no host, and chunks": b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "no version": b"GET /HTTP/1.1\r\nHost: h\r\n\r\n",
    "no host, and another protocol": b"GET / HTTP/1.1\r\n" + UPGRADES["h2c"] + b"\r\n",
    "identity and chunks": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
    "chunks twice": b"POST / HTTP/1.1\r\nHost: h\r\n" + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n0\r\n\r\n",
    "identity": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\n\r\n",
    "gzip": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "an empty coding": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a fragment": b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n",
    "a trailer that ends the connection": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\nConnection: close\r\n\r\n",
    "a trailer with a length": b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\nContent-Length: 5\r\n\r\nhello",
    "a tunnel": b"CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
}


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(server: Kernel, request_: bytes) -> None:
    found = server.exchange(request_)
    assert (found.asked, found.statuses) == ([], [400])
    assert b"\r\nconnection: close\r\n" in found.received


def test_a_trailer_is_no_header(server: Kernel) -> None:
    """A proxy that overwrites a header lets a trailer of that name pass."""
    head = b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    trailers = b"0\r\nX-Forwarded-For: 192.0.2.7\r\nHost: other\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\n"
    for parts in ([head + trailers], [head, trailers], [head[:9], head[9:] + trailers]):
        found = server.exchange(*parts)
        assert found.statuses == [200]
        assert [request.headers for request in found.requests] == [
            [(b"host", b"h"), (b"transfer-encoding", b"chunked")]
        ]


ENDLESS = {"trailer": b"0\r\nX: ", "extension": b"5;", "second extension": b"5\r\nhello\r\n5;"}


@pytest.mark.parametrize("path", [b"POST /a", b"GET /direct"])
@pytest.mark.parametrize("begin", ENDLESS.values(), ids=ENDLESS)
def test_what_comes_with_chunks_ends(server: Kernel, path: bytes, begin: bytes) -> None:
    """A trailer is kept in memory until it ends, and no limit of bodies counts it."""
    head = path + b" HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + begin
    found = server.exchange(head, *[b"a" * 10_000] * 40)
    assert found.asked == []
    assert found.statuses == [431] or found.reset


@pytest.mark.parametrize(
    "last", [b"GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", b"GET /a HTTP/1.0\r\n\r\n"]
)
def test_nothing_after_the_last_request_of_a_connection_is_done(server: Kernel, last: bytes) -> None:
    after = b"POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
    for parts in ([last + after], [last, after]):
        found = server.exchange(*parts)
        assert found.asked == [(b"GET", b"/a", b"")]
        assert found.statuses in ([200], [])  # the network may throw the answer away when more was sent


def test_a_body_of_the_last_request_that_is_malformed_is_refused(server: Kernel) -> None:
    request = (
        b"POST /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n"
    )
    found = server.exchange(request)
    assert (found.asked, found.statuses) == ([], [400])


@pytest.mark.tool
def test_curl_gets_an_answer_however_it_asks(server: Kernel) -> None:
    """``curl --http2`` asks for an upgrade with its first request."""
    curl = require_tool("curl")
    features = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    host, port = server.address
    options = ["--http2"] if "HTTP2" in features else ["--header", "Connection: Upgrade", "--header", "Upgrade: h2c"]
    run = subprocess.run(
        [curl, "--silent", "--show-error", "--include", *options, "--data", "hello", f"http://{host}:{port}/a"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.startswith("HTTP/1.1 200 ")


JAVA = """
import java.net.URI;
import java.net.http.*;

public class Ask {
    public static void main(String[] given) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int i = 0; i < 2; i++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(given[0]))
                .POST(HttpRequest.BodyPublishers.ofString("hello")).build();
            System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
        }
    }
}
"""


@pytest.mark.slow
@pytest.mark.tool
def test_javas_own_client_gets_an_answer(server: Kernel, tmp_path: Path) -> None:
    """It asks for an upgrade to HTTP/2 with each request."""
    java = require_tool("java")
    if shutil.which("javac") is None:
        pytest.skip("there is no Java compiler")
    source = tmp_path / "Ask.java"
    source.write_text(JAVA, "utf-8")
    host, port = server.address
    run = subprocess.run([java, str(source), f"http://{host}:{port}/a"], capture_output=True, text=True)
    assert (run.returncode, run.stdout.split()) == (0, ["200", "200"]), run.stderr


# Random requests, judged by h11.

_FRAMINGS = st.sampled_from(
    [
        b"Content-Length: 0",
        b"Content-Length: 5",
        b"content-length:5",
        b"Content-Length: 05",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
        b"Content-Length : 5",
        b"Content-Length: 5 ",
        b"Content-Length: 0x5",
        b"Content-Length: -1",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: chunked",
        b"transfer-encoding:  CHUNKED ",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: identity, chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding:\r\n chunked",
        b"Transfer_Encoding: chunked",
    ]
)
_CONNECTIONS = st.sampled_from(
    [
        b"Connection: close",
        b"Connection: Close, x",
        b"Connection: keep-alive",
        b"Connection: Upgrade\r\nUpgrade: h2c",
        b"Upgrade: websocket\r\nConnection: keep-alive, upgrade",
        b"Connection: Upgrade",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"X: a",
        b"X: \xe6\x95\xb0",
    ]
)
_ODDITIES = st.sampled_from(
    [b"Host: other", b"Host:", b"X: a\r\n b", b" X: a", b"X : a", b"X", b": a", b"X: \x00", b"X: a\rb", b""]
)
_CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
_BODIES = st.sampled_from(
    [
        b"",
        b"",
        b"hello",
        _CHUNKS,
        b"5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n",
        b"05\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\r\nhelloworld\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n",
    ]
)
_ENDS = (b"\r\n", b"\n", b"\r\r\n", b"\n\r\n")


@st.composite
def _requests(draw: st.DrawFn) -> bytes:
    """A request, of which now and then a part is not as it should be."""

    def usually(usual: bytes, *others: bytes) -> bytes:
        return draw(st.sampled_from([usual] * 20 + list(others)))

    start = b" ".join(
        (
            draw(st.sampled_from([usually(b"POST", b"CONNECT", b"post"), b"GET", b"HEAD", b"OPTIONS"])),
            usually(draw(st.sampled_from([b"/", b"/a?b=c", b"/%2f", b"*"])), b"/a b", b""),
            usually(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"http/1.1"),
        )
    )
    host = usually(b"Host: h\r\n", b"").splitlines()
    headers = [*draw(st.lists(_FRAMINGS, max_size=1)), *draw(st.lists(_CONNECTIONS, max_size=2))]
    if draw(st.integers(0, 7)) == 0:
        headers.insert(draw(st.integers(0, len(headers))), draw(_ODDITIES | _FRAMINGS))
    names = b"\n".join(headers).lower()
    suits = _CHUNKS if b"transfer" in names else b"hello" if b"content-length" in names else b""
    head = b"".join(line + b"\r\n" for line in (start, *host, *headers, b""))
    if draw(st.integers(0, 9)) == 0:
        head = head.replace(b"\r\n", draw(st.sampled_from(_ENDS)), draw(st.integers(1, 9)))
    return head + draw(st.just(suits) | st.just(suits) | _BODIES)


@st.composite
def _sent(draw: st.DrawFn) -> list[bytes]:
    """Requests, seldom with some bytes changed, in parts."""
    sent = bytearray(b"".join(draw(st.lists(_requests(), min_size=1, max_size=3))))
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(sent) - 1))
        sent[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    cuts = sorted({0, len(sent), *draw(st.lists(st.integers(0, len(sent)), max_size=3))})
    return [bytes(sent[start:end]) for start, end in pairwise(cuts)]


@pytest.mark.slow
@pytest.mark.whole
@settings(max_examples=examples(400), deadline=None)
@given(_sent())
@example([b"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\n", b"GET /"])
@example([b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n"])
def test_what_is_read_is_what_another_implementation_reads(server: Kernel, parts: list[bytes]) -> None:
    right = [request.asked for request in judged(b"".join(parts))]
    found = server.exchange(*parts)
    assert found.asked == right[: len(found.asked)]
    if len(found.asked) < len(right):  # more is refused here
        assert found.statuses[len(found.asked) :] in ([400], [414], [431])


def test_a_request_that_is_refused_is_not_told_to_go_on(server: Kernel, caplog: pytest.LogCaptureFixture) -> None:
    request = b"POST /a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"
    for _ in range(20):
        found = server.exchange(request)
        assert (found.asked, found.statuses) == ([], [400])
        assert b"100 Continue" not in found.received
    assert not caplog.records

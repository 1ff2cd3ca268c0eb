"""A server that is too busy, loses connections or is none of ours: what is asked again, and what is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import pytest

from reportdata.client import ApiError, Client, NotSignedIn, Patience, Unavailable, Unreachable
from reportdata.client.sign_in import Token
from reportdata.client.transport import Transport


class Said(NamedTuple):
    """An answer of a server; without a status the connection is closed in its place."""

    status: int | None
    content: bytes = b'{"data":[],"meta":{}}'
    headers: dict[str, str] = {}  # noqa: RUF012 - it is not changed


BUSY = b'{"code":"ServiceUnavailable.TooManyQuestions","message":"Too many","requestid":"R-1"}'
GOOD = Said(200)


@contextmanager
def scripted(answers: Sequence[Said]) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers one after the other; its address, and the paths that were asked for."""
    left = iter(answers)
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            seen.append(self.path)
            said = next(left)
            if said.status is None:
                self.close_connection = True
                return
            self.send_response(said.status)
            for name, value in {**said.headers, "content-length": str(len(said.content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said.content)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, patience: Patience = Patience()) -> list[float]:  # noqa: B008 - it does not change
    """Ask once; the pauses that were made."""
    pauses: list[float] = []
    transport = Transport(url, None, patience, pauses.append)
    try:
        transport.ask("GET", "/v1/statistics", Token("t").statistics())
    finally:
        transport.close()
    return pauses


def test_it_is_asked_again_when_the_server_says() -> None:
    answers = (Said(503, BUSY, {"retry-after": "2"}), Said(429, b"", {"retry-after": "7"}), Said(503, BUSY), GOOD)
    with scripted(answers) as (url, seen):
        pauses = ask(url)
    assert pauses[:2] == [2, 7]
    assert 0 < pauses[2] <= 2
    assert len(seen) == 4


def test_a_moment_to_come_back_is_understood() -> None:
    with scripted((Said(503, BUSY, {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}), GOOD)) as (url, _):
        assert ask(url) == [0]


def test_lost_connections_are_asked_again() -> None:
    with scripted((Said(None), Said(None), GOOD)) as (url, seen):
        assert len(ask(url)) == 2
    assert len(seen) == 3


def test_it_gives_up_after_so_many_tries_and_when_it_is_to_wait_for_long() -> None:
    with scripted([Said(503, BUSY, {"retry-after": "1"})] * 3) as (url, seen), pytest.raises(Unavailable) as found:
        ask(url, Patience(tries=3))
    assert len(seen) == 3
    assert (found.value.code, found.value.request_id) == ("ServiceUnavailable.TooManyQuestions", "R-1")
    assert found.value.retry_after == 1
    with scripted((Said(503, BUSY, {"retry-after": "3600"}),)) as (url, seen), pytest.raises(Unavailable):
        ask(url)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(400, b'{"code":"InvalidParameter","message":"m","requestid":"R"}'), ApiError),
        (Said(401, b'{"code":"AuthenticationFailed.WrongSecret","message":"m","requestid":"R"}'), NotSignedIn),
        (Said(504, b'{"code":"ServiceUnavailable.QuestionTooLong","message":"m","requestid":"R"}'), Unavailable),
        (Said(302, b"", {"location": "/elsewhere"}), Unreachable),
        (Said(404, b"<html>"), Unreachable),
        (Said(200, b"<html>"), Unreachable),
    ],
    ids=lambda value: str(getattr(value, "status", "")),
)
def test_what_is_refused_or_is_no_answer_is_not_asked_again(said: Said, kind: type[Exception]) -> None:
    with scripted((said,)) as (url, seen), pytest.raises(kind):
        ask(url)
    assert len(seen) == 1


def test_the_contracts_limit_of_calls_is_waited_for() -> None:
    limit = json.dumps({"code": "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", "message": "m"}).encode()
    with scripted((Said(403, limit), GOOD)) as (url, _):
        assert len(ask(url)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.statistics(range="7d"),
        lambda client: client.coverage(),
        lambda client: client.report_data("1"),
    ],
)
def test_an_answer_of_another_program_is_none(call: Callable[[Client], object]) -> None:
    with (
        scripted((Said(200, b'{"hello":1}'),)) as (url, _),
        Client(url, token="t") as client,
        pytest.raises(Unreachable),
    ):
        call(client)


def test_a_next_page_elsewhere_is_not_asked_for() -> None:
    meta = {
        "columns": [], "nextPage": "//evil.example/v1/", "from": "2021-01-01", "to": "2021-01-01", "timeZone": "UTC",
        "asOf": "2021-01-01T00:00:00+00:00", "state": "final", "totalRows": 2, "newestFinalDay": None,
        "emptyReason": None, "calibre": {}, "notes": [], "query": {},
    }  # fmt: skip
    with (
        scripted((Said(200, json.dumps({"data": [], "meta": meta}).encode()),)) as (url, _),
        Client(url, token="t") as client,
        pytest.raises(Unreachable, match="none of the API's paths"),
    ):
        list(client.statistics(range="7d"))


def test_no_server_there() -> None:
    with scripted(()) as (url, _):
        pass
    with pytest.raises(Unreachable, match="no answer"):
        ask(url, Patience(tries=2))

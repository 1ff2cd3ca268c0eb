"""Answers of any kind leave with the headers that they have, and are counted by the templates of their routes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from reportdata.errors import InboxError, StoreError
from reportdata.http.answers import BODY_TOO_LARGE, SYSTEM_ERROR, Failed, new_ids
from reportdata.http.request_metrics import RequestMetrics
from reportdata.http.routes import IDS, json_response, routed
from tests.support.kernel import running

Ask = Callable[..., tuple[HTTPResponse, bytes]]
IDS_OF_AN_ANSWER = ("x-acs-request-id", "x-acs-trace-id")


async def _streamed(_request: Request) -> Response:
    async def parts() -> Iterator[bytes]:  # type: ignore[misc]
        for number in range(3):
            yield b"%d," % number

    return StreamingResponse(parts(), media_type="text/csv")


async def _day(request: Request) -> Response:
    return json_response({"day": request.path_params["day"]})


async def _page(_request: Request) -> Response:
    return HTMLResponse("<p>", headers={"cache-control": "max-age=60"})


async def _empty(_request: Request) -> Response:
    return Response(status_code=204)


async def _fail(request: Request) -> Response:
    raise {
        "failed": Failed(BODY_TOO_LARGE, {"requiredScopes": ["a"]}, {"retry-after": "5"}),
        "store": StoreError("it is locked"),
        "inbox": InboxError("it is full"),
        "other": ValueError("what nobody thought of"),
    }[request.path_params["how"]]


@pytest.fixture
def metrics() -> RequestMetrics:
    return RequestMetrics()


@pytest.fixture
def ask(tmp_path: Path, metrics: RequestMetrics) -> Iterator[Ask]:
    """Asks for a path, by GET if nothing else is said."""
    (tmp_path / "a.txt").write_text("static")
    app = routed(
        [
            Route("/streamed", _streamed),
            Route("/days/{day}", _day),
            Route("/page", _page),
            Route("/empty", _empty),
            Route("/fail/{how}", _fail),
            Mount("/files", StaticFiles(directory=tmp_path)),
        ],
        metrics,
        {StoreError: SYSTEM_ERROR},
    )

    async def with_ids(scope: Scope, receive: Receive, send: Send) -> None:
        scope[IDS] = new_ids(0.0)
        await app(scope, receive, send)

    with running(with_ids) as address:

        def asked(path: str, method: str = "GET", version: str = "HTTP/1.1") -> tuple[HTTPResponse, bytes]:
            with closing(HTTPConnection(*address, timeout=300)) as connection:
                vars(connection)["_http_vsn_str"] = version  # the client has no other way to say it
                connection.request(method, path)
                answer = connection.getresponse()
                return answer, answer.read()

        yield asked


def test_a_streamed_answer_comes_in_chunks_and_whole(ask: Ask) -> None:
    answer, body = ask("/streamed")
    assert body == b"0,1,2,"
    assert answer.getheader("transfer-encoding") == "chunked"
    assert answer.getheader("content-length") is None
    assert answer.getheader("content-type") == "text/csv; charset=utf-8"
    assert answer.getheader("cache-control") == "no-store"  # as every answer that does not say how it may be kept
    answer, body = ask("/streamed", "HEAD")
    assert (answer.status, body, answer.getheader("content-length")) == (200, b"", None)


def test_a_client_that_knows_no_chunks_gets_a_length(ask: Ask) -> None:
    for path, body in (("/streamed", b"0,1,2,"), ("/page", b"<p>"), ("/empty", b""), ("/days/1", b'{"day":"1"}')):
        answer, received = ask(path, version="HTTP/1.0")
        assert received == body
        assert answer.getheader("transfer-encoding") is None
        assert answer.getheader("content-length") == (str(len(body)) if body else None)
    answer, received = ask("/streamed", "HEAD", version="HTTP/1.0")
    assert (answer.status, received) == (200, b"")


def test_an_answer_says_for_itself_how_it_may_be_kept(ask: Ask) -> None:
    answer, body = ask("/page")
    assert (body, answer.headers.get_all("cache-control")) == (b"<p>", ["max-age=60"])
    assert answer.getheader("content-type") == "text/html; charset=utf-8"
    answer, body = ask("/files/a.txt")  # may be asked for again by its tag
    assert (body, answer.getheader("cache-control")) == (b"static", None)
    assert answer.getheader("etag")


def test_an_answer_without_a_body_has_no_type(ask: Ask) -> None:
    answer, _ = ask("/empty")
    assert answer.status == 204
    assert answer.getheader("content-type") is None
    assert answer.getheader("content-length") is None


@pytest.mark.whole
@pytest.mark.parametrize("path", ["/streamed", "/days/1", "/page", "/empty", "/files/a.txt", "/none", "/fail/other"])
def test_every_answer_has_ids_that_browsers_may_read(ask: Ask, path: str) -> None:
    answer, _ = ask(path)
    assert all(answer.getheader(name) for name in IDS_OF_AN_ANSWER)
    assert answer.getheader("access-control-allow-origin") == "*"
    exposed = (answer.getheader("access-control-expose-headers") or "").split(", ")
    assert {*IDS_OF_AN_ANSWER, "retry-after"} <= set(exposed)


def test_errors_are_json_whatever_failed(ask: Ask) -> None:
    found = {}
    for how in ("failed", "store", "inbox", "other"):
        answer, body = ask(f"/fail/{how}")
        assert answer.getheader("content-type") == "application/json;charset=utf-8"
        found[how] = answer.status, json.loads(body)["code"]
    assert found == {
        "failed": (413, "InvalidRequest.BodyTooLarge"),
        "store": (500, "systemError"),
        "inbox": (500, "unknownError"),  # not among the known ones here
        "other": (500, "unknownError"),
    }
    answer, body = ask("/fail/failed")
    assert json.loads(body)["accessdenieddetail"] == {"requiredScopes": ["a"]}
    assert answer.getheader("retry-after") == "5"


def test_requests_are_counted_by_templates(ask: Ask, metrics: RequestMetrics) -> None:
    for path in ("/days/1", "/days/2", "/days/3?x=/none", "/files/a.txt", "/files/b.txt", "/none", "/none/2"):
        ask(path)
    ask("/days/4", "POST")
    end = time.monotonic() + 300
    while sum(metrics.answers.values()) < 8 and time.monotonic() < end:  # an answer is counted when it has been sent
        time.sleep(0.01)
    assert metrics.answers == {
        ("/days/{day}", "ok"): 3,
        ("/days/{day}", "InvalidAction.NotFound"): 1,
        ("/files", "ok"): 1,
        ("/files", "InvalidAction.NotFound"): 1,
        ("other", "InvalidAction.NotFound"): 2,
    }
    assert sum(metrics.times["/days/{day}"].counts) == 4

"""The contract in bytes: methods, paths, connections, and requests that are no HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from socket import create_connection

import pytest

from reportdata.http.limits import Phase
from tests.support.calling import (
    CORP,
    DAY,
    EMPTY,
    OK,
    PATH,
    SAMPLE,
    UNCOVERED_DAY,
    Call,
    add_sample,
    connected,
    read_head,
)
from tests.support.causes import first_of_row
from tests.support.folders import Folder
from tests.support.serving import exchange, serving
from tests.support.unreadable import GET, POST, UNREADABLE
from tests.support.waiting import SOON


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Call]:
    """A good call to a server of the sample organisation."""
    folder = Folder(tmp_path_factory.mktemp("sample"))
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    with serving(folder) as served:
        yield Call(served.address, token)
    folder.store.close()


def test_head_has_the_headers_of_get_and_no_body(call: Call) -> None:
    with connected(call.address) as ask:
        for _ in range(2):  # a body would be read as the next answer
            answer = ask(call._replace(method="HEAD").request)
            assert (answer.status, answer.headers["content-length"]) == (OK, str(len(SAMPLE)))
        assert ask(call._replace(method="HEAD", token="x").request).status == "HTTP/1.1 400 Bad Request"
        assert ask(call.request).body == SAMPLE


@pytest.mark.parametrize("path", [PATH, "/v1.0/oauth2/accessToken", "/gettoken", "*"])
def test_a_browser_is_told_what_it_may_send(call: Call, path: str) -> None:
    with connected(call.address) as ask:
        answer = ask(f"OPTIONS {path} HTTP/1.1\r\nHost: h\r\nOrigin: http://x\r\n\r\n".encode())
    assert (answer.status, answer.body) == (OK, b"{}")
    assert "x-acs-dingtalk-access-token" in answer.headers["access-control-allow-headers"]
    assert "GET" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "start",
    [
        f"POST {PATH}?statDate={DAY}",
        f"DELETE {PATH}",
        f"PURGE {PATH}",
        f"GET {PATH}/",
        "GET /nothing",
        "GET /v1.0/datacenter/reportdata",
        "GET /v1.0/%ff%zz",
        "GET /%2e%2e/etc/passwd",
        "GET /v1.0/oauth2/accessToken",
        "POST /gettoken",
        f"GET {PATH.replace('datacenter/', 'datacenter%2F')}?statDate={DAY}",
        f"GET {PATH.replace('/v1.0', '/v1.0%2f')}?statDate={DAY}",
        "GET /%2fhealthz",
    ],
)
def test_what_is_not_served_is_not_found(call: Call, start: str) -> None:
    with connected(call.address) as ask:
        answer = ask(f"{start} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert answer.status == "HTTP/1.1 404 Not Found"
        assert answer.body == first_of_row(1).body(answer.request_id)
        assert ask(call.request).body == SAMPLE


@pytest.mark.parametrize(("request_", "status", "code"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_answered_as_an_error_and_the_connection_is_closed(
    call: Call, request_: bytes, status: int, code: str
) -> None:
    head, body = exchange(call.address, request_, half_close=False).split(b"\r\n\r\n", 1)
    answer = read_head(iter(head.decode().split("\r\n")))
    assert answer.status.startswith(f"HTTP/1.1 {status} ")
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-length"] == str(len(body))
    fields = json.loads(body)
    assert list(fields) == ["code", "requestid", "message"]
    assert (fields["code"], fields["requestid"]) == (f"InvalidRequest{code}", answer.request_id)
    assert call.answer().body == SAMPLE


@pytest.mark.parametrize("start", [b"X: ", b"X"])
def test_a_header_without_an_end_is_not_waited_for(call: Call, start: bytes) -> None:
    with create_connection(call.address, timeout=SOON) as connection:
        connection.sendall(GET + start)
        with suppress(ConnectionError):
            for _ in range(20):
                connection.sendall(b"a" * 50_000)
        assert connection.recv(20).startswith(b"HTTP/1.1 431 ")


def test_what_came_before_an_unreadable_request_is_answered(call: Call) -> None:
    received = exchange(call.address, call.request + b"hello\r\n\r\n", half_close=False)
    assert received.startswith(OK.encode())
    assert received.count(b"HTTP/1.1 400 Bad Request") == 1


def test_a_connection_serves_on_after_errors(call: Call) -> None:
    bad_calls = [call._replace(token="x"), call._replace(stat_date="x"), call._replace(prefix="/x")]
    with connected(call.address) as ask:
        for _ in range(50):
            for bad in bad_calls:
                assert ask(bad.request).status != OK
            assert ask(POST + b"Content-Length: 3\r\n\r\n{}x").status == "HTTP/1.1 400 Bad Request"
            answer = ask(call.request)
            assert (answer.status, answer.body) == (OK, SAMPLE)
            assert "connection" not in answer.headers


def test_requests_that_come_at_once_are_answered_in_their_order(call: Call) -> None:
    uncovered = call._replace(stat_date=UNCOVERED_DAY)
    with connected(call.address) as ask:
        assert ask(call.request + uncovered.request + call.request).body == SAMPLE
        assert [ask(b"").body for _ in range(2)] == [EMPTY, SAMPLE]


def test_a_connection_ends_when_the_client_says_so(call: Call) -> None:
    for request in (
        call._replace(headers={"Connection": "close"}).request,
        call.request.replace(b"HTTP/1.1", b"HTTP/1.0"),
    ):
        received = exchange(call.address, request + call.request, half_close=False)
        assert received.startswith(OK.encode())
        assert received.endswith(SAMPLE)
        assert b"\r\nconnection: close\r\n" in received
        assert received.count(b"HTTP/1.1") == 1


def test_idle_connections_stay_open_longer_than_the_java_sdk_keeps_them() -> None:
    assert Phase.REQUEST.value > 12

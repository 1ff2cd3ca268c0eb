"""nginx before the server, with the configuration that docs/operations.md shows."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from reportdata.api import writing
from reportdata.store.sqlite import SERVING_TIMEOUT
from tests.support.browsing import add_link
from tests.support.calling import CORP, SAMPLE, add_sample
from tests.support.folders import Folder, run
from tests.support.nginx import CONFIGURATION, PATIENT, UNDER_A_PATH, Proxy, asked, started
from tests.support.processes import served
from tests.support.waiting import SOON, until

pytestmark = pytest.mark.tool


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """nginx with the page's configuration, but more patient."""
    with started(tmp_path_factory.mktemp("nginx"), PATIENT) as found:
        yield found


@contextmanager
def behind(folder: Folder, proxy: Proxy) -> Iterator[tuple[str, int]]:
    """`reportdata serve` where nginx expects it, which ends well; its address."""
    with (
        socket.create_server(("127.0.0.1", proxy.upstream)) as listening,
        served(folder, "--proxy", "127.0.0.1", inherit=listening) as process,
    ):
        yield process.address
        assert process.terminate() == 0


def test_answers_go_through_nginx_as_they_are(folder: Folder, proxy: Proxy) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    unscoped = folder.token(folder.add_app(CORP, scopes=())[0])
    path = "/v1.0/datacenter/reportData"
    scenes: list[tuple[str, str, dict[str, str], bytes | None]] = [
        ("GET", f"{path}?statDate=20210620", {"x-acs-dingtalk-access-token": token}, None),
        ("GET", f"/{path}?statDate=20210620", {"x-acs-dingtalk-access-token": f'"{token}"'}, None),
        ("HEAD", f"{path}?statDate=20210620", {"x-acs-dingtalk-access-token": token}, None),
        ("OPTIONS", path, {}, None),
        ("GET", f"{path}?statDate=x", {"x-acs-dingtalk-access-token": token}, None),
        ("GET", f"{path}?statDate=20210620", {"x-acs-dingtalk-access-token": unscoped}, None),
        ("GET", path, {}, None),
        ("GET", "/nowhere", {}, None),
        ("GET", "/gettoken?appkey=a&appsecret=b", {}, None),
        ("POST", "/v1.0/oauth2/accessToken", {"content-type": "application/json"}, b"{}"),
        ("POST", "/v1.0/oauth2/accessToken", {"content-type": "application/json"}, b" " * 20_000),
        ("GET", f"/{'a' * 9_000}", {}, None),
        ("GET", "/", {"x-a": "a" * 33_000}, None),
    ]
    with behind(folder, proxy) as address:
        for method, target, headers, body in scenes:
            there = proxy.ask(target, method, headers, body)
            connection = HTTPConnection(*address, timeout=SOON)
            here = asked(connection, target, method, headers, body)
            connection.close()
            ids = [answer[1].pop("x-acs-request-id").encode() for answer in (here, there)]
            assert here[0] == there[0], target
            assert here[2].replace(ids[0], ids[1]) == there[2], target
            for dropped in ("date", "connection", "x-acs-trace-id", "server", "keep-alive"):
                here[1].pop(dropped, None)
                there[1].pop(dropped, None)
            assert here[1] == there[1], target
        assert proxy.call(token) == (200, SAMPLE)


def test_allow_lists_and_the_audit_see_the_client_and_not_what_it_claims(folder: Folder, proxy: Proxy) -> None:
    add_sample(folder)
    allowed = folder.token(folder.add_app(CORP, allow_list=("127.0.0.2",))[0])
    other = folder.token(folder.add_app(CORP, allow_list=("192.0.2.0/24", "127.0.0.1"))[0])
    spoofed = {"x-forwarded-for": "192.0.2.7"}
    with behind(folder, proxy):
        assert proxy.call(allowed, source="127.0.0.2") == (200, SAMPLE)
        assert proxy.call(allowed, spoofed, "127.0.0.2") == (200, SAMPLE)
        for headers in ({}, spoofed, {"x-forwarded-for": "127.0.0.1, 192.0.2.7"}, {"x-real-ip": "192.0.2.7"}):
            status, body = proxy.call(other, headers, "127.0.0.2")
            assert (status, json.loads(body)["code"]) == (403, "Forbidden.AccessDenied.IpNotInWhiteList")
            assert b"127.0.0.2" in body
    rows = [json.loads(row) for row in run(folder, "audit", "--json").output.splitlines()]
    assert {row["address"] for row in rows} == {"127.0.0.2"}


def _is_readable(headers: Mapping[str, str], body: bytes) -> str:
    """The code of an error that an SDK can read."""
    assert headers["content-type"] == "application/json;charset=utf-8"
    fields: dict[str, str] = json.loads(body)
    assert list(fields) == ["code", "requestid", "message"]
    assert fields["requestid"] == headers["x-acs-request-id"]
    return fields["code"]


def test_without_a_server_nginx_answers_what_sdks_can_read_and_logs_no_secret(folder: Folder, proxy: Proxy) -> None:
    for path in ("/v1.0/datacenter/reportData?statDate=20210620", "/gettoken?appkey=a&appsecret=topsecret", "/x"):
        status, headers, body = proxy.ask(path)
        assert (status, _is_readable(headers, body)) == (502, "ServiceUnavailable")
    status, headers, body = proxy.ask("/v1.0/oauth2/accessToken", "POST", body=b"{}")
    assert (status, _is_readable(headers, body)) == (502, "ServiceUnavailable")
    from alibabacloud_dingtalk.datacenter_1_0 import models  # takes long; other tests do not need it
    from alibabacloud_dingtalk.datacenter_1_0.client import Client
    from alibabacloud_tea_openapi.models import Config
    from alibabacloud_tea_util.models import RuntimeOptions
    from Tea.exceptions import TeaException

    client = Client(Config(endpoint=f"localhost:{proxy.port}", protocol="https"))
    request = models.QueryReportStatisticalDataRequest(stat_date="20210620")
    none = models.QueryReportStatisticalDataHeaders({}, "x")
    with pytest.raises(TeaException) as raised:
        client.query_report_statistical_data_with_options(request, none, RuntimeOptions(ca=str(proxy.ca)))
    assert raised.value.code == "ServiceUnavailable"
    logged = {path.name: path.read_text() for path in proxy.logs.iterdir()}
    assert '"GET /gettoken" 502' in logged["reportdata.access.log"]
    assert "topsecret" not in "".join(logged.values())


def test_a_server_that_does_not_answer_is_given_up_before_the_node_sdk_gives_up(tmp_path: Path) -> None:
    (milliseconds,) = re.findall(r"proxy_read_timeout (\d+)ms;", CONFIGURATION)
    assert writing.LONGEST_WAIT + SERVING_TIMEOUT < int(milliseconds) / 1000 < 3
    calls = (("/v1.0/datacenter/reportData", "GET"), ("/gettoken", "GET"), ("/x", "POST"))
    with (
        started(tmp_path) as proxy,
        socket.create_server(("127.0.0.1", proxy.upstream)),
        ThreadPoolExecutor(len(calls)) as pool,
    ):
        for status, headers, body in pool.map(proxy.ask, *zip(*calls, strict=True)):
            assert (status, _is_readable(headers, body)) == (504, "ServiceUnavailable")


@pytest.mark.parametrize(
    "request_",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /../../x HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\nx-a: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n",
        b"GET /.reportdata-refused HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /.reportdata-unavailable HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=["garbage", "version", "no host", "trace", "above the root", "header", "address", "body", "own", "own too"],
)
def test_what_nginx_refuses_itself_is_answered_in_json(proxy: Proxy, request_: bytes) -> None:
    context = ssl.create_default_context(cafile=proxy.ca)
    with (
        socket.create_connection(("127.0.0.1", proxy.port), SOON) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(request_)
        received = b""
        while b"\r\n\r\n" not in received or not received.endswith(b"}"):
            chunk = connection.recv(65_536)
            assert chunk, received
            received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert re.match(rb"HTTP/1.1 (4\d\d|505) ", head)
    headers = dict(line.lower().split(": ", 1) for line in head.decode().splitlines()[1:])
    assert _is_readable(headers, body) == "InvalidRequest"


def test_http_where_nginx_speaks_tls_is_answered_in_json(proxy: Proxy) -> None:
    connection = HTTPConnection("127.0.0.1", proxy.port, timeout=SOON)
    status, headers, body = asked(connection, "/", "GET", {})
    connection.close()
    assert (status, _is_readable(headers, body)) == (400, "InvalidRequest")


@pytest.mark.slow
def test_a_restart_behind_nginx_fails_no_request(folder: Folder, proxy: Proxy) -> None:
    """As systemd does it: the port stays open, the server stops, and only then the next one starts."""
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    ending = threading.Event()
    found: list[tuple[int, bytes]] = []

    def ask(*, get: bool) -> None:
        context = ssl.create_default_context(cafile=proxy.ca)
        connection = HTTPSConnection("127.0.0.1", proxy.port, timeout=SOON, context=context)
        headers = {"x-acs-dingtalk-access-token": token}
        while not ending.is_set():
            if get:
                status, _, body = asked(connection, "/v1.0/datacenter/reportData?statDate=20210620", "GET", headers)
            else:
                status, _, body = asked(connection, "/v1.0/oauth2/accessToken", "POST", {}, b"[]")
            found.append((status, body if get else body[:21]))
        connection.close()

    threads = [threading.Thread(target=ask, kwargs={"get": number % 3 > 0}) for number in range(6)]

    def going_on(answers: int) -> None:
        enough = len(found) + answers
        until(lambda: len(found) >= enough or not all(thread.is_alive() for thread in threads))

    with socket.create_server(("127.0.0.1", proxy.upstream)) as listening:
        for number in range(3):
            with served(folder, "--proxy", "127.0.0.1", inherit=listening) as process:
                if number == 0:
                    for thread in threads:
                        thread.start()
                going_on(100)
                if number == 2:
                    ending.set()
                    for thread in threads:
                        thread.join()
                assert process.terminate() == 0
    assert len(found) >= 300
    assert set(found) == {(200, SAMPLE), (400, b'{"code":"Invalidbody"')}


@pytest.mark.parametrize("taken_off", [False, True], ids=["left", "taken off"])
def test_pages_under_a_path_sign_in(folder: Folder, tmp_path: Path, *, taken_off: bool) -> None:
    add_sample(folder)
    link, secret = add_link(folder, CORP)
    changes = {"proxy_pass http://reportdata;": "proxy_pass http://reportdata/;"} if taken_off else {}
    with (
        started(tmp_path, changes, UNDER_A_PATH) as proxy,
        socket.create_server(("127.0.0.1", proxy.upstream)) as listening,
        served(folder, "--proxy", "127.0.0.1", "--base-path", "/reports", inherit=listening) as process,
    ):
        own = {"origin": f"https://localhost:{proxy.port}", "host": f"localhost:{proxy.port}"}
        body = json.dumps({"link": secret}).encode()
        status, headers, _ = proxy.ask("/reports/v1/session", "POST", own, body)
        assert status == 200
        cookie, *rest = headers["set-cookie"].split("; ")
        assert {"Path=/reports", "HttpOnly", "SameSite=Strict", "Secure"} < set(rest)
        status, _, told = proxy.ask("/reports/v1/session", headers={"cookie": cookie})
        assert (status, json.loads(told)["name"]) == (200, link.name)
        other = proxy.ask("/reports/v1/session", headers={"cookie": cookie, **own, "origin": "https://localhost"})
        assert other[0] == 403
        status, headers, _ = proxy.ask("/reports")
        assert (status, headers["location"]) == (308, f"https://127.0.0.1:{proxy.port}/reports/")
        assert process.terminate() == 0


def test_sessions_through_nginx_are_for_tls_and_own_pages(folder: Folder, proxy: Proxy) -> None:
    add_sample(folder)
    _, secret = add_link(folder, CORP)
    body = json.dumps({"link": secret}).encode()
    with behind(folder, proxy):
        for origin, expected in ((f"https://127.0.0.1:{proxy.port}", 200), ("https://127.0.0.1", 403)):
            status, headers, _ = proxy.ask("/v1/session", "POST", {"origin": origin}, body)
            assert status == expected
            assert ("; Secure" in headers.get("set-cookie", "")) is (status == 200)

"""The one way to DingTalk, of `collect` and `mirror` alike: by the machine's proxy and certificates, and never to
elsewhere."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reportdata.certificates import Certificates, development_certificates
from reportdata.cli import cli
from reportdata.collector.budget import Account, Budget
from reportdata.collector.calls import BookedCalls
from reportdata.collector.ledger import Ledger
from reportdata.collector.sources import SourceNotes
from reportdata.collector.suite import Access
from reportdata.errors import SourceError, Unavailable
from reportdata.suites.dingtalk.http_transport import HttpTransport, proxy_of
from reportdata.suites.dingtalk.suite import KIND, DingTalk
from reportdata.suites.dingtalk.transport import NoAnswer, Unreachable
from reportdata.twin import BEIJING, Server, Twin, running
from tests.support.folders import Folder
from tests.support.proxies import Proxy, TlsEnd, answering
from tests.support.tools import require_tool

VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUEST_METHOD")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine has no settings of its own."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return development_certificates(tmp_path_factory.mktemp("tls"), ["127.0.0.1"], time.time())


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Twin(people=5, first_day=_day(40), last_day=_day(35), now=time.time(), rate=0)) as found:
        yield found


@pytest.fixture
def tls(server: Server, certificates: Certificates) -> Iterator[TlsEnd]:
    with answering(TlsEnd(server.address, certificates)) as found:
        yield found


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with answering(Proxy()) as found:
        yield found


def _day(ago: int) -> str:
    return f"{datetime.now(BEIJING) - timedelta(days=ago):%Y%m%d}"


class _Clock:
    """Waits for nothing."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Go on."""


def asked(url: str, folder: Path, twin: Twin) -> int:
    """The reports of a page, asked for at that address, within a budget in that folder."""
    with closing(Ledger(folder / "ledger.db")) as ledger:
        budget = Budget(ledger, Account.of(KIND, "c"), _Clock())
        access = Access(twin.app_key, twin.app_secret, {"api": url, "oapi": url})
        calls = BookedCalls(budget, _Clock(), random.Random(1))
        with closing(DingTalk(access, calls, SourceNotes(ledger, 1), HttpTransport(timeout=60))) as suite:
            try:
                now = int(time.time() * 1000)
                return len(suite.reports(now - 50 * 86_400_000, now).reports)
            finally:
                (folder / "booked").write_text(str(sum(budget.month().spent.values())))


def run(folder: Folder, environment: dict[str, str], *arguments: object) -> Result:
    """Run a command on a data folder."""
    return CliRunner().invoke(cli, [*map(str, arguments), "--data", str(folder.path)], env=environment)


@pytest.mark.whole
def test_collect_and_mirror_go_by_the_proxy_and_trust_the_private_ca(
    folder: Folder, server: Server, tls: TlsEnd, proxy: Proxy, certificates: Certificates
) -> None:
    twin = server.twin
    environment = {
        "HTTPS_PROXY": f"http://{proxy.address}",
        "SSL_CERT_FILE": str(certificates.ca),
        "REPORTDATA_DINGTALK_APP_KEY": twin.app_key,
        "REPORTDATA_DINGTALK_APP_SECRET": twin.app_secret,
        "REPORTDATA_DINGTALK_ENDPOINT": tls.url,
        "REPORTDATA_DINGTALK_API": tls.url,
        "REPORTDATA_DINGTALK_OAPI": tls.url,
    }
    first, last = _day(40), _day(35)
    key = ("--corp", twin.corp_id, "--app-key", twin.app_key, "--per-second", 1000, "--from", first)
    assert run(folder, environment, "source", "add", "dingtalk", *key).exit_code == 0
    collected = run(folder, environment, "collect", "--once")
    assert collected.exit_code == 0, collected.output
    by_collect = len(proxy.seen)
    assert by_collect > 0
    mirrored = run(folder, environment, "mirror", "--from", first, "--to", last, "--rate", 20, "--json")
    assert mirrored.exit_code == 0, mirrored.output
    assert len(json.loads(mirrored.stdout)["fetched"]) == 6
    assert len(proxy.seen) > by_collect
    assert {line.rpartition(" ")[0] for line in proxy.seen} == {f"CONNECT {tls.url.removeprefix('https://')}"}
    for command in (("collect", "--once", "--from", _day(150)), ("mirror", "--from", first, "--to", last, "--again")):
        said = run(folder, {**environment, "SSL_CERT_FILE": "/dev/null"}, *command)
        assert said.exit_code == 1
        assert f"the certificate of {tls.url} is not trusted" in said.output
        assert "name your CA's file in SSL_CERT_FILE" in said.output


@pytest.mark.tool
def test_a_folder_of_certificates_is_heeded(
    tmp_path: Path, server: Server, tls: TlsEnd, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    openssl = require_tool("openssl")
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    monkeypatch.setenv("SSL_CERT_DIR", str(trusted))
    with pytest.raises(SourceError, match="is not trusted"):
        asked(tls.url, tmp_path, server.twin)
    assert (tmp_path / "booked").read_text() == "0", "nothing left"
    assert server.twin.calls.charged == 0
    command = [openssl, "x509", "-noout", "-hash", "-in", str(certificates.ca)]
    name = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    (trusted / f"{name}.0").write_bytes(certificates.ca.read_bytes())
    assert asked(tls.url, tmp_path, server.twin) > 0


@pytest.mark.whole
@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_plain_requests_go_by_the_proxy_too(
    tmp_path: Path, server: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    assert asked(server.url, tmp_path, server.twin) > 0
    assert proxy.seen == []
    monkeypatch.setenv(variable, f"http://{proxy.address}")
    assert asked(server.url, tmp_path, server.twin) > 0
    assert len(proxy.seen) == 2
    assert all(line.startswith(f"POST {server.url}/") for line in proxy.seen)
    for bypass in ("127.0.0.1", f"example.org,{server.endpoint}", "*"):
        monkeypatch.setenv("NO_PROXY", bypass)
        assert asked(server.url, tmp_path, server.twin) > 0
    assert len(proxy.seen) == 2


def test_a_proxy_of_the_scheme_comes_before_that_of_all(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://h:1080")
    monkeypatch.setenv("HTTPS_PROXY", "h:3128")
    assert proxy_of("https://oapi.dingtalk.com/x") == "http://h:3128"
    with pytest.raises(Unreachable, match="socks5://h:1080") as raised:
        proxy_of("http://127.0.0.1:1/x")
    assert "HTTPS_PROXY" in raised.value.hint
    with pytest.raises(SourceError, match="socks5://h:1080"):
        asked("http://127.0.0.1:1", tmp_path, server.twin)
    assert (tmp_path / "booked").read_text() == "0"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert proxy_of("http://127.0.0.1:1/x") == ""


def test_a_proxy_may_ask_who_goes_by_it(
    tmp_path: Path, server: Server, tls: TlsEnd, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.ca))
    with answering(Proxy("who:p@ss word")) as proxy:
        monkeypatch.setenv("ALL_PROXY", f"http://who:p%40ss%20word@{proxy.address}")
        for url in (server.url, tls.url):
            assert asked(url, tmp_path, server.twin) > 0
        monkeypatch.setenv("ALL_PROXY", f"http://who:secret@{proxy.address}")
        with pytest.raises(Unavailable) as raised:
            asked(tls.url, tmp_path, server.twin)
    assert f"no way through the proxy http://{proxy.address}" in raised.value.message
    assert "407" in raised.value.message
    assert "secret" not in raised.value.message


def test_a_proxy_that_is_not_there_is_named_and_nothing_is_booked(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(Unavailable, match=f"no way through the proxy http://127.0.0.1:{port}"):
        asked(server.url, tmp_path, server.twin)
    assert (tmp_path / "booked").read_text() == "0"


def test_a_redirect_is_not_followed_and_no_token_goes_with_it(tmp_path: Path, server: Server) -> None:
    elsewhere: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            elsewhere.append(self.path)

    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(307)
            self.send_header("location", f"http://127.0.0.1:{other.server_address[1]}{self.path}")
            body = b"<html>moved</html>"
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with (
        answering(ThreadingHTTPServer(("127.0.0.1", 0), Other)) as other,
        answering(ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)) as first,
    ):
        with pytest.raises(Unavailable, match=r"\(307\): it leads elsewhere"):
            asked(f"http://127.0.0.1:{first.server_address[1]}", tmp_path, server.twin)
        assert elsewhere == []


@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({}, b"x" * (1 << 20), "the answer did not end within 0 s"),
        ({"content-length": "20"}, b"{}", "there is no whole answer"),
        ({"content-encoding": "gzip", "content-length": "12"}, b"no gzip here", "there is no whole answer"),
    ],
)
def test_an_answer_in_drops_cut_off_or_broken_is_none(headers: dict[str, str], body: bytes, said: str) -> None:
    class Odd(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Odd)) as found:
        transport = HttpTransport(timeout=60, whole=60 if headers else 0)
        with closing(transport), pytest.raises(NoAnswer, match=said):
            transport.send("GET", f"http://127.0.0.1:{found.server_address[1]}/", {}, None)


def test_a_server_that_asks_to_wait_is_waited_for(tmp_path: Path, server: Server) -> None:
    slept: list[float] = []

    class Patient(_Clock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)

    asks = iter(["100", "Mon, 07 Sep 2026 00:02:00 GMT", "4000"])

    class Limited(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response_only(429)
            self.send_header("date", "Mon, 07 Sep 2026 00:00:00 GMT")
            self.send_header("retry-after", next(asks))
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with (
        answering(ThreadingHTTPServer(("127.0.0.1", 0), Limited)) as found,
        closing(Ledger(tmp_path / "ledger.db")) as ledger,
    ):
        url = f"http://127.0.0.1:{found.server_address[1]}"
        budget = Budget(ledger, Account.of(KIND, "c"), _Clock())
        calls = BookedCalls(budget, Patient(), random.Random(1))
        access = Access("key", "secret", {"api": url, "oapi": url})
        suite = DingTalk(access, calls, SourceNotes(ledger, 1), HttpTransport(timeout=60))
        with closing(suite), pytest.raises(Unavailable, match="too many calls"):
            suite.reports(0, 1)
    assert [seconds // 100 for seconds in slept] == [1, 1], "and not for more than an hour"
    assert list(asks) == []

"""TLS: what is offered, certificates that change under load, and those that are made for trying."""

from __future__ import annotations

import json
import logging
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reportdata.certificates import LIFETIME, Certificates, development_certificates, validity
from reportdata.errors import BadFile
from tests.support.calling import CORP, OK, PATH, SAMPLE, Call, add_sample
from tests.support.folders import Folder, run
from tests.support.processes import Load, served
from tests.support.serving import Serving, serving
from tests.support.tools import require_tool
from tests.support.waiting import SOON, until

NAMES = ["localhost", "127.0.0.1"]


@pytest.fixture
def sample(folder: Folder) -> Iterator[tuple[Serving, Call]]:
    """A server over TLS of the sample organisation, and a good call."""
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    with serving(folder, tls=True) as found:
        yield found, Call(found.address, token, ca=found.ca)


def _shown(address: tuple[str, int], ca: Path) -> bytes:
    """The certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=ca)
    with (
        socket.create_connection(address, SOON) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as found,
    ):
        return found.getpeercert(binary_form=True) or b""


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_are_spoken(sample: tuple[Serving, Call], version: ssl.TLSVersion) -> None:
    found, call = sample
    context = ssl.create_default_context(cafile=found.ca)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with (
        socket.create_connection(found.address, SOON) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        assert connection.selected_alpn_protocol() == "http/1.1"
        connection.sendall(call.request)
        assert connection.recv(65_536).startswith(OK.encode())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
def test_older_versions_are_refused(sample: tuple[Serving, Call]) -> None:
    found, _ = sample
    context = ssl.create_default_context(cafile=found.ca)
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(found.address, SOON) as plain, pytest.raises((ssl.SSLError, ConnectionError)):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_http_where_tls_is_spoken_harms_nobody(sample: tuple[Serving, Call]) -> None:
    found, call = sample
    with socket.create_connection(found.address, SOON) as connection:
        connection.sendall(call.request)
        connection.recv(1000)
    assert call.answer().body == SAMPLE


@pytest.mark.whole
@pytest.mark.usefixtures("fast_ticks")
def test_certificates_are_replaced_under_load_without_a_failed_request(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "reportdata.api")
    add_sample(folder)
    request = Call(("", 0), folder.token(folder.add_app(CORP)[0])).request
    folders = [folder.path.parent / f"tls{number}" for number in range(3)]
    sets = [development_certificates(path, NAMES, time.time()) for path in folders]
    trusted = folder.path.parent / "trusted.pem"
    trusted.write_bytes(b"".join(files.ca.read_bytes() for files in sets))
    live = Certificates.of(folder.path.parent / "live")
    shutil.copytree(folders[0], live.ca.parent)

    def until_it_is_still_shown() -> None:
        """The one from before, as the files are not whole."""
        caplog.clear()
        until(lambda: "the certificate from before is still shown" in caplog.text)

    with serving(folder, tls_cert=live.certificate, tls_key=live.key) as found:
        staying = Load(found.address, request, 2, ca=trusted, pause=0.005)
        with staying, Load(found.address, request, 2, ca=trusted, reconnect=5, pause=0.005) as coming:
            expected = _der(sets[0])
            for files in sets[1:]:
                live.certificate.write_bytes(b"half a certif")  # a copy that is not whole yet
                until_it_is_still_shown()
                shutil.copy(files.certificate, live.certificate)  # … and a key that comes later
                until_it_is_still_shown()
                assert _shown(found.address, trusted) == expected
                shutil.copy(files.key, live.key)
                until(lambda: "was loaded anew" in caplog.text)
                expected = _der(files)
                assert _shown(found.address, trusted) == expected
            live.key.unlink()  # no key at all: the last pair is shown on
            until_it_is_still_shown()
            assert _shown(found.address, trusted) == expected
            until(lambda: min(staying.answers, coming.answers) > 100)
        for load in (staying, coming):
            assert not load.failures
            assert not load.wrong
        assert [client.connections for client in staying.clients] == [1, 1]
    assert not [record for record in caplog.records if record.exc_info]


def _der(files: Certificates) -> bytes:
    return ssl.PEM_cert_to_DER_cert(files.certificate.read_text())


def test_a_certificate_without_its_key_is_refused_by_name(folder: Folder) -> None:
    mine, other = (
        development_certificates(folder.path.parent / name, NAMES, time.time()) for name in ("mine", "other")
    )
    result = run(folder, "serve", "--tls-cert", mine.certificate, "--tls-key", other.key)
    assert result.exit_code == 1
    assert "not a certificate and its key: KEY_VALUES_MISMATCH" in result.output
    assert "give both" in run(folder, "serve", "--tls-cert", mine.certificate).output
    assert "--tls-dev makes" in run(folder, "serve", "--tls-cert", mine.certificate, "--tls-dev").output


@pytest.mark.tool
def test_an_encrypted_key_is_refused_and_not_asked_for(folder: Folder) -> None:
    openssl = require_tool("openssl")
    files = development_certificates(folder.path.parent / "tls", NAMES, time.time())
    locked = files.key.with_name("locked.key")
    command = [openssl, "pkey", "-in", str(files.key), "-aes256", "-passout", "pass:x", "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    result = run(folder, "serve", "--tls-cert", files.certificate, "--tls-key", locked)
    assert (result.exit_code, "not a certificate and its key" in result.output) == (1, True)


def test_certificates_for_trying_are_kept_until_they_no_longer_do(tmp_path: Path) -> None:
    now = time.time()
    files = development_certificates(tmp_path / "tls", NAMES, now)
    first = files.certificate.read_bytes()
    assert validity(files.certificate).names == {"localhost", "127.0.0.1"}
    assert validity(files.certificate).ends - datetime.fromtimestamp(now, UTC) <= LIFETIME
    assert {path.name for path in files.ca.parent.iterdir()} == {"ca.pem", "server.pem", "server.key"}
    assert [oct(path.stat().st_mode & 0o777) for path in files] == ["0o644", "0o600", "0o600"]
    assert files.key.read_bytes().count(b"PRIVATE KEY") == 2  # the server's only: the CA's is thrown away
    development_certificates(tmp_path / "tls", ["localhost"], now)
    assert files.certificate.read_bytes() == first
    development_certificates(tmp_path / "tls", [*NAMES, "reports.example"], now)
    second = files.certificate.read_bytes()
    assert second != first
    nearly_at_its_end = now + (LIFETIME - timedelta(days=20)).total_seconds()
    development_certificates(tmp_path / "tls", NAMES, nearly_at_its_end)
    assert files.certificate.read_bytes() != second
    files.ca.write_text("no certificate")
    with pytest.raises(BadFile):
        validity(files.ca)


@pytest.mark.tool
def test_serving_for_trying_says_how_it_is_trusted(folder: Folder) -> None:
    curl = require_tool("curl")
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    with served(folder, "--no-work", "--tls-dev") as process:
        assert process.running.stdout is not None
        lines = [process.running.stdout.readline() for _ in range(11)]
        text = "".join(lines)
        ca = folder.path.parent / "reportdata-tls" / "ca.pem"
        assert text.count(str(ca)) >= 6
        assert ca.stat().st_mode & 0o777 == 0o644, "it is copied to all who call"
        for language in ("Python", "Node", "Java", "Go", "PHP", "C#"):
            assert language in text
        port = process.address[1]
        for name in ("localhost", "127.0.0.1", socket.gethostname(), "api.dingtalk.com"):
            url = f"https://{name}:{port}{PATH}?statDate=20210620"
            header = f"x-acs-dingtalk-access-token: {token}"
            resolve = f"{name}:{port}:127.0.0.1"
            command = [curl, "--silent", "--cacert", ca, "--resolve", resolve, "--header", header, url]
            done = subprocess.run(list(map(str, command)), capture_output=True, check=True)
            assert json.loads(done.stdout) == json.loads(SAMPLE)

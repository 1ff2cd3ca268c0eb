"""nginx with the configuration that the program comes with, on free ports."""

from __future__ import annotations

import os
import pwd
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import NamedTuple

from reportdata.certificates import development_certificates
from tests.support.deployment import DEPLOY
from tests.support.ports import free_ports
from tests.support.tools import require_tool
from tests.support.waiting import SOON, until

CONFIGURATION = (DEPLOY / "nginx" / "reportdata.conf").read_text("utf-8")
UNDER_A_PATH = (DEPLOY / "nginx" / "reportdata-path.conf").read_text("utf-8")


class Proxy(NamedTuple):
    """nginx, where it listens, where it expects `reportdata`, the CA that its clients trust, and its logs."""

    port: int
    upstream: int
    ca: Path
    logs: Path

    def ask(
        self,
        path: str,
        method: str = "GET",
        headers: Mapping[str, str] = {},
        body: bytes | None = None,
        source: str = "127.0.0.1",
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        context = ssl.create_default_context(cafile=self.ca)
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=SOON, context=context, source_address=(source, 0))
        try:
            return asked(connection, path, method, headers, body)
        finally:
            connection.close()

    def call(self, token: str, headers: Mapping[str, str] = {}, source: str = "127.0.0.1") -> tuple[int, bytes]:
        """Status and body of the answer to a good call."""
        call = {"x-acs-dingtalk-access-token": token, **headers}
        status, _, body = self.ask("/v1.0/datacenter/reportData?statDate=20210620", headers=call, source=source)
        return status, body


def asked(
    connection: HTTPConnection, path: str, method: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


PATIENT = {
    "proxy_connect_timeout 1s": f"proxy_connect_timeout {SOON:.0f}s",
    "proxy_send_timeout 2s": f"proxy_send_timeout {SOON:.0f}s",
    "proxy_read_timeout 2900ms": f"proxy_read_timeout {SOON:.0f}s",
}
"""What is changed lest a busy machine makes nginx give up."""


@contextmanager
def started(place: Path, changes: Mapping[str, str] = {}, configuration: str = CONFIGURATION) -> Iterator[Proxy]:
    """nginx with the page's configuration, or another one that the program comes with, on free ports."""
    nginx = require_tool("nginx")
    port, upstream = free_ports(2)
    files = development_certificates(place / "tls", ["localhost", "127.0.0.1"], time.time())
    (place / "logs").mkdir()
    text = configuration
    for here, there in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "server 127.0.0.1:8080": f"server 127.0.0.1:{upstream}",
        "/etc/letsencrypt/live/reports.example.com/fullchain.pem": str(files.certificate),
        "/etc/letsencrypt/live/reports.example.com/privkey.pem": str(files.key),
        "/var/log/nginx/": f"{place / 'logs'}/",
        **changes,
    }.items():
        assert here in text
        text = text.replace(here, there)
    (place / "reportdata.conf").write_text(text)
    temporary = "".join(
        f"{name}_temp_path {place / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = f"user {pwd.getpwuid(os.getuid()).pw_name};\n" if os.getuid() == 0 else ""
    (place / "nginx.conf").write_text(
        f"{user}daemon off;\npid {place / 'pid'};\nerror_log {place / 'logs' / 'error.log'} info;\nevents {{}}\n"
        f"http {{\n{temporary}include {place / 'reportdata.conf'};\n}}\n"
    )
    with subprocess.Popen([nginx, "-p", place, "-c", place / "nginx.conf"], stderr=subprocess.DEVNULL) as running:
        try:
            until(lambda: running.poll() is not None or _is_open(port))
            yield Proxy(port, upstream, files.ca, place / "logs")
        finally:
            running.terminate()


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), SOON).close()
    except ConnectionRefusedError:
        return False
    return True

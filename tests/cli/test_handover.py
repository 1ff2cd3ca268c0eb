"""Every setting reaches the processes that a server starts, and nobody else learns of them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import fields, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli.handover import Handover
from reportdata.errors import BadValue
from reportdata.settings import Settings
from tests.support.folders import Folder, run
from tests.support.paths import ROOT
from tests.support.processes import Process, served
from tests.support.scopes import REPORT_READ, REPORT_WRITE

CHANGED: dict[str, Any] = {
    "data": Path("elsewhere"),
    "database": "postgresql://user:secret@host/database",
    "lake_at": "s3://bucket/prefix",
    "lake_cache": 12_345_678_901,
    "host": "::1",
    "port": 1,
    "services": (Path("services"), Path("more")),
    "tls_cert": Path("cert.pem"),
    "tls_key": Path("key.pem"),
    "proxies": ("10.0.0.0/8", "::1"),
    "rate": 7,
    "connections": 8,
    "descriptor": 9,
    "operations_host": "0.0.0.0",
    "operations_port": 10,
    "web": False,
    "base_path": "/reports",
    "session_hours": 0.5,
    "log_requests": True,
    "audit_days": 11,
    "answering": 3,
    "verify_days": 0.5,
    "engine": "spark",
    "spark_master": "spark://host:7077",
    "spark_conf": (("spark.executor.memory", "4g"), ("a", "b=c")),
}
"""Every setting with another value than the one it has if nobody sets it."""


def test_every_setting_is_handed_over() -> None:
    assert CHANGED.keys() == {field.name for field in fields(Settings)}
    settings = Settings(**CHANGED)
    assert all(getattr(settings, name) != getattr(Settings(Path("data")), name) for name in CHANGED)
    assert Handover.decoded(Handover(settings, "json").encoded()) == Handover(settings, "json")


_TEXTS = st.text(st.characters(exclude_characters="\\\0", categories=["L", "N", "P", "S", "Z", "C", "Cs"]), min_size=1)


@given(_TEXTS, _TEXTS, st.lists(st.tuples(st.text(), st.text())))
def test_whatever_characters_it_has(path: str, host: str, more: list[tuple[str, str]]) -> None:
    settings = replace(Settings(Path(path)), services=(Path(path),), host=host, spark_conf=tuple(more))
    document = Handover(settings, "readable").encoded()
    assert document.count(b"\n") == 1
    assert Handover.decoded(document).settings == settings


@pytest.mark.parametrize("document", [b"", b"{}\n", b"nonsense\n", b'{"settings":{"data":1},"log_format":"json"}\n'])
def test_what_is_no_document_is_refused(document: bytes) -> None:
    with pytest.raises(BadValue):
        Handover.decoded(document)


@pytest.mark.whole
def test_a_command_that_is_handed_nothing_over_says_so(folder: Folder) -> None:
    for command in ("serve", "work"):
        done = subprocess.run(
            [sys.executable, "-m", "reportdata", command, "--with-parent", *folder.place],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "standard input has no settings" in done.stderr


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """A service of reports by which 4101 counts reports, as 4100 does."""
    shutil.copytree(ROOT / "src" / "reportdata" / "services" / "reports", tmp_path / "services" / "reports")
    path = tmp_path / "services" / "reports" / "service.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace('distinct = "user_id"', 'distinct = "report_id"', 1), "utf-8")
    return tmp_path / "services"


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["alone", "by processes"])
def test_worker_and_servers_have_the_settings_of_the_command(
    folder: Folder, services: Path, more: tuple[str, ...]
) -> None:
    folder.add_organisation("dinghanded")
    token = folder.token(folder.add_app("dinghanded", scopes=(REPORT_READ, REPORT_WRITE))[0])
    with served(folder, "--services", services, "--log-requests", "--log-format", "json", *more) as process:
        pushed = [{"report_id": f"r{n}", "user_id": "u", "sent_at": "2026-09-21 09:00:00"} for n in range(3)]
        assert _ask(process, "POST", "/v1/facts", token, json.dumps(pushed).encode())["added"] == 3
        path = "/v1.0/datacenter/reportData?statDate=20260921"
        end = time.monotonic() + 300
        while not (rows := _ask(process, "GET", path, token)["dataList"]):
            assert time.monotonic() < end
            time.sleep(0.05)
        assert (rows[0]["4100_DAY"], rows[0]["4101_DAY"]) == (3, 3)
        for child in process.children():
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[3:-1]
            assert words in ([b"serve", b"--with-parent"], [b"work", b"--with-parent"])
        assert process.terminate() == 0
    log = [json.loads(line) for line in (folder.path.parent / "server.log").read_text("utf-8").splitlines()]
    assert {"/v1/facts"} <= {line.get("api") for line in log}


def _ask(process: Process, method: str, path: str, token: str, body: bytes | None = None) -> dict[str, Any]:
    connection = HTTPConnection(*process.address, timeout=300)
    connection.request(method, path, body, {"x-acs-dingtalk-access-token": token})
    found: dict[str, Any] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_folder_that_holds_no_service_is_refused(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    done = run(folder, "serve", "--services", tmp_path / "none", "--port", "0")
    assert done.exit_code == 1
    assert "holds no service" in done.output

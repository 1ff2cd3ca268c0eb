"""The audit of pinned packages: it fails unless every package was looked up, or the machine is said to be offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = pytest.mark.whole

PINNED = f"one==1.0 --hash=sha256:{'0' * 64}\ntwo==2.0 --hash=sha256:{'0' * 64}\n"
VULNERABLE = {
    "id": "X-1",
    "summary": "A hole.",
    "affected": [
        {
            "package": {"name": "two", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}],
        }
    ],
}


@contextmanager
def database(answers: dict[str, object], status: int = 200) -> Iterator[str]:
    """A database that speaks OSV's protocol, as pip-audit does: what it answers of packages. Gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(answers.get(asked["package"]["name"], {})).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def audit(folder: Path, at: str, *, pinned: str = PINNED, offline: bool = False) -> tuple[int, str]:
    """The exit code of the audit, and what it prints."""
    file = folder / "pinned.txt"
    file.write_text(pinned)
    arguments: list[str | Path] = [
        "--requirement",
        file,
        "--vulnerability-service",
        "osv",
        "--osv-url",
        at,
        "--cache-dir",
        folder,
    ]
    done = subprocess.run(
        [sys.executable, ROOT / "requirements" / "audit", *arguments],
        env={**os.environ, "REPORTDATA_OFFLINE": "1" if offline else ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def test_packages_without_known_vulnerabilities_pass(tmp_path: Path) -> None:
    with database({}) as at:
        assert audit(tmp_path, at) == (0, "dependencies: 2 audited, 0 with known vulnerabilities\n")


@pytest.mark.parametrize("offline", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_known_vulnerability_fails_whatever_is_said_of_the_machine(tmp_path: Path, offline: bool) -> None:
    with database({"two": {"vulns": [VULNERABLE]}}) as at:
        code, printed = audit(tmp_path, at, offline=offline)
    assert code == 1
    assert "two 2.0: X-1, fixed in 2.1" in printed


@pytest.mark.slow
@pytest.mark.parametrize("status", [None, 403, 500])
def test_a_database_that_gives_no_answers_fails_unless_the_machine_is_said_to_be_offline(
    tmp_path: Path, status: int | None
) -> None:
    with database({}, status or 200) as at:
        place = at if status else at.replace("http://127.0.0.1", "http://127.0.0.2")  # nothing listens there
        refused, said = audit(tmp_path, place)
        excused, warned = audit(tmp_path, place, offline=True)
    assert refused == 1
    assert "not audited" in said
    assert "REPORTDATA_OFFLINE=1" in said
    assert excused == 0
    assert warned.startswith("*** DEPENDENCIES NOT AUDITED")


def test_an_audit_of_nothing_fails(tmp_path: Path) -> None:
    with database({}) as at:
        code, printed = audit(tmp_path, at, pinned="")
    assert code == 1
    assert "nothing is pinned" in printed


@pytest.mark.slow
def test_a_package_that_was_not_looked_up_fails(tmp_path: Path) -> None:
    by_address = f"three @ https://127.0.0.1/three.zip --hash=sha256:{'0' * 64}\n"
    with database({}) as at:
        refused, said = audit(tmp_path, at, pinned=PINNED + by_address)
        excused, warned = audit(tmp_path, at, pinned=PINNED + by_address, offline=True)
    assert refused == 1
    assert "2 audited" in said
    assert "1 of 3" in said
    assert excused == 0
    assert "*** DEPENDENCIES NOT AUDITED" in warned

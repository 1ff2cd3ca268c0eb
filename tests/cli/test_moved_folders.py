"""A data folder that is moved, replaced or unmounted under a running server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.folders import Folder
from tests.support.mounts import mounted
from tests.support.ports import free_ports
from tests.support.processes import served
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.waiting import SOON, until

pytestmark = pytest.mark.whole

CORP = "dingmoved"
GONE = 503, "ServiceUnavailable"


class Running(NamedTuple):
    """A running server, with its port for operators and a token that may read and push."""

    address: tuple[str, int]
    operations: tuple[str, int]
    token: str
    log: Path

    def ask(self, method: str, path: str, body: bytes | None = None, *, operations: bool = False) -> tuple[int, Any]:
        """Status and body of an answer."""
        connection = HTTPConnection(*(self.operations if operations else self.address), timeout=SOON)
        connection.request(method, path, body, {"x-acs-dingtalk-access-token": self.token})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content.decode() if path == "/metrics" else json.loads(content)

    def push(self, number: int) -> tuple[int, Any]:
        """Push a report."""
        record = {"report_id": f"r{number}", "user_id": "u", "sent_at": "2026-09-21 09:00:00"}
        return self.ask("POST", "/v1/facts", json.dumps([record]).encode())

    def reports(self) -> int:
        """How many reports of the day are counted."""
        rows = self.ask("GET", "/v1.0/datacenter/reportData?statDate=20260921")[1]["dataList"]
        return int(rows[0]["4100_DAY"]) if rows else 0

    def refuses(self) -> None:
        """Pushes are refused, and it is not ready."""
        status, said = self.push(999)
        assert (status, said["code"]) == GONE
        status, said = self.ask("GET", "/readyz", operations=True)
        assert (status, said["code"]) == GONE
        assert self.ask("GET", "/metrics", operations=True)[0] == 503


@contextmanager
def running(folder: Folder, *more: str) -> Iterator[Running]:
    folder.add_organisation(CORP)
    token = folder.token(folder.add_app(CORP, scopes=(REPORT_READ, REPORT_WRITE))[0])
    (port,) = free_ports(1)
    with served(folder, "--operations-port", port, *more) as process:
        found = Running(process.address, ("127.0.0.1", port), token, folder.path.parent / "server.log")
        until(lambda: found.push(0)[0] == 200)
        until(lambda: found.reports() == 1)
        yield found
        assert process.terminate() == 0


def lines(log: Path, text: str) -> int:
    """How many lines of the log have a text."""
    return sum(text in line for line in log.read_text("utf-8").splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("replaced", [False, True], ids=["moved", "replaced"])
def test_nothing_is_taken_or_made_until_the_folder_is_back(folder: Folder, replaced: bool) -> None:
    away = folder.path.parent / "away"
    with running(folder) as server:
        folder.path.rename(away)
        if replaced:
            folder.path.mkdir()
        until(lambda: lines(server.log, "nothing is taken or noted") == 1)
        until(lambda: lines(server.log, "nothing is taken up") == 1)
        for _ in range(3):
            server.refuses()
        assert server.reports() == 1  # what was computed is served on
        if replaced:
            assert list(folder.path.iterdir()) == []
            folder.path.rmdir()
        assert not folder.path.exists()
        away.rename(folder.path)
        until(lambda: lines(server.log, "the folder is back") == 2)
        assert server.ask("GET", "/readyz", operations=True)[0] == 200
        assert server.push(1)[0] == 200
        until(lambda: server.reports() == 2)
        for said in ("nothing is taken or noted", "nothing is taken up"):
            assert lines(server.log, said) == 1


@pytest.mark.slow
def test_the_processes_of_a_server_make_no_folder_either(folder: Folder) -> None:
    away = folder.path.parent / "away"
    with running(folder, "--workers", "2") as server:
        folder.path.rename(away)
        until(lambda: lines(server.log, "nothing is taken up") == 1)
        server.refuses()
        assert not folder.path.exists()
        away.rename(folder.path)
        until(lambda: server.push(1)[0] == 200)
        until(lambda: server.reports() == 2)


def test_a_disk_that_is_unmounted_and_mounted_again(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    with mounted(tmp_path / "disk", "size=300m") as disk:
        bind = ["mount", "--bind", str(disk), str(place)]
        subprocess.run(bind, check=True)
        folder = Folder(place / "data")
        try:
            with running(folder) as server:
                subprocess.run(["umount", "--lazy", str(place)], check=True)
                until(lambda: lines(disk / "server.log", "is gone") == 2)
                server.refuses()
                assert list(place.iterdir()) == []
                subprocess.run(bind, check=True)
                until(lambda: server.push(1)[0] == 200)
                until(lambda: server.reports() == 2)
        finally:
            folder.store.close()
            subprocess.run(["umount", "--lazy", str(place)], check=True)

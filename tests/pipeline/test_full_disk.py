"""A disk that is full or read-only: what was accepted stays, serving goes on, and nothing has to be mended by hand."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.support.calling import Call
from tests.support.folders import Folder, run
from tests.support.mounts import mounted, read_only
from tests.support.processes import served
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.waiting import SOON, until

pytestmark = pytest.mark.tool  # it mounts disks

CORP, DAY = "dingdisk", "20260921"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    with mounted(tmp_path / "disk", "size=160m") as found:
        yield found


@pytest.fixture
def folder(disk: Path) -> Iterator[Folder]:
    """A data folder on the small disk."""
    made = Folder(disk / "data")
    yield made
    made.store.close()


def _fill(disk: Path, leave: int) -> Path:
    """A file that leaves so many bytes; fewer, when the server takes some while it is written."""
    path = disk / "ballast"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    with path.open("wb", buffering=0) as file, suppress(OSError):
        file.write(b"x" * max(0, free - leave))
    return path


class Pusher:
    """Pushes reports, one at a time; counts those that were acknowledged."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._address = address
        self._headers = {"x-acs-dingtalk-access-token": token}
        self._token = token
        self.number = 0
        self.acknowledged = 0

    def push(self) -> tuple[int, str]:
        """Push the next report; its status and code."""
        record = {"report_id": f"r{self.number}", "user_id": "u1", "sent_at": "2026-09-21T09:00:00+08:00"}
        self.number += 1
        connection = HTTPConnection(*self._address, timeout=SOON)
        connection.request("POST", "/v1/facts", json.dumps(record), self._headers)
        answer = connection.getresponse()
        content = json.loads(answer.read())
        connection.close()
        self.acknowledged += answer.status == 200
        return answer.status, content.get("code", "")

    def number_of_reports(self) -> int:
        """What the contract answers."""
        rows = json.loads(Call(self._address, self._token, DAY).answer().body)["dataList"]
        return int(rows[0]["4100_DAY"]) if rows else 0

    def until(self, reports: int) -> None:
        """Wait until that many are counted."""
        until(lambda: self.number_of_reports() == reports)

    def until_taken(self) -> None:
        """Push until one is acknowledged."""
        until(lambda: self.push()[0] == 200)


@pytest.fixture
def token(folder: Folder) -> str:
    """A token that may read and write."""
    folder.add_organisation(CORP)
    return folder.token(folder.add_app(CORP, scopes=(REPORT_READ, REPORT_WRITE))[0])


@pytest.mark.slow
@pytest.mark.parametrize("leave", [0, 300_000, 50_000_000])
def test_pushes_are_refused_while_the_disk_is_full_and_taken_when_it_is_not(
    folder: Folder, disk: Path, token: str, leave: int
) -> None:
    with served(folder) as process:
        pusher = Pusher(process.address, token)
        for _ in range(20):
            pusher.push()
        pusher.until(pusher.acknowledged)
        ballast = _fill(disk, leave)
        refused = {pusher.push() for _ in range(50)}
        assert {status for status, _ in refused} <= {200, 500, 503}
        assert any(status != 200 for status, _ in refused)
        assert pusher.number_of_reports() > 0  # serving goes on
        ballast.unlink()
        pusher.until_taken()
        pusher.until(pusher.acknowledged)
        assert process.terminate() == 0
    log = (folder.path.parent / "server.log").read_text()
    assert "Traceback" not in log


def test_an_import_fails_by_name_while_the_disk_is_full_and_works_when_it_is_not(
    folder: Folder, disk: Path, tmp_path: Path, token: str
) -> None:
    lines = "\n".join(f"{CORP},r{number},u{number % 50},2026-09-21 09:00:00" for number in range(60_000))
    (tmp_path / "reports.csv").write_text(f"corp_id,report_id,user_id,sent_at\n{lines}\n")
    ballast = _fill(disk, 200_000)
    result = run(folder, "import", tmp_path / "reports.csv")
    assert result.exit_code == 1
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Error" in result.output
    ballast.unlink()
    assert run(folder, "import", tmp_path / "reports.csv").exit_code == 0
    assert folder.days()[CORP, DAY] == (60_000, 50, 0)
    assert list((folder.lake.root / "incoming").iterdir()) in ([], [folder.lake.root / "incoming" / "lock"])


@pytest.mark.parametrize("part", ["inbox", "lake"])
def test_a_folder_that_cannot_be_written_is_served_and_loses_nothing(
    folder: Folder, token: str, part: str, tmp_path: Path
) -> None:
    (tmp_path / "reports.csv").write_text(f"corp_id,report_id,user_id,sent_at\n{CORP},x1,u1,2026-09-21 10:00:00\n")
    with served(folder) as process:
        pusher = Pusher(process.address, token)
        for _ in range(5):
            pusher.push()
        pusher.until(5)
        with read_only(folder.settings.data / part):
            found = {pusher.push() for _ in range(3)}
            assert found == ({(503, "ServiceUnavailable")} if part == "inbox" else {(200, "")})
            assert pusher.number_of_reports() == 5
            time.sleep(0.5)  # the worker tries meanwhile
            if part == "lake":
                result = run(folder, "import", tmp_path / "reports.csv")
                assert (result.exit_code, "Read-only file system" in result.output) == (1, True)
        pusher.until_taken()
        pusher.until(pusher.acknowledged)
        assert run(folder, "import", tmp_path / "reports.csv").exit_code == 0
        pusher.until(pusher.acknowledged + 1)
    said = (folder.path.parent / "server.log").read_text()
    assert "Traceback" not in said, said


@pytest.mark.slow
def test_reading_goes_on_without_a_free_byte(folder: Folder, disk: Path, token: str, tmp_path: Path) -> None:
    """A server that is started on a full disk answers, beside commands that read, however often."""
    (tmp_path / "reports.csv").write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\n")
    assert run(folder, "import", "--corp", CORP, tmp_path / "reports.csv").exit_code == 0
    folder.store.close()
    ballast = _fill(disk, 0)
    reserve = folder.path / "store.db-reserve"
    for _ in range(2):
        assert DAY in run(folder, "query", DAY, "--corp", CORP).output
        assert reserve.exists()
    for _ in range(2):
        with served(folder) as process:
            pusher = Pusher(process.address, token)
            assert pusher.number_of_reports() == 1
            assert not reserve.exists()
            assert pusher.push()[0] in (500, 503)
            assert DAY in run(folder, "query", DAY, "--corp", CORP).output
            assert process.terminate() == 0
    ballast.unlink()
    with served(folder) as process:
        pusher = Pusher(process.address, token)
        pusher.until_taken()
        pusher.until(1 + pusher.acknowledged)
        assert reserve.stat().st_size > 0
    said = (folder.path.parent / "server.log").read_text()
    assert "Traceback" not in said, said

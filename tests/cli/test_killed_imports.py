"""A server that is killed while it imports what was brought leaves nothing half done, and the next one says so."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.bringing import IMPORTS, UPLOADS, Bringer
from tests.support.browsing import IMPORT
from tests.support.folders import Folder
from tests.support.processes import served
from tests.support.waiting import until

CORP = "ding1"
ROWS = 40_000


def sheet() -> bytes:
    """A sheet that takes a while."""
    rows = (f"r{number},u{number % 500},2024-01-{1 + number % 28:02} 09:00\n" for number in range(ROWS))
    return ("report_id,user_id,sent_at\n" + "".join(rows)).encode()


@pytest.mark.slow
@pytest.mark.parametrize("until_step", ["reading", "adding"])
def test_a_killed_server_imported_all_or_nothing(folder: Folder, until_step: str) -> None:
    folder.add_organisation(CORP)
    app, _ = folder.add_app(CORP, scopes=(IMPORT,))
    token = {"authorization": f"Bearer {folder.token(app)}"}
    with served(folder, "--workers", "2") as first:
        bringer = Bringer(first.address, **token)
        upload = bringer.bring("a.csv", sheet()).json["upload"]
        path = f"{UPLOADS}/{upload}"
        assert bringer.call("POST", f"{path}/import", b"").status == 200

        def is_there() -> bool:
            run = bringer.call("GET", path).json["run"]
            return bool(run["state"] == "done" or (run["state"] == "running" and run["step"].startswith(until_step)))

        until(is_there)
        readers = [pid for pid in _all() if _is_of(pid, folder.path)]
        for pid in (*first.children(), first.running.pid):
            os.kill(pid, signal.SIGKILL)
        first.running.wait()
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in readers))  # they end with their server
    with served(folder) as second:
        bringer = Bringer(second.address, **token)
        ended = bringer.call("GET", path).json["run"]["state"]
        assert ended in ("interrupted", "done")
        assert sum(one["added"] for one in bringer.list()) in (0, ROWS)
        again = bringer.bring("a.csv", sheet()).json["upload"]
        assert bringer.run(again, "import")["result"]["read"] == ROWS
        assert bringer.call("GET", IMPORTS).status == 200
    assert sum(sent for sent, _, _ in folder.days().values()) == ROWS


def _all() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _is_of(pid: int, data: Path) -> bool:
    """Whether a process reads files that were brought to this folder: it works where they lie."""
    try:
        command = (Path(f"/proc/{pid}") / "cmdline").read_bytes().split(b"\0")
        return b"bring" in command and str(data) in str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return False

"""``reportdata open``: one command leads from files to a page that is signed in."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.support.bringing import UPLOADS, Bringer
from tests.support.browsing import Browser
from tests.support.processes import Process
from tests.support.waiting import SOON, until

INPUTS = Path(__file__).parents[1] / "trials" / "inputs"
pytestmark = pytest.mark.whole


class Opened(NamedTuple):
    """What was printed, the page's path, and a browser that is signed in."""

    process: Process
    printed: str
    path: str
    browser: Browser
    said: Path

    def stop(self) -> int:
        """Press Ctrl+C, which a terminal tells the whole group; returns the exit code, when all that it started has
        ended. None of them had trouble."""
        children = self.process.children()
        os.killpg(self.process.running.pid, signal.SIGINT)
        code = self.process.running.wait(SOON)
        assert "ERROR" not in self.said.read_text()
        until(lambda: not any(Path(f"/proc/{child}").exists() for child in children))
        return code


@contextmanager
def opened(place: Path, *arguments: str) -> Iterator[Opened]:
    command = [sys.executable, "-m", "reportdata", "open", *arguments, "--port", "0"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REPORTDATA_")}
    said = place.parent / f"{place.name}.said"
    with (
        said.open("w") as errors,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=place,
            env=environment,
            start_new_session=True,
        ) as running,
    ):
        try:
            assert running.stdout is not None
            printed = ""
            for line in running.stdout:
                printed += line
                if "Ctrl+C" in line:
                    break
            found = re.search(r"http://\S+#link=(\S+)", printed)
            assert found is not None, printed
            url = urlsplit(found[0])
            process = Process(running, (str(url.hostname), int(url.port or 0)))
            browser = Browser(process.address)
            assert browser.sign_in(link=found[1]).status == 200
            yield Opened(process, printed, f"{url.path}?{url.query}".rstrip("?"), browser, said)
        finally:
            running.kill()


def test_a_sheet_is_on_the_page_in_one_command(tmp_path: Path) -> None:
    shutil.copy(INPUTS / "A01.xlsx", tmp_path / "日志.xlsx")
    with opened(tmp_path, "日志.xlsx") as found:
        assert "Imported 3 new records of 3" in found.printed
        assert found.path == "/?from=2024-01-05&to=2024-01-06"
        rows = found.browser.get("/v1/statistics?from=2024-01-05&to=2024-01-06&by=day").json["data"]
        assert [row["reports"] for row in rows] == [2, 1]
        assert found.browser.get(found.path).status == 200
        assert found.stop() == 0
    assert (tmp_path / "reportdata-data").stat().st_mode & 0o077 == 0
    with opened(tmp_path, "日志.xlsx") as found:  # nothing twice, and the page shows the days that there are
        assert (
            "Imported 0 new records of 3.\nKnown already, or in the files twice: 3; each counts once.\n"
            in found.printed
        )
        assert found.path == "/?from=2024-01-05&to=2024-01-06"


@pytest.mark.slow
def test_an_empty_folder_waits_for_a_file_on_the_page(tmp_path: Path) -> None:
    with opened(tmp_path) as found:
        assert found.path == "/import"
        bringer = Bringer(found.process.address, cookie=found.browser.cookie)
        upload = bringer.bring("日志.xlsx", (INPUTS / "A01.xlsx").read_bytes()).json["upload"]
        assert bringer.run(upload, "import")["result"]["added"] == 3
        other = bringer.bring("日志.xlsx", (INPUTS / "A01.xlsx").read_bytes()).json["upload"]
        assert bringer.call("POST", f"{UPLOADS}/{other}/preview", b"").status == 200
        assert found.stop() == 0  # whatever runs
    assert not list((tmp_path / "reportdata-data" / "uploads").iterdir())


@pytest.mark.slow
def test_files_that_name_their_organisation_are_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("report_id,user_id,sent_at,corp_id\nr1,u1,2024-01-05 09:00,ding9\n")
    with opened(tmp_path, "a.csv", "--data", "here") as found:
        assert "the dashboard of ding9" in found.printed
        assert found.browser.get("/v1/session").json["organisation"] == "ding9"
        assert set(found.browser.get("/v1/session").json["scopes"]) == {"totals", "records", "import"}


def test_what_is_refused_is_named_and_nothing_is_served(tmp_path: Path) -> None:
    shutil.copy(INPUTS / "A08.csv", tmp_path / "a.csv")
    command = [sys.executable, "-m", "reportdata", "open", "a.csv", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SOON, check=False)
    assert done.returncode == 1
    assert "Error: a.csv, line 12: sent_at:" in done.stderr
    assert "write an offset, like +08:00" in done.stderr
    assert "http://" not in done.stdout

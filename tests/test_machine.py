"""Tests leave nothing on the machine: no file, mount or process. Who does is named, and the run has failed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest

from tests.support.machine import PREFIX, has_room
from tests.support.paths import ROOT

CACHES = re.compile(
    r"/(?:\.cache|\.npm|\.m2|\.nuget|go|__pycache__|\.hypothesis|\.coverage|\.pytest_cache|\.venv|node_modules|build)(?:/|$)"
)
"""Of programs that fetch packages, and what the checkout's own targets make in it."""

FEW = (
    "tests/cli/doctor/test_machine.py::test_rights",
    "tests/cli/doctor/test_machine.py::test_room_on_the_disk",
    "tests/collector/test_collect_troubles.py::test_a_spent_month_is_waited_out",
    "tests/documents/test_operations_commands.py",
    "tests/documents/test_twin_document.py",
)
"""Another user, mounts, memory, commands of root, PostgreSQL, and processes that are stopped."""


class Done(NamedTuple):
    """How tests ended that were run on a copy of the machine, and what there was then."""

    code: int
    said: str
    changed: list[str]
    processes: list[str]
    enclosed: bool


def outcome(place: Path, *arguments: object) -> Done:
    """Run tests on a copy of the machine, or on the machine itself if it cannot be copied."""
    report = place / "left.json"
    options = ("-q", "-p", "no:cacheprovider", "--rootdir", ROOT, "-c", ROOT / "pyproject.toml")
    command = ["-m", "tests.support.enclosure", report, sys.executable, "-m", "pytest", *options, *arguments]
    environment = {name: value for name, value in os.environ.items() if name != "PYTEST_DEBUG_TEMPROOT"}
    with TemporaryDirectory() as own:  # the path of a socket may not be long
        done = subprocess.run(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            env={**environment, "TMPDIR": own},
            capture_output=True,
            text=True,
        )
    assert report.stat().st_size, done.stderr
    left = json.loads(report.read_text())
    changed = [path for path in left["changed"] if not CACHES.search(path)]
    return Done(done.returncode, done.stdout + done.stderr, changed, left["processes"], left["enclosed"])


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the copy of the machine has too, which has a memory of its own."""
    with TemporaryDirectory(prefix=PREFIX, dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("-m", "not slow", *FEW), id="few"),
        pytest.param(("-m", "not slow", "tests/cli", "tests/documents", "tests/sdks", "tests/twin"), id="many"),
    ],
)
def test_tests_leave_nothing(place: Path, arguments: tuple[str, ...]) -> None:
    done = outcome(place, *arguments)
    assert done.code == 0, done.said
    assert (done.changed, done.processes) == ([], [])


def test_memory_is_used_where_it_is_there_with_room(tmp_path: Path) -> None:
    assert not has_room(tmp_path / "nowhere")
    assert not has_room(Path("/proc")), "it takes no files"


OFFENDERS = """
import os, subprocess, tempfile
from pathlib import Path
from tempfile import TemporaryDirectory
from tests.support import machine

machine.PATIENCE = 1.0

def test_in_the_temporary_folder():
    tempfile.mkstemp(suffix="-forgotten")

def test_in_the_project():
    Path("forgotten.bad.jsonl").touch()

def test_a_process():
    subprocess.run(["bash", "-c", "sleep 4242 &"], check=True)

if os.environ["ENCLOSED"]:
    def test_where_programs_are_installed():
        Path("/usr/local/lib/forgotten-program").mkdir()

    def test_a_user():
        with Path("/etc/passwd").open("a") as file:
            file.write("forgotten:x:4242:4242::/nonexistent:/usr/sbin/nologin\\n")

    def test_a_mount():
        Path("/srv/forgotten-mount").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/srv/forgotten-mount"], check=True)

    def test_in_tmp():
        Path("/tmp/forgotten-file").touch()
"""


@pytest.mark.whole
def test_what_tests_leave_is_named_and_fails_the_run(place: Path) -> None:
    offenders = place / "test_offenders.py"
    offenders.write_text(OFFENDERS)
    own = ROOT / "forgotten.bad.jsonl"
    try:
        done = outcome(place, "-p", "tests.conftest", offenders)
    finally:
        own.unlink(missing_ok=True)  # no copy of the machine has a copy of the checkout everywhere
    assert done.code == pytest.ExitCode.TESTS_FAILED, done.said
    assert re.search(r"/reportdata-run-\w+/\w+-forgotten$", done.said, re.MULTILINE), done.said
    assert re.search(r"the process \d+: sleep 4242", done.said)
    assert f"  {own}\n" in done.said
    assert done.processes == ["sleep 4242 "]
    if done.enclosed:
        for named in ("/usr/local/lib/forgotten-program", "/etc/passwd", "the mount /srv/forgotten-mount"):
            assert f"  {named}\n" in done.said
        # A run that has failed keeps its folder, for who wants to look into it.
        changed = {path for path in done.changed if not path.startswith(("/tmp/reportdata-run-", str(own)))}
        assert changed == {
            "/usr/local/lib/forgotten-program",
            "/etc/passwd",
            "/srv/forgotten-mount",
            "/tmp/forgotten-file",
        }

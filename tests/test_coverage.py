"""The measure of coverage: child processes count, however they end, and parts are summed rightly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.covered import Covered, by_file, by_part
from tests.support.paths import ROOT

CHILDREN = {
    "times": "import reportdata.times",
    "limits": "import os, reportdata.limits; os._exit(0)",
    "columns": "import os, signal, reportdata.columns; os.kill(os.getpid(), signal.SIGTERM)",
    "measures": """
import os, signal
if os.fork() == 0:
    import reportdata.measures
    os._exit(0)
os.wait()
os.kill(os.getpid(), signal.SIGKILL)
""",
}
"""Modules, each executed by one child process alone: it ends by itself, at once, when it is told to, or is a fork."""


@pytest.mark.whole
@pytest.mark.slow
def test_child_processes_count(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    parent = tmp_path / "parent.py"
    run = "subprocess.run([sys.executable, '-c', child])"
    parent.write_text(f"import subprocess, sys\nfor child in {list(CHILDREN.values())!r}: {run}\n")
    coverage = [sys.executable, "-m", "coverage"]
    place = f"--data-file={tmp_path / 'data'}"
    for command in (
        ["run", place, parent],
        ["combine", "--quiet", place],
        ["json", "--quiet", place, "-o", tmp_path / "report.json"],
    ):
        subprocess.run([*coverage, *command], cwd=ROOT, env=environment, check=True, capture_output=True)
    found = by_file(json.loads((tmp_path / "report.json").read_text("utf-8")))
    assert [name for name in CHILDREN if found[f"{name}.py"].executed <= 10] == []
    assert found["cli/__init__.py"].executed == 0


def test_parts_are_sums_of_their_files() -> None:
    summary = {"num_statements": 10, "covered_lines": 7, "num_branches": 4, "covered_branches": 2}
    names = ("days.py", "times.py", "store/__init__.py", "store/sqlite/days.py")
    parts = by_part(by_file({"files": {f"src/reportdata/{name}": {"summary": summary} for name in names}}))
    assert parts == {"modules": Covered(20, 14, 8, 4), "store": Covered(20, 14, 8, 4)}
    assert parts["store"].percent == pytest.approx(100 * 18 / 28)
    assert Covered().percent == 100

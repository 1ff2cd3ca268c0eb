"""The soak of the benchmarks, for a minute: everything at once, and nothing is wrong or lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.whole]


def test_nothing_is_wrong_or_lost_with_everything_at_once(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.2", "--rest", "0.1", "--json", str(figures)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(figures.read_text("utf-8"))
    assert (found["wrong"], found["failed"]) == ([], [])
    assert min(found["counts"][what] for what in ("reads", "facts acknowledged", "statistics", "import")) > 0

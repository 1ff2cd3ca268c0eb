"""Every part of the benchmarks runs with tiny sizes, and what it measures gives right answers. Nothing is asserted on
the figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PARTS = (
    "serving",
    "shared",
    "importing",
    "history",
    "freshness",
    "beside",
    "sheets",
    "peers",
    "statistics",
    "footprint",
)


def tiny(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """What a part says that is run with tiny sizes."""
    command = [sys.executable, "-m", "benchmarks.tiny", *map(str, words)]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder)}  # where large sheets are kept
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.mark.whole
def test_a_server_answers_what_its_store_was_filled_with(tmp_path: Path) -> None:
    assert set(tiny(tmp_path, "stores").stdout.split()) == set(PARTS)


@pytest.mark.whole
@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_a_part_runs(part: str, tmp_path: Path) -> None:
    done = tiny(tmp_path, part, "--rounds", 1, "--json", tmp_path / "figures.json")
    found = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert list(found["rounds"]) == [part]
    assert found["figures"] or "no PostgreSQL" in done.stderr


@pytest.mark.whole
@pytest.mark.slow
@pytest.mark.parametrize("what", ["scale", "collector"])
def test_what_has_a_program_of_its_own_gives_right_numbers(what: str, tmp_path: Path) -> None:
    tiny(tmp_path, what)


@pytest.mark.whole
@pytest.mark.slow
def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    text = tiny(tmp_path, "table").stdout
    assert "| what | 3.00 s | 2.00 s beside | 1.50 | ≤ 2 | met |\n| else | 2,000 MB |  |  |  |  |" in text
    assert (text[:7], text.rstrip()[-6:], "old" in text) == ("before\n", "\nafter", False)

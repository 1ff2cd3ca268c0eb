"""Every part of the benchmarks runs with tiny sizes, and what it measures gives right answers. Nothing is asserted on
the figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import collector, figures, load, scale, stores
from benchmarks.__main__ import PARTS
from benchmarks.machine import this_machine
from benchmarks.tiny import make_tiny
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.serving import serving


def test_a_server_answers_what_its_store_was_filled_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tiny("serving", monkeypatch.setattr)
    asked = stores.fill(tmp_path)
    assert len({(one.corp_id, one.stat_day) for one in asked}) == len(asked) == 6

    def right(place: int, answer: load.Answer) -> bool:
        found = json.loads(answer.body)
        return bool(found["dataList"] == [asked[place].row])

    folder = Folder(tmp_path / "data")
    with closing(folder.store), serving(folder) as server:
        assert load.check(server.address, [one.request() for one in asked], right) > 0


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("part", PARTS)
def test_a_part_runs(part: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.tiny", part, "--rounds", "1"]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}  # where large sheets are kept
    done = subprocess.run(
        [*command, "--json", tmp_path / "figures.json"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    assert list(found["rounds"]) == [part]
    assert found["figures"] or b"no PostgreSQL" in done.stderr


@pytest.mark.slow
@pytest.mark.whole
def test_the_engines_of_the_scale_give_the_same_rows(tmp_path: Path) -> None:
    took, (lake, store), rate = scale.measure(tmp_path, 2000, [], print)
    assert len({one.digest for one in took.values() if one.digest}) == 1
    assert took["import"].rows == 2000
    assert min(lake, store, rate) > 0


@pytest.mark.slow
def test_the_collector_is_compared_with_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MEASURED": ("20260902", "20260903"), "END": "20260905"}.items():
        monkeypatch.setattr(collector, name, value)
    for one in (collector.collected(5, 3, 5000, tmp_path), collector.polled(5, 3)):
        assert one.calls > 0
        assert one.errors["4100", "a day"] == (0.0, 1.0)


def test_the_table_is_put_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{figures.BEGIN}\nold\n{figures.END}\nafter\n", "utf-8")
    lines = [figures.Figure("what", 3, 2, "s", "beside", at_most=2), figures.Figure("else", 2000, None, "MB")]
    figures.write(lines, this_machine(), 0.05, "the command", page)
    text = page.read_text("utf-8")
    assert "| what | 3.00 s | 2.00 s beside | 1.50 | ≤ 2 | met |\n| else | 2,000 MB |  |  |  |  |" in text
    assert (text[:7], text[-7:], "old" in text) == ("before\n", "\nafter\n", False)

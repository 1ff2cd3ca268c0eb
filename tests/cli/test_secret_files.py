"""Where an app's secret goes: to a file that only its owner can read, or with a word where others can."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from reportdata.identity import hash_of
from tests.support.folders import Folder, run

CORP = "dingsecret"
ADD = ("app", "add", "--name", "bi", "--corp", CORP)


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def test_a_file_of_a_secret_is_readable_by_its_owner_only(known: Folder, tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    added = run(known, *ADD, "--output", file)
    assert added.exit_code == 0, added.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = json.loads(file.read_text())
    assert set(written) == {"appKey", "appSecret"}
    assert written["appKey"] in added.output
    assert written["appSecret"] not in added.output
    app = known.store.app(written["appKey"])
    assert app is not None


def test_a_rotated_secret_goes_to_a_file_too(known: Folder, tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    run(known, *ADD, "--output", first)
    app_key = json.loads(first.read_text())["appKey"]
    rotated = run(known, "app", "rotate", app_key, "--output", second)
    assert rotated.exit_code == 0, rotated.output
    assert stat.S_IMODE(second.stat().st_mode) == 0o600
    found = known.store.app(app_key)
    assert found is not None
    assert found.secret_hash == hash_of(json.loads(second.read_text())["appSecret"])
    assert run(known, "app", "rotate", app_key, "--output", second).exit_code == 1
    assert known.store.app(app_key) == found, "a secret that cannot be written down replaces none"


def test_an_overlap_that_is_also_to_end_at_once_is_refused(known: Folder, tmp_path: Path) -> None:
    file = tmp_path / "app.json"
    run(known, *ADD, "--output", file)
    (before,) = known.store.apps()
    refused = run(known, "app", "rotate", before.app_key, "--overlap", "24", "--now")
    assert (refused.exit_code, "leave one of them out" in refused.output) == (2, True)
    assert known.store.apps() == [before]


def test_a_file_that_is_there_or_cannot_be_written_adds_no_app(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "app.json").write_text("kept")
    for file, said in ((tmp_path / "app.json", "already"), (tmp_path / "nowhere" / "app.json", "cannot be written")):
        refused = run(known, *ADD, "--output", file)
        assert refused.exit_code == 1
        assert said in refused.output
    assert known.store.apps() == []
    assert (tmp_path / "app.json").read_text() == "kept"


def test_an_app_that_is_refused_leaves_no_file(known: Folder, tmp_path: Path) -> None:
    refused = run(known, *ADD, "--allow", "nonsense", "--output", tmp_path / "app.json")
    assert refused.exit_code == 1
    assert not (tmp_path / "app.json").exists()


@pytest.mark.whole
@pytest.mark.parametrize(("mode", "warned"), [(0o644, True), (0o640, True), (0o600, False)])
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["text", "json"])
def test_output_to_a_file_that_others_can_read_is_warned_of(
    known: Folder, tmp_path: Path, mode: int, warned: bool, more: tuple[str, ...]
) -> None:
    file = tmp_path / "app.json"
    file.touch()
    file.chmod(mode)
    command = [sys.executable, "-m", "reportdata", *ADD, *more, "--data", str(known.path)]
    with file.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=True)
    assert ("others can read" in done.stderr) is warned
    assert ("--output" in done.stderr) is warned
    assert "appKey" in file.read_text()

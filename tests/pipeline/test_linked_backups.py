"""Backups that share unchanged files with an earlier one, and are whole without it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from tests.support.folders import Folder, run

HEAD = "corp_id,report_id,user_id,sent_at\n"


@pytest.fixture
def grown(folder: Folder, tmp_path: Path) -> Folder:
    """A folder with a day, of which there is a backup in ``first``, and a day more."""
    folder.add_organisation("c1")
    for number, day in enumerate(("2026-09-01", "2026-09-02")):
        path = tmp_path / f"{day}.csv"
        path.write_text(HEAD + "".join(f"c1,r{number}-{of},u{of},{day} 09:00:00\n" for of in range(3)))
        folder.import_(path)
        if not number:
            assert run(folder, "backup", str(tmp_path / "first")).exit_code == 0
    return folder


def linked(folder: Folder, tmp_path: Path) -> Path:
    """A backup that links to the first."""
    done = run(folder, "backup", str(tmp_path / "second"), "--link-to", str(tmp_path / "first"))
    assert done.exit_code == 0, done.output
    return tmp_path / "second"


def facts_of(backup: Path) -> dict[str, int]:
    """The files of facts in a backup, by path, and how many names each has on the disk."""
    files = (backup / "lake" / "sent").rglob("*.parquet")
    return {str(path.relative_to(backup)): path.stat().st_nlink for path in files}


def days_in(backup: Path, data: Path) -> set[str]:
    """The days of a backup, restored."""
    done = CliRunner().invoke(cli, ["restore", str(backup), "--data", str(data)])
    assert done.exit_code == 0, done.output
    found = json.loads(run(Folder(data), "query", "20260901", "--to", "20260902", "--json").stdout)
    return {row["stat_date"] for row in found}


@pytest.mark.whole
def test_what_is_alike_is_a_link_and_each_is_whole_without_the_other(grown: Folder, tmp_path: Path) -> None:
    second = linked(grown, tmp_path)
    first = facts_of(tmp_path / "first")
    assert list(first.values()) == [2]
    assert {path: 2 if path in first else 1 for path in facts_of(second)} == facts_of(second)
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "first", kept)
    shutil.rmtree(tmp_path / "first")
    assert days_in(second, tmp_path / "a") == {"20260901", "20260902"}
    shutil.rmtree(second)
    assert days_in(kept, tmp_path / "b") == {"20260901"}


def test_what_was_damaged_since_is_copied(grown: Folder, tmp_path: Path) -> None:
    (path,) = facts_of(tmp_path / "first")
    damaged = tmp_path / "first" / path
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    second = linked(grown, tmp_path)
    assert set(facts_of(second).values()) == {1}
    assert days_in(second, tmp_path / "a") == {"20260901", "20260902"}


@pytest.mark.whole
@pytest.mark.parametrize("how", ["link", "mode", "owner"])
def test_what_others_could_change_later_is_copied(grown: Folder, tmp_path: Path, how: str) -> None:
    (path,) = facts_of(tmp_path / "first")
    file = tmp_path / "first" / path
    if how == "link":
        moved = file.rename(tmp_path / "elsewhere.parquet")
        file.symlink_to(moved)
    elif how == "mode":
        file.chmod(0o660)
    elif os.geteuid() == 0:
        os.chown(file, 65534, -1)
    second = linked(grown, tmp_path)
    assert not (second / path).is_symlink()
    if how != "owner" or os.geteuid() == 0:
        assert set(facts_of(second).values()) == {1}
        assert (second / path).stat().st_mode & 0o077 == 0
    shutil.rmtree(tmp_path / "first")
    (tmp_path / "elsewhere.parquet").unlink(missing_ok=True)
    assert days_in(second, tmp_path / "a") == {"20260901", "20260902"}


def test_what_is_no_whole_backup_is_refused(grown: Folder, tmp_path: Path) -> None:
    (tmp_path / "first" / "backup.json").unlink()
    refused = run(grown, "backup", str(tmp_path / "second"), "--link-to", str(tmp_path / "first"))
    assert (refused.exit_code, "not a whole backup" in refused.output) == (1, True)
    assert not (tmp_path / "second").exists() or not any((tmp_path / "second").iterdir())

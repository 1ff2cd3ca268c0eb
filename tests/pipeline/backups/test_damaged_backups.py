"""Backups that are damaged, or are none of this program's: named and refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.pipeline.known_backups import MANIFEST
from reportdata.store.sqlite import schemas
from tests.support.backups import check_exact, invoke, opened, said, small
from tests.support.examples import tried_with
from tests.support.folders import Folder


@pytest.mark.whole
@tried_with(15, 60)
def test_a_damaged_file_is_named_and_nothing_is_restored(whole: Path, tmp_path: Path, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        backup, new = tmp_path / "damaged", tmp_path / "new"
        shutil.rmtree(backup, ignore_errors=True)
        shutil.copytree(whole, backup)
        names = sorted(str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file())
        damaged = data.draw(
            st.sets(st.sampled_from([name for name in names if name != MANIFEST]), min_size=1, max_size=3)
        )
        for name in damaged:
            path = backup / name
            content = bytearray(path.read_bytes())
            how = data.draw(st.sampled_from(["flipped", "short", "long", "gone", "a folder"]))
            if how == "flipped":
                content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
            path.unlink()
            if how == "a folder":
                path.mkdir()
            elif how != "gone":
                path.write_bytes({"flipped": content, "short": content[:-1], "long": content + b"x"}[how])
        result = invoke("restore", backup, "--data", new)
        assert result.exit_code == 1
        found = result.output.partition("missing or damaged: ")[2].splitlines()[0].split(", ")
        # Sizes are compared first; what has its size is read only when all have.
        assert set(found) <= damaged
        assert found == sorted(
            found, key=[file["path"] for file in json.loads((whole / MANIFEST).read_text())["files"]].index
        )
        assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged"]

    check()


@pytest.mark.whole
@tried_with(30, 60)
def test_a_damaged_manifest_restores_all_or_is_refused(whole: Path, tmp_path: Path, examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
    def check(at: int, bit: int) -> None:
        for name in ("damaged", "new"):
            shutil.rmtree(tmp_path / name, ignore_errors=True)
        shutil.copytree(whole, tmp_path / "damaged")
        content = bytearray((whole / MANIFEST).read_bytes())
        content[at % len(content)] ^= 1 << bit
        (tmp_path / "damaged" / MANIFEST).write_bytes(content)
        result = invoke("restore", tmp_path / "damaged", "--data", tmp_path / "new")
        if result.exit_code == 0:  # the version or the time was hit
            with opened(tmp_path / "new") as restored:
                assert len(check_exact(restored)) == len(small(tmp_path, 0).facts | small(tmp_path, 2).facts)
        else:
            assert isinstance(result.exception, SystemExit), result.exception
            assert not (tmp_path / "new").exists()

    check()


def change(backup: Path, **changes: object) -> None:
    manifest = json.loads((backup / MANIFEST).read_text())
    (backup / MANIFEST).write_text(json.dumps(manifest | changes))


def test_what_is_no_backup_of_this_program_is_refused(whole: Path, tmp_path: Path) -> None:
    backup, new = tmp_path / "backup", tmp_path / "new"
    shutil.copytree(whole, backup)
    (tmp_path / "empty").mkdir()
    assert "there is no backup.json" in invoke("restore", tmp_path / "empty", "--data", new).output
    change(backup, format=2)
    assert "a newer version of reportdata took this backup" in invoke("restore", backup, "--data", new).output
    for path in ("../outside", "/etc/passwd", "lake/../../x"):
        change(backup, format=1, files=[{"path": path, "size": 1, "sha256": ""}])
        assert "names a file outside the backup" in invoke("restore", backup, "--data", new).output
    (backup / MANIFEST).write_bytes(b"\xff")
    assert "backup.json: cannot be read" in invoke("restore", backup, "--data", new).output
    assert not new.exists()


@pytest.mark.whole
def test_a_backup_of_a_newer_schema_is_refused_as_the_store_refuses_it(filled: Folder, tmp_path: Path) -> None:
    said("backup", tmp_path / "backup", "--data", filled.path)
    with sqlite3.connect(filled.settings.store) as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    shutil.rmtree(tmp_path / "backup")
    assert "has schema 99" in invoke("backup", tmp_path / "backup", "--data", filled.path).output
    filled.store.copy(tmp_path / "newer.db")
    with sqlite3.connect(filled.settings.store) as connection:
        connection.execute(f"pragma user_version = {schemas(filled.settings.store)[1]}")
    connection.close()
    said("backup", tmp_path / "backup", "--data", filled.path)
    shutil.copy(tmp_path / "newer.db", tmp_path / "backup" / "store.db")
    manifest = json.loads((tmp_path / "backup" / MANIFEST).read_text())
    newer = file_of(tmp_path / "newer.db")
    change(tmp_path / "backup", files=[newer | {"path": "store.db"}, *manifest["files"][1:]])
    result = invoke("restore", tmp_path / "backup", "--data", tmp_path / "new")
    assert "has schema 99" in result.output
    assert "use the newer version of reportdata" in result.output
    assert not (tmp_path / "new").exists()


def file_of(path: Path) -> dict[str, object]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}

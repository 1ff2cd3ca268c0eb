"""Restores: what is stale is computed, and a folder is whole or not there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reportdata.services import REPORTS as REPORT_DATA
from tests.support.backups import STEPS_OF_FILES, check_exact, invoke, opened, said
from tests.support.contents import facts_in, numbers_of
from tests.support.folders import Folder
from tests.support.forks import Forks, every
from tests.support.mounts import mounted
from tests.support.serving import exchange, serving


@pytest.mark.whole
def test_a_restore_computes_what_was_stale_and_says_so(filled: Folder, tmp_path: Path) -> None:
    said("backup", tmp_path / "backup", "--data", filled.path)
    told = said("restore", tmp_path / "backup", "--data", tmp_path / "new")
    stale = ["20240303", "20240304", "20240305", "20240306"]
    assert told["daysComputed"] == stale
    assert (told["organisations"], told["days"]) == (["c1", "c2", "c3"], 6)
    with opened(tmp_path / "new") as restored:
        check_exact(restored)
        filled.refresh()
        assert numbers_of(restored) == numbers_of(filled)
        assert restored.store.fingerprints(REPORT_DATA) == filled.store.fingerprints(REPORT_DATA)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    text = invoke("restore", tmp_path / "backup", "--data", tmp_path / "other").output
    assert "4 of them, which were stale" in text


@pytest.mark.tool
def test_a_folder_that_is_there_and_holds_neither_store_nor_lake_may_be_restored_to(
    filled: Folder, tmp_path: Path
) -> None:
    said("backup", tmp_path / "backup", "--data", filled.path)
    with mounted(tmp_path / "disk", "size=50m") as disk:
        (disk / "lost+found").mkdir()
        said("restore", tmp_path / "backup", "--data", disk)
        assert {path.name for path in disk.iterdir()} == {"lost+found", "lake", "store.db", "store.db-reserve"}
        with opened(disk) as restored:
            assert check_exact(restored) == facts_in(filled)
        for name, other in (("store", "lake"), ("lake", "store.db")):
            result = invoke("restore", tmp_path / "backup", "--data", disk)
            assert f"there is a {name} in {disk}" in result.output
            shutil.move(disk / ("store.db" if name == "store" else "lake"), disk / "lost+found")
            assert (disk / other).exists() == (name == "store")


@pytest.mark.whole
def test_serving_goes_on_from_a_backup_and_from_what_was_restored(filled: Folder, tmp_path: Path) -> None:
    filled.refresh()
    token = filled.token(filled.add_app("c1")[0])
    said("backup", tmp_path / "backup", "--data", filled.path)
    said("restore", tmp_path / "backup", "--data", tmp_path / "new")
    request = b"GET /v1.0/datacenter/reportData?statDate=20240303 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    request += f"x-acs-dingtalk-access-token: {token}\r\n\r\n".encode()
    answers = []
    for path in (filled.path, tmp_path / "backup", tmp_path / "new"):
        with opened(path) as folder, serving(folder) as server:
            answers.append(exchange(server.address, request).partition(b"\r\n\r\n")[2])
    assert b'"4100_DAY":' in answers[0]
    assert answers == [answers[0]] * 3


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("stride", every(48))
@pytest.mark.parametrize("there", [False, True])
def test_a_killed_restore_leaves_nothing_that_could_be_taken_for_data(
    little: Folder, tmp_path: Path, forks: Forks, there: bool, stride: int
) -> None:
    said("backup", tmp_path / "backup", "--data", little.path)
    facts, place, new = facts_in(little), tmp_path / "place", tmp_path / "place" / "new"
    begins = new if there else place
    command = ["restore", tmp_path / "backup", "--data", new]
    begins.mkdir(parents=True)
    steps = forks.steps_of(*command, steps=STEPS_OF_FILES)
    whole = broken = 0
    for step in [*steps[::stride], *steps[-2:]]:
        shutil.rmtree(place)
        begins.mkdir(parents=True)
        killed = forks.run(*command, before=step, steps=STEPS_OF_FILES).killed
        whole += killed and (new / "store.db").exists()
        if not (new / "store.db").exists():
            broken += 1
            if (new / "lake").exists():
                assert there, "only where the folder itself cannot come into place"
                assert "that was killed left this lake" in invoke(*command).output
                shutil.rmtree(new / "lake")
            said(*command)
            left = {path.name for path in (*place.iterdir(), *new.iterdir())}
            assert left == {"new", "lake", "store.db", "store.db-reserve"}
        with opened(new) as restored:
            assert check_exact(restored) == facts
    assert broken > len(steps[::stride]) // 2
    assert whole > 0


@pytest.mark.slow
@pytest.mark.whole
def test_restores_to_one_place_at_once_do_not_disturb_each_other(filled: Folder, tmp_path: Path) -> None:
    said("backup", tmp_path / "backup", "--data", filled.path)
    command = [sys.executable, "-m", "reportdata", "restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ends = [(process.communicate()[1], process.returncode) for process in running]
    assert sorted(code for _, code in ends) == [0, 1], ends
    with opened(tmp_path / "new") as restored:
        assert check_exact(restored) == facts_in(filled)
    assert {path.name for path in tmp_path.iterdir() if "restoring" in path.name} == set()

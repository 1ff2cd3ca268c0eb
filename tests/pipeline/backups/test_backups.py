"""Backups: whole and right, whatever goes on meanwhile; refused and killed ones leave nothing."""

from __future__ import annotations

import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import _GeneratorContextManager, closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.coverage import Coverage
from reportdata.days import days_between, from_date
from reportdata.inbox.folder import FolderWriter
from reportdata.lake.local import LocalLake
from reportdata.pipeline.backups import Wanted, back_up
from reportdata.pipeline.known_backups import MANIFEST
from tests.support.backups import SMALL, STEPS_OF_FILES, ZONES, Import, big, check_exact, invoke, opened, said, small
from tests.support.contents import facts_in, numbers_of
from tests.support.folders import Folder, run
from tests.support.forks import Forks, every
from tests.support.mounts import mounted
from tests.support.services import fact, lines_of, working

# Commands come as lines and are run one after the other.
COMMANDS = """
import json, sys
from reportdata.cli import cli
for line in sys.stdin:
    cli(json.loads(line), standalone_mode=False)
"""


class Importing:
    """Imports in a process, one after the other; ``done`` counts those that were reported as done."""

    def __init__(self, data: Path, imports: Sequence[Import]) -> None:
        self.imports = imports
        self.done = 0
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([sys.executable, "-c", COMMANDS], stdin=pipe, stdout=pipe, text=True)
        commands = [["import", str(own.file), "--data", str(data), "--json"] for own in imports]
        assert self._process.stdin is not None
        with self._process.stdin as lines:
            lines.writelines(json.dumps(command) + "\n" for command in commands)
        self.thread = threading.Thread(target=self._read)
        self.thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.done += json.loads(line)["failures"] == []
        self._process.wait()


@pytest.mark.slow
@pytest.mark.whole
def test_backups_taken_while_imports_run_are_restored_with_every_day_equal(folder: Folder, tmp_path: Path) -> None:
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    imports = [small(tmp_path, number) for number in range(SMALL)]
    lines = [Importing(folder.path, own) for own in (imports[::2], imports[1::2], [big(tmp_path)])]
    taken: list[list[int]] = []
    running = True
    while running:
        running = any(line.thread.is_alive() for line in lines)  # the last is taken when all are done
        before = [line.done for line in lines]
        if running and taken and sum(before) < sum(taken[-1]) + 3:
            time.sleep(0.02)
            continue
        taken.append(before)
        said("backup", tmp_path / "backups" / str(len(taken)), "--data", folder.path)
    assert taken[-1] == [len(line.imports) for line in lines]

    seen = set()
    for number, before in enumerate(taken, 1):
        data = tmp_path / "restored" / str(number)
        said("restore", tmp_path / "backups" / str(number), "--data", data)
        with opened(data) as restored:
            facts = check_exact(restored)
            there = [[own for own in line.imports if own.facts <= facts] for line in lines]
            whole = list(itertools.chain(*there))
            assert facts == frozenset().union(*(own.facts for own in whole))
            for piece in restored.lake.coverage():  # kind by kind
                assert any(own.coverage.includes(piece._replace(kind="")) for own in whole)
            days = {(own.coverage[0], day) for own in whole for day in days_between(*own.coverage[1:3])}
            assert numbers_of(restored).keys() <= days, "the store knows of no more than the lake"
            covered = restored.store.coverage()
            for line, own, done in zip(lines, there, before, strict=True):
                assert own == line.imports[: len(own)]
                assert len(own) >= done
                assert all(any(wide.includes(one.coverage) for wide in covered) for one in own[:done])
            if number == len(taken):
                assert numbers_of(restored) == numbers_of(folder)
                assert facts == facts_in(folder)
        seen.add(tuple(map(len, there)))
    assert len(seen) > 2, "backups were taken at different moments"


@pytest.mark.whole
def test_a_backup_holds_what_its_manifest_says_and_is_closed_to_others(filled: Folder, tmp_path: Path) -> None:
    target = tmp_path / "new" / "backup"
    told = said("backup", target, "--data", filled.path)
    manifest = json.loads((target / MANIFEST).read_text())
    files = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} - {MANIFEST}
    assert {file["path"] for file in manifest["files"]} == files
    assert (told["files"], told["bytes"]) == (len(files), sum((target / file).stat().st_size for file in files))
    assert told["takenAt"] == manifest["takenAt"]
    assert told["seconds"] > 0 < told["bytesPerSecond"]
    parts = {"sent", "commented", "withdrawn", "coverage", "log"}
    assert {path.name for path in (target / "lake").iterdir()} == parts
    for path in (target, *target.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
    assert [path.name for path in (filled.lake.root / "incoming").iterdir()] == ["lock"]
    text = invoke("backup", tmp_path / "second", "--data", filled.path).output
    assert f"reportdata restore {tmp_path / 'second'}" in text
    assert "a second" in text


@pytest.mark.whole
@pytest.mark.parametrize("held", ["notes.txt", MANIFEST, f"{MANIFEST}.unfinished"])
def test_a_folder_that_is_not_empty_is_not_backed_up_to(filled: Folder, tmp_path: Path, held: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / held).write_text("mine")
    result = invoke("backup", tmp_path / "there", "--data", filled.path)
    assert result.exit_code == 1
    assert f"{tmp_path / 'there'} is not empty" in result.output
    assert ("was killed" in result.output) == held.endswith("unfinished")
    assert [path.name for path in (tmp_path / "there").iterdir()] == [held]


@pytest.mark.whole
def test_a_backup_into_the_lake_or_of_nothing_is_refused(filled: Folder, tmp_path: Path) -> None:
    assert "is in the lake" in invoke("backup", filled.lake.root / "x", "--data", filled.path).output
    assert not (filled.lake.root / "x").exists()
    assert "there is no data folder" in invoke("backup", tmp_path / "x", "--data", tmp_path / "none").output
    assert not (tmp_path / "x").exists()


@pytest.mark.tool
def test_a_backup_that_fails_leaves_nothing_and_says_why(filled: Folder, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=256k") as disk:
        days = [from_date(date(1950, 1, 1) + timedelta(days=number)) for number in range(20_000)]
        filled.lake.observe([Coverage("c1", day, day) for day in days])
        result = invoke("backup", disk / "backup", "--data", filled.path)
        assert result.exit_code == 1
        assert "No space left on device" in result.output
        assert not any((disk / "backup").iterdir())
    store = filled.settings.store
    filled.store.close()
    with closing(sqlite3.connect(store)) as connection:
        pages = connection.execute("select rootpage from sqlite_schema where name = 'kpis'").fetchall()
    damaged = bytearray(store.read_bytes())
    for (page,) in pages:  # what opening a store does not read
        damaged[(page - 1) * 4096 : (page - 1) * 4096 + 8] = b"\xff" * 8
    store.write_bytes(damaged)
    result = invoke("backup", tmp_path / "backup", "--data", filled.path)
    assert result.exit_code == 1
    assert "store.db is damaged" in result.output
    assert not any((tmp_path / "backup").iterdir())


@pytest.mark.whole
@pytest.mark.parametrize("stride", every(24))
def test_a_killed_backup_leaves_the_source_right_and_is_not_taken_for_a_whole_one(
    little: Folder, tmp_path: Path, forks: Forks, stride: int
) -> None:
    before = facts_in(little), numbers_of(little), sorted(little.lake.root.rglob("*.parquet"))
    target, new = tmp_path / "backup", tmp_path / "new"
    command = ["backup", target, "--data", little.path]
    steps = forks.steps_of(*command, steps=STEPS_OF_FILES)
    shutil.rmtree(target)
    whole = broken = 0
    # The last steps are those after which it counts as whole.
    for number, step in enumerate([*steps[::stride], *steps[-2:]]):
        killed = forks.run(*command, before=step, steps=STEPS_OF_FILES).killed
        assert (facts_in(little), numbers_of(little)) == before[:2]
        result = invoke("restore", target, "--data", new)
        assert (result.exit_code == 0) == (target / MANIFEST).exists() == new.exists()
        if new.exists():
            whole += killed
            with opened(new) as restored:
                assert check_exact(restored) == before[0]
            shutil.rmtree(new)
        elif target.exists():
            broken += 1
            assert "this is not a whole backup" in result.output
            if any(target.iterdir()):
                assert "was killed" in invoke("backup", target, "--data", little.path).output
                shutil.rmtree(target)
        if number % 4 == 0:
            shutil.rmtree(target, ignore_errors=True)
            said("backup", target, "--data", little.path)
            assert sorted(little.lake.root.rglob("*.parquet")) == before[2]
            assert [path.name for path in (little.lake.root / "incoming").iterdir()] == ["lock"]
        shutil.rmtree(target, ignore_errors=True)
    assert broken > len(steps[::stride]) // 2
    assert whole > 0


@pytest.mark.whole
def test_what_is_imported_between_store_and_lake_is_restored_and_shown_by_no_backup_before(
    filled: Folder, tmp_path: Path
) -> None:
    class Between(LocalLake):
        def snapshot(self) -> _GeneratorContextManager[Mapping[str, Path], None, None]:
            filled.import_(small(tmp_path, 4).file)
            return super().snapshot()

    filled.refresh()
    before = numbers_of(filled)
    with working(filled) as work:
        between = replace(work, lake=Between(filled.lake.root))
        taken = back_up(between, tmp_path / "backup", Wanted("1"), 1.8e9)
    assert (taken.program, taken.taken_at) == ("1", "2027-01-15T08:00:00+00:00")
    assert numbers_of(filled).keys() > before.keys()
    with opened(tmp_path / "backup") as backup:
        assert numbers_of(backup) == before
    said("restore", tmp_path / "backup", "--data", tmp_path / "new")
    with opened(tmp_path / "new") as restored:
        assert check_exact(restored) == facts_in(filled)
        assert numbers_of(restored) == numbers_of(filled)


def test_what_was_acknowledged_and_not_yet_counted_is_in_a_backup(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("dingpushed")
    pushed = fact("sent", "dingpushed", 0, "20260921", report_id="r1", user_id="u1")
    writer = FolderWriter(folder.settings.inbox, time.time, age=3600)
    writer.append(lines_of([pushed])).result()  # its segment is not finished
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    writer.close()
    data = tmp_path / "restored"
    for command in (["restore", tmp_path / "backup"], ["work", "--once"]):
        assert CliRunner().invoke(cli, [*map(str, command), "--data", str(data)]).exit_code == 0
    again = Folder(data)
    assert again.days() == {("dingpushed", "20260921"): (1, 1, 0)}
    again.store.close()

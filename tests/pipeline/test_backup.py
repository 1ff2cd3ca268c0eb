"""A backup is a data folder of one moment, whatever goes on meanwhile; a restore brings it back or says why not."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import _GeneratorContextManager, closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.cli import cli
from reportdata.days import Coverage, days_between, from_date
from reportdata.inbox.folder import FolderWriter
from reportdata.lake.local import LocalLake
from reportdata.pipeline.backups import Wanted, back_up
from reportdata.pipeline.known_backups import MANIFEST
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store.sqlite import schemas
from tests.support.contents import facts_in, numbers_of
from tests.support.effort import tried
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.forks import STEPS, Forks, every, forking
from tests.support.mounts import mounted
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.services import fact, lines_of, working
from tests.support.serving import exchange, serving
from tests.support.writing import write

ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("America/New_York"), "c3": ZoneInfo("Asia/Shanghai")}
FIRST = datetime(2024, 3, 1, 12)
SMALL, BIG = tried(5, 24), tried(5_000, 20_000)  # imports; facts of one import


class Import(NamedTuple):
    """A file, its facts, which no other import has, and what importing it covers."""

    file: Path
    facts: frozenset[Fact]
    coverage: Coverage

    @classmethod
    def of(cls, file: Path, facts: Collection[Fact]) -> Import:
        days = [f"{f.at.astimezone(ZONES[f.corp_id]):%Y%m%d}" for f in facts if not isinstance(f, Withdrawn)]
        return cls(file, frozenset(facts), Coverage(next(iter(facts)).corp_id, min(days), max(days)))


def small(folder: Path, number: int, days: int = 4) -> Import:
    """Facts of several days and kinds. What is withdrawn is a report of an import before."""
    corp_id, rng = ("c1", "c2")[number % 2], random.Random(number)
    facts: set[Fact] = set()
    for day in range(number, number + days):
        at = (FIRST + timedelta(days=day, seconds=number)).replace(tzinfo=ZONES[corp_id])
        for of in range(3):
            facts.add(Sent(corp_id, f"r{number}-{day}-{of}", f"u{rng.randrange(9)}", at))
            facts.add(Commented(corp_id, f"r{number}-{day}-{of}", f"u{rng.randrange(9)}", at))
    facts.add(Withdrawn(corp_id, f"r{number - 2}-{number}-1", at))
    ((file, _),) = write(folder / f"import{number}", sorted(facts, key=str), "jsonl", "iso", ZONES)
    return Import.of(file, facts)


def big(folder: Path) -> Import:
    """The facts of 50 days of an organisation."""
    facts = []
    with (folder / "big.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["corp_id", "report_id", "user_id", "sent_at"])
        for number in range(BIG):
            at = (FIRST + timedelta(days=number % 50)).replace(tzinfo=ZONES["c3"])
            facts.append(Sent("c3", f"b{number}", f"u{number % 997}", at))
            table.writerow(["c3", f"b{number}", f"u{number % 997}", at.isoformat()])
    return Import.of(folder / "big.csv", facts)


def check_exact(folder: Folder) -> set[Fact]:
    """Every covered day has the numbers of the facts that are in the lake; returns these."""
    facts, shown = facts_in(folder), numbers_of(folder)
    exact = days_of(facts, ZONES)
    assert shown == {key: exact.get(key, (0, 0, 0)) for key in shown}
    assert folder.store.faults(thorough=True) == []
    return facts


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """A data folder that is there."""
    assert (path / "store.db").exists()
    folder = Folder(path)
    yield folder
    folder.store.close()


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)])


def said(*arguments: object) -> dict[str, Any]:
    """What a command says to programs, after it went well."""
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def filled(folder: Folder, tmp_path: Path) -> Folder:
    """A data folder with two imports, of which the days of the second are stale."""
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    folder.import_(small(tmp_path, 0).file)
    folder.import_(small(tmp_path, 2).file, refresh=False)
    return folder


@pytest.fixture
def little(folder: Folder, tmp_path: Path) -> Folder:
    """A data folder with few files, of which one day is stale."""
    folder.add_organisation("c1")
    folder.import_(small(tmp_path, 0, 1).file)
    folder.import_(small(tmp_path, 2, 1).file, refresh=False)
    return folder


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


STEPS_OF_FILES = (*STEPS, "backup", "mkdir", "write")


@pytest.fixture
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Commands that begin at once."""
    with forking(tmp_path_factory.mktemp("forks") / "commands") as found:
        yield found


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


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup, to be copied before it is damaged."""
    place = tmp_path_factory.mktemp("whole")
    folder = Folder(place / "data")
    folder.add_organisation("c1")
    folder.import_(small(place, 0).file)
    folder.import_(small(place, 2).file)
    said("backup", place / "backup", "--data", folder.path)
    folder.store.close()
    return place / "backup"


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

"""Compaction makes few files of many, and nobody notices: readers, writers, refreshes, backups, or a kill."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb
import pytest

from reportdata.coverage import Coverage
from reportdata.errors import LakeError
from reportdata.lake.local import LocalLake
from reportdata.pipeline.compacting import MANY, QUIET
from reportdata.services import REPORTS as REPORT_DATA
from tests.support.contents import facts_in, rows_of
from tests.support.effort import tried
from tests.support.folders import Folder, run
from tests.support.forks import every, forking
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.random_facts import ZONES
from tests.support.readers import readers
from tests.support.services import NAMES as KINDS
from tests.support.verbs import AT, A, B, compact_all, import_facts, refresh_days, stale
from tests.support.witness import ZONES as ITS_ZONES
from tests.support.witness import Witness

DAY = f"{AT:%Y%m%d}"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two organisations and a day in several files of both kinds, to be copied."""
    folder = Folder(tmp_path_factory.mktemp("pristine") / "data")
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    add(folder, *range(5))
    refresh_days(folder)
    folder.store.close()
    return folder.path


@pytest.fixture
def filled(pristine: Path, tmp_path: Path) -> Iterator[Folder]:
    """A folder with two organisations and a day in several files of both kinds."""
    shutil.copytree(pristine, tmp_path / "data")
    folder = Folder(tmp_path / "data")
    yield folder
    folder.store.close()


def facts_of(number: int) -> list[Fact]:
    reports: list[Fact] = [Sent(corp, f"r{number}", f"u{number % 3}", AT) for corp in (A, B)]
    return [*reports, Commented(A, f"r{number}", f"v{number}", AT)]


def add(folder: Folder, *numbers: int) -> None:
    """Add facts of the day, in files of their own for each number."""
    for number in numbers:
        import_facts(folder, *facts_of(number))


def rows(folder: Folder, kind: str) -> list[tuple[str, ...]]:
    """All rows of a kind, as they stand in the files that are listed."""
    return rows_of(LocalLake(folder.settings.lake).paths(kind))


@pytest.mark.whole
def test_a_compacted_day_is_one_sorted_file_and_is_not_stale(filled: Folder) -> None:
    add(filled, 2, 3)
    before = {kind: set(rows(filled, kind)) for kind in KINDS}
    days, computed = filled.days(), filled.store.history(REPORT_DATA, A, DAY)
    assert len(filled.lake.paths("sent")) == 5
    assert compact_all(filled) == 5, "reports, comments and coverage, and what imports had of both that was known"
    assert [len(filled.lake.paths(kind)) for kind in ("sent", "commented")] == [1, 1]
    assert len(filled.lake.observations()) == 1
    for kind in KINDS:
        assert len(rows(filled, kind)) == len(before[kind])
        assert set(rows(filled, kind)) == before[kind]
    assert [row[0] for row in rows(filled, "sent")] == [B] * 5 + [A] * 5  # B is before A
    assert stale(filled) == refresh_days(filled).days == []
    assert (filled.days(), filled.store.history(REPORT_DATA, A, DAY)) == (days, computed)
    assert filled.lake.replaced() == []
    assert sorted(path.parts[-3] for path in filled.lake.root.rglob("*.parquet")) == [
        "commented",
        "commented-repeats",
        "sent",
        "sent-repeats",
    ]
    assert compact_all(filled) == 0
    add(filled, *range(5))  # adds nothing
    assert len(filled.lake.paths("sent")) == 1


@pytest.mark.whole
def test_what_was_added_since_a_day_was_computed_is_left_for_the_refresh(filled: Folder) -> None:
    add(filled, 7)
    compact_all(filled)
    assert len(filled.lake.paths("sent")) == 2
    assert refresh_days(filled).partly == 1
    assert filled.days()[A, DAY] == (6, 3, 6)
    compact_all(filled)
    assert len(filled.lake.paths("sent")) == 1
    assert stale(filled) == []


@pytest.mark.whole
def test_a_day_that_was_never_computed_may_be_compacted(filled: Folder) -> None:
    import_facts(filled, *(Sent(A, f"x{number}", "u", AT + timedelta(days=9)) for number in range(2)))
    import_facts(filled, Sent(A, "x2", "u", AT + timedelta(days=9)))
    compact_all(filled)
    later = f"{AT + timedelta(days=9):%Y%m%d}"
    assert len(filled.lake.files("sent")[later]) == 1
    assert stale(filled) == [later]
    refresh_days(filled)
    assert filled.days()[A, later] == (3, 1, 0)


@pytest.mark.whole
def test_many_files_are_merged_at_once_and_several_after_a_while(filled: Folder) -> None:
    now = time.time()
    assert compact_all(filled, everything=False, now=now) == 0
    assert compact_all(filled, everything=False, now=now + QUIET + 60) == 3
    assert len(filled.lake.paths("sent")) == 1
    add(filled, *range(10, 10 + MANY - 1))
    refresh_days(filled)
    assert compact_all(filled, everything=False, now=now + 9 * QUIET) == 0
    add(filled, 30)
    refresh_days(filled)
    assert compact_all(filled, everything=False, now=now, most=1) == 1, "coverage"
    assert compact_all(filled, everything=False, now=now, days=["20200101"]) == 0
    assert compact_all(filled, everything=False, now=now, days=[DAY]) == 2
    assert len(filled.lake.paths("sent")) == len(filled.lake.paths("commented")) == 1
    assert filled.days()[B, DAY] == (13, 3, 0)


@pytest.mark.whole
def test_a_large_file_is_not_written_anew_for_a_few_small_ones(filled: Folder) -> None:
    import_facts(filled, *(Sent(A, os.urandom(40).hex(), "u", AT) for _ in range(2000)))
    refresh_days(filled)
    large = max(filled.lake.paths("sent"), key=lambda path: path.stat().st_size)
    add(filled, *range(10, 20))
    refresh_days(filled)
    assert compact_all(filled, everything=False) > 0
    assert large in filled.lake.paths("sent")
    assert len(filled.lake.paths("sent")) == 2
    compact_all(filled)
    assert len(filled.lake.paths("sent")) == 1


@pytest.mark.whole
def test_withdrawals_of_all_days_become_one_file_and_importing_them_again_adds_nothing(filled: Folder) -> None:
    gone = [Withdrawn(A, f"r{number}", AT + timedelta(days=5 * number)) for number in range(4)]
    for fact in gone:
        import_facts(filled, fact)
    compact_all(filled)
    assert len(filled.lake.paths("withdrawn")) == 4  # they were not applied
    refresh_days(filled)
    assert compact_all(filled) > 0
    (merged,) = filled.lake.paths("withdrawn")
    assert list((filled.lake.root / "withdrawn").iterdir()) == [merged.parent]
    assert stale(filled) == refresh_days(filled).days == []
    assert filled.days()[A, DAY] == (1, 1, 5)
    assert {day for day, paths in filled.lake.files("withdrawn").items() if paths} >= {DAY, f"{gone[-1].at:%Y%m%d}"}
    import_facts(filled, *gone)
    assert filled.lake.paths("withdrawn") == (merged,)
    import_facts(filled, Withdrawn(B, "r4", AT - timedelta(days=9)), refreshed=True)
    assert filled.days()[B, DAY] == (4, 3, 0)
    compact_all(filled)
    assert len(filled.lake.paths("withdrawn")) == 1
    assert refresh_days(filled, first_day=DAY).changed == 0


def test_coverage_becomes_one_file_of_few_pieces(filled: Folder) -> None:
    pieces = [("20260401", "20260405"), ("20260406", "20260410"), ("20260501", "20260501"), ("99991231", "99991231")]
    for piece in pieces:
        filled.lake.observe([Coverage(A, *piece)])
    covered = filled.lake.coverage()
    compact_all(filled)
    assert len(filled.lake.observations()) == 1
    assert filled.lake.coverage() == (covered - {Coverage(A, *piece) for piece in pieces[:2]}) | {
        Coverage(A, "20260401", "20260410")
    }


@pytest.mark.whole
def test_files_that_are_read_stay_until_the_reader_ends(filled: Folder) -> None:
    with ExitStack() as reading:
        reading.enter_context(filled.lake.reading())
        listed = filled.lake.paths("sent")
        compact_all(filled)
        assert len(filled.lake.paths("sent")) == 1
        assert all(path.exists() for path in listed)
        assert set(listed) < set(filled.lake.replaced())
        with filled.lake.refreshing():
            assert filled.lake.sweep() is None
        add(filled, 7)
        refresh_days(filled)
        compact_all(filled)  # what stands in for others is replaced itself
        assert len(filled.lake.paths("sent")) == 1
        assert filled.days()[A, DAY] == (6, 3, 6)
        reading.close()
    compact_all(filled)
    assert not any(path.exists() for path in listed)
    assert filled.lake.replaced() == []
    assert len(rows(filled, "sent")) == 12


@pytest.mark.whole
def test_an_import_and_a_snapshot_keep_the_files_that_they_read(filled: Folder) -> None:
    for holding in (filled.lake.incoming, filled.lake.snapshot):
        add(filled, *range(20, 23))
        refresh_days(filled)
        listed = filled.lake.paths("sent")
        with holding():
            compact_all(filled)
            assert all(path.exists() for path in listed)
        compact_all(filled)
        assert not any(path.exists() for path in listed)
        add(filled, *range(23, 26))
        refresh_days(filled)


def test_a_backup_has_each_fact_while_files_are_replaced(filled: Folder, tmp_path: Path) -> None:
    with filled.lake.reading():
        compact_all(filled)
        assert run(filled, "backup", tmp_path / "backup").exit_code == 0
    copied = Folder(tmp_path / "backup")
    assert len(copied.lake.paths("sent")) == 1
    assert {kind: set(rows(copied, kind)) for kind in KINDS} == {kind: set(rows(filled, kind)) for kind in KINDS}
    copied.store.close()


def test_a_damaged_entry_of_the_log_is_named(filled: Folder) -> None:
    for entry in (filled.lake.root / "log").iterdir():
        entry.write_bytes(b"{")
    with pytest.raises(LakeError, match=r"log/.*\.json cannot be read"):
        LocalLake(filled.lake.root).files("sent")


@pytest.mark.whole
def test_the_command_says_what_it_did(filled: Folder) -> None:
    done = json.loads(run(filled, "compact", "--json").stdout)
    assert (done["merges"], done["filesBefore"], done["filesAfter"]) == (0, 15, 15)
    assert "--all" in run(filled, "compact").output
    assert json.loads(run(filled, "compact", "--all", "--from", "20270101", "--json").stdout)["merges"] == 1, "coverage"
    with filled.lake.reading():
        done = run(filled, "compact", "--all").output
    assert "merges  2\nfiles   3, before 11\n" in done
    assert "10 merged files may still be read" in done
    done = json.loads(run(filled, "compact", "--json").stdout)
    assert done["filesToRemove"] == 0
    assert done["bytesAfter"] == filled.lake.size()
    assert run(filled, "compact", "--from", "20260102", "--to", "20260101").exit_code == 1


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("stride", every(40))
def test_a_kill_before_any_step_of_a_compaction_loses_nothing(filled: Folder, tmp_path: Path, stride: int) -> None:
    facts: set[Fact] = {fact for number in range(5) for fact in facts_of(number)}
    numbers = itertools.count()
    known: dict[Path, set[Fact]] = {}
    command = ["compact", "--all", "--data", filled.path]

    def add_some() -> None:
        number = next(numbers)
        new = [*facts_of(100 + number), Withdrawn(A, f"r{99 + number}", AT + timedelta(days=number % 9))]
        import_facts(filled, *new, refreshed=True)
        facts.update(new)

    with forking(tmp_path / "forks") as forks:
        add_some()
        steps, killed = forks.steps_of(*command)[::stride], 0
        for number, step in enumerate(steps):
            add_some()
            try:
                killed += forks.run(*command, before=step).killed
                assert facts_in(filled, known) == facts
                assert filled.days() == days_of(facts, ZONES)
                refresh_days(filled)
                assert filled.days() == days_of(facts, ZONES)
                if number % 3:  # else what is left is met by the next step's compaction
                    compact_all(filled)
                    assert filled.lake.replaced() == []
                    assert len(filled.lake.paths("sent")) == 1
                    assert stale(filled) == []
                    assert facts_in(filled, known) == facts
            except BaseException as error:
                error.add_note(f"killed before {step}")
                raise
    assert killed > len(steps) * 3 // 4


@pytest.mark.whole
def test_readers_never_fail_and_never_see_less(filled: Folder) -> None:
    counts = {"least": 10}
    connections = [duckdb.connect() for _ in range(2)]

    def read(connection: duckdb.DuckDBPyConnection) -> None:
        lake = LocalLake(filled.settings.lake)
        least = counts["least"]
        with lake.reading():
            listed = ", ".join(f"'{path}'" for path in lake.paths("sent"))
            time.sleep(0.002)
            sql = f"select count(distinct (corp_id, report_id)) from read_parquet([{listed}])"
            ((found,),) = connection.execute(sql).fetchall()
        assert found >= least

    with readers(*(partial(read, connection) for connection in connections)) as reading:
        for number in itertools.count(200):
            add(filled, number)
            counts["least"] += 2
            refresh_days(filled)
            compact_all(filled)
            if not reading.goes_on(at_least=tried(100, 3000)):
                break
    for connection in connections:
        connection.close()


COMPACTING = (["compact", "--all"], ["compact", "--all"], ["refresh"])


@pytest.mark.whole
@pytest.mark.slow
@pytest.mark.parametrize("imports", [2, 30])
def test_compactions_beside_imports_and_refreshes_that_are_killed_lose_and_spoil_nothing(
    folder: Folder, tmp_path: Path, imports: int
) -> None:
    witness, over = Witness(folder, tmp_path, 20261125), threading.Event()
    witness.settle(witness.next_batch())

    def compact_and_die(number: int) -> int:
        """Until imports are over; how many were killed."""
        rng, killed = random.Random(number), 0
        with forking(tmp_path / f"compacting{number}") as forks:
            while not (over.is_set() and killed):
                command = [*rng.choice(COMPACTING), "--data", folder.path]
                killed += forks.run_for(rng.uniform(0.1, 1.1), *command).killed
        return killed

    with ThreadPoolExecutor(2) as pool, forking(tmp_path / "importing") as forks:
        compacting = [pool.submit(compact_and_die, number) for number in range(2)]
        try:
            for number in range(imports):
                batch = witness.next_batch()
                command = witness.command("import", *batch.files)
                ended = forks.run_for(witness.rng.uniform(0, 1.05), *command) if number % 2 else forks.run(*command)
                if ended.out.endswith("\n"):
                    witness.report(ended.out, batch)
        finally:
            over.set()
        assert min(one.result() for one in compacting) > 0
    witness.finish()
    compact_all(folder)
    assert len(rows(folder, "sent")) == len(set(rows(folder, "sent")))
    assert folder.days() == days_of(witness.lake(), ITS_ZONES)
    assert stale(folder) == []
    with closing(folder.store):
        assert folder.store.faults() == []

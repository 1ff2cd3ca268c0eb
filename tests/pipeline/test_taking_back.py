"""An import that was taken back was never made."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings

from reportdata.cli import cli
from reportdata.store import ImportNote
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.forks import every, forking
from tests.support.oracle import Fact, Sent, Withdrawn, days_of
from tests.support.taking_back import (
    ZONES,
    Bring,
    Import,
    Seen,
    Step,
    Tidy,
    facts_without,
    play,
    seen,
    steps,
    undone,
)
from tests.support.verbs import compact_all, refresh_days, stale
from tests.support.waiting import SOON


@pytest.mark.whole
@tried_with(5, 300)
def test_what_is_taken_back_was_never_imported(examples: int) -> None:
    @settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )
    @given(steps)
    def check(sequence: list[Step]) -> None:
        gone = undone(sequence)
        with tempfile.TemporaryDirectory() as temporary:
            place = Path(temporary)
            folder, other = Folder(place / "one"), Folder(place / "other")
            done = play(folder, sequence, place / "files")
            never = play(other, sequence, place / "files", without=gone or {-1})
            assert seen(folder, done.ids) == seen(other, never.ids)
            assert stale(folder) == []
            left = days_of(facts_without(sequence, gone), ZONES)
            known = {(day.corp_id, day.stat_day): day.values for day in seen(folder, done.ids).days}
            for key, values in known.items():
                numbers = dict(zip(("4100", "4101", "4102"), left.get(key, (0, 0, 0)), strict=True))
                assert values == {kpi: numbers[kpi] for kpi in values}
            folder.store.close()
            other.store.close()

    check()


def sent(number: int, user: str, day: int = 9, corp_id: str = "c1") -> Sent:
    return Sent(corp_id, f"r{number}", user, datetime(2026, 3, day, 12, tzinfo=ZONES[corp_id]))


BY_BOTH = [sent(1, "u1"), sent(2, "u2", 10)]
ONLY_FIRST = [sent(3, "u3"), sent(4, "u4", 11), sent(5, "u1", corp_id="c2")]
WITHDRAWN: list[Fact] = [Withdrawn("c1", "r8", datetime(2026, 3, 12, 12, tzinfo=ZONES["c1"])), sent(6, "u6", 15)]
SEQUENCE: list[Step] = [
    Import([[sent(8, "u8", 14), sent(9, "u9", 14)]]),
    Import([[*BY_BOTH, *ONLY_FIRST], WITHDRAWN]),
    Tidy("all"),
    Import([[*BY_BOTH, sent(7, "u7", 10)]], age=3),  # older files, which tell nothing new of days
    Bring([ONLY_FIRST[0]], pushed=True),
    Tidy("all"),
]
"""The second import is the one that is taken back."""


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, Seen]:
    """A data folder to be copied, the id of the import, and what the folder is without it."""
    place = tmp_path_factory.mktemp("pristine")
    folder, other = Folder(place / "data"), Folder(place / "other")
    done = play(folder, SEQUENCE, place / "files")
    never = seen(other, play(other, SEQUENCE, place / "files", without={1}).ids)
    folder.store.close()
    other.store.close()
    return folder.path, done.ids[1], never


@pytest.fixture
def filled(pristine: tuple[Path, str, Seen], tmp_path: Path) -> Iterator[Folder]:
    """A copy of the folder."""
    shutil.copytree(pristine[0], tmp_path / "data")
    folder = Folder(tmp_path / "data")
    yield folder
    folder.store.close()


def ids(folder: Folder) -> dict[int, str]:
    """The ids of the imports by the numbers of their steps."""
    numbers = [number for number, step in enumerate(SEQUENCE) if isinstance(step, Import)]
    return dict(zip(numbers, (note.id for note in folder.store.imports()), strict=True))


def unimport(folder: Folder, import_id: str) -> dict[str, Any]:
    result = run(folder, "unimport", import_id, "--yes", "--json")
    assert result.exit_code == 0, result.output
    done: dict[str, Any] = json.loads(result.stdout)
    return done


@pytest.mark.whole
def test_a_command_takes_an_import_back_and_lists_it_as_such(filled: Folder, pristine: tuple[Path, str, Seen]) -> None:
    _, import_id, never = pristine
    listed = json.loads(run(filled, "imports", "--json").stdout)
    assert [one["import"] for one in listed] == list(ids(filled).values())
    assert [(file["read"], file["added"], file["alreadyKnown"]) for file in listed[2]["files"]] == [(3, 1, 2)]
    assert (listed[1]["files"][0]["firstDay"], listed[1]["files"][0]["lastDay"]) == ("20260309", "20260311")
    assert filled.days()["c1", "20260314"] == (1, 1, 0), "a report of it is withdrawn"
    done = unimport(filled, import_id)
    assert seen(filled, ids(filled)) == never
    assert filled.days()["c1", "20260314"] == (2, 2, 0)
    assert filled.store.kpis("reportData", "c1", "20260311") is None, "it is not known any more, and not 0"
    assert stale(filled) == []
    assert (done["factsRemoved"], done["factsKept"]) == (4, 3)
    gone = {(piece["corpId"], piece["kind"], piece["firstDay"], piece["lastDay"]) for piece in done["unobserved"]}
    assert gone == {
        ("c1", "sent", "20260311", "20260311"),
        ("c1", "sent", "20260315", "20260315"),
        ("c2", "sent", "20260309", "20260309"),
    }
    told = run(filled, "imports").stdout
    assert [line.count("taken back") for line in told.splitlines() if any(i in line for i in ids(filled).values())] == [
        0,
        1,
        0,
    ]
    assert json.loads(run(filled, "imports", "--json").stdout)[1]["takenBackAt"] > listed[1]["at"]
    # The same again says so, and what was taken back may be imported again.
    assert unimport(filled, import_id)["takenBackBefore"]
    assert f"{import_id} was taken back" in run(filled, "unimport", import_id).stdout
    assert seen(filled, ids(filled)) == never


@pytest.mark.whole
def test_an_import_that_is_not_known_or_cannot_be_taken_back_is_refused(filled: Folder) -> None:
    result = run(filled, "unimport", "nothing", "--yes")
    assert result.exit_code == 1
    assert "there is no import 'nothing'" in result.output
    filled.store.put_import(ImportNote("earlier", 1, (), reversible=False))
    before = seen(filled, {})
    result = run(filled, "unimport", "earlier", "--yes")
    assert result.exit_code == 1
    assert "an older release made it" in result.output
    assert seen(filled, {}) == before


@pytest.mark.whole
def test_it_is_asked_whether_an_import_is_taken_back(filled: Folder, pristine: tuple[Path, str, Seen]) -> None:
    arguments = ["unimport", pristine[1], "--data", str(filled.path)]
    before = seen(filled, ids(filled))
    assert CliRunner().invoke(cli, arguments, input="n\n").exit_code == 1
    assert seen(filled, ids(filled)) == before
    assert CliRunner().invoke(cli, arguments, input="y\n").exit_code == 0
    assert seen(filled, ids(filled)) == pristine[2]


@pytest.mark.whole
def test_who_is_forgotten_is_in_no_repeats_either(filled: Folder, pristine: tuple[Path, str, Seen]) -> None:
    def facts_of(condition: str) -> int:
        """How many facts there are in all files, repeats and replaced ones among them."""
        files = [str(path) for path in filled.lake.root.rglob("*.parquet")]
        sql = f"select count(*) from read_parquet({files}, union_by_name = true, hive_partitioning = false)"
        return int(duckdb.execute(f"{sql} where {condition}").fetchall()[0][0])

    def observed(corp_id: str) -> bool:
        return any(look.corp_id == corp_id for look in filled.lake.observed(filled.lake.repeated_observations()))

    assert filled.lake.paths("sent-repeats")
    assert facts_of("corp_id = 'c1' and user_id = 'u1'") == 2
    assert observed("c1")
    done = json.loads(run(filled, "forget", "--corp", "c1", "--user", "u1", "--yes", "--json").stdout)
    assert done["found"] == []
    assert facts_of("corp_id = 'c1' and user_id = 'u1'") == 0
    unimport(filled, pristine[1])
    assert filled.days() == {
        ("c1", "20260310"): (2, 2, 0),
        ("c1", "20260309"): (1, 1, 0),
        ("c1", "20260314"): (2, 2, 0),
    }
    done = json.loads(run(filled, "forget", "--corp", "c1", "--yes", "--json").stdout)
    assert done["found"] == []
    assert not list(filled.lake.root.rglob("*.parquet")), "those of the other one were taken back"
    assert not observed("c1")


@pytest.mark.whole
def test_what_was_known_before_goes_with_a_backup(
    filled: Folder, tmp_path: Path, pristine: tuple[Path, str, Seen]
) -> None:
    assert run(filled, "backup", tmp_path / "backup").exit_code == 0
    restored = Folder(tmp_path / "restored")
    restored.store.close()
    shutil.rmtree(restored.path)
    assert run(restored, "restore", tmp_path / "backup").exit_code == 0
    again = Folder(restored.path)
    unimport(again, pristine[1])
    assert seen(again, ids(again)) == pristine[2]
    again.store.close()


@pytest.mark.whole
def test_imports_that_run_are_waited_for(filled: Folder, pristine: tuple[Path, str, Seen]) -> None:
    done = threading.Event()

    def undo() -> None:
        unimport(filled, pristine[1])
        done.set()

    with filled.lake.importing():
        thread = threading.Thread(target=undo)
        thread.start()
        assert not done.wait(1)
    thread.join(SOON)
    assert done.is_set()
    assert seen(filled, ids(filled)) == pristine[2]


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("stride", every(32))
def test_taking_back_that_is_killed_is_finished_by_another_run(
    pristine: tuple[Path, str, Seen], tmp_path: Path, stride: int
) -> None:
    base, import_id, never = pristine
    path, killed = tmp_path / "data", 0
    command = ["unimport", import_id, "--yes", "--json", "--data", path]
    with forking(tmp_path / "forks") as forks:
        shutil.copytree(base, path)
        before = shown(path)
        steps = forks.steps_of(*command)[::stride]
        after = shown(path)
        for number, step in enumerate(steps):
            shutil.rmtree(path)
            shutil.copytree(base, path)
            try:
                ended = forks.run(*command, before=step)
                killed += ended.killed
                for _ in range(2):
                    for key, values in shown(path).items():
                        assert values in (before[key], after[key], {}), key
                    left = Folder(path)
                    refresh_days(left)
                    left.store.close()
                assert shown(path) in (before, after)
                left = Folder(path)
                if number % 2:
                    compact_all(left)
                unimport(left, import_id)
                assert seen(left, ids(left)) == never
                assert stale(left) == []
                assert unimport(left, import_id)["takenBackBefore"]
                left.store.close()
            except BaseException as error:
                error.add_note(f"killed before {step}")
                raise
    assert killed > len(steps) * 3 // 4


def shown(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The numbers that are known of each day."""
    folder = Folder(path)
    days = seen(folder, {}).days
    folder.store.close()
    return {(day.corp_id, day.stat_day): dict(day.values) for day in days}

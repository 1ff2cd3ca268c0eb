"""A file of the lake that counts and is gone is missed: it makes no zeros, and doctor, refresh, backup and restore name
it."""

from __future__ import annotations

import json
import shutil
import time
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.errors import LakeError
from reportdata.services import REPORTS, read_services
from reportdata.store.standing import standing
from tests.support.folders import Folder, run
from tests.support.oracle import Sent, Withdrawn
from tests.support.random_facts import ZONES
from tests.support.verbs import AT, A, B, import_facts, import_two_days, refresh_days, stale

DAY, NEXT = f"{AT:%Y%m%d}", f"{AT + timedelta(days=1):%Y%m%d}"


@pytest.fixture
def filled(folder: Folder) -> Folder:
    """Two days of two organisations."""
    import_two_days(folder)
    refresh_days(folder)
    return folder


@pytest.mark.whole
def test_days_that_need_a_lost_file_keep_their_numbers_and_others_are_computed(filled: Folder) -> None:
    before = filled.days()
    (lost, *_) = filled.lake.files("sent")[DAY]
    content = lost.read_bytes()
    lost.unlink()
    assert stale(filled) == []
    assert refresh_days(filled).days == []
    with pytest.raises(LakeError, match=str(lost)):  # what is new cannot be told
        import_facts(filled, Sent(A, "new", "u3", AT))
    lost.write_bytes(content)
    for corp_id in (A, B):  # now both days are stale
        import_facts(
            filled,
            Sent(corp_id, "new", "u3", AT),
            Sent(corp_id, "newer", "u3", AT + timedelta(days=1)),
            Sent(corp_id, "newest", "u3", AT + timedelta(days=40)),
        )
    lost.unlink()
    with pytest.raises(LakeError, match=f"1 of the lake's files is gone .*{lost}") as caught:
        refresh_days(filled)
    assert "restore" in caught.value.hint
    days = filled.days()
    assert {key: days[key] for key in before if key[1] == DAY} == {k: v for k, v in before.items() if k[1] == DAY}
    assert days[A, NEXT] == (2, 2, 1)
    # What was observed of other days since is served; what was observed of this one is not before it is whole.
    assert days[A, f"{AT + timedelta(days=40):%Y%m%d}"] == (1, 1, 0)
    with pytest.raises(LakeError, match=str(lost)):
        refresh_days(filled, first_day=DAY)
    assert stale(filled) == [DAY]
    assert states(filled, A) == {DAY: "damaged", NEXT: "final"}
    lost.write_bytes(content)
    assert DAY in refresh_days(filled).days, "a file that is back heals by itself"
    assert filled.days()[A, DAY] == (2, 2, 1)
    assert states(filled, A) == {DAY: "final", NEXT: "final"}


def states(folder: Folder, corp_id: str) -> dict[str, str]:
    """The states of the two days."""
    service = read_services().service(REPORTS)
    return {day.stat_day: day.state.value for day in standing(folder.store, service, corp_id, DAY, NEXT, time.time())}


@pytest.mark.whole
def test_a_lost_file_of_withdrawals_or_coverage_stops_a_refresh(filled: Folder) -> None:
    import_facts(filled, Withdrawn(A, "r0", AT + timedelta(days=3)))
    refresh_days(filled)
    before = filled.days()
    for paths in (filled.lake.paths("withdrawn"), filled.lake.observations()):
        content = paths[0].read_bytes()
        paths[0].unlink()
        with pytest.raises(LakeError, match=str(paths[0])):
            refresh_days(filled, first_day=DAY)
        paths[0].write_bytes(content)
        assert filled.days() == before
    assert refresh_days(filled, first_day=DAY).changed == 0


@pytest.mark.whole
def test_the_doctor_and_a_backup_name_a_lost_file(filled: Folder, tmp_path: Path) -> None:
    (lost, *_) = filled.lake.files("commented")[DAY]
    content = lost.read_bytes()
    lost.unlink()
    found = json.loads(run(filled, "doctor", "--json").stdout)
    (check,) = [check for check in found["checks"] if check["check"] == "lake"]
    assert (check["state"], str(lost) in check["found"]) == ("fail", True)
    assert str(lost) in run(filled, "backup", tmp_path / "backup").output
    lost.write_bytes(content[:-9] + bytes(9))  # as long as before
    done = run(filled, "backup", tmp_path / "backup")
    assert done.exit_code == 1
    assert lost.name in done.output
    lost.write_bytes(content)
    assert run(filled, "backup", tmp_path / "backup").exit_code == 0


@pytest.mark.whole
def test_a_backup_whose_log_names_other_files_is_not_restored(filled: Folder, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert run(filled, "backup", backup).exit_code == 0
    manifest = json.loads((backup / "backup.json").read_text())
    gone = next(file for file in manifest["files"] if file["path"].startswith("lake/sent/"))
    manifest["files"].remove(gone)
    (backup / "backup.json").write_text(json.dumps(manifest))
    (backup / gone["path"]).unlink()
    done = CliRunner().invoke(cli, ["restore", str(backup), "--data", str(tmp_path / "new")])
    assert done.exit_code == 1
    assert gone["path"].removeprefix("lake/") in done.output


@pytest.mark.whole
def test_a_backup_from_before_the_log_is_restored(filled: Folder, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    assert run(filled, "backup", backup).exit_code == 0
    manifest = json.loads((backup / "backup.json").read_text())
    manifest["files"] = [file for file in manifest["files"] if not file["path"].startswith("lake/log/")]
    (backup / "backup.json").write_text(json.dumps(manifest))
    shutil.rmtree(backup / "lake" / "log")
    new = tmp_path / "new"
    done = CliRunner().invoke(cli, ["restore", str(backup), "--data", str(new)])
    assert done.exit_code == 0, done.output
    restored = Folder(new)
    assert restored.days() == filled.days()
    restored.store.close()


LOST = "is empty, but numbers were computed from its facts"


@pytest.mark.whole
@pytest.mark.parametrize("again", [False, True])
def test_a_lake_that_is_gone_as_a_whole_is_missed_before_anything_is_added(
    filled: Folder, tmp_path: Path, *, again: bool
) -> None:
    """Removed, not mounted, or another folder named by --lake: one new report would stand for all of its day."""
    before = filled.days()
    kept = tmp_path / "kept"
    filled.lake.root.rename(kept)
    if again:
        filled.lake.root.mkdir()
    with pytest.raises(LakeError, match=LOST):
        import_facts(filled, Sent(A, "new", "u3", AT))
    with pytest.raises(LakeError, match=LOST) as caught:
        refresh_days(filled)
    assert "--lake" in caught.value.hint
    asked = ("query", DAY, "--corp", A, "--by", "department")
    told = {name: run(filled, *command) for name, command in _of_the_whole_lake(tmp_path, asked).items()}
    assert {name: LOST in found.output for name, found in told.items()} == dict.fromkeys(told, True)
    assert {name for name, found in told.items() if found.exit_code == 0} == set()
    assert filled.days() == before
    shutil.rmtree(filled.lake.root, ignore_errors=True)
    kept.rename(filled.lake.root)  # as the hint says
    assert run(filled, *asked).exit_code == 0
    import_facts(filled, Sent(A, "new", "u3", AT))


def test_a_lake_with_nothing_but_what_was_observed_is_missed_too(folder: Folder) -> None:
    folder.add_organisation(A, str(ZONES[A]))
    folder.cover(A, DAY, DAY)
    folder.lake.root.rename(folder.path / "kept")
    with pytest.raises(LakeError, match="is empty, but days were observed"):
        import_facts(folder, Sent(A, "new", "u3", AT))
    with pytest.raises(LakeError, match="is empty, but days were observed"):
        refresh_days(folder)
    shutil.rmtree(folder.lake.root, ignore_errors=True)
    (folder.path / "kept").rename(folder.lake.root)
    import_facts(folder, Sent(A, "new", "u3", AT))


def _of_the_whole_lake(place: Path, asked: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    return {
        "query": asked,
        "doctor": ("doctor", "--json"),
        "repair": ("repair",),
        "backup": ("backup", str(place / "backup")),
        "refresh": ("refresh",),
    }


def test_a_lake_of_which_everything_was_taken_back_is_not_missed(folder: Folder) -> None:
    folder.add_organisation(A, str(ZONES[A]))
    import_facts(folder, Sent(A, "r", "u1", AT))
    refresh_days(folder)
    for paths in folder.lake.files("sent").values():
        folder.lake.replace(paths, None)
    refresh_days(folder)
    import_facts(folder, Sent(A, "new", "u3", AT))


def test_a_withdrawal_is_not_taken_as_applied_where_a_file_goes_away_while_days_are_computed(filled: Folder) -> None:
    lost, *_ = filled.lake.files("sent")[DAY]
    before, content = filled.days()[A, DAY], lost.read_bytes()
    import_facts(filled, Withdrawn(A, "r0", AT + timedelta(days=40)))

    def gone(step: str, _done: int, _total: int) -> None:
        if step == "computing days":  # which are known by now
            lost.unlink(missing_ok=True)

    with pytest.raises(LakeError, match=str(lost)):
        refresh_days(filled, progress=gone)
    assert filled.days()[A, DAY] == before
    lost.write_bytes(content)
    refresh_days(filled)
    assert (before, filled.days()[A, DAY]) == ((1, 1, 1), (0, 0, 1))
    assert stale(filled) == []

"""Damaged files are found by the worker and by the doctor, their days are told apart, and they are brought back from a
backup, or given up: then nobody knows what they held, and no zero stands for it."""

from __future__ import annotations

import json
import logging
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from reportdata.errors import Damaged
from reportdata.lake import Lake
from reportdata.pipeline.comparing import differences
from reportdata.pipeline.damage import note_met
from reportdata.pipeline.verifying import PAUSE, Verification
from reportdata.pipeline.working import LOOK, Worker
from reportdata.services import REPORTS, read_services
from reportdata.store.standing import standing
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Sent, Withdrawn
from tests.support.services import working
from tests.support.verbs import AT, A, B, compact_all, import_facts, import_two_days, refresh_days, stale

DAY, NEXT = f"{AT:%Y%m%d}", f"{AT + timedelta(days=1):%Y%m%d}"
WEEK = 7 * 86_400.0


@pytest.fixture
def filled(folder: Folder) -> Folder:
    """Two days of two organisations, and a withdrawal."""
    import_two_days(folder)
    import_facts(folder, Sent(A, "gone", "u3", AT), Withdrawn(A, "gone", AT + timedelta(hours=1)))
    refresh_days(folder)
    return folder


def said(folder: Folder, corp_id: str = A) -> dict[str, tuple[dict[str, float], list[str]]]:
    """The known numbers of the two days, and the states of their KPIs."""
    service = read_services().service(REPORTS)
    days = standing(folder.store, service, corp_id, DAY, NEXT, time.time())
    return {day.stat_day: (dict(day.values), [kpi.state.value for kpi in day.kpis]) for day in days}


def flip(path: Path) -> bytes:
    """Flip a bit, and leave the file's size and time of change as they are; returns what was there."""
    content = path.read_bytes()
    place = len(content) // 2
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    return content


def repaired(folder: Folder, *arguments: object) -> tuple[int, Any]:
    done = run(folder, "repair", "--json", *arguments)
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.whole
def test_a_flipped_bit_makes_no_number_and_is_brought_back_from_a_backup(filled: Folder, tmp_path: Path) -> None:
    assert run(filled, "backup", tmp_path / "backup").exit_code == 0
    before = said(filled)
    (path, *_) = filled.lake.files("sent")[DAY]
    import_facts(filled, Sent(A, "later", "u1", AT + timedelta(days=1)))
    flip(path)
    with pytest.raises(Damaged, match=str(path)):
        refresh_days(filled, first_day=DAY)
    assert said(filled)[DAY] == (before[DAY][0], ["damaged"] * 3)
    assert said(filled)[NEXT][0] == before[NEXT][0] | {"4100": 2}, "other days are computed"
    code, found = repaired(filled)
    assert (code, [one["file"] for one in found["damaged"]], found["damaged"][0]["days"]) == (1, [str(path)], [DAY])
    code, found = repaired(filled, "--from", tmp_path / "backup")
    assert (code, found["broughtBack"], found["damaged"]) == (0, [str(path)], [])
    assert said(filled)[DAY] == before[DAY]
    assert refresh_days(filled, first_day=DAY).changed == 0


def test_files_of_a_lake_that_is_gone_as_a_whole_are_not_noted(filled: Folder) -> None:
    (path, *_) = filled.lake.files("sent")[DAY]
    met = Damaged("it is gone", files=(str(path),))
    with working(filled) as work:
        filled.lake.root.rename(filled.path / "away")
        note_met(work, met)
        assert filled.store.damage() == []
        (filled.path / "away").rename(filled.lake.root)
        path.unlink()
        note_met(work, met)
        assert {one.file for one in filled.store.damage()} == {str(path)}


@pytest.mark.whole
def test_what_is_given_up_is_not_known_any_more(filled: Folder) -> None:
    before = said(filled)
    for path in filled.lake.files("commented")[DAY]:
        path.unlink()
    names = [str(path) for path in filled.lake.files("commented")[DAY]]
    code, found = repaired(filled, *(word for name in names for word in ("--give-up", name)))
    assert (code, found["givenUp"], found["damaged"]) == (0, names, [])
    assert {piece["corp_id"] for piece in found["notKnownAnyMore"]} == {A, B}
    values, states = said(filled)[DAY]
    assert (values, states) == ({"4100": 1, "4101": 1}, ["final", "final", "missing"])
    assert said(filled)[NEXT] == before[NEXT]
    assert stale(filled) == []
    import_facts(filled, Sent(A, "r0", "u1", AT), Commented(A, "r0", "u2", AT), refreshed=True)
    assert said(filled)[DAY] == before[DAY], "it is known again once it is imported again"
    assert "missing" in said(filled, B)[DAY][1]


@pytest.mark.whole
def test_withdrawals_and_coverage_can_be_given_up(filled: Folder) -> None:
    (withdrawals,) = filled.lake.paths("withdrawn")
    withdrawals.write_bytes(b"")
    import_facts(filled, Sent(A, "more", "u9", AT))
    with pytest.raises(Damaged):
        refresh_days(filled)
    assert said(filled)[DAY][0]["4100"] == 1
    assert run(filled, "repair", "--give-up", withdrawals).exit_code == 0
    assert said(filled)[DAY][1] == ["missing", "missing", "final"], "a report may have been withdrawn"
    coverage = filled.lake.observations()[0]
    coverage.write_bytes(b"[]")
    assert run(filled, "repair", "--give-up", coverage.relative_to(filled.lake.root)).exit_code == 0
    assert run(filled, "doctor", "--thorough").output.count("fail") == 0
    assert run(filled, "repair", "--give-up", filled.lake.paths("sent")[0]).exit_code == 1, "it is whole"
    assert run(filled, "repair", "--give-up", "nothing").exit_code == 1


@pytest.mark.whole
def test_a_damaged_file_of_coverage_is_told_and_the_rest_goes_on(filled: Folder) -> None:
    path = filled.lake.observations()[0]
    content = path.read_bytes()
    path.write_bytes(content.replace(b"2026", b"2016"))
    import_facts(filled, Sent(A, "new", "u7", AT + timedelta(days=9)))
    with pytest.raises(Damaged, match=str(path)):
        refresh_days(filled)
    assert (A, f"{AT + timedelta(days=9):%Y%m%d}") in filled.days()
    assert {one.file for one in filled.store.damage()} == {str(path)}
    path.write_bytes(content)
    refresh_days(filled)
    assert filled.store.damage() == []


@pytest.mark.whole
def test_the_worker_reads_each_file_once_in_a_period_and_says_once_what_is_damaged(
    filled: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    (path, *_) = filled.lake.files("sent")[DAY]
    was = path.stat()
    flip(path)
    with working(filled) as work, caplog.at_level(logging.INFO, "reportdata.lake"):
        now = time.time()
        verification = Verification(work, WEEK)
        assert not verification.step(now), "it begins now"
        read = 0
        for _ in range(int(WEEK / 3600) + 1):
            now += 3600
            read += verification.step(now)
        assert read
        assert len([line for line in caplog.messages if str(path) in line]) == 1
        assert {one.file for one in work.store.damage()} == {str(path)}
        assert said(filled)[DAY][1] == ["damaged"] * 3
        assert not Verification(work, 0.0).step(now + WEEK)
        path.write_bytes(flip(path))
        flip(path)
        with suppress(Damaged):
            Worker(work).step(now + PAUSE + LOOK)
    assert was.st_size == path.stat().st_size
    assert said(filled)[DAY][1] == ["final"] * 3, "it heals by itself"
    assert "whole again" in caplog.messages[-1]


@pytest.mark.whole
def test_a_worker_goes_on_where_the_last_one_was(filled: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []

    def look(_: Lake, path: Path) -> bool:
        seen.append(path)
        return True

    monkeypatch.setattr(Lake, "is_whole", look)
    with working(filled) as work:
        now = time.time()
        for _ in range(9 * 24):
            Verification(work, WEEK).step(now)
            now += 3600
    assert {seen.count(path) for path in set(seen)} <= {1, 2}
    assert set(seen) == set(filled.lake.members())


@pytest.mark.whole
def test_the_doctor_compares_the_store_with_the_facts(filled: Folder) -> None:
    assert run(filled, "doctor", "--thorough").output.count("fail") == 0
    with filled.store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("update kpis set kpi_values = replace(kpi_values, '1', '7') where stat_day = ?", (DAY,))
    with working(filled) as work:
        assert list(differences(work)) == [f"the numbers of {corp_id} on {DAY}" for corp_id in sorted((A, B))]
    assert run(filled, "doctor").output.count("fail") == 0
    assert f"the numbers of {A} on {DAY}" in " ".join(run(filled, "doctor", "--thorough", "--json").output.split())
    refresh_days(filled, first_day=DAY)
    with filled.store.database.writing() as connection:  # type: ignore[attr-defined]
        connection.execute("update coverage set first_day = '20250101' where corp_id = ? and first_day = ?", (A, DAY))
    with working(filled) as work:
        assert any("was observed on 20250101" in found for found in differences(work))


@pytest.mark.slow
@pytest.mark.whole
def test_an_entry_of_the_log_that_is_gone_or_damaged_is_read_from_its_second_object(filled: Folder) -> None:
    days = filled.days()
    for place in sorted((filled.lake.root / "log").iterdir()):
        content = place.read_bytes()
        for damage in (None, b"", content[:-7], content.replace(b"sent", b"lost")):
            if damage is None:
                place.unlink()
            else:
                place.write_bytes(damage)
            if damage != content:
                assert str(place) in " ".join(run(filled, "doctor", "--thorough", "--json").stdout.split())
            refresh_days(filled, first_day=DAY)
            assert filled.days() == days
        assert run(filled, "repair").exit_code == 0
        assert place.read_bytes() == content


@pytest.mark.whole
def test_merges_leave_damaged_files_alone(filled: Folder) -> None:
    (path, *_) = filled.lake.files("sent")[DAY]
    content = flip(path)
    assert compact_all(filled) > 0
    assert path in filled.lake.files("sent")[DAY]
    path.write_bytes(content)
    assert compact_all(filled) > 0
    assert said(filled)[DAY][1] == ["final"] * 3

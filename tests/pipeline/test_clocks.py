"""Clocks that are wrong: what they noted makes no day final, and days are judged anew when they are right again."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.coverage import Coverage, Observation, believed
from reportdata.pipeline.ahead import PATIENCE
from reportdata.pipeline.imports import Imported
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.working import Worker
from reportdata.services import REPORTS
from reportdata.states import DayState, State
from reportdata.store.standing import standing
from tests.support.calling import NOW, Call
from tests.support.clocks import Clock
from tests.support.folders import Folder, run
from tests.support.services import SERVICE, fact, lines_of, working
from tests.support.serving import serving

CORP, DAY = "ding1", "20261121"
AFTER = NOW + 30 * 86_400
"""A clock that is a month ahead."""


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def states(folder: Folder, now: float, day: str = DAY) -> list[str]:
    """The states of a day's KPIs."""
    (found,) = standing(folder.store, SERVICE, CORP, day, day, now)
    return [kpi.state.value for kpi in found.kpis]


def look(folder: Folder, at: float, *days: str) -> None:
    """Somebody looks at days."""
    folder.lake.observe([Observation(CORP, day, day, int(at * 1000)) for day in days or (DAY,)])
    refresh_at(folder, at)


def refresh_at(folder: Folder, now: float) -> None:
    with working(folder) as work:
        refresh(work, now)


def test_a_look_after_now_makes_nothing_final_until_its_time_comes(known: Folder) -> None:
    look(known, AFTER)
    assert states(known, AFTER) == ["final"] * 3
    assert states(known, NOW) == ["provisional"] * 3, "the clock is right again"
    assert states(known, AFTER) == ["final"] * 3, "or it was this one that was wrong, and is set"


def test_one_of_two_looks_after_now_is_enough(known: Folder) -> None:
    known.lake.observe([Coverage(CORP, DAY, DAY, "sent")], int(NOW * 1000))
    known.lake.observe([Coverage(CORP, DAY, DAY, "commented")], int(AFTER * 1000))
    refresh_at(known, AFTER)
    assert states(known, NOW) == ["final", "final", "provisional"]


def test_what_a_collector_noted_after_now_is_not_final_either(known: Folder) -> None:
    look(known, NOW)
    known.store.put_states(REPORTS, [DayState(CORP, DAY, "4100", State.FINAL, int(AFTER * 1000))])
    assert states(known, NOW) == ["provisional", "final", "final"]
    assert states(known, AFTER) == ["final"] * 3


def test_a_look_that_stays_ahead_is_written_anew(known: Folder) -> None:
    look(known, NOW - 4 * 86_400, "20261110")
    look(known, AFTER, DAY, "20261130")
    refresh_at(known, NOW)
    assert states(known, AFTER) == ["final"] * 3, "this clock may be the wrong one: it has an hour to be set"
    refresh_at(known, NOW + PATIENCE - 1)
    assert states(known, AFTER) == ["final"] * 3
    refresh_at(known, NOW + PATIENCE + 1)
    assert states(known, AFTER) == states(known, AFTER, "20261130") == ["provisional"] * 3
    assert states(known, AFTER, "20261110") == ["final"] * 3, "others stay"
    refresh_at(known, AFTER)
    assert states(known, AFTER) == ["provisional"] * 3, "also when its time comes"
    assert not (known.lake.root / "ahead").exists()
    look(known, NOW + 2 * PATIENCE)
    assert states(known, AFTER) == ["final"] * 3, "somebody looked again"


def test_a_clock_that_was_behind_for_a_while_leaves_all_as_it_was(known: Folder) -> None:
    look(known, NOW)
    before = known.lake.observed()
    refresh_at(known, NOW - 90 * 86_400)
    assert states(known, NOW - 90 * 86_400) == ["provisional"] * 3
    refresh_at(known, NOW)
    assert states(known, NOW) == ["final"] * 3
    assert known.lake.observed() == before
    assert not (known.lake.root / "ahead").exists()


def test_a_look_at_once_shown_by_the_right_clock_stays_final(known: Folder) -> None:
    look(known, NOW)
    look(known, AFTER)
    assert states(known, NOW) == ["provisional"] * 3
    refresh_at(known, NOW)
    refresh_at(known, NOW + PATIENCE + 1)
    assert states(known, NOW + PATIENCE + 1) == ["final"] * 3


def test_believed_is_never_after_the_end_of_its_days() -> None:
    ahead = Observation(CORP, DAY, DAY, int(AFTER * 1000), "sent")
    assert believed(ahead, NOW).at == int(datetime(2026, 11, 21, tzinfo=UTC).timestamp() * 1000)
    assert believed(ahead._replace(first_day="20261130", last_day="20261130"), NOW).at == int(NOW * 1000)
    assert believed(ahead, AFTER) is ahead


def test_a_segment_from_a_clock_that_was_ahead_makes_nothing_final(known: Folder) -> None:
    known.settings.inbox.mkdir(parents=True)
    sent = fact("sent", CORP, int((NOW - 86_400) * 1e6), DAY, report_id="r1", user_id="u1")
    (known.settings.inbox / f"{int(AFTER * 1e6):016x}-abc.jsonl").write_bytes(lines_of([sent]))
    with working(known) as work:
        worker = Worker(work)
        while worker.step(NOW):
            pass
    assert states(known, AFTER)[0] == "provisional"
    assert known.days()[CORP, DAY][0] == 1


def take(folder: Folder, path: Path, **options: Any) -> Imported:
    return folder.import_(path, corp_id=CORP, now=NOW, **options)


def test_files_whose_stamps_are_after_now_make_nothing_final_that_has_not_ended(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("导出时间：2027-01-05 12:00\nreport_id,user_id,sent_at\nr1,u1,2026-11-22 09:00\n")
    os.utime(path, (AFTER, AFTER))
    assert not take(known, path).failures
    assert states(known, NOW, "20261122")[0] == states(known, AFTER, "20261122")[0] == "provisional"


def test_an_export_in_the_future_is_refused(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("report_id,user_id,sent_at\nr1,u1,2024-01-05 09:00\n")
    refused = run(known, "import", path, "--corp", CORP, "--exported-at", "2099-01-05 12:00")
    assert refused.exit_code == 1
    assert "--exported-at is after now" in refused.output
    assert known.days() == {}


def test_a_backup_of_a_machine_that_is_ahead_makes_nothing_final(known: Folder, tmp_path: Path) -> None:
    look(known, 4_000_000_000.0)
    assert run(known, "backup", tmp_path / "backup").exit_code == 0
    arguments = ["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "other")]
    restored = CliRunner().invoke(cli, arguments)
    assert restored.exit_code == 0, restored.output
    other = Folder(tmp_path / "other")
    shown = json.loads(run(other, "query", DAY, "--format", "json").stdout)
    assert shown[0]["state"] == "provisional"
    other.store.close()


def test_answers_are_judged_anew_when_the_clock_is_set(known: Folder) -> None:
    look(known, AFTER)
    app, _ = known.add_app(CORP)
    clock = Clock(AFTER)
    token = known.token(app, AFTER)
    with serving(known, clock=clock) as server:
        told = []
        for clock.now in (AFTER, AFTER, NOW, NOW, AFTER, NOW):
            told.append(Call(server.address, token, DAY).answer().headers["x-reportdata-state"])
    assert told == ["final", "final", "provisional", "provisional", "final", "provisional"]

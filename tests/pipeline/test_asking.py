"""Questions about data folders as they come to be: imported, forgotten, compacted, with a shared lake or store."""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reportdata.api.asking import Job
from reportdata.cli.answering import answering
from reportdata.cli.places import workspace
from reportdata.pipeline.damage import note_segment
from reportdata.services import REPORTS
from reportdata.states import DayState, State
from reportdata.statistics.words import read_question
from tests.support import postgres
from tests.support.folders import Folder, run
from tests.support.services import SERVICE
from tests.support.verbs import compact_all

CORP = "ding-asked"
HEADINGS = ("report_id", "user_id", "create_time", "template", "departments")
FIRST = [
    ("r1", "u1", "2026-03-02 10:00:00", "日报", "研发部"),
    ("r2", "u2", "2026-03-03 10:00:00", "周报", "研发部,市场部"),
]
SECOND = [
    *FIRST,
    ("r3", "u3", "2026-03-03 11:00:00", "日报", "市场部"),
    ("r4", "u1", "2026-03-04 11:00:00", "日报", ""),
]


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(rows)
    return path


def rows(folder: Folder, **words: str) -> list[dict[str, Any]]:
    """What is answered now about the days of the files, but for when these were looked at."""
    given = {"from": "20260302", "to": "20260304", "metrics": "reports", **words}
    with answering(folder.settings) as work:
        found = work.found(Job(CORP, time.time(), read_question(given.items(), SERVICE))).data
    return [{name: value for name, value in row.items() if name != "asOf"} for row in found]


def counts(folder: Folder, *names: str, **words: str) -> dict[tuple[str, ...], int]:
    return {tuple(row[name] for name in names): row["reports"] for row in rows(folder, **words)}


@pytest.fixture
def imported(folder: Folder, tmp_path: Path) -> Folder:
    fill(folder, tmp_path)
    return folder


def fill(folder: Folder, place: Path) -> None:
    folder.add_organisation(CORP)
    folder.import_(write(place / "second.csv", SECOND), corp_id=CORP)


@pytest.mark.whole
def test_what_was_known_between_imports(folder: Folder, tmp_path: Path) -> None:
    def moment() -> str:
        time.sleep(0.01)
        return datetime.now(UTC).isoformat()

    folder.add_organisation(CORP)
    before = moment()
    folder.import_(write(tmp_path / "first.csv", FIRST), corp_id=CORP)
    between = moment()
    second = folder.import_(write(tmp_path / "second.csv", SECOND), corp_id=CORP)
    after = moment()

    def said() -> list[dict[tuple[str, ...], int]]:
        return [counts(folder, "period", by="day", asOf=at) for at in (before, between, after)]

    known = [
        {},
        {("2026-03-02",): 1, ("2026-03-03",): 1},
        {("2026-03-02",): 1, ("2026-03-03",): 2, ("2026-03-04",): 1},
    ]
    assert said() == known
    compact_all(folder)
    assert said() == known
    assert run(folder, "unimport", second.id, "--yes").exit_code == 0
    assert said() == [known[0], known[1], known[1]]


def test_days_of_which_pushed_facts_were_lost_are_told_apart_however_they_are_grouped(
    imported: Folder, tmp_path: Path
) -> None:
    segment = tmp_path / "1.damaged"
    segment.write_bytes(b"what can not be read")
    with workspace(imported.settings) as work:
        note_segment(work, str(segment), [("sent", "20260303")])
    for by in ("day", "day,department"):
        told = {row["period"]: row["state"] for row in rows(imported, by=by)}
        assert told == {"2026-03-02": "final", "2026-03-03": "damaged", "2026-03-04": told["2026-03-04"]}
        assert told["2026-03-04"] != "damaged"


def test_a_day_that_was_only_listed_in_part_has_no_number_however_it_is_asked(imported: Folder) -> None:
    """The contract leaves such a number out; it would be 0, or too small."""
    for kpi in ("4100", "4102"):
        imported.store.put_states(REPORTS, [DayState(CORP, "20260305", kpi, State.PARTIAL, 1_772_700_000_000)])
        imported.store.put_states(REPORTS, [DayState(CORP, "20260303", kpi, State.PARTIAL, 1_772_700_000_000)])
    moment = datetime.now(UTC).isoformat()
    for more in ({"by": "day"}, {"by": "day", "asOf": moment}, {"by": "day,template"}):
        found = rows(imported, metrics="reports,commenters", to="20260305", **more)
        assert "2026-03-05" not in {row["period"] for row in found}
        (row, *_) = (row for row in found if row["period"] == "2026-03-03")
        assert (row["reports"] > 0, row["commenters"]) == (True, None)
        assert (row["state"], row["states"]) == ("partial", None), "as the contract says"


@pytest.mark.whole
def test_a_comment_has_the_template_of_its_report_which_may_bear_a_later_time(imported: Folder, tmp_path: Path) -> None:
    comments = tmp_path / "comments.csv"
    comments.write_text("report_id,user_id,commented_at\nr3,u2,2026-03-02 09:00:00\n", "utf-8")
    imported.import_(comments, corp_id=CORP)
    asked = {"metrics": "commenters", "to": "20260302"}
    (row,) = (row for row in rows(imported, by="template", **asked) if row["commenters"])
    assert row["template"] == "日报"
    (row,) = rows(imported, template="日报", **asked)
    assert row["commenters"] == 1


@pytest.mark.whole
def test_a_forgotten_person_is_in_no_answer(imported: Folder) -> None:
    moment = datetime.now(UTC).isoformat()
    assert counts(imported, "user", by="user") == {("u1",): 2, ("u2",): 1, ("u3",): 1}
    assert run(imported, "forget", "--corp", CORP, "--user", "u1", "--yes").exit_code == 0
    for words in ({}, {"asOf": moment}, {"departments": "now"}):
        assert counts(imported, "user", by="user", **words) == {("u2",): 1, ("u3",): 1}
    assert counts(imported, user="u1") == {(): 0}


def test_a_lake_in_object_storage_gives_the_same_answers(imported: Folder, storage: str, tmp_path: Path) -> None:
    other = Folder(tmp_path / "other", lake_at=storage)
    with closing(other.store):
        fill(other, tmp_path)
        for by in ("day", "week,department", "user,template"):
            for words in ({}, {"asOf": datetime.now(UTC).isoformat()}):
                found = rows(other, by=by, **words)
                assert found == rows(imported, by=by, **words)
                assert found


@pytest.mark.postgres
def test_any_node_of_a_shared_store_answers(imported: Folder, storage: str, tmp_path: Path) -> None:
    address = postgres.address()
    one, other = (Folder(tmp_path / name, address, lake_at=storage) for name in ("one", "other"))
    with closing(one.store), closing(other.store):
        fill(one, tmp_path)
        for by in ("day", "month,department", "weekday"):
            assert rows(other, by=by) == rows(one, by=by) == rows(imported, by=by)

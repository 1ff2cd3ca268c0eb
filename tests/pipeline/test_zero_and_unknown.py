"""Zero, unknown and certain, file by file: what somebody may take for granted, and what a file does not show."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.support.folders import Folder, run

CORP = "ding1"
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def table(path: Path, time: str, rows: list[tuple[str, str, str]], written: str) -> Path:
    path.write_text(f"report_id,user_id,{time}\n" + "".join(",".join(row) + "\n" for row in rows))
    at = datetime.fromisoformat(written).replace(tzinfo=ZONE).timestamp()
    os.utime(path, (at, at))
    return path


def imported(folder: Folder, *arguments: object) -> dict[str, Any]:
    result = run(folder, "import", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def day(folder: Folder, stat_day: str) -> dict[str, str]:
    """What is told of a day's KPIs: number and state, or the state alone where there is no number."""
    rows = json.loads(run(folder, "query", stat_day, "--format", "json").stdout)
    if not rows:
        return {}
    return {
        kpi: f"{row[f'{kpi}_DAY']} {state}" if f"{kpi}_DAY" in row else state
        for row in rows
        for kpi, state in row["states"].items()
    }


def test_comments_that_come_later_make_no_reports_final(known: Folder, tmp_path: Path) -> None:
    morning = [("r1", "u1", "2026-09-21 09:00:00")]
    imported(known, table(tmp_path / "a.csv", "sent_at", morning, "2026-09-21 12:00"))
    assert day(known, "20260921") == {"4100": "1 provisional", "4101": "1 provisional", "4102": "missing"}
    comments = [("r1", "u2", "2026-09-21 18:00:00")]
    imported(known, table(tmp_path / "b.csv", "commented_at", comments, "2026-09-22 08:00"))
    assert day(known, "20260921") == {"4100": "1 provisional", "4101": "1 provisional", "4102": "1 final"}


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("sent_at", {"4100": "1 final", "4101": "1 final", "4102": "missing"}),
        ("commented_at", {"4100": "missing", "4101": "missing", "4102": "1 final"}),
    ],
)
def test_one_kind_of_facts_says_nothing_of_another(
    known: Folder, tmp_path: Path, time: str, expected: dict[str, str]
) -> None:
    imported(known, table(tmp_path / "a.csv", time, [("r1", "u1", "2026-09-21 18:00:00")], "2026-09-22 08:00"))
    assert day(known, "20260921") == expected


def test_two_records_three_months_apart_cover_their_own_days(known: Folder, tmp_path: Path) -> None:
    rows = [("r1", "u1", "2026-06-01 18:00:00"), ("r2", "u1", "2026-09-01 18:00:00")]
    said = imported(known, table(tmp_path / "a.csv", "sent_at", rows, "2026-09-02 08:00"))
    assert any("no sent facts from 20260602 to 20260831" in note for note in said["notes"])
    assert day(known, "20260715") == {}
    assert day(known, "20260601")["4100"] == day(known, "20260901")["4100"] == "1 final"


def test_a_wrong_year_is_refused_with_its_line(known: Folder, tmp_path: Path) -> None:
    rows = [(f"r{n}", "u1", f"{year}-09-0{n} 18:00:00") for n, year in enumerate((2026, 2016, 2026), 1)]
    path = table(tmp_path / "a.csv", "sent_at", rows, "2026-09-02 08:00")
    refused = run(known, "import", path)
    assert refused.exit_code == 1
    assert f"{path}, line 3: sent_at: is on 20160902, about a year or more from all other records" in refused.output
    assert known.days() == {}


def test_a_stated_time_covers_no_day_that_had_not_begun(known: Folder, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "sent_at", [("r1", "u1", "2026-09-21 18:00:00")], "2026-09-22 08:00")
    said = imported(known, path, "--from", "20260901", "--to", "20271231")
    assert any("days after 20260922 are not covered" in note for note in said["notes"])
    assert day(known, "20260910")["4100"] == "0 final", "who states both ends says that there was nothing"
    assert day(known, "20260922")["4100"] == "0 provisional"
    assert day(known, "20261001") == day(known, "20271231") == {}


def test_records_outside_a_stated_time_are_told(known: Folder, tmp_path: Path) -> None:
    rows = [("r1", "u1", "2026-09-21 18:00:00"), ("r2", "u1", "2026-09-19 18:00:00")]
    path = table(tmp_path / "a.csv", "sent_at", rows, "2026-09-22 08:00")
    said = imported(known, path, "--from", "20260801", "--to", "20260820")
    (note,) = (note for note in said["notes"] if "outside" in note)
    assert "records outside --from 20260801 --to 20260820, as of 20260919" in note
    assert (day(known, "20260919"), day(known, "20260820")["4100"]) == ({}, "0 final")
    said = imported(known, path, "--from", "20260919", "--to", "20260921")
    assert not any("outside" in note for note in said["notes"])


def test_ids_that_differ_in_case_are_different_people(known: Folder, tmp_path: Path) -> None:
    rows = [("r1", "u1", "2026-09-21 18:00:00"), ("r2", "U1", "2026-09-21 18:00:00")]
    imported(known, table(tmp_path / "a.csv", "sent_at", rows, "2026-09-22 08:00"))
    assert day(known, "20260921")["4101"] == "2 final"


def test_a_copy_of_a_file_of_noon_is_provisional(known: Folder, tmp_path: Path) -> None:
    rows = [("r1", "u1", "2026-09-21 09:00:00")]
    said = imported(known, table(tmp_path / "a.csv", "sent_at", rows, "2026-09-22 12:00"))
    assert any("its last day, 20260921, stays provisional" in note for note in said["notes"])
    assert day(known, "20260921")["4100"] == "1 provisional"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_records_without_an_id_are_not_one_record(
    known: Folder, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where bad records are written
    rows = [("NA", "na", "2026-11-03 10:00"), ("NA", "u2", "2026-11-03 11:00"), ("r3", "u3", "2026-11-03 12:00")]
    path = tmp_path / f"reports.{suffix}"
    names = ("report_id", "user_id", "sent_at")
    lines = [",".join(names), *(",".join(row) for row in rows)]
    if suffix == "jsonl":
        lines = [json.dumps(dict(zip(names, row, strict=True))) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    refused = run(known, "import", path, "--corp", CORP)
    assert refused.exit_code == 1
    assert "report_id: 'NA' is what some programs write where there is none" in refused.output
    assert f"line {1 if suffix == 'jsonl' else 2}" in refused.output
    imported(known, path, "--corp", CORP, "--skip-bad")
    assert known.days() == {(CORP, "20261103"): (1, 1, 0)}
    path.write_text("report_id,user_id,sent_at\nr4,NA,2026-11-04 10:00\n")  # a person may be called so
    imported(known, path.rename(tmp_path / "people.csv"), "--corp", CORP)
    assert known.days()[CORP, "20261104"] == (1, 1, 0)

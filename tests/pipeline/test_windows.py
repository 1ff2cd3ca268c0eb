"""Saved answers whose requests asked for a part of a day: the day is not final."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.folders import Folder, run

ZONE = ZoneInfo("Asia/Shanghai")
LATER = "2024-03-01 12:00:00"
Window = tuple[str, str]


def at(text: str) -> int:
    """Milliseconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp() * 1000)


def page(window: Window | None, *times: str) -> dict[str, object]:
    found = [{"report_id": f"r {time}", "creator_id": "u1", "create_time": at(time)} for time in times]
    request = {"cursor": 0} if window is None else {"start_time": at(window[0]), "end_time": at(window[1]), "cursor": 0}
    response = {"errcode": 0, "result": {"data_list": found, "has_more": False}}
    return {"api": "topapi/report/list", "request": request, "response": response}


def saved(path: Path, *pages: object, written: str = LATER) -> Path:
    path.write_text("\n".join(map(json.dumps, pages)))
    os.utime(path, (at(written) / 1000, at(written) / 1000))
    return path


def states(folder: Folder) -> dict[str, str]:
    rows = json.loads(run(folder, "query", "20240104", "--to", "20240108", "--json").output)
    return {row["stat_date"][-2:]: row["states"]["4100"] for row in rows}


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation("ding1")
    return folder


TIMES = ("2024-01-05 14:00:00", "2024-01-06 09:00:00", "2024-01-07 08:00:00")
DAYS: dict[str, tuple[list[dict[str, object]], dict[str, str]]] = {
    "whole days": (
        [page(("2024-01-05 00:00:00", "2024-01-08 00:00:00"), *TIMES)],
        {"05": "final", "06": "final", "07": "final"},
    ),
    "to the last second": (
        [page(("2024-01-05 00:00:00", "2024-01-07 23:59:59"), *TIMES)],
        {"05": "final", "06": "final", "07": "final"},
    ),
    "from noon": (
        [page(("2024-01-05 12:00:00", "2024-01-08 00:00:00"), *TIMES)],
        {"05": "partial", "06": "final", "07": "final"},
    ),
    "to noon": (
        [page(("2024-01-05 00:00:00", "2024-01-07 12:00:00"), *TIMES)],
        {"05": "final", "06": "final", "07": "provisional"},
    ),
    "of several requests": (
        [page(("2024-01-05 00:00:00", "2024-01-06 08:00:00"), TIMES[0]),
         page(("2024-01-06 08:00:00", "2024-01-08 00:00:00"), *TIMES[1:])],
        {"05": "final", "06": "final", "07": "final"},
    ),
    "with a gap within a day": (
        [page(("2024-01-05 00:00:00", "2024-01-06 10:00:00"), *TIMES[:2]),
         page(("2024-01-06 12:00:00", "2024-01-08 00:00:00"), TIMES[2])],
        {"05": "final", "06": "partial", "07": "final"},
    ),
    "with a day that nobody asked for": (
        [page(("2024-01-05 00:00:00", "2024-01-06 00:00:00"), TIMES[0]),
         page(("2024-01-07 00:00:00", "2024-01-08 00:00:00"), TIMES[2])],
        {"05": "final", "07": "final"},
    ),
    "of which one says no time": (
        [page(("2024-01-05 12:00:00", "2024-01-06 12:00:00"), *TIMES[:2]), page(None, TIMES[2])],
        {"05": "final", "06": "final", "07": "final"},
    ),
    "that their reports are not in": (
        [page(("2023-01-05 12:00:00", "2023-01-06 12:00:00"), *TIMES)],
        {"05": "final", "06": "final", "07": "final"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DAYS)
def test_days_are_as_certain_as_what_was_asked_for(known: Folder, tmp_path: Path, case: str) -> None:
    pages, expected = DAYS[case]
    result = run(known, "import", saved(tmp_path / "a.jsonl", *pages), "--exported-at", LATER)
    assert result.exit_code == 0, result.output
    assert states(known) == expected
    assert ("asked for in part are partial: 1, like" in result.output) == ("partial" in expected.values())
    assert ("are not covered: 1, like 20240106" in result.output) == ("06" not in expected)


def test_stating_days_makes_no_part_whole(known: Folder, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.jsonl", page(("2024-01-05 12:00:00", "2024-01-07 00:00:00"), *TIMES[:2]))
    output = run(known, "import", path, "--from", "20240104", "--to", "20240107").output
    assert "are partial: 1, like 20240105" in output
    assert "days that no request asked for are not covered: 2, like 20240104" in output
    assert states(known) == {"05": "partial", "06": "final"}


def test_files_of_one_import_make_a_day_whole_together(known: Folder, tmp_path: Path) -> None:
    one = saved(tmp_path / "a.jsonl", page(("2024-01-05 00:00:00", "2024-01-06 08:30:00"), TIMES[0]))
    two = saved(tmp_path / "b.jsonl", page(("2024-01-06 08:30:00", "2024-01-08 00:00:00"), *TIMES[1:]))
    whole = {"05": "final", "06": "final", "07": "final"}
    run(known, "import", two, "--exported-at", LATER)
    assert states(known) == {"06": "partial", "07": "final"}
    run(known, "import", one, two, "--exported-at", LATER)
    assert states(known) == whole


def test_windows_of_one_organisation_make_no_day_of_another_whole(known: Folder, tmp_path: Path) -> None:
    known.add_organisation("ding2")
    one = page(("2024-01-05 12:00:00", "2024-01-06 00:00:00"), TIMES[0])
    other = page(("2024-01-05 00:00:00", "2024-01-05 12:00:00"), "2024-01-05 10:00:00")
    paths = [
        saved(tmp_path / "a.jsonl", one | {"corpId": "ding1"}),
        saved(tmp_path / "b.jsonl", other | {"corpId": "ding2"}),
    ]
    run(known, "import", *paths, "--exported-at", LATER)
    rows = json.loads(run(known, "query", "20240105", "--json").output)
    assert {row["corp_id"]: row["states"]["4100"] for row in rows} == {"ding1": "partial", "ding2": "provisional"}


def test_a_window_without_reports_counts_too(known: Folder, tmp_path: Path) -> None:
    one = saved(tmp_path / "a.jsonl", page(("2024-01-05 00:00:00", "2024-01-05 12:00:00")))
    two = saved(tmp_path / "b.jsonl", page(("2024-01-05 12:00:00", "2024-01-06 00:00:00"), TIMES[0]))
    run(known, "import", one, two, "--exported-at", LATER)
    assert states(known) == {"05": "final"}

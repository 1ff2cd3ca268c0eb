"""Tables with facts of other services: their numbers, units and words are read as they are meant, or refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from tests.support.folders import Folder, run


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_no_count_is_less_than_nothing(
    folder: Folder, tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where bad records are written
    folder.add_organisation("c")
    path = tmp_path / f"meetings.{form}"
    rows = [("m1", 30), ("m2", -5)]
    if form == "csv":
        path.write_text(
            "meeting_id,meeting_connected_at,minutes\n"
            + "".join(f"{of},2026-08-27 10:00,{minutes}\n" for of, minutes in rows)
        )
    elif form == "jsonl":
        path.write_text(
            "\n".join(
                json.dumps({"meeting_id": of, "meeting_connected_at": "2026-08-27 10:00", "minutes": minutes})
                for of, minutes in rows
            )
        )
    else:
        values = ", ".join(f"('{of}', timestamp '2026-08-27 10:00', {minutes})" for of, minutes in rows)
        rows_ = f"from (values {values}) t(meeting_id, meeting_connected_at, minutes)"
        duckdb.sql(f"copy ({rows_}) to '{path}' (format parquet)")
    told = run(folder, "import", path, "--corp", "c", "--services", "counted")
    assert "minutes: -5 is less than 0" in told.output, told.output
    told = run(folder, "import", path, "--corp", "c", "--services", "counted", "--skip-bad")
    assert "added         1" in told.output, told.output


@pytest.mark.whole
@pytest.mark.parametrize(
    ("cell", "number"),
    [(90, 90), (90.0, 90), ("90", 90), ("９０", 90), ("1,500", 1500), ("90.0", 90), (0, 0), ("9²", None),
     ("0,385", None), (1.5, None), ("90分钟", None), (True, None), (1e16, None)],
)  # fmt: skip
def test_numbers_of_spreadsheets_are_read_as_they_are_written(
    folder: Folder, tmp_path: Path, cell: object, number: int | None
) -> None:
    folder.add_organisation("c")
    with xlsxwriter.Workbook(tmp_path / "meetings.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["会议ID", "会议接通时间", "会议时长"])
        page.write_row(1, 0, ["m1", "2026-08-27 10:00", cell])
    told = run(folder, "import", tmp_path / "meetings.xlsx", "--corp", "c", "--services", "counted")
    if number is None:
        assert re.search("minutes: .* is not a whole number", told.output), told.output
        return
    assert told.exit_code == 0, told.output
    shown = run(folder, "query", "20260827", "--service", "vedioMeetingData", "--services", "counted", "--json").stdout
    assert json.loads(shown)[0]["4049_DAY"] == number


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "xlsx"])
def test_dings_count_by_the_way_that_is_meant_or_are_refused(folder: Folder, tmp_path: Path, form: str) -> None:
    folder.add_organisation("c")

    def imported(name: str, ways: list[object]) -> str:
        head: list[object] = ["ding_id", "userid", "ding类型", "ding发送时间"]
        rows = [[f"{name}{at}", "u1", way, "2026-08-27 10:00:00"] for at, way in enumerate(ways)]
        path = tmp_path / f"{name}.{form}"
        if form == "csv":
            path.write_text("\n".join(",".join([str(cell) for cell in row]) for row in [head, *rows]))
        elif form == "jsonl":
            path.write_text("\n".join(json.dumps(dict(zip(head, row, strict=True))) for row in rows))
        elif form == "xlsx":
            with xlsxwriter.Workbook(path) as book:
                page = book.add_worksheet()
                for at, row in enumerate([head, *rows]):
                    page.write_row(at, 0, row)
        else:
            values = ", ".join(f"('{of}', '{user}', '{way}', '{at}')" for of, user, way, at in rows)
            duckdb.sql(
                f'copy (select col0 as ding_id, col1 as userid, col2 as "ding类型", col3 as "ding发送时间" '
                f"from (values {values})) to '{path}' (format parquet)"
            )
        return run(folder, "import", path, "--corp", "c", "--services", "counted").output

    told = imported("good", ["app", "APP", "应用内", 1, "短信", 2, "call", "电话"])
    assert "added         8" in told, told
    shown = run(folder, "query", "20260827", "--service", "dingSendData", "--services", "counted", "--json").stdout
    row = json.loads(shown)[0]
    assert [row[f"{kpi}_DAY"] for kpi in (4036, 4038, 4040, 4042)] == [8, 4, 2, 2]
    told = imported("bad", ["app", "邮件"])
    assert "way: '邮件' is none of its words" in told, told
    assert "write one of app, sms, call" in told, told


@pytest.mark.parametrize("cell", ["1:20:00", "1小时20分", "80分钟", "4800秒", "80 min"])
def test_a_duration_is_refused_with_what_to_write(folder: Folder, tmp_path: Path, cell: str) -> None:
    folder.add_organisation("c")
    (tmp_path / "meetings.csv").write_text(f"会议ID,会议接通时间,会议时长\nm1,2026-08-27 10:00,{cell}\n")
    told = run(folder, "import", tmp_path / "meetings.csv", "--corp", "c", "--services", "counted")
    assert "write it as a whole number of minutes, like 80 for 1:20:00" in told.output, told.output


@pytest.mark.parametrize(
    "heading", ["会议时长(秒)", "会议时长（小时）", "会议时长秒", "会议时长/秒", "时长_s", "minutes (hours)"]
)
@pytest.mark.parametrize("chosen", [False, True])
def test_a_heading_with_another_unit_is_refused_also_when_it_is_named(
    folder: Folder, tmp_path: Path, heading: str, chosen: bool
) -> None:
    folder.add_organisation("c")
    (tmp_path / "meetings.csv").write_text(f"会议ID,会议接通时间,{heading}\nm1,2026-08-27 10:00,4800\n")
    more = ("--column", f"minutes={heading}") if chosen else ()
    told = run(folder, "import", tmp_path / "meetings.csv", "--corp", "c", "--services", "counted", *more)
    assert told.exit_code == 1
    assert "so its numbers are others" in told.output, told.output
    assert "--column minutes" not in told.output

"""Times that stand in two columns, a day in one and a time of day in the other."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from reportdata.columns import Columns
from reportdata.errors import BadField
from reportdata.kinds import Kind
from reportdata.split_times import time_of
from reportdata.times import read_instant
from tests.support.folders import Folder, run
from tests.support.services import KINDS

CORP = "ding1"
HEADINGS = ("日志ID", "工号", "提交日期", "提交时间")
CHOICE = "sent_at=提交日期+提交时间"
DAYS = {(CORP, "20261103"): (2, 2, 0)}


def table(path: Path) -> Path:
    """A sheet of two reports."""
    if path.suffix == ".csv":
        lines = [HEADINGS, ("r1", "u1", "2026/11/3", "9:15"), ("r2", "u2", "2026/11/3", "下午 11:40:00")]
        path.write_text("".join(",".join(line) + "\n" for line in lines))
        return path
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        day, clock = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "hh:mm:ss"})
        for row, at in enumerate((time(9, 15), time(23, 40)), 1):
            sheet.write_row(row, 0, (f"r{row}", f"u{row}"))
            sheet.write_datetime(row, 2, datetime(2026, 11, 3, tzinfo=UTC).replace(tzinfo=None), day)
            sheet.write_datetime(row, 3, at, clock)
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_they_are_refused_until_a_person_says_so_and_then_taken_together(
    folder: Folder, tmp_path: Path, name: str
) -> None:
    folder.add_organisation(CORP)
    path = table(tmp_path / name)
    refused = run(folder, "import", path, "--corp", CORP)
    assert refused.exit_code == 1
    assert f"--column {CHOICE}" in refused.output
    done = run(folder, "import", path, "--corp", CORP, "--column", CHOICE)
    assert done.exit_code == 0, done.output
    assert folder.days() == DAYS


def test_headings_that_nobody_knows_are_offered_together(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation(CORP)
    path = tmp_path / "a.csv"
    path.write_text("日志ID,工号,日期,时间\nr1,u1,2026-11-03,09:15\n")
    assert "name both: --column sent_at=日期+时间" in run(folder, "import", path, "--corp", CORP).output
    done = run(folder, "import", path, "--corp", CORP, "--column", "sent_at=日期+时间")
    assert folder.days() == {(CORP, "20261103"): (1, 1, 0)}, done.output


def test_only_a_time_stands_in_two_columns_and_a_column_may_be_called_with_a_plus(
    folder: Folder, tmp_path: Path
) -> None:
    folder.add_organisation(CORP)
    path = table(tmp_path / "a.csv")
    said = run(folder, "import", path, "--corp", CORP, "--column", "user_id=日志ID+工号", "--column", CHOICE).output
    assert "user_id: is no time, which alone may stand in two columns" in said
    path.write_text("日志ID,工号,日期+时间\nr1,u1,2026-11-03 09:15\n")
    run(folder, "import", path, "--corp", CORP, "--column", "sent_at=日期+时间")
    assert folder.days() == {(CORP, "20261103"): (1, 1, 0)}


SENT: Kind = KINDS["sent"]
COLUMNS = Columns(SENT, None, "day", {}, clock="clock")


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        ("2026-11-03", "9:15", "2026-11-03T09:15:00"),
        (" 2026年11月3日", "上午9时15分", "2026-11-03T09:15:00"),
        ("20261103", "09:15:30", "2026-11-03T09:15:30"),
        (datetime(2026, 11, 3), time(9, 15), "2026-11-03T09:15:00"),
        (datetime(2026, 11, 3).date(), datetime(1899, 12, 31, 9, 15), "2026-11-03T09:15:00"),
    ],
)
def test_each_form_of_a_day_goes_with_each_of_a_time_of_day(day: object, clock: object, expected: str) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    at = read_instant(time_of({"day": day, "clock": clock}, COLUMNS), zone)
    assert at == int(datetime.fromisoformat(expected).replace(tzinfo=zone).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("day", "clock", "reason"),
    [
        ("2026-11-03", "", "nothing is in 'clock', which should have a time of day"),
        (None, "09:15", "nothing is in 'day', which should have a day"),
        ("2026-11-03", "2026-11-03 09:15", "'2026-11-03 09:15' in 'clock' is no time of day alone"),
        ("2026-11-03 08:00", "09:15", "'2026-11-03 08:00' in 'day' is no day alone"),
        (datetime(2026, 11, 3, 8), time(9), "'2026-11-03 08:00:00' in 'day' is no day alone"),
        ("2026-11-03", 0.5, "'0.5' in 'clock' is no time of day alone"),
        (46000, "09:15", "'46000' in 'day' is no day alone"),
        ("2026-11-03", "soon", "'soon' in 'clock' is no time of day alone"),
    ],
)
def test_what_is_no_day_or_no_time_of_day_is_refused(day: object, clock: object, reason: str) -> None:
    with pytest.raises(BadField) as raised:
        time_of({"day": day, "clock": clock}, COLUMNS)
    assert reason in str(raised.value)

"""Rows without ids that are there twice, written in two ways, are one report; those that differ are two."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from reportdata.digests import Occurrences, of_cells
from tests.support.folders import Folder, run
from tests.support.numbers import TWO, Numbers, numbers

HEADING = "日志模板,发送人,部门,提交时间,今日工作\n"
ROW = "日报,张一,研发部,2024-01-05 18:03,甲\n"
OTHER = "日报,李二,销售部,2024-01-05 17:40,乙\n"
ONE_OF_ONE: Numbers = (1, 1, None)
TWO_OF_ONE: Numbers = (2, 1, None)

ROWS: dict[str, tuple[str, Numbers]] = {
    "with seconds and without": (ROW + OTHER + ROW.replace("03,", "03:22,") + OTHER.replace("40,", "40:10,"), TWO),
    "with seconds first": (ROW.replace("03,", "03:22,") + ROW, ONE_OF_ONE),
    "in another form of time": (ROW + ROW.replace("2024-01-05 18:03", "2024/1/5 下午 6:03"), ONE_OF_ONE),
    "with a blank more": (ROW + ROW.replace("甲", "甲 "), ONE_OF_ONE),
    "with an invisible sign": (ROW + ROW.replace("张一", "张\u200b一").replace("甲", "甲\u200b"), ONE_OF_ONE),
    "with other line ends": (ROW.replace("甲", '"甲\n乙"') + ROW.replace("甲", '"甲\r\n乙"'), ONE_OF_ONE),
    "with other seconds": (ROW.replace("03,", "03:22,") + ROW.replace("03,", "03:45,"), TWO_OF_ONE),
    "with another text": (ROW + ROW.replace("甲", "乙"), TWO_OF_ONE),
}


def write(path: Path, text: str) -> Path:
    """A table, in the format that the name of the file says."""
    (source := path.with_suffix(".csv")).write_text(text, "utf-8", newline="")
    if path.suffix == ".parquet":
        table = f"read_csv('{source}', all_varchar = true, header = true)"
        duckdb.execute(f"copy (select * from {table}) to '{path}' (format parquet)")
    elif path.suffix == ".json":
        path.write_text(json.dumps(list(csv.DictReader(StringIO(text, newline="")))), "utf-8")
    return path


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
@pytest.mark.parametrize("case", ROWS)
def test_a_row_that_is_written_in_two_ways_is_one_report(folder: Folder, tmp_path: Path, case: str, form: str) -> None:
    rows, expected = ROWS[case]
    path = write(tmp_path / f"日志.{form}", HEADING + rows)
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": expected}


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_row_for_each_comment_is_one_report_in_every_format(folder: Folder, tmp_path: Path, form: str) -> None:
    heading = "发送人,提交时间,内容,评论数,评论人\n"
    row = "张一,2024-01-05 08:00,{},{},{}\n".format
    path = write(tmp_path / f"日志.{form}", heading + row("甲", 2, "王五") + row("甲", 2, "赵六") + row("乙", 0, ""))
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": TWO_OF_ONE}


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_a_row_that_stands_for_several_reports_is_refused_in_every_format(
    folder: Folder, tmp_path: Path, form: str
) -> None:
    path = write(tmp_path / f"日志.{form}", "发送人,提交时间,日志数\n张一,2024-01-05 08:00,3\n")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert (result.exit_code, "says that it stands for several reports" in result.output) == (1, True)


def test_a_row_for_each_department_of_a_person_is_one_report(folder: Folder, tmp_path: Path) -> None:
    rows = [{"工号": "A1", "部门": name, "提交时间": "2024-01-05 18:03", "内容": "甲"} for name in ("研发部", "项目组")]
    (path := tmp_path / "日志.json").write_text(json.dumps(rows))
    folder.add_organisation("ding1")
    run(folder, "import", path)
    assert numbers(folder) == {"20240105": ONE_OF_ONE}


def test_a_sheet_of_all_beside_those_of_departments_counts_once(folder: Folder, tmp_path: Path) -> None:
    at = datetime(2024, 1, 5, 18, 3, tzinfo=UTC).replace(tzinfo=None)
    people = {"研发部": "张一", "销售部": "李二"}
    path = tmp_path / "日志.xlsx"
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        whole = book.add_worksheet("汇总")
        whole.write_row(0, 0, ["序号", "发送人", "部门", "提交时间", "内容"])
        for number, (department, person) in enumerate(people.items(), 1):
            whole.write_row(number, 0, [number, person, department, at, "甲"])
            sheet = book.add_worksheet(department)
            sheet.write_row(0, 0, ["发送人", "部门", "提交时间", "内容"])
            sheet.write_row(1, 0, [person, department, at, "甲"])
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": TWO}


def test_rows_of_one_digest_keep_their_places() -> None:
    rows = [("a", 0), ("a", 22), ("b", 0), ("a", 45), ("a", 0), ("b", 7), ("a", 45), ("a", 22)]
    found = Occurrences()
    assert [found.place("r", of_cells([cell]), second) for cell, second in rows] == [0, 0, 1, 2, 0, 1, 2, 0]


def test_what_is_not_seen_of_cells_does_not_matter() -> None:
    assert of_cells(["甲 乙", 1.5, None, ""]) == of_cells(["甲\u200b\n乙", 1.5])
    assert of_cells(["甲", "乙"]) != of_cells(["甲乙"])
    assert of_cells([None, "甲"]) != of_cells(["甲"])

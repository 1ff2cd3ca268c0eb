"""What stands around the records of a sheet: pages, totals, notes, other tables, other sheets. What is none of a record
does not matter, what says that records are missing does, and what cannot be told is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.support.folders import Folder, run
from tests.support.numbers import ONE, TWO, Numbers, numbers

HEADING = "部门,发送人,提交时间\n"
FIRST = "研发部,张一,2024-01-05 08:00\n"
SECOND = "销售部,李二,2024-01-05 09:00\n"

READ: dict[str, tuple[str, Numbers]] = {
    "subtotals": (f"{HEADING}{FIRST}研发部 小计,,1\n{SECOND}销售部 小计,,1\n总计,,2\n", TWO),
    "subtotals by person": ("发送人,部门,提交时间\n张一,研发部,2024-01-05 08:00\n张一 计数,,1\n", ONE),
    "pages": (f"XX公司日志\n{HEADING}{FIRST}第 1 页\nXX公司日志\n{HEADING}{SECOND}第 2 页 / 共 2 页\n", TWO),
    "parts with titles": (f"研发部日志\n{HEADING}{FIRST}销售部日志\n{HEADING}{SECOND}", TWO),
    "notes below": (f"{HEADING}{FIRST}\n导出人：王五\n数据来源：钉钉日志\n以上为全部数据\n1/1\n——\n", ONE),
    "notes in several cells": (
        f"{HEADING}{FIRST}导出时间：,2024-01-06,\n共,1,条\n制表人：王五,审核：陈六,\n",
        ONE,
    ),
    "a row for each who received it": (
        "发送人,提交时间,接收人,是否已读\n张一,2024-01-05 08:00,王五,是\n张一,2024-01-05 08:00,赵六,否\n",
        ONE,
    ),
    "a row for each comment": (
        "发送人,提交时间,内容,评论人,评论内容\n张一,2024-01-05 08:00,甲,王五,好\n张一,2024-01-05 08:00,甲,赵六,赞\n"
        "张一,2024-01-05 08:00,乙,,\n",
        (2, 1, None),
    ),
    "two reports of a minute that differ in what a customer replied": (
        "发送人,提交时间,客户回复\n张一,2024-01-05 08:00,好\n张一,2024-01-05 08:00,不\n",
        (2, 1, None),
    ),
    "nothing": (f"{HEADING}{FIRST}暂无更多数据\n", ONE),
    "reports about documents": (
        "创建人,创建时间,文件名称,今日工作\n张一,2024-01-05 08:00,年度方案,甲\n",
        ONE,
    ),
    "a department with a blank in it": (
        "部门,发送人,提交时间\n研发部,张一,2024-01-05 08:00\n研 发部,张一,2024-01-05 09:00\n",
        (2, 1, None),
    ),
    "a count of one": ("发送人,提交时间,日志数\n张一,2024-01-05 08:00,1\n李二,2024-01-05 08:00,\n", TWO),
    "a heading of details": (
        "发送人,提交时间,今日工作,\n,,任务,用时\n张一,2024-01-05 08:00,甲,1\n,,乙,2\n李二,2024-01-05 09:00,丙,1\n",
        TWO,
    ),
}
MISSING: dict[str, str] = {
    "more than was read": f"{HEADING}{FIRST}共 123 条\n",
    "the same above": f"日志报表（共 123 条记录）\n{HEADING}{FIRST}",
    "cut off": f"{HEADING}{FIRST}仅导出前 5000 条数据，更多请缩小范围\n",
}
REFUSED: dict[str, tuple[str, str, str]] = {
    "another heading": (
        f"{HEADING}{FIRST}提交时间,发送人,部门\n",
        "line 3: line: is another heading",
        "file of their own",
    ),
    "a text on two lines": (f"{HEADING}{FIRST}销售部\n{SECOND}", "line 3: line: has one cell alone", "between quotes"),
    "people and days": (
        "姓名,部门,9月1日,9月2日（周三）,合计\n张一,研发部,1,0,1\n",
        "line 1: kind: no column holds a time",
        "these look like counts",
    ),
    "who sent how many": (
        "姓名,部门,应提交数,已提交数\n张一,研发部,22,20\n",
        "line 1: kind: no column holds a time",
        "日志 → 报表 → 导出",
    ),
    "figures of days": (
        "统计日期,部门,应提交人数,提交率\n2024-01-05,研发部,10,90%\n",
        "line 1: kind: no column holds a time",
        "these look like counts",
    ),
    "who sent how many, and when last": (
        "姓名,部门,提交次数,提交时间\n张一,研发部,1,2024-01-05 08:00\n李二,研发部,22,2024-01-05 08:00\n",
        "line 3: line: says that it stands for several reports",
        "日志 → 报表 → 导出",
    ),
    "tables side by side": (
        "发送人,提交时间,,发送人,提交时间\n张一,2024-01-05 08:00,,李二,2024-01-05 09:00\n",
        "line 1: sent_at: '提交时间' and '提交时间 \\(5\\)' may both be it",
        "one below the other",
    ),
    "a column that was copied": (
        "发送人,提交时间,提交时间\n张一,2024-01-05 08:00,2024-01-05 08:00\n",
        "may both be it",
        "is there twice, delete one",
    ),
    "full-width commas": (
        "发送人，提交时间\n张一，2024-01-05 08:00\n",
        "no heading was found",
        "its commas are full-width",
    ),
    "attendance": (
        "姓名,部门,工号,考勤日期,考勤时间,打卡结果\n张一,研发部,A1,2024-01-05,09:00,正常\n",
        "line 1: kind: no column holds a time",
        "records of attendance",
    ),
    "documents": (
        "文档名称,创建者,创建时间\n年度方案,张一,2024-01-05 08:00\n",
        "line 1: kind: '创建时间' may be the time of records of documents",
        "say so with --kind sent",
    ),
    "to-dos": (
        "标题,创建人,创建时间,截止时间\n买票,张一,2024-01-05 08:00,2024-01-06 08:00\n",
        "may be the time of records of to-dos",
        "--kind sent",
    ),
    "no heading": (FIRST + SECOND, "no heading was found", "write one above them, like 发送人,部门,提交时间"),
    "UTF-8 read as GB18030": (
        (HEADING + FIRST).encode().decode("gb18030", "replace"),
        "no heading was found",
        "is in UTF-8, and was read as GB18030",
    ),
    "question marks": ("??,???,????\n???,??,2024-01-05 08:00\n", "no heading was found", "question marks"),
    "a long title": (
        "".join(f"说明 {number},\n" for number in range(25)) + HEADING + FIRST,
        "no heading",
        "delete the lines above",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_what_is_none_of_a_record_does_not_matter(folder: Folder, tmp_path: Path, case: str) -> None:
    text, expected = READ[case]
    (path := tmp_path / "日志.csv").write_text(text, "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": expected}
    assert "are missing" not in result.output


@pytest.mark.parametrize("case", MISSING)
def test_a_table_that_says_that_it_has_not_all_is_partial(folder: Folder, tmp_path: Path, case: str) -> None:
    (path := tmp_path / "日志.csv").write_text(MISSING[case], "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert "sent facts are missing" in result.output
    assert numbers(folder) == {"20240105": ONE}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_is_refused_with_what_to_do(folder: Folder, tmp_path: Path, case: str) -> None:
    text, reason, advice = REFUSED[case]
    (path := tmp_path / "日志.csv").write_text(text, "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert re.search(f"{reason}(?s:.*){re.escape(advice)}", result.output), result.output
    assert numbers(folder) == {}


def test_of_tables_side_by_side_none_is_dropped_unseen(folder: Folder, tmp_path: Path) -> None:
    text, _, _ = REFUSED["tables side by side"]
    (path := tmp_path / "日志.csv").write_text(text, "utf-8")
    folder.add_organisation("ding1")
    refused = run(folder, "import", path, "--column", "sent_at=提交时间", "--column", "user_name=发送人")
    assert "'提交时间' and '发送人' are both there twice" in refused.output
    assert numbers(folder) == {}


def workbook(path: Path, sheets: Mapping[str, Any], *hidden: str) -> Path:
    """A workbook of these sheets."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
            if name in hidden:
                sheet.hide()
    return path


TITLES = ["发送人", "部门", "提交时间"]
AT = datetime(2024, 1, 5, 8, tzinfo=UTC).replace(tzinfo=None)


def test_a_sheet_of_counts_beside_one_of_records_is_passed_over_and_told(folder: Folder, tmp_path: Path) -> None:
    counts: list[list[object]] = [
        ["姓名", "部门", "应交", "实交", "统计日期"],
        ["张一", "研发部", 22, 20, "2024-01-31"],
    ]
    path = workbook(tmp_path / "日志.xlsx", {"统计": counts, "明细": [TITLES, ["张一", "研发部", AT]]})
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert "the sheet '统计' has counts and no records" in result.output
    assert numbers(folder) == {"20240105": ONE}


def test_a_hidden_sheet_is_not_counted_unseen(folder: Folder, tmp_path: Path) -> None:
    sheets = {"本月": [TITLES, ["张一", "研发部", AT]], "旧数据": [TITLES, ["李二", "研发部", AT]]}
    path = workbook(tmp_path / "日志.xlsx", sheets, "旧数据")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert re.search(r"\[旧数据\]: is hidden.*\n.*unhide it", result.output)
    assert run(folder, "import", path, "--sheet", "本月").exit_code == 0
    assert numbers(folder) == {"20240105": ONE}


def test_a_hidden_sheet_of_choices_does_not_matter(folder: Folder, tmp_path: Path) -> None:
    sheets = {"日志": [TITLES, ["张一", "研发部", AT]], "选项": [["部门", "模板"], ["研发部", "日报"]]}
    folder.add_organisation("ding1")
    run(folder, "import", workbook(tmp_path / "日志.xlsx", sheets, "选项"))
    assert numbers(folder) == {"20240105": ONE}


def merged(path: Path, *ranges: tuple[int, int, int]) -> Path:
    """A workbook of four rows, with columns that are merged from one row to another one."""
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet, form = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        sheet.write_row(1, 1, [*TITLES, "任务"])
        for place in range(4):
            sheet.write_row(2 + place, 1, [f"张{place}", "研发部", AT.replace(minute=place), f"任务 {place}"])
        for first, last, column in ranges:
            sheet.merge_range(first, column, last, column, "", form)
            sheet.write(first, column, AT if column == 3 else "王五", form)
    return path


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([(2, 5, 1)], (4, 1, None)),
        ([(2, 4, 1), (2, 4, 2), (2, 4, 3)], (2, 2, None)),
        ([(2, 4, 1), (2, 4, 3)], (2, 2, None)),
        ([(2, 5, 3)], (4, 4, None)),
        ([(2, 3, 1), (4, 5, 1)], (4, 1, None)),
    ],
)
def test_merged_cells_say_the_same_of_all_their_rows(
    folder: Folder, tmp_path: Path, ranges: list[tuple[int, int, int]], expected: Numbers
) -> None:
    folder.add_organisation("ding1")
    result = run(folder, "import", merged(tmp_path / "日志.xlsx", *ranges))
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": expected}


def test_merged_departments_count_for_all_their_rows_where_records_have_ids(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "日志.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet, form = book.add_worksheet(), book.add_format()
        sheet.write_row(0, 0, ["日志ID", "工号", "提交时间", "部门"])
        for number in range(1, 5):
            sheet.write_row(number, 0, [f"r{number}", f"u{number}", "2024-01-05 08:00:00", ""])
        sheet.merge_range(1, 3, 3, 3, "研发部", form)
        sheet.write(4, 3, "市场部")
    folder.add_organisation("ding1")
    assert run(folder, "import", path).exit_code == 0
    found = json.loads(run(folder, "query", "20240105", "--by", "department", "--format", "json").stdout)
    assert {row["department"]: row["reports"] for row in found["data"]} == {"研发部": 3, "市场部": 1}


MARKUP = {
    "html": "<table><tr><th>日志ID<th>发送人<th>部门<th>提交时间</tr>"
    "<tr><td>r1<td rowspan=2>张一<td rowspan=3>研发部<td>2024-01-05 08:00</tr>"
    "<tr><td>r2<td>2024-01-05 09:00</tr><tr><td>r3<td>李二<td>2024-01-05 10:00</tr></table>",
    "spreadsheetml": '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
    'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="日志"><Table>'
    "<Row><Cell><Data>日志ID</Data></Cell><Cell><Data>发送人</Data></Cell><Cell><Data>部门</Data></Cell>"
    "<Cell><Data>提交时间</Data></Cell></Row>"
    '<Row><Cell><Data>r1</Data></Cell><Cell ss:MergeDown="1"><Data>张一</Data></Cell>'
    '<Cell ss:MergeDown="2"><Data>研发部</Data></Cell><Cell><Data>2024-01-05 08:00</Data></Cell></Row>'
    '<Row><Cell><Data>r2</Data></Cell><Cell ss:Index="4"><Data>2024-01-05 09:00</Data></Cell></Row>'
    "<Row><Cell><Data>r3</Data></Cell><Cell><Data>李二</Data></Cell>"
    '<Cell ss:Index="4"><Data>2024-01-05 10:00</Data></Cell></Row></Table></Worksheet></Workbook>',
}


@pytest.mark.parametrize("form", MARKUP)
def test_merged_cells_of_pages_say_the_same_of_all_their_rows(folder: Folder, tmp_path: Path, form: str) -> None:
    (path := tmp_path / "日志.xls").write_text(MARKUP[form], "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": (3, 2, None)}
    found = json.loads(run(folder, "query", "20240105", "--by", "department", "--format", "json").stdout)
    assert {row["department"]: row["reports"] for row in found["data"]} == {"研发部": 3}


def test_a_sheet_with_a_heading_alone_says_that_there_was_nothing(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("ding1")
    path = workbook(tmp_path / "日志.xlsx", {"日志": [TITLES]})
    run(folder, "import", path, "--from", "20240105", "--to", "20240105")
    found = json.loads(run(folder, "query", "20240105", "--format", "json").stdout)
    assert [(row["4100_DAY"], "4102_DAY" in row) for row in found] == [(0, False)]


@pytest.mark.parametrize("above", [1, 3, 9])
def test_all_records_below_blank_rows_are_counted(folder: Folder, tmp_path: Path, above: int) -> None:
    rows = [[], *([[]] * (above - 1)), ["report_id", "user_id", "sent_at"], ["r1", "u1", "2024-01-05 08:00:00"]]
    folder.add_organisation("ding1")
    run(folder, "import", workbook(tmp_path / "a.xlsx", {"a": rows}))
    assert numbers(folder) == {"20240105": ONE}


@pytest.mark.parametrize(("first", "second"), [("00123", "123"), ("A001", "a001")])
def test_ids_that_may_be_of_one_person_are_named(folder: Folder, tmp_path: Path, first: str, second: str) -> None:
    (path := tmp_path / "日志.csv").write_text(
        f"工号,提交时间\n{first},2024-01-05 08:00\n{second},2024-01-05 09:00\n9,2024-01-05 09:00\n", "utf-8"
    )
    folder.add_organisation("ding1")
    assert f"like {first} and {second}: each id counts as a person" in run(folder, "import", path).output
    assert numbers(folder) == {"20240105": (3, 3, None)}

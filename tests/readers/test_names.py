"""Names of people from files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import xlsxwriter

from reportdata.errors import InputError
from reportdata.readers.names import read_names
from reportdata.services import read_services

KINDS = read_services().kinds
ROWS = [["张三", "zhang"], ["李四", "0042"], ["", "nobody"]]


def csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_an_address_book_is_a_table_of_names(tmp_path: Path) -> None:
    """Its titles, other columns and numbers of employees are in nobody's way."""
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("通讯录")
        sheet.write_row(0, 0, ["通讯录导出"])
        sheet.write_row(2, 0, ["员工UserID", "姓名", "工号", "部门", "手机号"])
        for number, (name, user_id) in enumerate(ROWS, 3):
            sheet.write_row(number, 0, [user_id, name, f"G{number}", "研发", "13800000000"])
    assert read_names(path, KINDS) == {"zhang": "张三", "0042": "李四"}


@pytest.mark.parametrize(
    "heading", ["userid,name", "用户ID,姓名", "user_id,user_name", "工号,员工姓名", "发送人ID,发送人"]
)
def test_headings_are_those_of_reports(tmp_path: Path, heading: str) -> None:
    lines = [f"{user_id},{name}" for name, user_id in ROWS]
    assert read_names(csv(tmp_path / "a.csv", heading, *lines), KINDS) == {"zhang": "张三", "0042": "李四"}


def test_json_in_any_form(tmp_path: Path) -> None:
    rows = [{"userid": user_id, "name": name, "title": "工程师"} for name, user_id in ROWS]
    for number, text in enumerate((json.dumps(rows), "\n".join(map(json.dumps, rows)))):
        path = csv(tmp_path / f"{number}.json", text)
        assert read_names(path, KINDS) == {"zhang": "张三", "0042": "李四"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["userid,dept", "u1,研发"], "user_name: no column holds it"),
        (["name,dept", "张三,研发"], "user_id: no column holds it"),
        (["userid,员工ID,name", "u1,u2,张三"], "may both be it"),
        (["userid,name", "u1,张三", ",李四"], "line 3: user_id: is missing"),
        (["userid,name", "u1,张三", "u1,李四"], "line 3: user_name: u1 has another name above"),
        (["userid,name", f"u1,{'长' * 101}"], "has 101 characters"),
        (["userid,name", "张三,张三", "李四,李四"], "holds names of people, not ids"),
        (["userid,name", "u1,"], "has no names"),
    ],
)
def test_what_cannot_be_told_is_refused(tmp_path: Path, lines: list[str], said: str) -> None:
    """With its place, and without anybody's name."""
    with pytest.raises(InputError) as raised:
        read_names(csv(tmp_path / "a.csv", *lines), KINDS)
    assert said in str(raised.value), str(raised.value)
    assert raised.value.hint
    assert not any(name in str(raised.value) for name in ("张三", "李四"))

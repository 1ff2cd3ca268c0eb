"""Small files of the kinds that people have, each with the numbers that it holds, or what its refusal says."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from tests.support.folders import Folder, run
from tests.support.numbers import ONE, THREE, TWO, Numbers, numbers

SENT = "report_id,user_id,sent_at\n"
NAMED = "发送人,工号,提交时间\n"

READ: dict[str, tuple[str, Numbers]] = {
    "a title of two lines": (
        f'"日志报表\n1月",,\n{SENT}r1,u1,2024-01-05 08:00:00\nr2,u2,2024-01-05 09:00:00\n',
        TWO,
    ),
    "a heading of two rows, the first with two lines": (
        '日志,"发送人\n（必填）",\n报告ID,工号,提交时间\nr1,u1,2024-01-05 08:00:00\nr2,u2,2024-01-05 09:00:00\n',
        TWO,
    ),
    "a title with another line end": (
        f"日志报表,,\r{SENT}r1,u1,2024-01-05 08:00:00\nr2,u2,2024-01-05 09:00:00\n",
        TWO,
    ),
    "a title with the line end of Windows": (
        f"日志报表,,\r\n{SENT}r1,u1,2024-01-05 08:00:00\nr2,u2,2024-01-05 09:00:00\n",
        TWO,
    ),
    "a title with the line end of Unix": (
        f"日志报表,,\n{SENT}r1,u1,2024-01-05 08:00:00\nr2,u2,2024-01-05 09:00:00\n".replace("\n", "\r\n").replace(
            ",,\r", ",,"
        ),
        TWO,
    ),
    "a heading of two lines as Excel writes it": (
        '"report_id\n（必填）",user_id,sent_at\r\nr1,u1,2024-01-05 08:00:00\r\nr2,u2,2024-01-05 09:00:00\r\n',
        TWO,
    ),
    "full-width digits": (f"{SENT}r1,1001,2024-01-05 08:00:00\nr2,１００１,2024-01-05 09:00:00\n", (2, 1, None)),
    "names where ids are said to be absent": (
        f"{NAMED}张一,无,2024-01-05 08:00\n李二,/,2024-01-05 08:00\n王三,#REF!,2024-01-05 08:00\n",
        THREE,
    ),
    "a text of several lines with commas and times": (
        '发送人,提交时间,内容\n张一,2024-01-05 08:00,"甲,乙,丙\n2024-01-05 09:00,好,了\n"\n',
        ONE,
    ),
    "names where ids are 0": (
        f"{NAMED}张一,0,2024-01-05 08:00\n李二,0.0,2024-01-05 08:00\n王三,000000,2024-01-05 08:00\n",
        THREE,
    ),
    "one id in three forms beside its name": (
        f"{NAMED}张一,1001.0,2024-01-05 08:00\n张一,'1001,2024-01-05 09:00\n张 一\u200b,,2024-01-05 10:00\n",
        (3, 1, None),
    ),
    "a name with full-width letters, and with an accent of its own": (
        "发送人,提交时间\nＴｏｍ,2024-01-05 08:00\nTom,2024-01-05 09:00\n"
        "Jos\u00e9,2024-01-05 08:00\nJose\u0301,2024-01-05 09:00\n",
        (4, 2, None),
    ),
    "a heading again, as in files one after the other": (
        f"{SENT}r1,u1,2024-01-05 08:00:00\n{SENT}r2,u2,2024-01-05 09:00:00\n",
        TWO,
    ),
    "what was asked for, above the heading": (
        "发送人,全部,提交时间,2024-01-01 至 2024-01-31\n日志模板,发送人,部门,提交时间\n"
        "日报,张一,研发部,2024-01-05 08:00\n",
        ONE,
    ),
    "what psql prints": (
        " report_id | user_id |       sent_at       \n-----------+---------+---------------------\n"
        " r1        | u1      | 2024-01-05 08:00:00\n(1 row)\n",
        ONE,
    ),
    "a table in Markdown": ("|report_id|user_id|sent_at|\n|---|---|---|\n|r1|u1|2024-01-05 08:00:00|\n", ONE),
    "comments, a footer and the end of a file of DOS": (
        "日志模板,发送人,提交时间\n# January\n日报,张一,2024-01-05 08:00\n导出人：王三,,\n\x1a",
        ONE,
    ),
    "headings in traditional Chinese": ("日誌模板,發送人,部門,提交時間\n日報,張一,研發部,2024-01-05 8時3分\n", ONE),
    "totals": (
        "日志模板,发送人,提交时间\n汇总日报,张一,2024-01-05 08:00\n合计（条）,,1\n共 1 条记录,,\n总计发送 1 篇,,\n",
        ONE,
    ),
}

REFUSED: dict[str, tuple[str, str, str]] = {
    "a template called like a total, without a time": (
        "日志模板,发送人,提交时间\n汇总日报,张一,\n日报,李二,2024-01-05 08:00\n",
        "line 2: sent_at: ",
        "",
    ),
    "a department called like a total, without a time": (
        "部门,发送人,提交时间\n共享中心,张一,\n研发部,李二,2024-01-05 08:00\n",
        "line 2: sent_at: ",
        "",
    ),
    "an id called like a total, without a time": (
        "user_id,report_id,sent_at\nsummer1,r1,\nu2,r2,2024-01-05 08:00:00\n",
        "line 2: sent_at: ",
        "",
    ),
    "another heading below, in which people stand elsewhere": (
        "工号,发送人,提交时间\n1,张一,2024-01-05 08:00\n发送人,工号,提交时间\n李二,2,2024-01-05 08:00\n",
        "line 3: line: is another heading than the one above",
        "to a sheet or file of their own",
    ),
    "cells with another sign between them": (
        "发送人^提交时间\n张一^2024-01-05 08:00\n",
        "no heading was found",
        "sep=^",
    ),
    "a time without its date": (
        "发送人,日期,提交时间\n张一,2024-01-05,18:03\n",
        "line 2: sent_at: '18:03' has no date",
        "into one column",
    ),
    "a quote that is never closed, until another one": (
        '发送人,提交时间,内容\n张一,2024-01-05 08:00,"甲\n李二,2024-01-05 09:00,乙\n王三,2024-01-05 10:00,丙"\n',
        "line 2: line: has a cell with whole records in it",
        "write a quote within a cell twice",
    ),
    "an id of 0 for a person": (f"{SENT}r1,0,2024-01-05 08:00:00\n", "line 2: user_id: '0' is what", "--skip-bad"),
    "an id of 0 for a report": (f"{SENT}0,u1,2024-01-05 08:00:00\n", "line 2: report_id: '0' is what", "--skip-bad"),
    "an empty time": ("发送人,提交时间,x\n张一,,1\n", "line 2: sent_at: is missing", "--skip-bad"),
    "an error of a formula in place of an id": (
        f"{SENT}r1,#REF!,2024-01-05 08:00:00\n",
        "line 2: user_id: is missing",
        "--skip-bad",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_the_numbers_are_what_the_file_holds(folder: Folder, tmp_path: Path, case: str) -> None:
    content, expected = READ[case]
    assert numbers_of(folder, tmp_path / "in.csv", content) == {"20240105": expected}


@pytest.mark.parametrize("case", REFUSED)
def test_the_refusal_names_the_place_and_the_remedy(folder: Folder, tmp_path: Path, case: str) -> None:
    content, reason, hint = REFUSED[case]
    path = tmp_path / "in.csv"
    path.write_text(content)
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert re.search(f"Error: .*{reason}", result.output), result.output
    assert hint in result.output.partition("Error: ")[2]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_may_have_few_signs_of_ascii(folder: Folder, tmp_path: Path, encoding: str) -> None:
    text = "完成了今天全部的开发工作" * 30
    content = f"发送人,提交时间,内容\n张一,2024-01-05 08:00,{text}\n李二,2024-01-05 09:00,{text}\n"
    assert numbers_of(folder, tmp_path / "in.csv", content.encode(encoding)) == {"20240105": TWO}


def test_a_sheet_without_any_time_is_passed_over_beside_one_with_records(folder: Folder, tmp_path: Path) -> None:
    people = [["姓名", "部门", "工号"], ["张一", "研发部", "1"]]
    path = workbook(tmp_path / "in.xlsx", {"人员": people, "日志": REPORTS})
    assert numbers_of(folder, path, path.read_bytes()) == {"20240105": ONE}


def test_a_sheet_with_dates_that_is_not_understood_is_refused(folder: Folder, tmp_path: Path) -> None:
    other = [["姓名", "部门", "填报日"], ["张一", "研发部", "2024-01-06"]]
    path = workbook(tmp_path / "in.xlsx", {"一月": REPORTS, "二月": other})
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert "in.xlsx [二月], line 1: kind: no column holds a time" in result.output
    assert "read one sheet alone with --sheet" in result.output


def test_what_systems_leave_in_archives_is_passed_over(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "in.zip"
    members = {
        "日志.csv": f"{SENT}r1,u1,2024-01-05 08:00:00\n",
        "~$日志.xlsx": "\x04user",
        "Thumbs.db": "x",
        "图/desktop.ini": "[.ShellClassInfo]",
        "图/1.amr": "#!AMR\n",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert numbers_of(folder, path, path.read_bytes()) == {"20240105": ONE}


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (gzip.compress(b"PAR1" + bytes(40), mtime=0), "unpack it with gunzip"),
        (gzip.compress(b"\x09\x08" + bytes(100), mtime=0), "unpack it with gunzip"),
        (gzip.compress(gzip.compress(SENT.encode(), mtime=0), mtime=0), "unpack it with gunzip"),
        (gzip.compress(SENT.encode() * 500, mtime=0)[:-20], "copy or export it again"),
        (b"PAR1" + bytes(40), "copy or export it again"),
    ],
    ids=["packed", "old Excel", "twice", "cut", "damaged"],
)
def test_a_damaged_or_packed_file_is_refused_with_what_to_do(
    folder: Folder, tmp_path: Path, content: bytes, hint: str
) -> None:
    path = tmp_path / "in"
    path.write_bytes(content)
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert hint in result.output


REPORTS = [["日志模板", "发送人", "提交时间"], ["日报", "张一", "2024-01-05 18:03"]]


def workbook(path: Path, sheets: dict[str, list[list[str]]]) -> Path:
    """A workbook of texts."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return path


def test_a_packed_workbook_is_read_once_it_is_unpacked_as_its_refusal_says(folder: Folder, tmp_path: Path) -> None:
    packed = tmp_path / "日志.xlsx.gz"
    packed.write_bytes(gzip.compress(workbook(tmp_path / "日志.xlsx", {"一月": REPORTS}).read_bytes(), mtime=0))
    folder.add_organisation("ding1")
    refused = run(folder, "import", packed)
    assert (refused.exit_code, "unpack it with gunzip and import that" in refused.output) == (1, True)
    unpacked = packed.with_suffix("")
    assert numbers_of(folder, unpacked, gzip.decompress(packed.read_bytes())) == {"20240105": ONE}


@pytest.mark.parametrize("page", ["html", "SpreadsheetML"])
def test_a_packed_page_that_is_named_as_a_sheet_is_read(folder: Folder, tmp_path: Path, page: str) -> None:
    row, cell, around = {
        "html": ("<tr>{}</tr>", "<td>{}</td>", "<html><table>{}</table></html>"),
        "SpreadsheetML": (
            "<Row>{}</Row>",
            '<Cell><Data ss:Type="String">{}</Data></Cell>',
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
            'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="一月"><Table>{}</Table>'
            "</Worksheet></Workbook>",
        ),
    }[page]
    text = around.format("".join(row.format("".join(map(cell.format, cells))) for cells in REPORTS))
    assert numbers_of(folder, tmp_path / "in.xls.gz", gzip.compress(text.encode(), mtime=0)) == {"20240105": ONE}


@pytest.mark.parametrize("name", ["日志.txt", "日志.csv.gz"])
def test_an_archive_may_have_a_table_of_text_whatever_it_is_called(folder: Folder, tmp_path: Path, name: str) -> None:
    text = "\n".join("\t".join(cells) for cells in REPORTS).encode()
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, gzip.compress(text, mtime=0) if name.endswith(".gz") else text)
    assert numbers_of(folder, path, path.read_bytes()) == {"20240105": ONE}


ROWS = [{"发送人": "张一", "提交时间": "2024-01-05 08:00", "内容": text} for text in "ab"]


def test_records_without_ids_in_one_minute_are_told_apart_in_json(folder: Folder, tmp_path: Path) -> None:
    text = json.dumps(ROWS)
    assert numbers_of(folder, tmp_path / "in.json", text) == {"20240105": (2, 1, None)}


def test_records_without_ids_in_one_minute_are_told_apart_in_parquet(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    rows = ", ".join(str(tuple(row.values())) for row in ROWS)
    duckdb.execute(f"copy (select * from (values {rows}) as _(发送人, 提交时间, 内容)) to '{path}' (format parquet)")
    assert numbers_of(folder, path, path.read_bytes()) == {"20240105": (2, 1, None)}


def numbers_of(folder: Folder, path: Path, content: str | bytes) -> dict[str, Numbers]:
    """The numbers after the import of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    return numbers(folder)

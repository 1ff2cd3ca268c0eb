"""Small files of the kinds that people have, each with the numbers that it holds, or what its refusal says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from tests.support.folders import Folder, run
from tests.trials.test_imports import ONE, THREE, TWO, Numbers, numbers

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
    "full-width digits": (f"{SENT}r1,1001,2024-01-05 08:00:00\nr2,１００１,2024-01-05 09:00:00\n", (2, 1, None)),
    "names where ids are said to be absent": (
        f"{NAMED}张一,无,2024-01-05 08:00\n李二,/,2024-01-05 08:00\n王三,#REF!,2024-01-05 08:00\n",
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

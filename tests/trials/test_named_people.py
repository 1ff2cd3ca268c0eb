"""People who are told by their names, and are written in two ways in one file: it is said, without their names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import xlsxwriter

from tests.support.folders import Folder, run
from tests.support.numbers import numbers

HEADING = ["发送人", "部门", "提交时间"]
AT = "2024-01-05 18:0{}"

SAID: dict[str, tuple[list[tuple[str, str]], str]] = {
    "a department is missing": (
        [("张一", "研发部"), ("张一", "")],
        "1 person is named with a department, and without",
    ),
    "capitals": ([("Zhang Yi", "研发部"), ("zhang yi", "研发部")], "1 person has names that differ in capitals alone"),
    "who left": ([("张一", "研发部"), ("张一(离职)", "研发部")], "1 person is named with a mark that they left"),
    "who left, full width": ([("张一（已离职）", "研发部"), ("张一", "研发部")], "named with a mark that they left"),
    "who left, before the name": ([("[已离职]张一", "研发部"), ("张一", "研发部")], "named with a mark that they left"),
}
SILENT: dict[str, list[tuple[str, str]]] = {
    "two departments": [("张一", "研发部"), ("张一", "销售部")],
    "no departments": [("张一", ""), ("李二", "")],
    "left, and nobody else": [("张一(离职)", "研发部"), ("李二", "研发部")],
    "left, elsewhere": [("张一(离职)", "研发部"), ("张一", "销售部")],
    "names that end alike": [("Ann Cleft", "研发部"), ("Ann C", "研发部")],
    "another without a department": [("张一", "研发部"), ("李二", "")],
}


def written(path: Path, people: list[tuple[str, str]]) -> Path:
    rows = [[name, department, AT.format(number)] for number, (name, department) in enumerate(people)]
    if path.suffix == ".xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet()
            for number, row in enumerate([HEADING, *rows]):
                page.write_row(number, 0, row)
    else:
        path.write_text("".join(",".join(row) + "\n" for row in [HEADING, *rows]), "utf-8")
    return path


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("case", SAID)
def test_a_person_who_is_written_in_two_ways_is_told(folder: Folder, tmp_path: Path, case: str, form: str) -> None:
    people, said = SAID[case]
    folder.add_organisation("ding1")
    output = run(folder, "import", written(tmp_path / f"日志.{form}", people)).output
    assert said in output
    assert "as on lines 2 and 3: each counts as two" in output
    assert not re.search("张一|zhang", output, re.IGNORECASE)
    assert numbers(folder) == {"20240105": (2, 2, None)}


@pytest.mark.parametrize("case", SAID)
def test_the_next_try_along_the_advice_counts_one(folder: Folder, tmp_path: Path, case: str) -> None:
    people, _ = SAID[case]
    folder.add_organisation("ding1")
    done = json.loads(run(folder, "import", written(tmp_path / "日志.csv", people), "--json").output)
    assert run(folder, "unimport", done["import"], "--yes").exit_code == 0
    assert "each counts as two" not in run(folder, "import", written(tmp_path / "日志.csv", [people[0]] * 2)).output
    assert numbers(folder) == {"20240105": (2, 1, None)}


@pytest.mark.parametrize("case", SILENT)
def test_people_who_may_be_two_are_left_alone(folder: Folder, tmp_path: Path, case: str) -> None:
    folder.add_organisation("ding1")
    assert "counts as two" not in run(folder, "import", written(tmp_path / "日志.csv", SILENT[case])).output


def test_ids_tell_who_is_who(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "日志.csv"
    path.write_text("工号,发送人,部门,提交时间\nA1,张一,研发部,2024-01-05 18:00\nA1,张一,,2024-01-05 18:01\n", "utf-8")
    folder.add_organisation("ding1")
    assert "counts as two" not in run(folder, "import", path).output
    assert numbers(folder) == {"20240105": (2, 1, None)}


def test_comments_have_no_departments_and_are_no_other_people(folder: Folder, tmp_path: Path) -> None:
    comments = [{"评论人": "张一", "评论时间": "2024-01-05 19:30"}]
    row = {"日志ID": "r1", "姓名": "张一", "部门": "东", "提交时间": "2024-01-05 08:03", "评论": comments}
    (path := tmp_path / "日志.json").write_text(json.dumps([row], ensure_ascii=False))
    folder.add_organisation("ding1")
    assert "are named with" not in run(folder, "import", path).output

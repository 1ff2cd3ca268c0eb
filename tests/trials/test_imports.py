"""Files as people really have them, each with its right outcome: exactly the numbers that it holds, or a refusal that
says where, why, and what to do.

The inputs are made up after public reports of what exports, spreadsheets, databases and programs write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.folders import Folder, run
from tests.support.numbers import FOUR, ONE, THREE, TWO, Numbers, numbers

INPUTS = Path(__file__).parent / "inputs"
SHEET: dict[str, Numbers] = {"20240105": TWO, "20240106": ONE}

READ: dict[str, dict[str, Numbers]] = {
    "A01.xlsx": SHEET,
    "A02.xls": SHEET,
    "A03.xls": SHEET,
    "A04.xls": SHEET,
    "A07.csv": SHEET,
    "A09.csv": {"20240105": TWO},
    "A10.csv": {"20240105": THREE},
    "A11.csv": {"20240105": ONE},
    "A12.csv": {"20240105": ONE},
    "A14.csv": {"20240105": TWO},
    "A15.csv A15b.csv": {"20240105": (2, 1, None)},
    "A16.csv": {"20240105": (3, 1, None)},
    "A19.csv": {"20240105": (2, 1, None)},
    "A20.csv": {"20240105": (4, 1, None)},
    "A21.csv": {"20240105": (2, 1, None)},
    "A22a.csv A22b.csv": {"20240105": ONE},
    "A23.csv": {"20240105": TWO},
    "A23b.csv": {"20240105": TWO},
    "A23c.csv": {"20240105": ONE},
    "A24.csv": {"20240105": ONE},
    "A24b.csv": {"20240105": ONE},
    "A27.csv": {"20240105": ONE},
    "A30.csv": {"20240105": ONE},
    "A32.csv": {"20240105": FOUR},
    "A33.csv": {"20240105": TWO},
    "A34.csv": {"20240105": ONE},
    "A40.csv": {"20240105": (None, None, 3)},
    "A41.csv": {"20240105": (3, 1, None)},
    "A42.csv": {"20240105": ONE},
    "B02.json": SHEET,
    "B03.json": SHEET,
    "B04.json": SHEET,
    "B05.json": SHEET,
    "B07.json": {"20240105": TWO},
    "B07b.jsonl": {"20240105": TWO},
    "B08.json": {"20240105": ONE},
    "B09.jsonl": {"20240105": ONE},
    **{f"B13-{number}.jsonl": {"20240105": (None, None, 1)} for number in (2, 3, 4, 5)},
    **{f"B15-{number}.jsonl": {"20240105": TWO} for number in (0, 1, 3, 4, 5)},
    "B31.jsonl": {"20240105": ONE},
    "C13.csv": {"20240105": TWO},
    "C18.csv": {"20240105": ONE},
    "C23.csv": {"20240105": ONE},
    "C24.csv": {"20240105": ONE},
    "C33.csv": {"20240105": FOUR},
    "C42.csv": {"20240105": ONE},
    "C44.csv": {"20240105": ONE},
    "C51.csv C51.jsonl": {"20240105": ONE},
    "C51.jsonl C51.csv": {"20240105": ONE},
    "C52.csv": {"20240105": TWO},
    "C52b.csv": {"20240105": TWO},
    "C53.parquet": {"20240106": ONE},
    "C63.csv": {"20240102": ONE, "20240103": ONE},
    "J04.jsonl": {"20240105": TWO},
    "J07.jsonl": {"20240105": ONE},
    "J08.jsonl": {"20240105": TWO},
    "J09.json": {"20240105": TWO},
    "J10.json": {"20240105": TWO},
    "J11.json": {"20240105": TWO},
    "J13.jsonl": {"20240105": ONE},
    "J14.jsonl": {"20240105": ONE},
    **{f"P{number}.parquet": {"20240105": TWO} for number in ("01", "04", "08", "09b", "14", "16", "19")},
    **{f"A25-{number:02}.csv": {"20240105": ONE} for number in (0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 15, 16)},
}

REFUSED: dict[str, tuple[str, str]] = {
    "A08.csv": ("line 12: sent_at: .* names a zone that means several", "write an offset, like +08:00"),
    "A13.csv": ("line 3: user_name: is missing", "of merged cells all but the first are empty"),
    "A18.csv": ("user_id: all ids of 16 digits and more end in zeros", "export the column as text"),
    "A25-06.csv": ("line 1: kind: no column holds a time; the columns are: '发送人', '部门', '日期'", "sent_at"),
    "A25-12.csv": ("user_id: the column '钉钉UserID' holds names of people", "--column user_name=钉钉UserID"),
    "A25-13.csv": ("user_id: the column 'userId' holds names of people", "--column user_name=userId"),
    "A25-14.csv": ("line 1: kind: no column holds a time; the columns are: .*'完成时间'", "提交时间"),
    "A25-17.csv": ("line 1: kind: no column holds a time; the columns are: .*'修改时间'", "提交时间"),
    "A31.csv": ("line 3 is not CSV", "write a quote within quotes twice"),
    "A47.csv": ("user_id: the column 'user_id' holds names of people", "--column user_name=user_id"),
    "B06.json": (r"line 1: result: is a list of objects without ids \('日期'", "export the reports as a sheet"),
    "B14.json": ("line 1: request: is missing", '"request": {"report_id"'),
    "B30.csv": ("line 1: kind: 'create_time' may be the time of sent or commented", "sent_at"),
    "B30.jsonl": ("line 1: kind: 'create_time' may be the time of sent or commented", "sent_at"),
    **{
        f"B40{which}.csv": ("holds figures of days, and no records", "`reportdata figures import`")
        for which in ("", "b", "e")
    },
    "C04.csv": ("line 3: sent_at: is on 20420103, which lies in the future", "--to 20420103"),
    "C05.csv": ("line 2: sent_at: 2401050803 may be a date written without signs", "write 2024-01-05 08:03"),
    "C29.csv": ("line 2: user_id: is missing", "fill it in"),
    "C35.csv": ("mixes encodings: line 1 is in UTF-8, line 2 is in GB18030", "best UTF-8"),
    "C36.csv": ("line 3: user_id: .* has bytes that are no text", "UTF-8"),
    "C38.csv.zip": ("is a damaged archive or spreadsheet", "copy or export it again"),
    "J02.jsonl": ("line 1: json: is not JSON: expecting value", "one whole object on each line"),
}

ELSEWHERE = {"C01-jan.csv", "C01-mar.csv", "C02-comments.csv", "C50.csv"}
ELSEWHERE |= {"C61.csv"}
"""Inputs of other tests, here and beside this."""


@pytest.mark.whole
@pytest.mark.parametrize("names", READ)
def test_the_numbers_of_a_file_are_what_it_holds(folder: Folder, names: str) -> None:
    folder.add_organisation("ding1")
    result = run(folder, "import", *(INPUTS / name for name in names.split()))
    assert result.exit_code == 0, result.output
    assert numbers(folder) == READ[names]


@pytest.mark.whole
@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_where_why_and_what_to_do(folder: Folder, name: str) -> None:
    folder.add_organisation("ding1")
    result = run(folder, "import", INPUTS / name)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 1
    reason, advice = REFUSED[name]
    assert re.search(rf"Error: .*{name}.*{reason}", result.output), result.output
    assert advice in result.output.partition("Error: ")[2]
    assert numbers(folder) == {}


def test_every_input_has_its_outcome() -> None:
    told = {name for names in READ for name in names.split()} | REFUSED.keys() | ELSEWHERE
    assert {path.name for path in INPUTS.iterdir()} == told


def states(folder: Folder, first: str, last: str) -> dict[str, tuple[int | None, ...]]:
    """The numbers of each day that has a row, all zeros included."""
    found = json.loads(run(folder, "query", first, "--to", last, "--format", "json").stdout)
    return {row["stat_date"]: tuple(row.get(f"410{number}_DAY") for number in range(3)) for row in found}


@pytest.mark.whole
def test_a_month_that_was_forgotten_is_no_month_of_zeros(folder: Folder) -> None:
    folder.add_organisation("ding1")
    run(folder, "import", INPUTS / "C01-jan.csv", INPUTS / "C01-mar.csv", "--exported-at", "2024-04-01 12:00")
    assert states(folder, "20240201", "20240229") == {}


@pytest.mark.whole
def test_comments_after_the_last_report_say_nothing_of_reports(folder: Folder) -> None:
    folder.add_organisation("ding1")
    run(folder, "import", INPUTS / "C01-jan.csv", INPUTS / "C02-comments.csv", "--exported-at", "2024-04-01 12:00")
    found = states(folder, "20240201", "20240203")
    assert found
    assert {values[:2] for values in found.values()} == {(None, None)}


@pytest.mark.whole
def test_an_export_of_noon_that_was_copied_later_is_not_final(folder: Folder) -> None:
    folder.add_organisation("ding1")
    result = run(folder, "import", INPUTS / "C61.csv")
    assert "its last day, 20240105, stays provisional" in result.output
    assert "provisional" in run(folder, "query", "20240105", "--format", "json").stdout


@pytest.mark.whole
def test_times_without_an_offset_may_be_of_another_zone(folder: Folder) -> None:
    folder.add_organisation("ding1")
    run(folder, "import", INPUTS / "C50.csv", "--times-in", "UTC")
    assert numbers(folder) == {"20240106": ONE}


@pytest.mark.whole
@pytest.mark.parametrize("name", ["B40.csv", "B40b.csv", "B40e.csv"])
def test_a_table_of_figures_is_taken_over(folder: Folder, name: str) -> None:
    folder.add_organisation("12345")
    for command in (("mirror", "--file"), ("figures", "import")):
        result = run(folder, *command, INPUTS / name)
        assert result.exit_code == 0, result.output

"""People of whom some records of a file have the id, and others the name alone, count once in every format."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from tests.support.folders import Folder, run

DAY = "20240105"
HEADING = ["corp_id", "日志ID", "发送人ID", "发送人", "提交时间"]
ROWS = [
    ["ding1", "r1", "", "张一", f"{DAY} 08:00"],
    ["ding1", "r2", "u1", "张 一", f"{DAY} 09:00"],
    ["ding2", "r3", "", "张一", f"{DAY} 08:00"],  # somebody else, of another organisation
    ["ding2", "r4", "u1", "李二", f"{DAY} 09:00"],
    ["ding2", "r5", "u2", "王三", f"{DAY} 09:00"],
    ["ding2", "r6", "u3", "王三", f"{DAY} 09:00"],
    ["ding2", "r7", "0", "王三", f"{DAY} 09:00"],  # nobody knows which of the two
]


def write(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    """A table, in the format that the name of the file says."""
    records = [dict(zip(HEADING, row, strict=True)) for row in rows]
    if path.suffix == ".json":
        path.write_text(json.dumps(records, ensure_ascii=False), "utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("\n".join(json.dumps(one, ensure_ascii=False) for one in records), "utf-8")
    elif path.suffix == ".xlsx":
        with xlsxwriter.Workbook(path) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate([HEADING, *rows]):
                sheet.write_row(number, 0, row)
    else:
        with (source := path.with_suffix(".csv")).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([HEADING, *rows])
        if path.suffix == ".parquet":
            table = f"read_csv('{source}', all_varchar = true, header = true)"
            duckdb.execute(f"copy (select * from {table}) to '{path}' (format parquet)")
    return path


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "jsonl", "parquet"])
def test_a_name_is_of_the_id_that_other_records_of_its_organisation_have(
    folder: Folder, tmp_path: Path, form: str
) -> None:
    for corp_id in ("ding1", "ding2"):
        folder.add_organisation(corp_id)
    result = run(folder, "import", write(tmp_path / f"日志.{form}", ROWS))
    assert result.exit_code == 0, result.output
    found = {day["corp_id"]: day["4101_DAY"] for day in json.loads(run(folder, "query", DAY, "--json").output)}
    assert found == {"ding1": 1, "ding2": 5}


def test_names_of_comments_within_reports_are_of_the_ids_of_the_file(folder: Folder, tmp_path: Path) -> None:
    at = "2024-01-05 09:00"
    comments = [{"user_id": None, "user_name": "张一", "create_time": at}, {"user_id": "u1", "create_time": at}]
    report = {"report_id": "r1", "user_id": "u1", "user_name": "张一", "sent_at": at, "comments": comments}
    (path := tmp_path / "reports.json").write_text(json.dumps([report]))
    folder.add_organisation("ding1")
    run(folder, "import", path)
    (found,) = json.loads(run(folder, "query", DAY, "--json").output)
    assert (found["4101_DAY"], found["4102_DAY"]) == (1, 1)

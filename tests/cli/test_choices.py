"""``reportdata import`` with what a person says of the files: kinds, columns, sheets, zones, and files of them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from tests.support.folders import Folder, run

CORP = "ding1"


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def imported(folder: Folder, *arguments: object) -> dict[str, Any]:
    """Import, and return what is reported."""
    result = run(folder, "import", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def refused(folder: Folder, *arguments: object) -> str:
    """What an import says that fails."""
    result = run(folder, "import", *arguments)
    assert result.exit_code == 1, result.output
    return result.output


def people(folder: Folder) -> set[str]:
    """The ids of all who sent a report."""
    files = [str(path) for path in folder.path.rglob("sent/*/*.parquet")]
    return {user for (user,) in duckdb.execute("select distinct user_id from read_parquet(?)", [files]).fetchall()}


@pytest.mark.parametrize("heading", ["report_id,user_id,commented_at", "日志ID,评论人ID,评论时间"])
def test_facts_of_another_kind_than_the_chosen_one_are_not_taken_for_it(
    known: Folder, tmp_path: Path, heading: str
) -> None:
    (tmp_path / "own.csv").write_text(f"{heading}\nr1,u1,2024-01-05 08:00\n")
    said = refused(known, "own.csv", "--kind", "sent")
    assert "is the time of commented facts, not of sent" in said
    assert "--column" not in said
    imported(known, "own.csv", "--kind", "commented")  # as the refusal says
    assert known.days() == {(CORP, "20240105"): (0, 0, 1)}


def test_the_id_of_a_record_is_not_named_for_that_of_a_person(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("id,author_no,created_at\nr1,u1,2024-01-05 08:00\nr2,u1,2024-01-05 08:00\n")
    said = refused(known, "own.csv", "--kind", "sent")
    assert ("--column user_id=author_no" in said, "user_id=id" in said) == (True, False)
    imported(known, "own.csv", "--kind", "sent", "--column", "user_id=author_no", "--column", "report_id=id")
    assert known.days() == {(CORP, "20240105"): (2, 1, 0)}


@pytest.mark.whole
def test_a_kind_is_chosen_where_it_cannot_be_told(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("report_id,userid,create_time\nr1,u1,1704412980000\nr2,u2,1704412990000\n")
    assert "say which with --kind sent or --kind commented" in refused(known, "own.csv")
    imported(known, "own.csv", "--kind", "sent")
    assert known.days() == {(CORP, "20240105"): (2, 2, 0)}
    imported(known, "own.csv", "--kind", "commented")
    assert known.days() == {(CORP, "20240105"): (2, 2, 2)}


@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl", "parquet"])
def test_columns_are_chosen_in_every_format(known: Folder, tmp_path: Path, form: str) -> None:
    rows = [("r1", "A1", "2024-01-05 08:03:00"), ("r2", "A1", "2024-01-05 09:03:00")]
    write(tmp_path / f"own.{form}", ["编码", "经办", "完成于"], rows)
    choices = ["--column", "report_id=编码", "--column", "user_id=经办", "--column", "sent_at=完成于"]
    imported(known, f"own.{form}", *choices)
    assert known.days() == {(CORP, "20240105"): (2, 1, 0)}
    assert people(known) == {"A1"}
    said = refused(known, f"own.{form}", *choices[:-2], "--column", "sent_at=完成")
    assert "sent_at: the chosen column '完成' is not there; the columns are: '编码', '经办', '完成于'" in said
    assert "--column sent_at=完成于" in said


@pytest.mark.whole
@pytest.mark.parametrize("form", ["csv", "xlsx", "jsonl", "parquet"])
@pytest.mark.parametrize(("zone", "day"), [("UTC", "20240106"), ("Asia/Shanghai", "20240105"), (None, "20240105")])
def test_times_without_an_offset_are_in_the_zone_that_is_said(
    known: Folder, tmp_path: Path, form: str, zone: str | None, day: str
) -> None:
    rows = [("r1", "u1", "2024-01-05 16:30:00"), ("r2", "u2", "2024-01-05 17:30")]  # the second is slow in CSV
    write(tmp_path / f"own.{form}", ["report_id", "user_id", "sent_at"], rows)
    imported(known, f"own.{form}", *(["--times-in", zone] if zone else []))
    assert known.days() == {(CORP, day): (2, 2, 0)}


def write(path: Path, headings: list[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Write a table in the format of the path's name; its last column holds times, in Parquet as such."""
    if path.suffix == ".csv":
        path.write_text("\n".join(map(",".join, [headings, *rows])) + "\n", "utf-8")
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(dict(zip(headings, row, strict=True))) + "\n" for row in rows))
    elif path.suffix == ".xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            page = book.add_worksheet()
            for number, row in enumerate([headings, *rows]):
                page.write_row(number, 0, row)
    else:
        columns = ", ".join(f'col{at} as "{name}"' for at, name in enumerate(headings[:-1]))
        values = ", ".join(f"({', '.join(map(repr, row))})" for row in rows)
        time = f'cast(col{len(headings) - 1} as timestamp) as "{headings[-1]}"'
        duckdb.execute(f"copy (select {columns}, {time} from (values {values})) to '{path}' (format parquet)")


@pytest.mark.whole
def test_names_of_people_are_not_taken_for_ids(known: Folder, tmp_path: Path) -> None:
    names = ["张一", "李二", "王小三", "赵四", "欧阳五", "阿里木·买买提"]
    lines = [f"{name},研发部,2024/1/5 8:0{at}" for at, name in enumerate(names)]
    (tmp_path / "own.csv").write_text("\n".join(["user_id,部门,提交时间", *lines]), "utf-8")
    said = refused(known, "own.csv")
    assert "own.csv: user_id: the column 'user_id' holds names of people, not ids" in said
    assert "say so with --column user_name=user_id, or name the column user_name" in said
    assert known.lake.kinds() == ()
    imported(known, "own.csv", "--column", "user_name=user_id")
    assert known.days() == {(CORP, "20240105"): (6, 6, 0)}
    assert all(person.startswith("sheet-") for person in people(known))


def test_records_without_ids_are_read_from_a_table(known: Folder, tmp_path: Path) -> None:
    write(tmp_path / "own.jsonl", ["user_id", "sent_at"], [("u1", "2024-01-05 08:03:00")])
    said = refused(known, "own.jsonl")
    assert "say which it is with --column report_id=HEADING" in said
    assert "records that have no ids are read from CSV and spreadsheets" in said
    write(tmp_path / "own.csv", ["user_id", "sent_at"], [("u1", "2024-01-05 08:03:00")])
    assert imported(known, "own.csv")["added"] == 1


def test_ids_in_chinese_can_be_forced(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("工号,提交时间\n研发甲,2024/1/5 8:03\n", "utf-8")
    (advised,) = re.findall(r"if these are ids, (--column .*)", refused(known, "own.csv"))
    imported(known, "own.csv", *shlex.split(advised))
    assert people(known) == {"研发甲"}


def test_one_name_among_ids_is_an_id(known: Folder, tmp_path: Path) -> None:
    lines = [f"{user},2024/1/5 8:0{at}" for at, user in enumerate(["张一", "A1", "A2"])]
    (tmp_path / "own.csv").write_text("\n".join(["工号,提交时间", *lines]), "utf-8")
    assert imported(known, "own.csv")["added"] == 3


def workbook(path: Path) -> None:
    """A workbook with three sheets: two with reports, one without."""
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in {"日报": 1, "周报": 2}.items():
            page = book.add_worksheet(name)
            page.write_row(0, 0, ["发送人", "提交时间"])
            for number in range(1, rows + 1):
                page.write_row(number, 0, [f"{name}{number}", f"2024-01-05 0{number}:00"])
        book.add_worksheet("说明").write(0, 0, "没有数据")


@pytest.mark.parametrize(("chosen", "reports"), [(None, 3), ("日报", 1), ("周报", 2), ("1", 1), ("2", 2)])
def test_one_sheet_can_be_chosen(known: Folder, tmp_path: Path, chosen: str | None, reports: int) -> None:
    workbook(tmp_path / "book.xlsx")
    imported(known, "book.xlsx", *(["--sheet", chosen] if chosen else []))
    assert known.days() == {(CORP, "20240105"): (reports, reports, 0)}


@pytest.mark.whole
def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(known: Folder, tmp_path: Path) -> None:
    workbook(tmp_path / "book.xlsx")
    (tmp_path / "own.csv").write_text("发送人,提交时间\n")
    for name in ("月报", "4", "0"):
        said = refused(known, "book.xlsx", "--sheet", name)
        assert f"book.xlsx: has no sheet '{name}'" in said
        assert "choose one with --sheet: '日报', '周报', '说明'" in said
    assert "own.csv: has no sheets to choose from" in refused(known, "own.csv", "--sheet", "日报")
    assert "no heading was found in the first 20 rows; the first is: '没有数据'" in refused(
        known, "book.xlsx", "--sheet", "说明"
    )


def test_what_is_said_may_be_kept_in_a_file(known: Folder, tmp_path: Path) -> None:
    workbook(tmp_path / "book.xlsx")
    mapping = 'kind = "sent"\nsheet = 2\ntimes_in = "UTC"\n[columns]\nuser_name = "发送人"\n'
    (tmp_path / "own.toml").write_text(mapping, "utf-8")
    imported(known, "book.xlsx", "--mapping", "own.toml", "--corp", CORP)
    assert known.days() == {(CORP, "20240105"): (2, 2, 0)}
    imported(known, "book.xlsx", "--mapping", "own.toml", "--sheet", "日报")
    assert known.days() == {(CORP, "20240105"): (3, 3, 0)}, "options win"


@pytest.mark.parametrize(
    ("text", "reason", "hint"),
    [
        ('kinds = "sent"', "own.toml: kinds: is not a known key", "the keys are kind, sheet, times_in, columns"),
        ('kind = "reports"', "own.toml: kind: 'reports' is no kind of facts", "sent, commented, withdrawn"),
        ("kind = 1", "own.toml: kind: 1 is not a text", "in quotes"),
        ('times_in = "Beijing"', "own.toml: times_in: 'Beijing' is not a time zone", "Asia/Shanghai"),
        ('columns = "x"', "own.toml: columns: is not a table", "[columns]"),
        ('[columns]\nuserid = "工号"', "own.toml: columns: 'userid' is no field of sent", "user_id"),
        ('[columns]\nsent_at = "a"\ncommented_at = "b"', "no kind of facts has all of sent_at, commented_at", "sent"),
        ('[columns]\nuser_id = ""', "own.toml: columns.user_id: '' is not a text", "in quotes"),
        ("kind = sent", "own.toml: is no TOML", 'kind = "sent"'),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_key(
    known: Folder, tmp_path: Path, text: str, reason: str, hint: str
) -> None:
    (tmp_path / "own.toml").write_text(text, "utf-8")
    (tmp_path / "own.csv").write_text("发送人,提交时间\n")
    said = refused(known, "own.csv", "--mapping", "own.toml")
    assert reason in said
    assert hint in said


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--kind", "report"], "kind: 'report' is no kind of facts\n  the kinds are sent, commented, withdrawn"),
        (["--column", "userid=工号"], "columns: 'userid' is no field of sent or commented or withdrawn"),
        (["--kind", "withdrawn", "--column", "user_id=工号"], "'user_id' is no field of withdrawn\n  the fields are"),
        (["--column", "user_id=a", "--column", "user_id=b"], "--column names user_id twice: 'a' and 'b'"),
        (["--times-in", "Peking"], "'Peking' is not a time zone"),
    ],
)
def test_a_wrong_option_is_refused_with_the_known_ones(
    known: Folder, tmp_path: Path, options: list[str], reason: str
) -> None:
    (tmp_path / "own.csv").write_text("发送人,提交时间\n")
    assert reason in refused(known, "own.csv", *options)

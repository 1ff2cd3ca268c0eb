"""``reportdata query`` about ranges: what the API answers, as tables and files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from python_calamine import load_workbook

from tests.support.calling import import_organisation
from tests.support.folders import Folder, run


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folder]:
    folder = Folder(tmp_path_factory.mktemp("query"))
    with closing(folder.store):
        import_organisation(folder, "sample")
        yield folder


def asked(folder: Folder, *arguments: object) -> str:
    result = run(folder, "query", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_by_day_it_says_what_the_older_form_says(sample: Folder) -> None:
    older = json.loads(asked(sample, "20250101", "--to", "20250131", "--format", "json"))
    found = json.loads(asked(sample, "20250101", "--to", "20250131", "--by", "day", "--format", "json"))
    assert [
        (row["stat_date"], row["4100_DAY"], row["4101_DAY"], row["4102_DAY"], row["state"], row["as_of"])
        for row in older
    ] == [
        (row["period"].replace("-", ""), row["reports"], row["senders"], row["commenters"], row["state"], row["asOf"])
        for row in found["data"]
    ]
    assert found["meta"]["totalRows"] == len(older) > 5


@pytest.mark.whole
def test_tables_and_files_have_the_same_rows(sample: Folder, tmp_path: Path) -> None:
    question = ("20250101", "--to", "20250131", "--by", "week,department", "--order", "-reports")
    rows = json.loads(asked(sample, *question, "--format", "json"))["data"]
    assert [row["reports"] for row in rows] == sorted((row["reports"] for row in rows), reverse=True)
    table = asked(sample, *question)
    assert all(row["department"] in table for row in rows)
    assert "as known at" in table
    lines = list(csv.DictReader(asked(sample, *question, "--format", "csv").splitlines()))
    assert [line["reports"] for line in lines] == [str(row["reports"]) for row in rows]
    for format_ in ("csv", "xlsx", "parquet", "json"):
        asked(sample, *question, "--format", format_, "--output", tmp_path / f"a.{format_}")
    assert len(load_workbook(tmp_path / "a.xlsx").get_sheet_by_index(0).to_python()) == len(rows) + 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "a.json", "a.parquet", "a.xlsx"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no day is named"),
        (("--by", "week"), "no range is given"),
        (("20250101", "--by", "colour"), "nothing to group by"),
        (("20250101", "--format", "xlsx"), "is not for a terminal"),
        (("20250101", "--output", "a"), "a table is for a terminal"),
        (("20250101", "--by", "day", "--service", "another"), "service='another' is no service"),
        (("20250101", "--by", "day", "--service", "yydAppDayDatas"), "its answers are served whole, at its path"),
        (("20250101", "--by", "user", "--service", "driveData"), "user cannot be told apart"),
        (("20250101", "--by", "day", "--corp", "another"), "'another' is not known"),
    ],
)
def test_what_cannot_be_answered_is_refused(sample: Folder, arguments: tuple[str, ...], said: str) -> None:
    result = run(sample, "query", *arguments)
    assert result.exit_code == 1
    assert said in result.output


def test_nothing_there_says_why(sample: Folder) -> None:
    assert "nothing is known of it" in asked(sample, "20000101", "--by", "month")

"""Answers as files, opened by LibreOffice: what it takes for dates, numbers and texts; nothing is a formula."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.folders import Folder, run
from tests.support.tools import require_tool

pytestmark = pytest.mark.tool

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
ODD = ["=1+1", "+86", "-5", "@SUM(A1)", "2026-09-01", "00123", "1E10", "研发部", 'http://a/"b"', "TRUE", "3/4"]
"""Departments that a sheet would take for something else; one is Chinese."""
USERS = ["00123", "1E10", "2026-09-01", "TRUE", "3/4"]


class Cell(NamedTuple):
    """What a cell is, and holds: a type and the text of its value."""

    type: str
    value: str
    formula: bool


class Opened(NamedTuple):
    """Sheets by name, as rows of cells."""

    sheets: dict[str, list[list[Cell]]]

    def columns(self, name: str) -> dict[str, list[Cell]]:
        heads, *rows = self.sheets[name]
        return {head.value: [row[place] for row in rows] for place, head in enumerate(heads) if head.value}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    place = tmp_path_factory.mktemp("office")
    made = Folder(place / "data")
    made.add_organisation("ding1")
    facts = place / "sent.jsonl"
    lines = [
        {
            "report_id": f"r{number}",
            "user_id": USERS[number % len(USERS)],
            "sent_at": "2026-09-21T18:00:00+08:00",
            "departments": [department],
        }
        for number, department in enumerate(ODD)
    ]
    facts.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    done = run(made, "import", facts, "--exported-at", "2026-09-22T00:10:00+08:00")
    assert done.exit_code == 0, done.output
    made.store.close()
    return made


@pytest.fixture(scope="module")
def opened(folder: Folder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Opened]:
    """The same answer as files of either kind, which LibreOffice has opened and says what it found; it starts once."""
    office = require_tool("soffice")
    place = tmp_path_factory.mktemp("opened")
    asked = ("20260921", "--to", "20260922", "--by", "day,department,user", "--metrics", "reports,senders")
    for format_ in ("xlsx", "csv"):
        done = run(folder, "query", *asked, "--format", format_, "--output", place / f"{format_}.{format_}")
        assert done.exit_code == 0, done.output
    own = {"UserInstallation": place / "profile", "UNO_SHARED_PACKAGES_CACHE": place / "shared"}
    places = [f"-env:{name}={folder_.as_uri()}" for name, folder_ in own.items()]  # it writes nowhere else
    # A comma, quotes and UTF-8, which its window of questions has by itself for a file with the mark.
    for name, how in (("xlsx", ()), ("csv", ("--infilter=Text - txt - csv (StarCalc):44,34,76",))):
        command = [office, *places, "--headless", "--norestore", *how, "--convert-to", "fods", "--outdir", str(place)]
        environment = {"HOME": str(place), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
        converted = subprocess.run([*command, str(place / f"{name}.{name}")], env=environment, capture_output=True)
        assert converted.returncode == 0, converted.stderr
    return {name: Opened(_sheets(place / f"{name}.fods")) for name in ("xlsx", "csv")}


@pytest.mark.slow
def test_a_workbook_has_dates_numbers_and_texts_and_no_formula(opened: dict[str, Opened]) -> None:
    book = opened["xlsx"]
    assert list(book.sheets) == ["statistics", "meta"]
    columns = book.columns("statistics")
    assert sorted(cell.value for cell in columns["department"]) == sorted(ODD)
    assert {cell.value for cell in columns["user"]} == set(USERS)
    assert {name: {cell.type for cell in cells} for name, cells in columns.items()} == {
        **{name: {"string"} for name in ("period", "department", "user", "state")},
        **{name: {"date"} for name in ("periodStart", "periodEnd", "asOf")},
        **{name: {"float"} for name in ("reports", "senders", "coveredDays", "days")},
        "states": {""},
    }
    assert {cell.value for cell in columns["periodStart"]} == {"2026-09-21"}
    assert {cell.value for cell in columns["asOf"]} == {"2026-09-22T00:10:00"}, "the organisation's local time"
    assert not any(cell.formula for rows in book.sheets.values() for row in rows for cell in row)
    meta = {row[0].value: row[1] for row in book.sheets["meta"]}
    assert meta["timeZone"].value == "Asia/Shanghai"
    assert meta["from"] == Cell("string", "2026-09-21", formula=False)
    assert "发送日志数" in meta["columns"].value


@pytest.mark.slow
def test_chinese_in_csv_is_read_as_it_is(opened: dict[str, Opened]) -> None:
    (sheet,) = opened["csv"].sheets
    columns = opened["csv"].columns(sheet)
    assert next(iter(columns)) == "period", "the mark of UTF-8 is no part of the heading"
    assert "研发部" in {cell.value for cell in columns["department"]}
    assert {cell.type for cell in columns["reports"]} == {"float"}
    assert not any(cell.formula for cells in columns.values() for cell in cells)
    guarded = {cell.value for cell in columns["department"] if cell.value[1:] in ODD}
    assert guarded == {f"'{text}" for text in ODD if text[0] in "=+-@"}


def _sheets(path: Path) -> dict[str, list[list[Cell]]]:
    tables = ET.parse(path).getroot().iter(f"{_TABLE}table")
    return {table.attrib[f"{_TABLE}name"]: [_cells(row) for row in _rows(table)] for table in tables}


def _rows(table: ET.Element) -> list[ET.Element]:
    """Those that hold something."""
    return [row for row in table.iter(f"{_TABLE}table-row") if any(True for _ in row.iter(f"{_TEXT}p"))]


def _cells(row: ET.Element) -> list[Cell]:
    found: list[Cell] = []
    for cell in row.iter(f"{_TABLE}table-cell"):
        type_ = cell.attrib.get(f"{_OFFICE}value-type", "")
        text = "".join("".join(part.itertext()) for part in cell.iter(f"{_TEXT}p"))
        value = cell.attrib.get(f"{_OFFICE}date-value", text)
        times = min(int(cell.attrib.get(f"{_TABLE}number-columns-repeated", "1")), 100)
        found += [Cell(type_, value, f"{_TABLE}formula" in cell.attrib)] * times
    return found

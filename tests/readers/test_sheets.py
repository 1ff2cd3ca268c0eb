"""Spreadsheets: the records of all sheets that have some, with the rows that people see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from reportdata.errors import BadFile
from reportdata.readers.sheets import read_sheets
from tests.support.services import KINDS

HEADING = ("report_id", "user_id", "sent_at")
Rows = Sequence[Sequence[object]]
TIME = datetime(2024, 1, 5, 8, 30)


def book(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """An Excel file with these rows; empty ones are nothing in it."""
    with xlsxwriter.Workbook(path) as made:
        shown = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for number, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    if isinstance(cell, datetime):
                        sheet.write_datetime(number, place, cell, shown)
                    else:
                        sheet.write(number, place, cell)
    return path


def records(path: Path) -> list[tuple[int, dict[str, object]]]:
    """The rows of records, with their cells."""
    lines = list(read_sheets(path, KINDS))
    assert [line.error for line in lines] == [None] * len(lines)
    return [(line.number, {name: line.record[name] for name in HEADING}) for line in lines]


def test_rows_have_the_numbers_that_people_see(tmp_path: Path) -> None:
    rows = [("Reports of January",), (), HEADING, ("r1", "u1", TIME), (), ("r2", "u2", "2024-01-05 09:00:00")]
    assert records(book(tmp_path / "a.xlsx", {"日志": rows})) == [
        (4, {"report_id": "r1", "user_id": "u1", "sent_at": TIME}),
        (6, {"report_id": "r2", "user_id": "u2", "sent_at": "2024-01-05 09:00:00"}),
    ]


@pytest.mark.parametrize("above", [1, 3, 9])
def test_blank_rows_and_columns_before_a_table_do_not_matter(tmp_path: Path, above: int) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "a.xlsx")) as made:
        sheet = made.add_worksheet()
        for place, row in enumerate((HEADING, ("r1", "u1", "2024-01-05 08:00:00"))):
            sheet.write_row(above + place, 2, row)
    found = [(line.number, line.record["report_id"]) for line in read_sheets(tmp_path / "a.xlsx", KINDS)]
    assert found == [(above + 2, "r1")]


def test_a_time_at_midnight_is_one_where_others_are_times(tmp_path: Path) -> None:
    midnight = datetime(2024, 1, 6)
    path = book(tmp_path / "a.xlsx", {"日志": [HEADING, ("r1", "u1", TIME), ("r2", "u2", midnight)]})
    times = [record["sent_at"] for _, record in records(path)]
    assert times == [TIME, midnight]
    assert all(type(time) is datetime for time in times)


def test_sheets_without_records_are_passed_over_where_others_have_some(tmp_path: Path) -> None:
    sheets: dict[str, Rows] = {
        "cover": [("Reports",), ("made by a program",)],
        "empty": [],
        "one": [HEADING, ("r1", "u1", TIME)],
        "two": [HEADING, ("r2", "u2", TIME)],
    }
    found = records(book(tmp_path / "a.xlsx", sheets))
    assert [record["report_id"] for _, record in found] == ["r1", "r2"]


def test_what_has_no_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="has no rows"):
        records(book(tmp_path / "a.xlsx", {"one": [], "two": []}))
    with pytest.raises(BadFile, match=r"b\.xlsx \[one\]"):
        records(book(tmp_path / "b.xlsx", {"one": [("Reports",)], "two": [("made by a program",)]}))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04" + bytes(100), "cannot be read as a spreadsheet"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "cannot be read as a spreadsheet"),
        (b"", "is HTML without a table"),
        (b"<Workbook><Worksheet>", "is no whole SpreadsheetML"),
    ],
)
def test_what_is_no_sheet_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=reason):
        records(path)
    with pytest.raises(BadFile, match="cannot be read"):
        records(tmp_path / "nowhere.xls")


def test_a_sheet_may_be_html_or_xml(tmp_path: Path) -> None:
    rows = (HEADING, ("r1", "u1", "2024-01-05 08:30:00"))
    cells = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    (tmp_path / "a.xls").write_text(f"<html><table>{cells}</table>")
    xml = "".join(
        f"<ss:Row>{''.join(f'<ss:Cell><ss:Data>{cell}</ss:Data></ss:Cell>' for cell in row)}</ss:Row>" for row in rows
    )
    name = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
    (tmp_path / "b.xls").write_text(f"<ss:Workbook {name}><ss:Worksheet>{xml}</ss:Worksheet></ss:Workbook>")
    found = [[record for _, record in records(tmp_path / name)] for name in ("a.xls", "b.xls")]
    assert found == [[dict(zip(HEADING, rows[1], strict=True))]] * 2


def test_formulas_that_nobody_computed_are_no_zeros(tmp_path: Path) -> None:
    path = tmp_path / "formulas.xlsx"

    def written(value: object) -> Path:
        with xlsxwriter.Workbook(path) as made:
            sheet = made.add_worksheet()
            sheet.write_row(0, 0, HEADING)
            for number in (1, 2):
                sheet.write_formula(number, 0, f'="r{number}"', None, value)
                sheet.write_row(number, 1, ["u1", "2024-01-05 08:30"])
        return path

    with pytest.raises(BadFile, match="formulas that no spreadsheet program has computed"):
        records(written(0))  # what stands there when the program that writes it says nothing
    assert [record["report_id"] for _, record in records(written("r9"))] == ["r9", "r9"]

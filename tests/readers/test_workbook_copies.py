"""Workbooks whose sheets are read once hold the same cells, and what is damaged is refused all the same."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
import python_calamine as calamine

from reportdata.errors import BadFile
from reportdata.readers.sheets import Sheet, read_workbook
from reportdata.readers.workbook_copies import _NO_MERGED_CELLS, Damaged, sheets_read_once

_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="日志" sheetId="1" r:id="r1"/><sheet name="封面" sheetId="2" r:id="r2"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/><Relationship Id="r2" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet2.xml"/></Relationships>',
}
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_START = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet {_MAIN}><sheetData>'
_MERGED = '<mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>'


def rows(count: int = 2_000) -> str:
    """Rows of a text, a number, a truth and an error each."""
    return "".join(
        f'<row r="{n}"><c r="A{n}" t="inlineStr"><is><t>第 {n * 48271 % 99991} 项</t></is></c>'
        f'<c r="B{n}"><v>{n}.5</v></c><c r="C{n}" t="b"><v>1</v></c><c r="D{n}" t="e"><v>#DIV/0!</v></c></row>'
        for n in range(1, count + 1)
    )


def book(
    path: Path, tail: str = "", start: str = _START, end: str = "</worksheet>", method: int = ZIP_DEFLATED
) -> Path:
    """A workbook of two sheets; what stands in the first before and after its rows."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text)
        text = f"{start}{rows()}</sheetData>{tail}{end}"
        archive.writestr("xl/worksheets/sheet1.xml", text, compress_type=method)
        archive.writestr("xl/worksheets/sheet2.xml", f"<worksheet {_MAIN}><sheetData/></worksheet>")
        archive.writestr("xl/media/image1.png", random.Random(1).randbytes(9_000))
    return path


def cells(found: list[Sheet]) -> list[tuple[str, list[object]]]:
    """All cells of all sheets."""
    return [(sheet.name, list(sheet.rows)) for sheet in found]


def as_it_is(path: Path, folder: Path | None = None) -> object:
    """The cells of a workbook, or why it is refused."""
    try:
        return cells(list(read_workbook(path, folder)))
    except BadFile as error:
        return str(error)


def test_an_empty_list_of_merged_cells_leaves_the_checksum_as_it_is() -> None:
    assert zlib.crc32(_NO_MERGED_CELLS) == 0


@pytest.mark.parametrize("tail", ["", _MERGED, '<pageMargins left="0.7"/>' + _MERGED + "<hyperlinks/>"])
@pytest.mark.parametrize("start", [_START, "\ufeff" + _START, _START.partition("\n")[2]], ids=range(3))
def test_sheets_that_are_read_once_hold_the_same(tmp_path: Path, tail: str, start: str) -> None:
    path = book(tmp_path / "a.xlsx", tail, start)
    found = sheets_read_once(path, tmp_path)
    assert found is not None
    assert [said.name for said, _ in found] == ["日志", "封面"]
    with calamine.load_workbook(str(path)) as read:
        assert found[0][1].to_python() == read.get_sheet_by_name("日志").to_python()
    assert found[0][1].merged_cell_ranges == []  # the empty list was found: the sheet was not read again
    assert as_it_is(path, tmp_path) == as_it_is(path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.xlsx"]


def test_sheets_with_prefixed_names_are_read_once(tmp_path: Path) -> None:
    start = _START.replace("<worksheet xmlns=", "<x:worksheet xmlns:x=")
    path = book(tmp_path / "a.xlsx")
    with ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    text = f"{start}{rows()}</sheetData></x:worksheet>".replace("sheetData>", "x:sheetData>")
    members["xl/worksheets/sheet1.xml"] = text.encode()
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    assert sheets_read_once(path, tmp_path) is not None
    assert as_it_is(path, tmp_path) == as_it_is(path)


@pytest.mark.parametrize(
    ("tail", "start", "end"),
    [
        ('<mergeCells><mergeCell ref="A:B1"/></mergeCells>', _START, "</worksheet>"),
        ('<mergeCells><mergeCell ref="A1:B1:C1"/></mergeCells>', _START, "</worksheet>"),
        ('<mergeCells><mergeCell ref="A1:B1"/><mergeCell ref="A3:A4"/></mergeCells>', _START, "</worksheet>"),
        ("<!-- ", _START, ""),
        ("<pageMargins left=0.7/>", _START, "</worksheet>"),
        ("&unknown;", _START, "</worksheet>"),
        ("", _START.replace("UTF-8", "GBK"), "</worksheet>"),
        ("", "<!-- made by hand -->" + _START.partition("\n")[2], "</worksheet>"),
    ],
)
def test_a_sheet_of_another_form_is_read_as_it_is(tmp_path: Path, tail: str, start: str, end: str) -> None:
    path = book(tmp_path / "a.xlsx", tail, start, end)
    assert sheets_read_once(path, tmp_path) is None
    assert as_it_is(path, tmp_path) == as_it_is(path)


def test_a_sheet_that_is_not_deflated_is_read_as_it_is(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", method=ZIP_STORED)
    assert sheets_read_once(path, tmp_path) is None
    assert as_it_is(path, tmp_path) == as_it_is(path)


@pytest.mark.parametrize("name", ["a.xls", "a.xlsb", "a.ods", "a.et", "a"])
def test_a_workbook_is_known_by_its_content(tmp_path: Path, name: str) -> None:
    path = book(tmp_path / "right.xlsx")
    right = as_it_is(path)
    assert isinstance(right, list)
    misnamed = path.rename(tmp_path / name)
    assert as_it_is(misnamed) == as_it_is(misnamed, tmp_path) == right


def _without_sheets(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")


def _with_something_before(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(60) + path.read_bytes())


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-500])


@pytest.mark.parametrize("spoil", [_without_sheets, _with_something_before, _cut])
def test_an_archive_of_another_form_is_read_as_it_is(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = book(tmp_path / "a.xlsx")
    spoil(path)
    assert sheets_read_once(path, tmp_path) is None
    assert as_it_is(path, tmp_path) == as_it_is(path)


def test_without_room_for_a_copy_a_workbook_is_read_as_it_is(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx")
    assert as_it_is(path, tmp_path / "missing") == as_it_is(path)


def damage(path: Path, chance: random.Random) -> None:
    """Turn a bit of the first sheet's deflated bytes."""
    with ZipFile(path) as archive:
        member = archive.getinfo("xl/worksheets/sheet1.xml")
    content = bytearray(path.read_bytes())
    start = member.header_offset + 30 + len(member.filename)
    content[start + chance.randrange(member.compress_size)] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


@pytest.mark.whole
def test_a_damaged_sheet_is_refused_as_ever(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(60):
        path = book(tmp_path / "a.xlsx")
        damage(path, chance)
        assert as_it_is(path, tmp_path) == as_it_is(path)
        assert "cannot be read as a spreadsheet" in str(as_it_is(path, tmp_path))


@pytest.mark.whole
def test_a_damaged_sheet_with_merged_cells_is_refused_too(tmp_path: Path) -> None:
    chance = random.Random(7)
    unnoticed = 0
    for _ in range(60):
        path = book(tmp_path / "a.xlsx", _MERGED)
        damage(path, chance)
        assert "cannot be read as a spreadsheet" in str(as_it_is(path, tmp_path))
        unnoticed += isinstance(as_it_is(path), list)
    assert unnoticed  # by calamine, which does not come to the end of such a sheet


def test_a_wrong_checksum_is_told(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", _MERGED)
    content = bytearray(path.read_bytes())
    at = content.rindex(b"xl/worksheets/sheet1.xml") - 46 + 16
    content[at] ^= 1
    path.write_bytes(content)
    with pytest.raises(Damaged, match="Invalid checksum"):
        sheets_read_once(path, tmp_path)

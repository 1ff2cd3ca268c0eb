"""Tables in HTML and SpreadsheetML: each cell at its place, and no few bytes take much memory or time."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportdata.errors import BadFile
from reportdata.readers.markup import read_html, read_spreadsheetml
from reportdata.readers.sheets import read_sheet_tables
from tests.support.services import KINDS

NAMESPACE = (
    'xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
)


def html(tmp_path: Path, text: str) -> list[tuple[str, list[list[object]]]]:
    """The tables of a page, each with the cells of its rows."""
    path = tmp_path / "page.xls"
    path.write_text(text, "utf-8")
    return [(name, [list(row.cells) for row in rows]) for name, rows in read_html(path)]


def spreadsheetml(tmp_path: Path, rows: str) -> list[tuple[str, list[tuple[int, list[object]]]]]:
    """The worksheets of a file with one, each with the numbers and cells of its rows."""
    path = tmp_path / "book.xml"
    sheet = f'<Worksheet ss:Name="日志"><Table>{rows}</Table></Worksheet>'
    path.write_text(f'<?xml version="1.0"?><Workbook {NAMESPACE}>{sheet}</Workbook>', "utf-8")
    return [(name, [(row.number, list(row.cells)) for row in found]) for name, found in read_spreadsheetml(path)]


def cell(text: str, attributes: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="String">{text}</Data></Cell>'


def test_cells_of_html_stand_where_they_are_shown(tmp_path: Path) -> None:
    text = """<p>before</p><table><tr><th colspan=2>a<th rowspan=3>b &amp; c</tr>
      <tr><td>1<br>2</td><td rowspan=2> 3 </td></tr><tr><td>4</table>
      <table><tr><td>other</td></table>"""
    assert html(tmp_path, text) == [
        ("table 1", [["a", "", "b & c"], ["1\n2", "3", ""], ["4", "", ""]]),
        ("table 2", [["other"]]),
    ]


def test_each_row_of_html_has_a_number_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "page.xls"
    path.write_text("<table><tr><td>1<tr><td>2</tr>\n\n\n<tr><td>3<tr><td>4</table><table><tr><td>5</table>")
    assert [[row.number for row in rows] for _, rows in read_html(path)] == [[1, 2, 3, 4], [1]]


@pytest.mark.parametrize("span", ["", "0", "-3", "x", "²", "1.5"])
def test_a_span_that_is_no_number_is_one(tmp_path: Path, span: str) -> None:
    assert html(tmp_path, f'<table><tr><td colspan="{span}">a<td>b</table>') == [("table 1", [["a", "b"]])]


def test_a_span_is_limited(tmp_path: Path) -> None:
    ((_, (cells,)),) = html(tmp_path, "<table><tr><td colspan=999999999>a<td>b</table>")
    assert (len(cells), cells[0], cells[-1]) == (1001, "a", "b")


def test_html_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="is HTML without a table"):
        html(tmp_path, "<html><td>no cell</td></html>")


def test_cells_of_spreadsheetml_stand_where_they_say(tmp_path: Path) -> None:
    first = cell("a"), cell("b", 'ss:Index="3"'), cell("c", 'ss:MergeAcross="1"'), cell("d")
    rows = f'<Row>{"".join(first)}</Row><Row ss:Index="5">{cell("<b>x</b>y")}<Cell/></Row><Row/>'
    assert spreadsheetml(tmp_path, rows) == [("日志", [(1, ["a", "", "b", "c", "", "d"]), (5, ["xy", ""]), (6, [])])]


@pytest.mark.parametrize("attributes", ['ss:Index="2000000000"', 'ss:MergeAcross="2000000000"', 'ss:Index="16385"'])
def test_a_place_far_away_is_refused(tmp_path: Path, attributes: str) -> None:
    with pytest.raises(BadFile, match=r"a row has \d+ columns"):
        spreadsheetml(tmp_path, f"<Row>{cell('a', attributes)}</Row>")


def test_cells_at_one_place_do_not_add_up(tmp_path: Path) -> None:
    again = cell("a", 'ss:Index="1" ss:MergeAcross="16383"')
    with pytest.raises(BadFile, match="a row has 32768 columns"):
        spreadsheetml(tmp_path, f"<Row>{again * 2}</Row>")


def test_the_last_column_of_a_sheet_may_be_used(tmp_path: Path) -> None:
    last = cell("a", 'ss:Index="16384"')
    ((_, ((_, cells),)),) = spreadsheetml(tmp_path, f"<Row>{last}</Row>")
    assert (len(cells), cells[-1]) == (16_384, "a")


@pytest.mark.parametrize("rows", ["<Row>", '<Row ss:Index="x"/>', "<Row>&nope;</Row>", "<Row>\x00</Row>"])
def test_what_is_not_whole_is_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(BadFile, match="is no whole SpreadsheetML"):
        spreadsheetml(tmp_path, rows)


@pytest.mark.whole
def test_entities_that_multiply_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "laughs.xml"
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    path.write_text(f"<!DOCTYPE Workbook [{entities}]><Workbook {NAMESPACE}>&a9;</Workbook>", "utf-8")
    with pytest.raises(BadFile, match="is no whole SpreadsheetML"):
        list(read_spreadsheetml(path))


@pytest.mark.parametrize("form", ["html", "spreadsheetml"])
def test_merged_cells_that_overlap_take_no_more_than_the_rows_there_are(tmp_path: Path, form: str) -> None:
    path, high = tmp_path / "many.xls", 300
    if form == "html":
        rows = "<tr><td rowspan=1000>张一<td>2024-01-05 08:00</tr>" * high
        path.write_text(f"<table><tr><td>发送人<td>提交时间</tr>{rows}</table>", "utf-8")
    else:
        rows = "<Row>" + cell("张一", 'ss:MergeDown="999999999"') + cell("2024-01-05 08:00") + "</Row>"
        table = f"<Table><Row>{cell('发送人')}{cell('提交时间')}</Row>{rows * high}</Table>"
        book = f'<Workbook {NAMESPACE}><Worksheet ss:Name="1">{table}</Worksheet></Workbook>'
        path.write_text(f'<?xml version="1.0"?>{book}', "utf-8")
    (found,) = read_sheet_tables(path, KINDS)
    assert sum(map(len, found.from_above().values())) < 2 * high


def test_a_table_in_a_cell_is_one_of_its_own(tmp_path: Path) -> None:
    text = """<table><tr><td>1<td>a<table><tr><td>x<td rowspan=2>y<tr><td>z</table>b<td>2</tr>
      <tr><td>3<td>4<td>5</table><table><tr><td>6</table>"""
    assert html(tmp_path, text) == [
        ("table 1", [["1", "ab", "2"], ["3", "4", "5"]]),
        ("table 2", [["x", "y"], ["z", ""]]),
        ("table 3", [["6"]]),
    ]


def test_a_page_that_was_cut_off_is_refused_and_a_sloppy_one_is_not(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="ends within a table"):
        html(tmp_path, "<html><table><tr><td>1<td>2</tr><tr><td>3")
    assert html(tmp_path, "<html><table><tr><td>1<tr><td>2</html>") == [("table 1", [["1"], ["2"]])]

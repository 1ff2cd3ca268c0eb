"""Cells with blanks before their quotes, which programs that know nothing of quotes write, and people: on one line they
are what stands between the quotes; over lines they are refused, with what to do."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.errors import BadFile
from reportdata.readers.tables import read_table
from reportdata.readers.text_rows import TextRows
from reportdata.records import Line
from tests.support.services import KINDS

HEADING = "report_id,user_id,sent_at,department,template"
CELL = st.tuples(st.text("a日 ,\"'\t;", max_size=6), st.sampled_from(["", " ", "  ", "\t"]))


def lines(path: Path, *rows: str) -> list[Line]:
    path.write_text("\n".join([*rows, ""]))
    return list(read_table(path, KINDS))


@settings(max_examples=1000)
@given(st.lists(st.lists(CELL, min_size=2, max_size=4), min_size=1, max_size=4))
def test_blanks_around_the_quotes_of_a_cell_say_nothing(rows: list[list[tuple[str, str]]]) -> None:
    text = "\n".join(
        ",".join(f'{blanks}"{cell.replace(chr(34), 2 * chr(34))}"{blanks}' for cell, blanks in row) for row in rows
    )
    assert [row.cells for row in TextRows(io.StringIO(text), ",")] == [[cell for cell, _ in row] for row in rows]


@pytest.mark.parametrize(
    ("row", "department", "template"),
    [
        ('r1, u1, 2024-01-05 08:00:00, "研发, 一组", "日报"', "研发, 一组", "日报"),
        ('r1,u1,2024-01-05 08:00:00,\t"研发" , "日""报"', "研发", '日"报'),
        ('r1,u1,2024-01-05 08:00:00,"研发\n一组", "日报"', "研发\n一组", "日报"),
        ('r1,u1,2024-01-05 08:00:00,"研发"\t,日报', "研发", "日报"),
        ('r1,u1,2024-01-05 08:00:00, "研发" 一组,日 "报"', ' "研发" 一组', '日 "报"'),  # these quote nothing
        ('r1,u1,2024-01-05 08:00:00, "研发,日报', ' "研发', "日报"),
    ],
)
def test_cells_of_a_row_with_blanks_before_quotes(tmp_path: Path, row: str, department: str, template: str) -> None:
    (line,) = lines(tmp_path / "a.csv", HEADING, row)
    assert line.error is None
    assert (line.record["department"], line.record["template"]) == (department, template)


def test_a_heading_may_have_blanks_before_its_quotes(tmp_path: Path) -> None:
    quoted = ", ".join(f'"{name}"' for name in HEADING.split(","))
    (line,) = lines(tmp_path / "a.csv", quoted, 'r1, "u1", 2024-01-05 08:00:00, "研发", "日报"')
    assert (line.error, line.record["user_id"]) == (None, "u1")


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (['r1,u1,2024-01-05 08:00:00, "研发', '一组",日报'], {2: "department", 3: "line"}),
        (['r1,u1,2024-01-05 08:00:00,研发, "日', '报"'], {3: "line"}),
        (['r1,u1,2024-01-05 08:00:00,\t"研发', '一组", "日', '报"'], {2: "department", 3: "user_id", 4: "line"}),
    ],
)
def test_what_is_advised_where_such_a_cell_goes_over_lines_helps(
    tmp_path: Path, rows: list[str], found: dict[int, str]
) -> None:
    bad = {line.number: line.error for line in lines(tmp_path / "a.csv", HEADING, *rows) if line.error is not None}
    assert {number: error.field for number, error in bad.items()} == found
    first = next(iter(bad.values()))
    assert (
        "delete the blanks between the delimiter and the quote" in first.hint or "with no blanks before" in first.hint
    )
    mended = [row.replace(', "', ',"').replace(',\t"', ',"') for row in rows]
    (line,) = lines(tmp_path / "a.csv", HEADING, *mended)
    assert line.error is None


def test_a_quote_behind_blanks_takes_no_other_line_with_it(tmp_path: Path) -> None:
    rows = ['r1,u1,2024-01-05 08:00:00, "研发,",日报', 'r2,u2,2024-01-05 08:00:00,"市场",周报']
    assert [line.record["department"] for line in lines(tmp_path / "a.csv", HEADING, *rows)] == ["研发,", "市场"]
    over_lines = ['r1,u1,2024-01-05 08:00:00, "研发,","日', '报"']
    with pytest.raises(BadFile, match="line 2 is not CSV") as refused:
        lines(tmp_path / "a.csv", HEADING, *over_lines)
    assert "no blanks before a cell's quote" in refused.value.hint
    over_lines[0] = over_lines[0].replace(', "', ',"')
    (line,) = lines(tmp_path / "a.csv", HEADING, *over_lines)
    assert (line.record["department"], line.record["template"]) == ("研发,", "日\n报")

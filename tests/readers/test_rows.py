"""A row of a table that has other cells than its heading has columns is told by its line, not read shifted."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportdata.readers.tables import read_table
from tests.support.services import KINDS

HEADING = "report_id,user_id,sent_at,remark"
GOOD = "r1,u1,2024-01-05 08:00:00,x"


def told(path: Path, *rows: str) -> list[tuple[int, str]]:
    """The lines of a table of these rows, each with what is wrong with it."""
    path.write_text("\n".join([HEADING, *rows, ""]))
    return [(line.number, str(line.error or "")) for line in read_table(path, KINDS)]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("r2,u2,2024-01-05 08:00:00,x,y", 5),
        ("r2,u,2,2024-01-05 08:00:00,x", 5),
        ("r2,u2,2024-01-05 08:00:00,x,,,y", 7),
        ("r2,u2,2024-01-05 08:00:00", 3),
    ],
)
def test_other_cells_than_the_heading_has_are_told(tmp_path: Path, row: str, cells: int) -> None:
    (_, first), (number, wrong), (_, last) = told(tmp_path / "a.csv", GOOD, row, GOOD)
    assert (number, first, last) == (3, "", "")
    assert f"has {cells} cells, the heading has 4" in wrong


def test_empty_cells_beyond_the_heading_are_nothing(tmp_path: Path) -> None:
    assert told(tmp_path / "a.csv", f"{GOOD},,,", f"{GOOD},") == [(2, ""), (3, "")]

"""What the cells of a row say before any column is known: totals, a remark, the heading once more, a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from reportdata.headings import normal
from reportdata.identifiers import is_nothing
from reportdata.times import read_instant

_UTC = ZoneInfo("UTC")
_TOTALS = ("合计", "总计", "小计", "共计", "汇总", "总数", "total", "sum", "subtotal", "grand total")

_TOTAL = re.compile(
    rf"({'|'.join(_TOTALS)}|共(?=\s*\d))s?"
    r"(发送|提交|日志(?=数)|[\s:\uff1a()\uff08\uff09\d.,人数条篇份次个项量计员者]|记录|rows?|reports?|records?)*"
)
"""A cell that says that its row has totals, and nothing else."""

_REMARK = re.compile(
    r"#.*|[-+=|]+|\x1a|\(?\d+ rows?\b.*|(?:备注|说明|注|制表|导出|打印|生成|审核|统计)\S{0,4}[:\uff1a].*", re.DOTALL
)
"""A cell that stands alone in its row and is none of a record: a comment, a rule, a count, who exported."""

_DATE = re.compile(r"\d{4}\s?[-/.年]\s?\d{1,2}")


class Row(NamedTuple):
    """The cells of a row, the line on which it begins (from 1), and how many bytes of the file were read by then."""

    number: int
    position: int
    cells: Sequence[object]


def text_of(cell: object) -> str:
    """The text of a cell on one line; empty when it says nothing."""
    return " ".join(str(cell).split()) if not is_nothing(cell) else ""


def has_times(rows: Iterable[Row]) -> bool:
    """Whether there is a date or a time in any cell."""
    return any(
        isinstance(cell, date) or (isinstance(cell, str) and _DATE.search(cell)) or is_time(cell)
        for row in rows
        for cell in row.cells
    )


def _first(cells: Sequence[object]) -> str:
    return next((text_of(cell) for cell in cells if not is_nothing(cell)), "").lower()


def is_time(cell: object) -> bool:
    """Whether a cell holds a time, with a time of day."""
    try:
        read_instant(cell, _UTC)
    except ValueError:
        return False
    return True


def is_total(cells: Sequence[object]) -> bool:
    """Whether a row has totals of others, and is no record."""
    first = _first(cells).strip("：: ")
    return first.startswith(_TOTALS) or first.startswith("共")


def says_total(cells: Sequence[object], needed: Iterable[object]) -> bool:
    """Whether a row has totals: it says nothing but that, or it begins so and has nothing that a record needs. Of a
    record whose time is missing, the template, the department or the person may begin so, too."""
    return _TOTAL.fullmatch(_first(cells)) is not None or (is_total(cells) and all(map(is_nothing, needed)))


def repeats_heading(record: Mapping[str, object], time: str) -> bool:
    """Whether a record is the heading once more: printed pages and files one after the other repeat it."""
    cell = record[time]
    if not isinstance(cell, str) or any(map(str.isdigit, cell)):
        return False
    return all(normal(text_of(cell)) == normal(name) for name, cell in record.items())


def is_remark(cells: Sequence[object]) -> bool:
    """Whether a row has one cell alone that is a comment, a rule, a count or says who exported."""
    filled = [cell for cell in cells if not is_nothing(cell)]
    return len(filled) == 1 and _REMARK.fullmatch(text_of(filled[0])) is not None


def is_note(cells: Sequence[object]) -> bool:
    """Whether a row is a remark: a text alone, or totals."""
    filled = [cell for cell in cells if not is_nothing(cell)]
    return len(filled) == 1 or is_total(cells)

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

_ENDS_AS_TOTAL = re.compile(r".+(?:小计|合计|总计|汇总|计数|subtotal|total)[\s:\uff1a]*", re.IGNORECASE | re.DOTALL)
"""A cell that names what its row has the total of, as spreadsheets write subtotals."""
_COUNT = re.compile(r"\d{1,4}(?:\.0*)?", re.ASCII)
_FOOT = r"(?:制表|导出|打印|生成|审核|统计|填表|数据来源|来源)\S{0,4}[:\uff1a].*"
_CUT = r"(?:本表|本次)?(?:仅|只|最多)(?:能|可)?(?:导出|显示|展示|下载|查看)(?:了|最近|前)*\s*[\d,]+\s*[条行篇份].*"
"""A cell that says that there is more than the table has."""
_REMARK = re.compile(
    rf"#.*|[-+=|*~_\u2014\u2500]+|\x1a|\(?\d+ rows?\b.*|(?:备注|说明|注)\S{{0,4}}[:\uff1a].*|{_FOOT}|{_CUT}"
    r"|第\s*\d+\s*页.*|[-\s]*\d+\s*/\s*\d+[-\s]*页?|page \d+.*"
    r"|(?:暂无|没有|无)(?:更多)?(?:数据|记录|日志|内容)|no (?:data|records?)"
    r"|[(\uff08]?以[上下](?:为|是|空白|无|均|所有|数据|内容).*|[(\uff08]?(?:完|结束|end|eof)[)\uff09]?",
    re.DOTALL | re.IGNORECASE,
)
"""A cell that stands alone in its row and is none of a record: a comment, a rule, a count, a page, who exported."""
_FOOT_OF_SEVERAL = re.compile(_FOOT, re.DOTALL)
_ANNOUNCED = re.compile(r"共(?:计|有)?\s*(\d[\d,]*)\s*(?:条|篇|份|行)", re.ASCII)

_DATE = re.compile(r"\d{4}\s?[-/.年]\s?\d{1,2}")


class Row(NamedTuple):
    """The cells of a row, the line on which it begins (from 1), and how many bytes of the file were read by then;
    ``open`` is the place of the first cell that begins with blanks and a quote which does not quote it."""

    number: int
    position: int
    cells: Sequence[object]
    open: int | None = None


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
    """Whether a row has totals: it says nothing but that; or it begins so, or its first cell ends so, and it has
    nothing that a record needs. Of a record whose time is missing, the template, the department or the person may begin
    so, too."""
    first, whole = _first(cells), _joined(cells).lower()
    if _TOTAL.fullmatch(first) is not None or _TOTAL.fullmatch(whole) is not None:
        return True
    held = [text for cell in needed if (text := text_of(cell))]
    if is_total(cells):
        return not held
    return _ENDS_AS_TOTAL.fullmatch(first) is not None and all(
        text.lower() == first or _COUNT.fullmatch(text) for text in held
    )


def announced(cells: Sequence[object]) -> int:
    """How many records a row says that there are; 0 when it does not say so."""
    found = _ANNOUNCED.search(_joined(cells))
    return int(found[1].replace(",", "")) if found is not None else 0


def is_cut_off(cells: Sequence[object]) -> bool:
    """Whether a row says that there are more records than the table has."""
    return re.fullmatch(_CUT, _joined(cells), re.DOTALL) is not None


def stands_alone(cells: Sequence[object]) -> bool:
    """Whether a row has one cell alone that says something."""
    return sum(not is_nothing(cell) for cell in cells) == 1


def _joined(cells: Sequence[object]) -> str:
    return "".join(text_of(cell) for cell in cells)


def repeats_heading(record: Mapping[str, object], time: str) -> bool:
    """Whether a record is the heading once more: printed pages and files one after the other repeat it."""
    cell = record[time]
    if not isinstance(cell, str) or any(map(str.isdigit, cell)):
        return False
    return all(normal(text_of(cell)) == normal(name) for name, cell in record.items())


def is_remark(cells: Sequence[object]) -> bool:
    """Whether a row has one cell alone that is a comment, a rule, a count, a page or says who exported; or begins with
    one that says this, and the next ones go on so."""
    filled = [cell for cell in cells if not is_nothing(cell)]
    if len(filled) == 1:
        return _REMARK.fullmatch(text_of(filled[0])) is not None
    return bool(filled) and _FOOT_OF_SEVERAL.fullmatch(text_of(filled[0])) is not None

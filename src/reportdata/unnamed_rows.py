"""Rows of records that have no ids: what tells those of one digest apart (`reportdata.digests`), and which stand for
several."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from reportdata.columns import Columns
from reportdata.errors import BadField
from reportdata.headings import normal
from reportdata.other_tables import counts_reports

_OF_OTHERS = re.compile(
    "(?:是否)?[已未]?(?:接收|抄送|收件|读|阅读|读取|评论|点评|点赞|回复)(?:人员?|者|对象|时间|日期|内容|状态|情况|次数|详情|[数率])?"
    "(?:姓名|部门|工号|id|userid|数)?|(?:receiver|recipient|reader|commenter|comment|like)s?(?:name|id|time|count)?|readat|isread"
)
"""Headings of what others did with a report, who may have a row each."""
_NUMBER = re.compile(r"\d{1,6}(?:\.0*)?", re.ASCII)
MANY = BadField(
    "line",
    "says that it stands for several reports, whose times it does not tell",
    "export the reports themselves, in DingTalk by 日志 → 报表 → 导出; where the number says something else, "
    "give its column another heading",
)
"""What is wrong with a row that stands for several records."""


def are_unnamed(columns: Columns) -> bool:
    """Whether the records of a table have no ids, so that their rows stand for them."""
    sheet = columns.kind.sheet
    return sheet is not None and sheet.id not in columns.fields


def telling_apart(columns: Columns, names: Iterable[str]) -> list[bool]:
    """Which of the columns tell rows of one digest apart, in their order."""
    told = columns.told_by_digest
    return [name not in told and not _is_of_others(name) for name in names]


@lru_cache(maxsize=1024)
def _is_of_others(name: str) -> bool:
    return _OF_OTHERS.fullmatch(normal(name)) is not None


def counts_among(names: Iterable[str]) -> list[str]:
    """The columns that say for how many records a row stands."""
    return [name for name in names if counts_reports(name)]


def is_many(cell: object) -> bool:
    """Whether a cell says more than one."""
    text = str(cell).strip() if isinstance(cell, str | int | float) and not isinstance(cell, bool) else ""
    return _NUMBER.fullmatch(text) is not None and float(text) > 1

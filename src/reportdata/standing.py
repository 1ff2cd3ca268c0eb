"""What a table says of a record's standing: that it was never sent, or is there no more.

Such a record is none of those that are counted. Which columns say so is told by their headings; where a heading is a
general one (状态), only words count that are said of reports, since a template may have a field that is called so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from reportdata.headings import normal
from reportdata.identifiers import half_width, is_nothing, read_text

_GONE = "已?(?:撤回|撤销|删除)|(?:was )?(?:withdrawn|recalled|revoked|deleted)"
_UNSENT = (
    "(?:已存)?草稿|(?:已)?暂存|(?:尚)?未(?:提交|发送|填写|填报|发布|汇报|上报)|待(?:提交|发送|填写|填报)"
    "|draft|unsent|unsubmitted|not (?:yet )?(?:submitted|sent)"
)
_NEVER = re.compile(
    f"{_UNSENT}|[未缺漏]交|未写|[缺漏](?:填|写|报)|免交|无需(?:提交|填写)|请假|休假|absent|missing|on leave",
    re.IGNORECASE,
)
"""Words for who sent nothing. Where there is a time, those of them that are not said of reports alone say something
else."""
_WHEN_GONE = re.compile("(?:撤回|删除|撤销)(?:时间|日期)|(?:del|withdr|recall|revok)[a-z]*(?:at|time)")
_YES, _NO = "1|2|true|t|yes|y|是|已.*", "0|false|f|no|n|否|未.*"


class _Says(NamedTuple):
    """The words by which a cell says that its record does not stand, and a superset of these as DuckDB's patterns."""

    words: re.Pattern[str]
    maybe: str


_STATUS = _Says(
    re.compile(rf"(?:{_GONE}|{_UNSENT})", re.IGNORECASE),
    "撤|删|草|存|未|待|withdrawn|recalled|revoked|deleted|draft|unsent|unsubmitted|not ",
)
_OF_APPROVALS = _Says(re.compile(rf"(?:{_GONE})", re.IGNORECASE), "撤|删|withdrawn|recalled|revoked|deleted")
_IS_GONE = _Says(re.compile(rf"(?:{_YES}|{_GONE}|{_UNSENT})", re.IGNORECASE), "[12ty是已撤删草存未待]|recalled|revoked")
_WAS_SENT = _Says(
    re.compile(rf"(?:{_NO}|{_GONE}|{_UNSENT})", re.IGNORECASE),
    "[0fn否未撤删草存待]|recalled|revoked|deleted",
)
OF_DELETIONS = "leave such events out; or write that of a report as a withdrawal, with report_id and withdrawn_at"
"""What to do about events by which records were deleted."""
_CHANGE = _Says(re.compile(r"-?d|-?deletes?|deleted", re.IGNORECASE), "d")
_OTHER_ACT = _Says(
    re.compile(
        "(?:取消)?点?赞|已?(?:阅读|读|浏览|查看)|转发|收藏|分享|(?:un)?liked?|likes|thumbs?[ _-]?up"
        "|reads?|view(?:ed|s)?|shared?|forward(?:ed)?",
        re.IGNORECASE,
    ),
    "赞|读|浏览|查看|转发|收藏|分享|like|thumb|read|view|share|forward",
)
_REPORTS = ("", "日志", "日报", "周报", "月报", "汇报", "报告", "提交", "发送", "填写", "填报", "上报", "记录", "数据")
_SAYING: dict[str, _Says] = {
    **dict.fromkeys((f"{what}状态" for what in _REPORTS), _STATUS),
    **dict.fromkeys(("status", "reportstatus", "reportstate", "submitstatus", "sendstatus"), _STATUS),
    **dict.fromkeys(("审批状态", "审批结果", "流程状态"), _OF_APPROVALS),
    **dict.fromkeys((f"是否{been}{what}" for been in ("", "已") for what in ("撤回", "撤销", "删除")), _IS_GONE),
    **dict.fromkeys(("撤回状态", "删除状态", "删除标志", "删除标记", "逻辑删除", "是否草稿"), _IS_GONE),
    **dict.fromkeys(("isdeleted", "isdelete", "isdel", "deleted", "delflag", "deleteflag"), _IS_GONE),
    **dict.fromkeys(("iswithdrawn", "withdrawn", "isrecalled", "recalled", "isdraft"), _IS_GONE),
    **dict.fromkeys(
        (f"是否{been}{what}" for been in ("", "已") for what in ("提交", "发送", "填写", "填报", "上报")), _WAS_SENT
    ),
    **dict.fromkeys(("issubmitted", "issent"), _WAS_SENT),
    **dict.fromkeys(("op", "optype", "rowkind", "changetype", "cdcop", "cdcoperation"), _CHANGE),
}
"""What is said below which headings, in their normal form."""
_ACTS = dict.fromkeys(
    (
        "类型",
        "评论类型",
        "互动类型",
        "操作类型",
        "动作类型",
        "操作",
        "动作",
        "type",
        "commenttype",
        "action",
        "actiontype",
    ),
    _OTHER_ACT,
)
"""What is said of facts that answer others, as comments do: likes and readings are listed among them."""
_OF_ANSWERS = frozenset(("状态", "评论状态", "status", "commentstatus"))
"""The headings of states that are said of such a fact, and not of the record that it answers."""
_SAYING |= {"评论状态": _STATUS, "commentstatus": _STATUS}


def standing_columns(by_heading: Mapping[str, list[str]], *, answers: bool = False) -> tuple[str, ...]:
    """The columns that say whether a record stands.

    :param by_heading: the columns of a table by their headings in normal form.
    :param answers: whether its records answer others, as comments do.
    """
    saying: Iterable[str] = [*filter(_is_of_answer, _SAYING), *_ACTS] if answers else _SAYING
    return tuple(column for heading in saying if heading in by_heading for column in by_heading[heading])


def _is_of_answer(heading: str) -> bool:
    return heading in _OF_ANSWERS or _SAYING[heading] in (_IS_GONE, _CHANGE)


def says_change(heading: str) -> bool:
    """Whether a heading is of a column that says by what event a record came."""
    return _SAYING.get(normal(heading)) is _CHANGE


def says_standing(heading: str) -> bool:
    """Whether a heading may be of a column that says whether a record stands, or when it was taken back."""
    name = normal(heading)
    return name in _SAYING or _WHEN_GONE.fullmatch(name) is not None


def says_unsent(cell: object) -> bool:
    """Whether a cell, of a time or of a record without one, says that nothing was sent."""
    return isinstance(cell, str) and _NEVER.fullmatch(cell.strip()) is not None


def denied(record: Mapping[str, object], columns: Iterable[str]) -> tuple[str, str] | None:
    """The column that says that a record does not stand, and what it says; None where none does."""
    for column in columns:
        cell = record.get(column)
        if is_nothing(cell):
            continue
        text = _text(cell)
        if text and _says(column).words.fullmatch(text):
            return column, text
    return None


def says_when(cell: object) -> bool:
    """Whether a cell names a time; databases write zeros where there is none."""
    return not is_nothing(cell) and re.fullmatch(r"[\s0:.TZ-]+", str(cell)) is None


def may_deny(column: str) -> str:
    """A pattern that is found in every text by which a column says that a record does not stand, and maybe in others:
    for whoever looks at whole columns."""
    return _says(column).maybe


def _says(column: str) -> _Says:
    heading = normal(column)
    return _SAYING.get(heading) or _ACTS[heading]


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, str | int):
        return half_width(read_text("", cell) or "").strip("[]()<>【】《》「」")
    return ""

"""Which columns of a file hold which field, and so what kind of facts it holds.

Understood are this project's own names, those of DingTalk's APIs and the headings of sheets exported in Chinese.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from reportdata.errors import BadField, BadFile
from reportdata.facts import Kind

_NAMES: dict[str, tuple[str, ...]] = {
    "corp_id": ("corp_id", "corpid", "组织id", "企业id", "企业corpid"),
    "report_id": ("report_id", "reportid", "日志id", "日志编号", "汇报id"),
    "user_id": (
        "user_id", "userid", "creator_id", "creatorid", "用户id", "员工id", "员工userid", "工号",
        "发送人id", "发送人userid", "创建人id", "创建人userid", "提交人id", "提交人userid", "评论人id", "评论人userid",
    ),
    "user_name": ("creator_name", "发送人", "创建人", "提交人", "汇报人", "评论人", "发送人姓名", "创建人姓名", "姓名"),
    "sent_at": ("sent_at", "提交时间", "发送时间", "创建时间", "汇报时间"),
    "commented_at": ("commented_at", "评论时间"),
    "withdrawn_at": ("withdrawn_at", "撤回时间", "删除时间"),
    "create_time": ("create_time", "createtime"),
    "template": ("template", "template_name", "templatename", "日志模板", "模板", "模板名称", "日志类型"),
    "departments": (
        "departments", "department", "dept_name", "deptname",
        "部门", "所属部门", "所在部门", "发送人部门", "创建人部门",
    ),
}  # fmt: skip
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names}
_SHEET_TIMES = _NAMES["sent_at"][1:]
_TIME_OF: dict[Kind, str] = {"sent": "sent_at", "commented": "commented_at", "withdrawn": "withdrawn_at"}


class Columns(NamedTuple):
    """The kind of facts that a table holds, and the column that each field stands in.

    ``report_id`` is absent for an exported sheet that has none; ``user_name`` stands in for an absent ``user_id``
    (`reportdata.facts` says what becomes of both).
    """

    kind: Kind
    corp_id: str | None
    report_id: str | None
    user_id: str | None
    user_name: str | None
    at: str
    template: str | None
    departments: str | None

    @property
    def time_field(self) -> str:
        """The name of the field that holds the fact's time."""
        return _TIME_OF[self.kind]


def read_columns(names: Iterable[str]) -> Columns:
    """The columns of a table with these names.

    :raises BadField: when the kind cannot be told, a needed column is missing, or two columns hold the same field.
    """
    found: dict[str, str] = {}
    for name in names:
        field = _FIELD_OF.get(name.strip().lower().replace(" ", "_"))
        if field is None:
            continue
        if field in found and field not in ("user_name", "departments"):
            raise BadField(name, f"holds the {field} a second time, after {found[field]!r}", "leave one of the two out")
        found.setdefault(field, name)
    kind = _kind(found)
    at = found.get(_TIME_OF[kind]) or found["create_time"]
    columns = Columns(
        kind,
        found.get("corp_id"),
        found.get("report_id"),
        found.get("user_id"),
        None if "user_id" in found else found.get("user_name"),
        at,
        found.get("template"),
        found.get("departments"),
    )
    if kind != "withdrawn" and not (columns.user_id or columns.user_name):
        raise BadField("user_id", "no column holds it", "name the column user_id")
    if columns.report_id is None and at.strip() not in _SHEET_TIMES:
        raise BadField("report_id", "no column holds it", "name the column report_id")
    return columns


def columns_of_file(file: str, names: Iterable[str]) -> Columns:
    """The columns of a file whose records all have these.

    :raises BadFile: as `read_columns` raises `BadField`.
    """
    try:
        return read_columns(names)
    except BadField as error:
        raise BadFile(file, str(error), error.hint) from error


def _kind(found: dict[str, str]) -> Kind:
    named: list[Kind] = [kind for kind, field in _TIME_OF.items() if field in found]
    if len(named) > 1:
        times = " and ".join(repr(found[_TIME_OF[kind]]) for kind in named)
        raise BadField("kind", f"{times} are both here", "keep reports, comments and withdrawals in files of their own")
    if named:
        return named[0]
    if "create_time" not in found:
        raise BadField(
            "kind",
            "no column tells reports from comments",
            "name the time column sent_at (reports), commented_at (comments) or withdrawn_at (withdrawals)",
        )
    user = found.get("user_id", "").strip().lower().replace("_", "")
    if user == "creatorid" or "template" in found or "departments" in found:
        return "sent"
    if user == "userid" and found["user_id"].strip().lower() == "userid":
        return "commented"
    raise BadField(
        "create_time",
        "may be a report's or a comment's",
        "name it sent_at (reports) or commented_at (comments)",
    )

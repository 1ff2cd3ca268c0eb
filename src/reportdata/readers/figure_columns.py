"""The columns of tables of official figures: what headings mean, and which rows are of a day of an organisation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from reportdata.days import from_date, is_day
from reportdata.errors import BadField
from reportdata.headings import CORP_ID, normal, require_own_unit, seen
from reportdata.identifiers import half_width
from reportdata.services import Service

_DAY = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?(?:[ T]0?0:00(?::00(?:\.0+)?)?)?"
    r"(?:\s?[(（]?(?:星期|礼拜|周)[一二三四五六日天][)）]?)?",
    re.ASCII,
)
_DATES = ("stat_date", "statDate", "统计日期", "日期", "统计日", "统计时间", "stat_day", "day", "date")
_PARTS = frozenset(
    map(
        normal,
        (
            *(
                "部门",
                "部门名称",
                "所属部门",
                "部门id",
                "团队",
                "小组",
                "dept",
                "dept_name",
                "dept_id",
                "department",
                "team",
            ),
            *("员工", "姓名", "员工姓名", "用户", "用户id", "user_id", "user_name", "工号", "staff_id"),
            *("模板", "模板名称", "日志模板", "日志类型", "template", "template_name"),
        ),
    )
)
"""Headings of columns that tell of a part of an organisation."""
_DIVIDES = re.compile(
    r"(?:部门|科室|分公司|子公司|分支机构|分部|事业部|团队|小组|班组|区域|地区|省份|城市|门店|岗位|职位|职务|角色|终端|客户端|平台|渠道"
    r"|设备|小时|时段|姓名|用户名|dept|department|team|region|city|platform|device|channel|hour)"
    r"(?:名称|名|id|编号|编码|类型|name|code)?"
)
"""How headings end of more such columns."""
_OF_ALL = frozenset(("全部", "全公司", "整个公司", "全员", "整体", "总体", "公司整体", "all", "total", "company"))
"""What stands in such a column where a row is of the whole organisation."""
_NAMES = frozenset(
    map(
        normal,
        (
            "组织名称",
            "组织",
            "企业名称",
            "企业",
            "公司名称",
            "公司",
            "corp_name",
            "org_name",
            "company",
            "company_name",
        ),
    )
)
"""Headings of columns with names of organisations."""
_SPANS = frozenset(map(normal, ("统计周期", "周期", "统计粒度", "粒度", "period", "granularity")))
_DAILY = frozenset(("日", "天", "按日", "按天", "每日", "每天", "day", "daily", "d", "1d", "1天"))
_ENDS = frozenset(map(normal, ("开始日期", "起始日期", "结束日期", "截止日期", "start_date", "end_date", "from", "to")))
_BESIDE = _PARTS | _SPANS | _ENDS | _NAMES
"""Headings of columns by which the numbers of a row may be of less than an organisation, or of more than a day."""
_FORMS = "write it like 20210101 or 2021-01-01"

OTHER = "other: "
"""What the fields of the latter begin with."""


class FigureFields(NamedTuple):
    """The vocabulary of a service's figures: by field, the headings that it may have."""

    service: Service
    partly: bool = False
    """Whether columns of KPIs may be absent, but not all."""
    any_unit: bool = False
    """Whether headings that say another unit are those of KPIs all the same."""

    def headings(self) -> dict[str, tuple[str, ...]]:
        """``stat_date``, ``corp_id`` and the KPIs by their keys."""
        kpis = {kpi.key: (kpi.key, kpi.id, kpi.name) for kpi in self.service.kpis}
        return {"stat_date": _DATES, "corp_id": CORP_ID, **kpis}

    def columns(self, names: Sequence[str]) -> dict[str, str]:
        """The column of each field, ``corp_id`` may have none; and those beside them that may say that a row is of less
        or more than a day of an organisation.

        :raises BadField: when another has none, or one has two.
        """
        found: dict[str, str] = {}
        for field, headings in self.headings().items():
            known = set(map(normal, headings))
            held = [name for name in names if normal(name) in known]
            if len(held) > 1:
                both = " and ".join(map(repr, held[:3]))
                raise BadField(field, f"{both} may both be it", "leave one of them out, or rename it")
            if held:
                found[field] = held[0]
            elif field != "corp_id" and not (self.partly and field != "stat_date"):
                reason = f"no column holds it; the columns are: {seen(names)}"
                alternatives, example = " or ".join(headings[:3]), self._known()
                raise BadField(field, reason, f"name the column {alternatives}; {example}")
        for kpi in self.service.kpis:
            if kpi.key in found and not self.any_unit:
                require_own_unit(kpi.key, found[kpi.key], daily=True)
        if not found.keys() - {"stat_date", "corp_id"}:
            kpi = self.service.kpis[0]
            raise BadField(kpi.key, f"no column holds it; the columns are: {seen(names)}", self._known())
        taken = set(found.values())
        return found | {f"{OTHER}{name}": name for name in names if name not in taken and _is_beside(normal(name))}

    def knows(self, heading: str) -> bool:
        """Whether a heading is that of a field."""
        return any(normal(heading) in map(normal, headings) for headings in self.headings().values())

    def require_own(self, titles: Sequence[str]) -> None:
        """Days are those of the organisation, whatever stands above."""

    def _known(self) -> str:
        last = [headings[2] for headings in self.headings().values()]
        return f"a table has, for example, {', '.join([last[0], CORP_ID[1].replace('id', 'ID'), *last[2:]])}"


def _is_beside(name: str) -> bool:
    return name in _BESIDE or _is_part(name)


def _is_part(name: str) -> bool:
    divides = next((found for found in _DIVIDES.finditer(name) if found.end() == len(name)), None)
    return name in _PARTS or divides is not None


def names_organisation(field: str) -> bool:
    """Whether a field is a column of names of organisations."""
    return field.startswith(OTHER) and normal(field.removeprefix(OTHER)) in _NAMES


def require_whole(heading: str, value: object, day: str) -> None:
    """:raises BadField: when a row is of a part of an organisation, or of more than a day."""
    name, text = normal(heading), half_width(str(value)).strip()
    if _is_part(name) and text.lower() not in _OF_ALL:
        reason = f"{text[:40]!r}: the row is of a part, and figures are of whole organisations"
        raise BadField(heading, reason, "leave the column out if its numbers are of the whole organisation")
    if name in _SPANS and text.lower() not in _DAILY:
        reason = f"{text[:40]!r}: the row is of more than a day, and figures are of single days"
        raise BadField(heading, reason, "export the numbers by day")
    if name in _ENDS and read_day(value) != day:
        reason = f"{text[:40]!r} is another day than {day}, and figures are of single days"
        raise BadField(heading, reason, "export the numbers by day")


def read_day(value: object) -> str:
    if isinstance(value, date):  # a spreadsheet's times are dates, too
        return from_date(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = half_width(str(value)).strip() if value is not None else ""
    written = _DAY.fullmatch(text)
    day = f"{written[1]}{int(written[2]):02}{int(written[3]):02}" if written is not None else text.removesuffix(".0")
    if not is_day(day):
        raise BadField("stat_date", f"{text[:40]!r} is not a day" if text else "is missing", _FORMS)
    return day

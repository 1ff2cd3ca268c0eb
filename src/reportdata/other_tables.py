"""What a table seems to hold in place of reports, by its headings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reportdata.headings import normal

_OF_ATTENDANCE = re.compile("打卡|考勤|签到|签退|班次|迟到|早退|旷工")
_OF_COUNTS = re.compile(
    "(?:人|次|篇|天|日志|提交|未交|已交|应交|实交|评论|点赞)数$|率$|^(?:应|实|未|已|按时|迟)(?:交|提交|填|填写|发|发送)$|^(?:合计|总计|小计)$"
)
_COUNT_OF_REPORTS = re.compile(
    "[应实已]?(?:提交|发送|日志|日报|周报|月报|填报|填写|汇报|上报)(?:次数|篇数|份数|条数|总数|数量|数)|篇数|份数"
    "|(?:reports?|submissions?)(?:counts?|sent)|(?:count|numberof)reports"
)
_OF_REPORTS = re.compile("日志|日报|周报|月报|汇报|今[日天]|明[日天]|[本下]周|工作|总结|模[板版]|report|template")
_OF_OTHERS = {
    "records of documents": re.compile(
        "(?:文档|文件夹?|知识库)(?:名称?|标题|id|链接|类型|格式|大小|路径|所有者)|最[近后](?:编辑|打开|阅读)(?:者|人|时间)"
        "|(?:document|doc|file|folder)(?:id|name|title|url|type|size|path)"
    ),
    "records of to-dos": re.compile(
        "待办(?:名称|标题|事项|内容|id)?|执行[者人]|(?:截止|到期)(?:时间|日期)|优先级|todo(?:id|title)?"
    ),
    "records of events": re.compile("日程(?:名称|标题|主题|id)?|参与[者人]数?|(?:calendar|event)(?:id|title)"),
    "records of meetings": re.compile(
        "会议(?:名称|标题|主题|id|号码?|时长|类型)|(?:meeting|conference)(?:id|title|name|code)"
    ),
    "records of chats": re.compile("(?:群聊?|群组|会话)(?:名称?|id|人数|主|类型)|chat(?:id|name|title)"),
    "records of announcements": re.compile("公告(?:名称|标题|内容|id|分类)?|announcement(?:id|title)?"),
    "records of mail": re.compile("邮件(?:主题|标题|id)|收件[者人]|mail(?:id|subject)|subject"),
}
"""Headings, in their normal form, of records that have a person and a time as reports do."""
_DAY = re.compile(
    r"(?:(?:\d{4}|\d\d)\s?[-/.年]\s?)?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?(?: 0?0:00(?::00)?)?|\d{1,2}[日号]?", re.ASCII
)
_WEEKDAY = re.compile(r"\s*[(\uff08]?(?:星期|周|礼拜)?[一二三四五六日天][)\uff09]?$")


def other_table(columns: Iterable[str]) -> str | None:
    """What a table without a column of times seems to have in place of records: ``attendance`` or ``counts``; None
    where nothing says so."""
    names = [" ".join(column.split()) for column in columns]
    if any(_OF_ATTENDANCE.search(name) for name in names):
        return "attendance"
    counts = sum(_OF_COUNTS.search(name) is not None for name in names)
    days = sum(_DAY.fullmatch(_WEEKDAY.sub("", name)) is not None for name in names)
    return "counts" if max(counts, days) > 1 else None


def counts_reports(heading: str) -> bool:
    """Whether a heading is one of how many reports somebody sent."""
    return _COUNT_OF_REPORTS.fullmatch(normal(heading)) is not None


def other_records(columns: Iterable[str]) -> str | None:
    """What the records of a table seem to be in place of reports; None where no heading says so, or one speaks of
    reports."""
    names = list(map(normal, columns))
    if any(_OF_REPORTS.search(name) for name in names):
        return None
    return next((of for of, said in _OF_OTHERS.items() if any(map(said.fullmatch, names))), None)

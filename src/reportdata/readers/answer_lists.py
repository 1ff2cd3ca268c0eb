"""The lists in answers of DingTalk's report APIs, and the reports and comments in them, under the names that the
gateway, SDKs and programs give them.

Texts and names are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from reportdata.errors import BadField
from reportdata.headings import is_corp_id
from reportdata.nested import local_moment
from reportdata.standing import says_standing

LISTS = ("data_list", "dataList", "reports", "reportList", "report_list", "list")
COMMENTS = ("comments", "commentList", "comment_list")

BEIJING = ZoneInfo("Asia/Shanghai")
"""DingTalk writes a comment's time without an offset, in Beijing time whatever the organisation's zone."""

OF_REPORT = {
    "report_id": ("report_id", "reportId"),
    "user_id": ("creator_id", "creatorId", "creatorUserId", "creator_userid", "userid", "userId"),
    "sent_at": ("create_time", "createTime", "gmt_create", "gmtCreate"),
    "template": ("template_name", "templateName"),
    "departments": ("dept_name", "deptName"),
}
OF_COMMENT = {
    "user_id": ("userid", "userId", "user_id", "commentUserId"),
    "commented_at": ("create_time", "createTime", "gmt_create", "gmtCreate"),
}


def listed(result: Mapping[str, object], names: tuple[str, ...]) -> object:
    """The list under one of the names; an empty one where it is null, None where there is none."""
    for name in names:
        if name in result:
            return result[name] if result[name] is not None else []
    return None


def is_empty(result: Mapping[str, object]) -> bool:
    """Whether an answer without a list says that there is nothing."""
    return str(result.get("size", result.get("count", ""))) == "0"


def beside_of(items: object) -> tuple[str, ...]:
    """The members of a list's objects that say of which organisation these are, and whether they stand, as services
    write that keep what DingTalk answered."""
    found = {name for item in items if isinstance(item, dict) for name in item} if isinstance(items, list) else ()
    return tuple(sorted(name for name in found if says_standing(name) or is_corp_id(name)))


def reports_of(reports: object, result: Mapping[str, object], beside: Sequence[str]) -> Iterator[Mapping[str, object]]:
    """The records of the reports in a list.

    :param beside: members that are kept as they are (`beside_of`).
    :raises BadField: when it is no list of objects.
    """
    for report in _objects("data_list", reports, result):
        record = {field: _first(report, names) for field, names in OF_REPORT.items()}
        yield record | {name: report.get(name) for name in beside}


def comments_of(
    comments: object, request: Mapping[str, object], result: Mapping[str, object], beside: Sequence[str]
) -> Iterator[Mapping[str, object]]:
    """The records of the comments in a list, which are on the report that was asked for.

    :param beside: members that are kept as they are (`beside_of`).
    :raises BadField: when it is no list of objects, or the request does not name the report.
    """
    found = list(_objects("comments", comments, result))
    report_id = _first(request, ("report_id", "reportId"))
    if found and report_id is None:
        raise BadField(
            "request",
            "is missing: the answer does not say on which report its comments are",
            'save {"api": "topapi/report/comment/list", "request": {"report_id": …}, "response": …}',
        )
    for comment in found:
        record = {field: _first(comment, names) for field, names in OF_COMMENT.items()}
        if isinstance(record["commented_at"], str):
            record["commented_at"] = local_moment(record["commented_at"], BEIJING)
        yield {"report_id": report_id, **record, **{name: comment.get(name) for name in beside}}


def object_of(field: str, value: object) -> Mapping[str, object]:
    """
    :raises BadField: when the value of a field is no object.
    """
    if isinstance(value, BadField):
        raise value
    if not isinstance(value, dict):
        raise BadField(field, f"is a {type(value).__name__}, not an object" if value is not None else "is missing")
    return value


def _objects(field: str, value: object, result: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The objects of a list, which may be missing where the answer says that it is empty, or whether there is more."""
    if value is None:
        if not is_empty(result) and "has_more" not in result and "hasMore" not in result:
            raise BadField(field, "is missing", "save the whole answer")
        return
    if not isinstance(value, list):
        raise BadField(field, f"is a {type(value).__name__}, not a list")
    for item in value:
        yield object_of(field, item)


def _first(record: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((record[name] for name in names if record.get(name) is not None), None)

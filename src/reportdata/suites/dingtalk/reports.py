"""The calls of the report APIs, and what is read of their answers: ids, times, template and departments.

Texts and names are passed over while an answer is decoded, so that they are never held. Lists end when ``has_more`` is
false, whatever ``next_cursor`` says (the documentation contradicts its samples, and these agree). A list that is null
is empty. A record that cannot be used is set aside, and the others of its page are not.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from reportdata.collector.suite import Comment, CommentPage, Report, ReportPage, Unusable
from reportdata.days import SECOND, time_zone
from reportdata.errors import BadAnswer, BadField
from reportdata.identifiers import read_id, read_text
from reportdata.suites.dingtalk.client import Client
from reportdata.times import read_instant
from reportdata.values import read_names

PAGE = 20
"""Reports or comments that a page holds at most."""
LISTS = ("topapi/report/simplelist", "topapi/report/list")
"""The APIs that list reports, the one first that gives no texts and needs the narrower permission."""
COMMENTS = "topapi/report/comment/list"
_BEIJING = time_zone("Asia/Shanghai")
_BESIDE = 3_600_000
"""Milliseconds beside the time that was asked for in which a list may still have its reports."""


class _Report(msgspec.Struct):
    report_id: object = None
    creator_id: object = None
    create_time: object = None
    template_name: object = None
    dept_name: object = None


class _Comment(msgspec.Struct):
    userid: object = None
    create_time: object = None


class _Page(msgspec.Struct):
    """A page of either list; what is not there at all is `msgspec.UNSET`, unlike what is null."""

    data_list: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    comments: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    has_more: bool | msgspec.UnsetType | None = msgspec.UNSET
    next_cursor: int | None = None


_page = msgspec.json.Decoder(_Page, strict=False)
_report = msgspec.json.Decoder(_Report)
_comment = msgspec.json.Decoder(_Comment)


def list_reports(
    client: Client, api: str, first_at: int, last_at: int, cursor: str, user_id: str | None = None
) -> ReportPage:
    """A page of the reports that were made from ``first_at`` to ``last_at``, both in milliseconds and included.

    :param api: one of `LISTS`.
    :param user_id: only this person's.
    """
    body: dict[str, object] = {"start_time": first_at, "end_time": last_at, "cursor": int(cursor or 0), "size": PAGE}
    if user_id is not None:
        body["userid"] = user_id
    page = read_reports(client.call(api, body), cursor)
    begin, end = first_at - _BESIDE, last_at + _BESIDE
    if page.reports and not any(begin <= report.sent_at <= end for report in page.reports):
        raise BadAnswer(f"{api} lists reports of another time than it was asked for")
    return page


def read_reports(content: bytes, cursor: str) -> ReportPage:
    """The page that an answer's result holds.

    :raises BadAnswer: when it cannot be used.
    """
    page = _decoded(content, LISTS[1])
    reports: list[Report] = []
    unusable: list[Unusable] = []
    for record in _records(page, page.data_list, LISTS[1]):
        found = _read_report(record)
        if isinstance(found, Unusable):
            unusable.append(found)
        else:
            reports.append(found)
    _require_end(page, len(page.data_list or ()), LISTS[1])
    following = None if page.next_cursor is None else str(page.next_cursor)
    if page.has_more and following in (None, cursor or "0"):
        raise BadAnswer(f"{LISTS[1]} says that there is more, and not where")
    return ReportPage(reports, following if page.has_more else None, unusable)


def list_comments(client: Client, report_id: str, offset: int) -> CommentPage:
    """A page of a report's comments."""
    content = client.call(COMMENTS, {"report_id": report_id, "offset": offset, "size": PAGE})
    return read_comments(content, offset, report_id)


def read_comments(content: bytes, offset: int, report_id: str = "") -> CommentPage:
    """The page that an answer's result holds.

    :raises BadAnswer: when it cannot be used.
    """
    page = _decoded(content, COMMENTS)
    records = _records(page, page.comments, COMMENTS)
    comments: list[Comment] = []
    unusable: list[Unusable] = []
    for record in records:
        found = _read_comment(record, report_id)
        if isinstance(found, Unusable):
            unusable.append(found)
        else:
            comments.append(found)
    _require_end(page, len(records), COMMENTS)
    following = page.next_cursor if page.next_cursor is not None else offset + len(records)
    if page.has_more and following <= offset:
        raise BadAnswer(f"{COMMENTS} says that there is more, and not where")
    return CommentPage(comments, following if page.has_more else None, unusable)


def _read_report(record: msgspec.Raw) -> Report | Unusable:
    try:
        found = _report.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unusable("", "", None, "the report is no object")
    report_id, user_id, at = _id(found.report_id), _id(found.creator_id), _instant(found.create_time)
    for name, value, part in (
        ("report_id", found.report_id, report_id),
        ("creator_id", found.creator_id, user_id),
        ("create_time", found.create_time, at),
    ):
        if part is None:
            milliseconds = None if at is None else at * 1000 // SECOND
            return Unusable(report_id or "", user_id or "", milliseconds, _reason(name, value))
    assert report_id is not None and user_id is not None and at is not None  # noqa: S101, PT018 - looked at above
    try:
        departments = read_names("departments", found.dept_name)
        template = read_text("template_name", found.template_name)
    except BadField:  # no number depends on them
        departments = template = None
    return Report(report_id, user_id, at * 1000 // SECOND, template or "", departments)


def _read_comment(record: msgspec.Raw, report_id: str) -> Comment | Unusable:
    try:
        found = _comment.decode(record)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unusable(report_id, "", None, "the comment is no object")
    user_id, at = _id(found.userid), _instant(found.create_time)
    if user_id is None:
        return Unusable(report_id, "", None if at is None else at // 1000, _reason("userid", found.userid))
    if at is None:
        return Unusable(report_id, user_id, None, _reason("create_time", found.create_time))
    return Comment(user_id, at)


def _id(value: object) -> str | None:
    try:
        return read_id("id", value)
    except BadField:
        return None


def _instant(value: object) -> int | None:
    try:
        return read_instant(value, _BEIJING)
    except ValueError:
        return None


def _reason(name: str, value: object) -> str:
    """Why a field cannot be used, without its value: a text may stand there by mistake."""
    if value is None or value == "":
        return f"{name} is missing"
    kind = "a time" if name == "create_time" else "an id"
    return f"{name} is a {type(value).__name__} that is not {kind}"


def _records(page: _Page, records: list[msgspec.Raw] | msgspec.UnsetType | None, api: str) -> Sequence[msgspec.Raw]:
    """The records of a page. One without a list must at least say that there is no more."""
    if records is msgspec.UNSET and page.has_more is not False:
        raise BadAnswer(f"{api} answered without a list")
    return records or ()


def _require_end(page: _Page, count: int, api: str) -> None:
    """:raises BadAnswer: when a page is full and does not say whether it is the last."""
    if count >= PAGE and not isinstance(page.has_more, bool):
        raise BadAnswer(f"{api} does not say whether there is more")


def _decoded(content: bytes, api: str) -> _Page:
    try:
        return _page.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"{api} answered with something else than its documentation says: {error}") from error

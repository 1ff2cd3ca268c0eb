"""The calls of the report APIs, and what is read of their answers: ids, times, template and departments.

Texts and names are passed over while an answer is decoded, so that they are never held. Lists end when ``has_more`` is
false, whatever ``next_cursor`` says (the documentation contradicts its samples, and these agree).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import msgspec

from reportdata.days import SECOND, time_zone
from reportdata.dingtalk.client import Client
from reportdata.errors import BadField, Unavailable
from reportdata.facts import read_departments, read_id, read_text
from reportdata.times import read_instant

PAGE = 20
"""Reports or comments that a page holds at most."""
LONGEST_WINDOW = 180 * 86_400_000
"""Milliseconds that a window may be long."""
LISTS = ("topapi/report/simplelist", "topapi/report/list")
"""The APIs that list reports, the one first that gives no texts and needs the narrower permission."""
COMMENTS = "topapi/report/comment/list"
_BEIJING = time_zone("Asia/Shanghai")


class Report(NamedTuple):
    """A report as a list has it: ``sent_at`` in milliseconds since 1970, departments as names with commas between."""

    report_id: str
    user_id: str
    sent_at: int
    template: str
    departments: str | None


class Comment(NamedTuple):
    """A comment: by whom, and when in microseconds since 1970."""

    user_id: str
    at: int


class ReportPage(NamedTuple):
    """A page of reports; ``cursor`` is where the next one begins, None when there is none."""

    reports: Sequence[Report]
    cursor: int | None


class CommentPage(NamedTuple):
    """A page of comments; ``offset`` is where the next one begins, None when there is none."""

    comments: Sequence[Comment]
    offset: int | None


class _Report(msgspec.Struct):
    report_id: object
    creator_id: object
    create_time: object
    template_name: object = None
    dept_name: object = None


class _Reports(msgspec.Struct):
    data_list: list[_Report] = []
    has_more: bool = False
    next_cursor: int | None = None


class _Comment(msgspec.Struct):
    userid: object
    create_time: object


class _Comments(msgspec.Struct):
    comments: list[_Comment] = []
    has_more: bool = False
    next_cursor: int | None = None


_reports = msgspec.json.Decoder(_Reports, strict=False)
_comments = msgspec.json.Decoder(_Comments, strict=False)
_T = TypeVar("_T")


def list_reports(
    client: Client, api: str, first_at: int, last_at: int, cursor: int, user_id: str | None = None
) -> ReportPage:
    """A page of the reports that were made from ``first_at`` to ``last_at``, both in milliseconds and included.

    :param api: one of `LISTS`.
    :param user_id: only this person's.
    """
    body: dict[str, object] = {"start_time": first_at, "end_time": last_at, "cursor": cursor, "size": PAGE}
    if user_id is not None:
        body["userid"] = user_id
    return read_reports(client.call(api, body), cursor)


def read_reports(content: bytes, cursor: int) -> ReportPage:
    """The page that an answer's result holds.

    :raises Unavailable: when it cannot be used.
    """
    page = _decoded(_reports, content, LISTS[1])
    try:
        reports = [_report(found) for found in page.data_list]
    except (BadField, ValueError) as error:
        raise Unavailable(f"{LISTS[1]} answered with a report that cannot be used: {error}") from error
    if page.has_more and page.next_cursor in (None, cursor):
        raise Unavailable(f"{LISTS[1]} says that there is more, and not where")
    return ReportPage(reports, page.next_cursor if page.has_more else None)


def list_comments(client: Client, report_id: str, offset: int) -> CommentPage:
    """A page of a report's comments."""
    return read_comments(client.call(COMMENTS, {"report_id": report_id, "offset": offset, "size": PAGE}), offset)


def read_comments(content: bytes, offset: int) -> CommentPage:
    """The page that an answer's result holds.

    :raises Unavailable: when it cannot be used.
    """
    page = _decoded(_comments, content, COMMENTS)
    try:
        comments = [
            Comment(read_id("userid", found.userid), read_instant(found.create_time, _BEIJING))
            for found in page.comments
        ]
    except (BadField, ValueError) as error:
        raise Unavailable(f"{COMMENTS} answered with a comment that cannot be used: {error}") from error
    following = page.next_cursor if page.next_cursor is not None else offset + len(comments)
    if page.has_more and following <= offset:
        raise Unavailable(f"{COMMENTS} says that there is more, and not where")
    return CommentPage(comments, following if page.has_more else None)


def _report(found: _Report) -> Report:
    try:
        departments = read_departments(found.dept_name)
        template = read_text("template_name", found.template_name)
    except BadField:  # no number depends on them
        departments = template = None
    return Report(
        read_id("report_id", found.report_id),
        read_id("creator_id", found.creator_id),
        read_instant(found.create_time, _BEIJING) * 1000 // SECOND,
        template or "",
        departments,
    )


def _decoded(decoder: msgspec.json.Decoder[_T], content: bytes, api: str) -> _T:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unavailable(f"{api} answered with something else than its documentation says: {error}") from error

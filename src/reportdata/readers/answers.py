"""Answers of DingTalk's report APIs, as the gateway sends them (``data_list``), as SDKs print them (``dataList``,
``commentList``), or as DingTalk's own command line does (``reports``): the reports and comments in them.

Texts and names in the answers are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.errors import BadField
from reportdata.headings import corp_id_of, is_corp_id
from reportdata.json_texts import decode
from reportdata.nested import local_moment
from reportdata.standing import says_standing

REPORT_LISTS = ("report/list", "report/simplelist")
COMMENT_LIST = "report/comment/list"
_LISTS = ("data_list", "dataList", "reports", "reportList", "report_list", "list")
_COMMENTS = ("comments", "commentList", "comment_list")
_BODIES = ("body", "data")
"""Where SDKs and programs keep the answer in what they save."""

BEIJING = ZoneInfo("Asia/Shanghai")
"""DingTalk writes a comment's time without an offset, in Beijing time whatever the organisation's zone."""

_FIELDS = {
    "report_id": ("report_id", "reportId"),
    "user_id": ("creator_id", "creatorId", "creatorUserId", "creator_userid", "userid", "userId"),
    "sent_at": ("create_time", "createTime", "gmt_create", "gmtCreate"),
    "template": ("template_name", "templateName"),
    "departments": ("dept_name", "deptName"),
}
_OF_COMMENT = {
    "user_id": ("userid", "userId", "user_id", "commentUserId"),
    "commented_at": ("create_time", "createTime", "gmt_create", "gmtCreate"),
}


def is_exchange(content: Mapping[str, object]) -> bool:
    """Whether an object is an exchange or an answer, and no record."""
    if "response" in content and ("api" in content or "request" in content):
        return True
    if content.keys() & {"report_id", "reportId"}:
        return False
    if "errcode" in content or "result" in content or "error_response" in content or _is_new_error(content):
        return True
    if any(isinstance(content.get(name), list) for name in (*_LISTS, *_COMMENTS)):
        return True
    return any(is_exchange(inner) for inner in (_inner(content, name) for name in _BODIES) if inner is not None)


def first_of_others(answer: Mapping[str, object]) -> Mapping[str, object] | None:
    """The first record in the list of an answer, where it lacks what DingTalk's records have, or has what they lack:
    services name their lists alike. None where it may be DingTalk's."""
    if "response" in answer:
        return None
    place: Mapping[str, object] | None = answer
    while place is not None:
        for name in ("result", *_LISTS, *_COMMENTS):
            items = place.get(name)
            if isinstance(items, list) and items and isinstance(first := items[0], dict):
                if name in _COMMENTS:
                    return first if first.keys() & {*_FIELDS["report_id"]} else None
                if name == "result" and first.keys().isdisjoint((*_FIELDS["report_id"], *_FIELDS["user_id"])):
                    return None
                lacking = (first.keys().isdisjoint(_FIELDS[field]) for field in ("report_id", "user_id", "sent_at"))
                return first if any(lacking) else None
        place = next(filter(None, (_inner(place, name) for name in ("result", *_BODIES))), None)
    return None


def _inner(content: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    """The object under a name, which some programs save as text."""
    value = content.get(name)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        with suppress(msgspec.DecodeError, RecursionError):
            value = decode(value)
    return value if isinstance(value, dict) else None


def _is_new_error(body: Mapping[str, object]) -> bool:
    """Whether it is an error answer of the new gateway."""
    return isinstance(body.get("code"), str) and "message" in body and ("requestid" in body or "requestId" in body)


class ErrorAnswer(BadField):
    """An answer that says why there is none."""

    def __init__(self, body: Mapping[str, object]) -> None:
        names = ("errcode", "code", "sub_code", "errmsg", "message", "msg", "success")
        codes = ", ".join(f"{name} {str(body[name])[:80]}" for name in names if body.get(name) not in (None, ""))
        super().__init__(
            "response",
            f"is an error ({codes}), and the file has no good answer to its request",
            "ask again and save that",
        )


class Page(NamedTuple):
    """What an exchange holds: the records, what each has, what was asked, what was answered, and the reports in it."""

    records: Iterator[Mapping[str, object]]
    fields: tuple[str, ...]
    request: Mapping[str, object]
    result: Mapping[str, object]
    reports: Sequence[Mapping[str, object]] = ()


_REPORT, _COMMENT = tuple(_FIELDS), ("report_id", *_OF_COMMENT)


def read_answer(body: Mapping[str, object], request: Mapping[str, object], api: str) -> Page:
    """The page that an answer is.

    :param request: what was asked; empty when it is not known.
    :param api: the name of the API; empty when it is not known.
    :raises ErrorAnswer: when it says why there is no page.
    :raises BadField: when it is something else.
    """
    result = _result(body)
    comments = _listed(result, _COMMENTS)
    reports = _listed(result, _LISTS)
    if api == COMMENT_LIST or (not api and comments is not None):
        beside = _beside(comments)
        return Page(_comments(comments, request, result, beside), (*_COMMENT, *beside), request, result)
    if reports is not None or api or _is_empty(result):
        beside = _beside(reports)
        whole = [report for report in reports if isinstance(report, dict)] if isinstance(reports, list) else []
        return Page(_reports(reports, result, beside), (*_REPORT, *beside), request, result, whole)
    seen = ", ".join(map(repr, list(result)[:8])) or "nothing"
    raise BadField(
        "response",
        f"has none of the known lists; it has {seen}",
        f"save whole answers of {', '.join(REPORT_LISTS)} or {COMMENT_LIST}",
    )


def organisation_of(exchange: Mapping[str, object]) -> str | None:
    """The organisation that an exchange or an answer names beside its list, the innermost where several are named."""
    found = corp_id_of(exchange)
    for name in ("request", *_BODIES, "result", "response"):
        inner = _inner(exchange, name)
        found = (organisation_of(inner) if inner is not None else None) or found
    return found


def body_of(value: object, field: str = "response") -> Mapping[str, object]:
    """The body of an answer or a request, which some programs save as text."""
    if isinstance(value, str):
        try:
            value = decode(value)
        except (msgspec.DecodeError, RecursionError):
            raise BadField(field, "is a text that is not JSON", f"save the body of the {field} as JSON") from None
    return _object(field, value)


def _result(body: Mapping[str, object]) -> Mapping[str, object]:
    refused = str(body.get("success")).lower() == "false" or _is_new_error(body)
    if str(body.get("errcode") or 0) != "0" or refused:
        raise ErrorAnswer(body)
    if isinstance(error := body.get("error_response"), dict):
        raise ErrorAnswer(error)
    known = ("result", *_LISTS, *_COMMENTS)
    for name in _BODIES if not body.keys() & {*known} else ():
        if (saved := _inner(body, name)) is not None:
            return _result(saved)
    inner = body.get("result", body)
    if isinstance(inner, str):
        inner = body_of(inner)
    if isinstance(inner, list):
        if not inner:
            return {"data_list": []}
        first = inner[0]
        seen = ", ".join(map(repr, first)) if isinstance(first, dict) else type(first).__name__
        if isinstance(first, dict) and first.keys() & {*_FIELDS["report_id"], *_FIELDS["user_id"]}:
            return {"data_list": inner}
        raise BadField(
            "result",
            f"is a list of objects without ids ({seen})",
            "save the answers of topapi/report/list, or export the reports as a sheet",
        )
    if inner is body and "errcode" in body and not any(name in body for name in (*_LISTS, *_COMMENTS)):
        raise BadField("result", "is missing", "save the whole answer")
    return _object("result", inner)


def _is_empty(result: Mapping[str, object]) -> bool:
    """Whether an answer without a list says that there is nothing."""
    return str(result.get("size", result.get("count", ""))) == "0"


def _listed(result: Mapping[str, object], names: tuple[str, ...]) -> object:
    """The list under one of the names; an empty one where it is null, None where there is none."""
    for name in names:
        if name in result:
            return result[name] if result[name] is not None else []
    return None


def _beside(items: object) -> tuple[str, ...]:
    """The members of a list's objects that say of which organisation these are, and whether they stand, as services
    write that keep what DingTalk answered."""
    found = {name for item in items if isinstance(item, dict) for name in item} if isinstance(items, list) else ()
    return tuple(sorted(name for name in found if says_standing(name) or is_corp_id(name)))


def _comments(
    comments: object, request: Mapping[str, object], result: Mapping[str, object], beside: Sequence[str]
) -> Iterator[Mapping[str, object]]:
    found = list(_objects("comments", comments, result))
    report_id = _first(request, ("report_id", "reportId"))
    if found and report_id is None:
        raise BadField(
            "request",
            "is missing: the answer does not say on which report its comments are",
            'save {"api": "topapi/report/comment/list", "request": {"report_id": …}, "response": …}',
        )
    for comment in found:
        record = {field: _first(comment, names) for field, names in _OF_COMMENT.items()}
        if isinstance(record["commented_at"], str):
            record["commented_at"] = local_moment(record["commented_at"], BEIJING)
        yield {"report_id": report_id, **record, **{name: comment.get(name) for name in beside}}


def _reports(reports: object, result: Mapping[str, object], beside: Sequence[str]) -> Iterator[Mapping[str, object]]:
    for report in _objects("data_list", reports, result):
        record = {field: _first(report, names) for field, names in _FIELDS.items()}
        yield record | {name: report.get(name) for name in beside}


def _first(record: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _object(field: str, value: object) -> Mapping[str, object]:
    if isinstance(value, BadField):
        raise value
    if not isinstance(value, dict):
        raise BadField(field, f"is a {type(value).__name__}, not an object" if value is not None else "is missing")
    return value


def _objects(field: str, value: object, result: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """The objects of a list, which may be missing where the answer says that it is empty, or whether there is more."""
    if value is None:
        if not _is_empty(result) and "has_more" not in result and "hasMore" not in result:
            raise BadField(field, "is missing", "save the whole answer")
        return
    if not isinstance(value, list):
        raise BadField(field, f"is a {type(value).__name__}, not a list")
    for item in value:
        yield _object(field, item)

"""Answers of DingTalk's report APIs, as the gateway sends them (``data_list``), as SDKs print them (``dataList``,
``commentList``), or as DingTalk's own command line does (``reports``): the reports and comments in them.

Texts and names in the answers are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec

from reportdata.errors import BadField
from reportdata.headings import corp_id_of
from reportdata.json_texts import decode
from reportdata.readers.answer_lists import (
    COMMENTS,
    LISTS,
    OF_COMMENT,
    OF_REPORT,
    beside_of,
    comments_of,
    is_empty,
    listed,
    object_of,
    reports_of,
)

REPORT_LISTS = ("report/list", "report/simplelist")
COMMENT_LIST = "report/comment/list"
_BODIES = ("body", "data")
"""Where SDKs and programs keep the answer in what they save."""


def is_exchange(content: Mapping[str, object]) -> bool:
    """Whether an object is an exchange or an answer, and no record."""
    if "response" in content and ("api" in content or "request" in content):
        return True
    if content.keys() & {"report_id", "reportId"}:
        return False
    if "errcode" in content or "result" in content or "error_response" in content or _is_new_error(content):
        return True
    if any(isinstance(content.get(name), list) for name in (*LISTS, *COMMENTS)):
        return True
    return any(is_exchange(inner) for inner in (_inner(content, name) for name in _BODIES) if inner is not None)


def first_of_others(answer: Mapping[str, object]) -> Mapping[str, object] | None:
    """The first record in the list of an answer, where it lacks what DingTalk's records have, or has what they lack:
    services name their lists alike. None where it may be DingTalk's."""
    if "response" in answer:
        return None
    place: Mapping[str, object] | None = answer
    while place is not None:
        for name in ("result", *LISTS, *COMMENTS):
            items = place.get(name)
            if isinstance(items, list) and items and isinstance(first := items[0], dict):
                if name in COMMENTS:
                    return first if first.keys() & {*OF_REPORT["report_id"]} else None
                if name == "result" and first.keys().isdisjoint((*OF_REPORT["report_id"], *OF_REPORT["user_id"])):
                    return None
                lacking = (first.keys().isdisjoint(OF_REPORT[field]) for field in ("report_id", "user_id", "sent_at"))
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


_REPORT, _COMMENT = tuple(OF_REPORT), ("report_id", *OF_COMMENT)


def read_answer(body: Mapping[str, object], request: Mapping[str, object], api: str) -> Page:
    """The page that an answer is.

    :param request: what was asked; empty when it is not known.
    :param api: the name of the API; empty when it is not known.
    :raises ErrorAnswer: when it says why there is no page.
    :raises BadField: when it is something else.
    """
    result = _result(body)
    comments = listed(result, COMMENTS)
    reports = listed(result, LISTS)
    if api == COMMENT_LIST or (not api and comments is not None):
        beside = beside_of(comments)
        return Page(comments_of(comments, request, result, beside), (*_COMMENT, *beside), request, result)
    if reports is not None or api or is_empty(result):
        beside = beside_of(reports)
        whole = [report for report in reports if isinstance(report, dict)] if isinstance(reports, list) else []
        return Page(reports_of(reports, result, beside), (*_REPORT, *beside), request, result, whole)
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
    return object_of(field, value)


def _result(body: Mapping[str, object]) -> Mapping[str, object]:
    refused = str(body.get("success")).lower() == "false" or _is_new_error(body)
    if str(body.get("errcode") or 0) != "0" or refused:
        raise ErrorAnswer(body)
    if isinstance(error := body.get("error_response"), dict):
        raise ErrorAnswer(error)
    known = ("result", *LISTS, *COMMENTS)
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
        if isinstance(first, dict) and first.keys() & {*OF_REPORT["report_id"], *OF_REPORT["user_id"]}:
            return {"data_list": inner}
        raise BadField(
            "result",
            f"is a list of objects without ids ({seen})",
            "save the answers of topapi/report/list, or export the reports as a sheet",
        )
    if inner is body and "errcode" in body and not any(name in body for name in (*LISTS, *COMMENTS)):
        raise BadField("result", "is missing", "save the whole answer")
    return object_of("result", inner)

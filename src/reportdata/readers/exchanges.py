"""Saved exchanges with DingTalk's report APIs, and their bare answers.

An exchange is ``{"api": …, "request": …, "response": …}``; the API may be named by its path, its URL or the method of
an SDK. An answer may be written as the gateway sends it (``data_list``), as an SDK prints it (``dataList``,
``commentList``), or as DingTalk's own command line does (``reports``). The answers of ``report/comment/list`` do not
name their report, so they need their request. Exchanges of other APIs hold no facts and are passed over, and so are
answers that are errors when the same request has a good answer elsewhere in the file: without one, facts are missing.
Texts and names in the answers are not even looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.columns import Columns, read_columns
from reportdata.days import moment_of
from reportdata.errors import BadField
from reportdata.kinds import Kinds
from reportdata.readers.pages import Pages
from reportdata.records import Line
from reportdata.times import BadTime, read_instant

_REPORT_LISTS = ("report/list", "report/simplelist")
_COMMENT_LIST = "report/comment/list"
_NAME = re.compile(r"(?:.*\btopapi[/.]|.*\boapi\.)?(report[/.](?:comment[/.])?(?:simple)?list)(?:[/?#].*)?", re.I)
"""The name of an API at the end of a path, a URL or a method."""
_LISTS = ("data_list", "dataList", "reports", "reportList", "report_list", "list")
_COMMENTS = ("comments", "commentList", "comment_list")
_BODIES = ("body", "data")
"""Where SDKs and programs keep the answer in what they save."""

_BEIJING = ZoneInfo("Asia/Shanghai")
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


def _inner(content: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    """The object under a name, which some programs save as text."""
    value = content.get(name)
    if isinstance(value, str) and value.lstrip().startswith("{"):
        with suppress(msgspec.DecodeError, RecursionError):
            value = msgspec.json.decode(value)
    return value if isinstance(value, dict) else None


def _is_new_error(body: Mapping[str, object]) -> bool:
    """Whether it is an error answer of the new gateway."""
    return isinstance(body.get("code"), str) and "message" in body and ("requestid" in body or "requestId" in body)


class Exchanges:
    """The exchanges of one file."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._known: dict[tuple[str, ...], Columns] = {}
        self._answered: set[bytes] = set()
        self._failed: dict[bytes, Line] = {}
        self._pages = Pages()
        self._others: list[Line] = []
        self._understood = False

    def lines(self, number: int, place: int, content: Mapping[str, object]) -> Iterator[Line]:
        """The reports and comments in an exchange, or what is wrong with it."""
        request = msgspec.json.encode((content.get("api"), content.get("request")), order="sorted")
        try:
            found = _read(content)
            if found is None:
                if not self._others:
                    self._others.append(Line(number, place, None, {}, _OtherApi(content.get("api"))))
                return
            self._understood = True
            for record in found.records:
                yield Line(number, place, self._columns(found.fields), record)
            self._pages.add(self._columns(found.fields).kind.name, number, found.request, found.result)
            self._answered.add(request)
        except _ErrorAnswer as error:
            if content.get("request") is None:  # no other answer can be told to be to the same request
                yield Line(number, place, None, {}, error)
            else:
                self._failed.setdefault(request, Line(number, place, None, {}, error))
        except BadField as error:
            yield Line(number, place, None, {}, error)

    def _columns(self, names: tuple[str, ...]) -> Columns:
        if names not in self._known:
            self._known[names] = read_columns(names, self._kinds)
        return self._known[names]

    def partial(self) -> Iterator[tuple[str, str]]:
        """The kinds of which facts are missing, each with a reason."""
        return self._pages.partial()

    def unanswered(self) -> Iterator[Line]:
        """The requests that were only ever answered by errors."""
        return (line for request, line in self._failed.items() if request not in self._answered)

    def of_others_alone(self) -> list[Line]:
        """The first exchange, when all are with APIs that tell no facts."""
        return [] if self._understood or self._failed else self._others[:1]


class _OtherApi(BadField):
    """An API whose answers tell no facts."""

    def __init__(self, name: object) -> None:
        known = ", ".join(f"topapi/{name}" for name in (*_REPORT_LISTS, _COMMENT_LIST))
        reason = f"{str(name)[:80]!r} tells no reports or comments, and the file has nothing else"
        super().__init__("api", reason, f"save answers of {known}")


class _ErrorAnswer(BadField):
    """An answer that says why there is none."""

    def __init__(self, body: Mapping[str, object]) -> None:
        names = ("errcode", "code", "sub_code", "errmsg", "message", "msg", "success")
        codes = ", ".join(f"{name} {str(body[name])[:80]}" for name in names if body.get(name) not in (None, ""))
        super().__init__(
            "response",
            f"is an error ({codes}), and the file has no good answer to its request",
            "ask again and save that",
        )


class _Page(NamedTuple):
    """What an exchange holds: the records, what each has, what was asked, and what was answered."""

    records: Iterator[Mapping[str, object]]
    fields: tuple[str, ...]
    request: Mapping[str, object]
    result: Mapping[str, object]


_REPORT, _COMMENT = tuple(_FIELDS), ("report_id", *_OF_COMMENT)


def _read(exchange: Mapping[str, object]) -> _Page | None:
    """What an exchange holds; None when it is one with an API that has no facts."""
    request: Mapping[str, object] = {}
    if "response" in exchange:
        api = _api(exchange.get("api"))
        if api is None:
            return None
        body = _answer(exchange["response"])
        if isinstance(exchange.get("request"), dict | str):
            request = _answer(exchange["request"], "request")
    else:
        api, body = "", exchange
    result = _result(body)
    comments = _listed(result, _COMMENTS)
    reports = _listed(result, _LISTS)
    if api == _COMMENT_LIST or (not api and comments is not None):
        return _Page(_comments(comments, request, result), _COMMENT, request, result)
    if reports is not None or api or _is_empty(result):
        return _Page(_reports(reports, result), _REPORT, request, result)
    seen = ", ".join(map(repr, list(result)[:8])) or "nothing"
    raise BadField(
        "response",
        f"has none of the known lists; it has {seen}",
        f"save whole answers of {', '.join(_REPORT_LISTS)} or {_COMMENT_LIST}",
    )


def _api(value: object) -> str | None:
    """The name of the API, None for one that has no facts."""
    if not isinstance(value, str) or not value.strip():
        raise BadField("api", "is missing", f"name it, for example topapi/{_REPORT_LISTS[0]}")
    words = value.strip().split()
    found = _NAME.fullmatch(words[-1].lstrip("/"))
    if found is not None:
        return found[1].lower().replace(".", "/")
    if re.search(r"report", words[-1], re.IGNORECASE) and re.search(r"list", words[-1], re.IGNORECASE):
        known = ", ".join(f"topapi/{name}" for name in (*_REPORT_LISTS, _COMMENT_LIST))
        if not re.search(r"unread|template|statistics|receiver|listbytype", words[-1], re.IGNORECASE):
            raise BadField("api", f"{value[:80]!r} is not known", f"the known ones are {known}")
    return None


def _answer(value: object, field: str = "response") -> Mapping[str, object]:
    """The body of an answer or a request, which some programs save as text."""
    if isinstance(value, str):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            raise BadField(field, "is a text that is not JSON", f"save the body of the {field} as JSON") from None
    return _object(field, value)


def _result(body: Mapping[str, object]) -> Mapping[str, object]:
    refused = str(body.get("success")).lower() == "false" or _is_new_error(body)
    if str(body.get("errcode") or 0) != "0" or refused:
        raise _ErrorAnswer(body)
    if isinstance(error := body.get("error_response"), dict):
        raise _ErrorAnswer(error)
    known = ("result", *_LISTS, *_COMMENTS)
    for name in _BODIES if not body.keys() & {*known} else ():
        if (saved := _inner(body, name)) is not None:
            return _result(saved)
    inner = body.get("result", body)
    if isinstance(inner, str):
        inner = _answer(inner)
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


def _comments(
    comments: object, request: Mapping[str, object], result: Mapping[str, object]
) -> Iterator[Mapping[str, object]]:
    if comments is None and not _is_empty(result) and "has_more" not in result and "hasMore" not in result:
        raise BadField("comments", "is missing", "save the whole answer")
    found = list(_objects("comments", comments))
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
            record["commented_at"] = _instant(record["commented_at"])
        yield {"report_id": report_id, **record}


def _instant(text: str) -> datetime:
    try:
        return moment_of(read_instant(text, _BEIJING), _BEIJING)
    except ValueError as error:
        raise BadField("create_time", str(error), error.hint if isinstance(error, BadTime) else "") from None


def _reports(reports: object, result: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    if reports is None and not _is_empty(result) and "has_more" not in result and "hasMore" not in result:
        raise BadField("data_list", "is missing", "save the whole answer")
    for report in _objects("data_list", reports):
        yield {field: _first(report, names) for field, names in _FIELDS.items()}


def _first(record: Mapping[str, object], names: tuple[str, ...]) -> object:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _object(field: str, value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadField(field, f"is a {type(value).__name__}, not an object" if value is not None else "is missing")
    return value


def _objects(field: str, value: object) -> Iterator[Mapping[str, object]]:
    if value is None:
        return
    if not isinstance(value, list):
        raise BadField(field, f"is a {type(value).__name__}, not a list")
    for item in value:
        yield _object(field, item)

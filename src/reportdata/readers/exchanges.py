"""Saved exchanges with DingTalk's report APIs.

A line is either an exchange, ``{"api": …, "request": …, "response": …}``, or the body of an answer of
``topapi/report/list`` or ``topapi/report/simplelist``. The answers of ``topapi/report/comment/list`` do not name their
report, so they need their request. Exchanges of other APIs hold no facts and are passed over, and so are answers that
are errors when the same request has a good answer elsewhere in the file: without one, facts are missing. Texts and
names in the answers are not even looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from reportdata.columns import Columns, read_columns
from reportdata.errors import BadField
from reportdata.kinds import Kinds
from reportdata.readers.jsonl import read_objects
from reportdata.records import Line

_REPORT_LISTS = ("report/list", "report/simplelist")
_COMMENT_LIST = "report/comment/list"

_BEIJING = "+08:00"
"""DingTalk writes a comment's time without an offset, in Beijing time whatever the organisation's zone."""

_REPORT = ("report_id", "creator_id", "create_time", "template_name", "dept_name")
_COMMENT = ("report_id", "userid", "create_time")


def read_exchanges(path: Path, kinds: Kinds) -> Iterator[Line]:
    """The reports and comments in saved exchanges; at the end, the requests that were only ever answered by errors."""
    columns_of: dict[tuple[str, ...], Columns] = {names: read_columns(names, kinds) for names in (_REPORT, _COMMENT)}
    answered: set[bytes] = set()
    failed: dict[bytes, Line] = {}
    for number, place, content in read_objects(path):
        try:
            if isinstance(content, BadField):
                raise content
            request = msgspec.json.encode((content.get("api"), content.get("request")), order="sorted")
            try:
                for names, record in _records(content):
                    yield Line(number, place, columns_of[names], record)
                answered.add(request)
            except _ErrorAnswer as error:
                failed.setdefault(request, Line(number, place, None, {}, error))
        except BadField as error:
            yield Line(number, place, None, {}, error)
    yield from (line for request, line in failed.items() if request not in answered)


class _ErrorAnswer(BadField):
    """An answer that says why there is none."""

    def __init__(self, body: Mapping[str, object]) -> None:
        codes = ", ".join(f"{name} {body[name]}" for name in ("errcode", "sub_code") if name in body)
        super().__init__(
            "response",
            f"is an error ({codes}), and the file has no good answer to its request",
            "ask again and save that",
        )


def _records(exchange: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], Mapping[str, object]]]:
    api, response = exchange.get("api"), exchange.get("response")
    if api is None and "response" not in exchange:
        api, response = _REPORT_LISTS[0], exchange
    if not isinstance(api, str):
        raise BadField("api", "is missing")
    name = api.strip("/").removeprefix("topapi/")
    if name not in (*_REPORT_LISTS, _COMMENT_LIST):
        return
    body = _object("response", response)
    if str(body.get("errcode", 0)) != "0":
        raise _ErrorAnswer(body)
    result = _object("result", body.get("result"))
    if name == _COMMENT_LIST:
        report_id = _object("request", exchange.get("request")).get("report_id")
        for comment in _objects("comments", result.get("comments")):
            time = comment.get("create_time")
            yield (
                _COMMENT,
                {
                    "report_id": report_id,
                    "userid": comment.get("userid"),
                    "create_time": f"{time}{_BEIJING}" if isinstance(time, str) else time,
                },
            )
    else:
        for report in _objects("data_list", result.get("data_list")):
            yield _REPORT, {field: report.get(field) for field in _REPORT}


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

"""Requests, answers and the bodies of errors, for both of DingTalk's families.

The old API answers every call with status 200 and an ``errcode``; what its entrance refuses is wrapped in errcode 88.
The new gateway answers errors with 4xx and 5xx and ``code``, ``requestid`` and ``message``: in this order what the
gateway itself refuses, with ``requestid`` first what the service behind it refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import parse_qsl

import msgspec

HTML = "text/html; charset=utf-8"
JSON_NEW = "application/json;charset=utf-8"
JSON_OLD = "application/json;charset=UTF-8"
JSON_PLAIN = "application/json"


class Request(NamedTuple):
    """An HTTP request. Names of headers are in small letters."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = MappingProxyType({})
    body: bytes = b""

    def queried(self) -> dict[str, object]:
        """The parameters of the query."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def parameters(self) -> dict[str, object]:
        """The parameters of a call of the old API: those of the body, JSON or a form, and of the query."""
        found = self.queried()
        if self.body.lstrip()[:1] == b"{":
            try:
                found |= msgspec.json.decode(self.body, type=dict[str, object])
            except (msgspec.DecodeError, UnicodeDecodeError):
                return found
        else:
            found |= dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))
        return found


class Answer(NamedTuple):
    """An HTTP answer; ``outcome`` is ``ok`` or what went wrong, as it is counted."""

    status: int
    body: bytes
    content_type: str = JSON_OLD
    outcome: str = "ok"
    stall: float = 0.0
    """Seconds to wait before it is sent."""
    reset: bool = False
    """Whether the connection is reset in place of it."""


class Failed(Exception):
    """A call fails: a code and a text."""

    def __init__(self, code: str, message: str, scope: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.scope = scope
        """The permission that is missing."""


class Refused(Failed):
    """The entrance of the old API refuses the call: its answer is wrapped in errcode 88."""


BAD_PARAMETER = "400002", "无效的参数"
TOO_FAST = "您的企业应用调用钉钉开放平台当前接口的所有请求都被暂时禁用了"
TOKEN_ENDED = {"40014": "不合法的access_token", "42001": "access_token超时"}


def json_answer(status: int, content: object, content_type: str = JSON_OLD, outcome: str = "ok") -> Answer:
    """An answer with a JSON body, compact and unescaped."""
    return Answer(status, msgspec.json.encode(content), content_type, outcome)


def failed_old(failed: Failed, request_id: str) -> Answer:
    """The old API's answer to a call that fails."""
    body: dict[str, object]
    if isinstance(failed, Refused):
        text = f"subcode={failed.code},submsg={failed.message}"
        if failed.scope:
            text += f", {{requiredScopes=[{failed.scope}]}}"
        body = {"errcode": 88, "sub_code": failed.code, "sub_msg": failed.message}
        body |= {"errmsg": f"ding talk error[{text}]", "request_id": request_id}
    else:
        body = {"errcode": int(failed.code), "errmsg": failed.message, "request_id": request_id}
    return json_answer(200, body, outcome=failed.code or "blank")


def failed_service(request_id: str, sub_code: str, sub_msg: str) -> Answer:
    """The old API's answer when the service behind it fails: errcode 15."""
    body = {"errcode": 15, "errmsg": f"Remote service error[subcode={sub_code},submsg={sub_msg}]"}
    return json_answer(200, {**body, "request_id": request_id, "sub_code": sub_code, "sub_msg": sub_msg}, outcome="15")


def failed_new(
    status: int, code: str, message: str, request_id: str, *, by_service: bool = False, scope: str = ""
) -> Answer:
    """The new gateway's answer to a call that fails."""
    body: dict[str, object] = {"code": code, "requestid": request_id, "message": message}
    if by_service:
        body = {"requestid": request_id, "code": code, "message": message}
    if scope:
        body["accessdenieddetail"] = {"requiredScopes": [scope]}
    return json_answer(status, body, JSON_NEW, code)


def html_answer(status: int, title: str, outcome: str) -> Answer:
    """A page of the edge, below all gateways."""
    page = f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n"
    page += "<hr/>Powered by DingTalk/1.0.0<hr><center>tengine</center>\n</body>\n</html>\n"
    return Answer(status, page.encode(), HTML, outcome)


def text_of(parameters: dict[str, object], name: str, default: str | None = None) -> str:
    """A parameter that is a text."""
    value = parameters.get(name)
    if value is None or value == "":
        if default is None:
            raise Failed("40035", f"不合法的参数 {name}")
        return default
    if isinstance(value, bool | list | dict | float):
        raise Failed("40035", f"不合法的参数 {name}")
    return str(value)


def number_of(parameters: dict[str, object], name: str, default: int | None = None) -> int:
    """A parameter that is a whole number."""
    text = text_of(parameters, name, None if default is None else str(default))
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise Failed("40035", f"不合法的参数 {name}")
    return int(text)

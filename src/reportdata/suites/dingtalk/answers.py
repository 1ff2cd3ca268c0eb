"""What an answer of DingTalk's servers means, whichever of the two hosts gave it. No bytes make this fail.

The old host answers 200 to everything: ``errcode`` says how it went, and 88 wraps the code of the gateway before it,
which stands in ``sub_code`` or only in the text. The new host answers 4xx and 5xx with ``code``. Both are cut off by
servers before them, which answer with pages of HTML or with a ``status`` of their own when an address is banned.
"""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

import msgspec

from reportdata.collector.suite import Answer, Trouble

BAN = 300.0
"""Seconds that an address is banned, by DingTalk's documentation, where the answer does not say it."""


_BY_CODE = {
    "0": Trouble.NONE,
    **dict.fromkeys(("33001", "40001", "40014", "41001", "42001", "40000", "InvalidAuthentication"), Trouble.TOKEN),
    **dict.fromkeys(("40096", "40089", "invalidClientIdOrSecret"), Trouble.CREDENTIALS),
    **dict.fromkeys(("90018", "90002"), Trouble.BUSY),
    **dict.fromkeys(("90020", "Forbidden.AccessDenied.ApiCountLimitForOrg"), Trouble.SPENT),
    **dict.fromkeys(("60011", "Forbidden.AccessDenied.AccessTokenPermissionDenied"), Trouble.PERMISSION),
    **dict.fromkeys(("60020", "Forbidden.AccessDenied.IpNotInWhiteList"), Trouble.ADDRESS),
    **dict.fromkeys(("-1", "15", "88", "system.busy", "systemBusy", "systemError", "unknownError"), Trouble.FAULT),
}
_NOT_COUNTED = (Trouble.BUSY, Trouble.CROWDED, Trouble.SPENT)
"""The documentation: calls that a limit refuses are not counted."""
_THROTTLED = re.compile(r"Forbidden\.AccessDenied\.Qp(?P<unit>[sm])Limit")
_SUBCODE = re.compile(r"subcode=([\w.-]+)")
_SCOPE = re.compile(r"\b(qyapi_\w+|[A-Z]\w+\.\w+\.\w+)\b")
_OLD_THROTTLES = range(90001, 90020)


class _Denied(msgspec.Struct, rename={"scopes": "requiredScopes"}):
    scopes: list[str] = []


class _Body(msgspec.Struct):
    """All the fields by which either host tells how it went."""

    errcode: int | str | None = None
    sub_code: int | str | None = None
    errmsg: str | None = None
    sub_msg: str | None = None
    code: str | None = None
    message: str | None = None
    accessdenieddetail: _Denied | None = None
    status: int | str | None = None
    wait: float | None = None
    success: object = None
    result: msgspec.Raw = msgspec.Raw()


_body = msgspec.json.Decoder(_Body, strict=True)


def read_answer(status: int, content: bytes) -> Answer:
    """What an answer of the new host means, with that HTTP status and body; all of the body is its result."""
    return _read(status, content)[0]


def read_result(status: int, content: bytes) -> Answer:
    """What an answer of the old host means: its result is the body's ``result``, empty when there is none."""
    answer, result = _read(status, content)
    return answer._replace(result=result)


def wait_of(retry_after: str, date: str) -> float:
    """How many seconds the header ``Retry-After`` asks to wait, a number or a time, which is as that of ``Date``; 0
    where it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - parsedate_to_datetime(date)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _read(status: int, content: bytes) -> tuple[Answer, bytes]:
    """What an answer means, and its ``result``."""
    if 300 <= status < 400:
        return Answer(Trouble.FAULT, str(status), "it leads elsewhere, where the token must not go"), b""
    try:
        body = _body.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _unreadable(status, content), b""
    if str(body.status) == "1111":
        return Answer(Trouble.BANNED, "1111", "the address is banned", wait=60.0 * _minutes(body.wait)), b""
    if status >= 400 and body.errcode is None and not body.code:
        return _unreadable(status, content), b""
    code = _code(body, status)
    text = body.sub_msg or body.errmsg or body.message or ""
    trouble = _trouble(code, status)
    if trouble is Trouble.NONE:
        if body.success in (False, "false"):
            return Answer(Trouble.FAULT, code, text or "it says that it was no success"), b""
        return Answer(trouble, result=content), bytes(body.result)
    scope = _scope(body) if trouble is Trouble.PERMISSION else ""
    return Answer(trouble, code, text, scope=scope, counted=trouble not in _NOT_COUNTED), b""


def _unreadable(status: int, content: bytes) -> Answer:
    """Not of DingTalk's form: an error page of the servers before it, the page for banned addresses, or a part."""
    if status == 429:
        return Answer(Trouble.CROWDED, "429", "too many calls", counted=False)
    if status < 500 and content.lstrip()[:1] == b"<":
        text = "the answer is a page of HTML, as of a ban, or of a proxy that wants people to sign in"
        return Answer(Trouble.BANNED, str(status), text, wait=BAN)
    return Answer(Trouble.FAULT, str(status), f"the answer (HTTP {status}) cannot be read")


def _minutes(wait: float | None) -> float:
    return wait if wait is not None and 0 < wait <= 60 else BAN / 60


def _code(body: _Body, status: int) -> str:
    if body.errcode is None:
        return body.code or ("0" if status < 400 else str(status))
    code = str(body.errcode)
    if code == "88":
        found = _SUBCODE.search(body.errmsg or "")
        return str(body.sub_code or (found[1] if found else "") or code)
    return code


def _trouble(code: str, status: int) -> Trouble:
    known = _BY_CODE.get(code)
    if known is not None:
        return known
    throttled = _THROTTLED.match(code)
    if throttled:
        return Trouble.BUSY if throttled["unit"] == "s" else Trouble.CROWDED
    if code.isascii() and code.isdigit() and len(code) == 5 and int(code) in _OLD_THROTTLES:
        return Trouble.BUSY
    if status == 429:
        return Trouble.CROWDED
    return Trouble.FAULT if status >= 500 or code.startswith("isp.") else Trouble.REJECTED


def _scope(body: _Body) -> str:
    if body.accessdenieddetail is not None and body.accessdenieddetail.scopes:
        return body.accessdenieddetail.scopes[0]
    found = _SCOPE.search(f"{body.sub_msg} {body.errmsg} {body.message}")
    return found[1] if found else ""

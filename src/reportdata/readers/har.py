"""What browsers and proxies record of their exchanges over HTTP (HAR), as exchanges with APIs."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from reportdata.errors import BadField


def entries_of(content: Mapping[str, object]) -> list[object] | None:
    """The entries of a recording; None when an object is none."""
    log = content.get("log")
    entries = log.get("entries") if isinstance(log, dict) else None
    return entries if isinstance(entries, list) else None


def api_of(entry: object) -> str:
    """The path of what was asked."""
    return urlsplit(str(_member(entry, "request").get("url", ""))).path


def exchange_of(entry: object) -> dict[str, object] | BadField:
    """An entry as an exchange, or what is wrong with it."""
    request, response = _member(entry, "request"), _member(entry, "response")
    url = str(request.get("url", ""))
    content = _member(response, "content")
    text = content.get("text")
    if text is None:
        return BadField("response", "has no body in the recording", "save the recording with the contents of answers")
    if content.get("encoding") == "base64":
        try:
            text = base64.b64decode(str(text)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return BadField("response", "is no text in base64", "save the recording again")
    return {"api": api_of(entry), "request": _asked(request, url), "response": text}


def _asked(request: Mapping[str, object], url: str) -> object:
    """What was asked: the body as it is, or the fields of a form or of the address."""
    body = str(_member(request, "postData").get("text") or "").strip()
    if body.startswith("{"):
        return body
    return dict(parse_qsl(body or urlsplit(url).query))


def _member(content: object, name: str) -> Mapping[str, object]:
    value = content.get(name) if isinstance(content, dict) else None
    return value if isinstance(value, dict) else {}

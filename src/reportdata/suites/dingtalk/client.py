"""The client of DingTalk's APIs, of both hosts: one token, one way of sending, and one meaning of each trouble.

What waiting helps is sent again by the `reportdata.collector.suite.Calls` that it is given. Of the rest:

| trouble | what is done |
|---|---|
| the token is not valid | it is renewed, once |
| permission, address, credentials, month spent, request rejected | an error says so, at once, with what DingTalk says |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from reportdata.collector.suite import Access, Answer, Calls, Trouble
from reportdata.errors import (
    BadAnswer,
    BadCredentials,
    BadValue,
    BudgetSpent,
    NotPermitted,
    Rejected,
    SourceError,
    Unavailable,
)
from reportdata.plurals import count_of
from reportdata.suites.dingtalk.answers import read_answer, read_result, wait_of
from reportdata.suites.dingtalk.transport import NoAnswer, NotSent, Transport, Unreachable

API = "https://api.dingtalk.com"
OAPI = "https://oapi.dingtalk.com"
TOKEN = "v1.0/oauth2/accessToken"  # noqa: S105 - a path

_EARLY = 300.0
"""Seconds before its end that a token is used no more."""
_JSON = {"accept": "application/json", "content-type": "application/json"}
_LONGEST_TEXT = 300
"""Characters that are repeated of what an answer says."""

SCOPES = {
    "topapi/report/list": "qyapi_report_query",
    "topapi/report/simplelist": "qyapi_report_statistics",
    "topapi/report/comment/list": "qyapi_report_query",
    "topapi/v2/user/get": "qyapi_get_member",
    "topapi/v2/department/listsub": "qyapi_get_department_list",
    "topapi/user/listsimple": "qyapi_get_department_member",
}
"""The permission that each API needs, where the answer does not tell."""


class _Token(msgspec.Struct, rename="camel"):
    access_token: str
    expire_in: int


class _Held(NamedTuple):
    token: str
    until: float


_Sending = Callable[[str], Answer]
"""Sends a call with a token."""
_token = msgspec.json.Decoder(_Token)


def _over_http() -> Transport:
    from reportdata.suites.dingtalk.http_transport import HttpTransport  # a worker that collects nothing loads none

    return HttpTransport()


class Client:
    """Asks as one app of one organisation. One thread at a time may use it.

    :raises BadValue: when an endpoint is no address.
    """

    def __init__(self, access: Access, calls: Calls, transport: Transport | None = None) -> None:
        self._api, self._oapi = addresses(access)
        self._access = access
        self._calls = calls
        self._transport = transport or _over_http()
        self._held: _Held | None = None
        self._hint = ""
        """What to do about the machine's settings."""

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def hello(self) -> None:
        """Ask for the token again, which is free: its answer tells the time.

        :raises SourceError: see the module's text.
        """
        self._held = None
        self._valid_token()

    def call(self, api: str, body: Mapping[str, object], *, free: bool = False) -> bytes:
        """Ask an API of the old host, like ``topapi/report/list``; returns the answer's ``result``, as JSON.

        :param free: the call does not count by the month.
        :raises SourceError: see the module's text; `BadAnswer` when there is no result.
        """
        content = msgspec.json.encode(body)

        def send(token: str) -> Answer:
            return self._send("POST", f"{self._oapi}/{api}?access_token={token}", {}, content, of_old_host=True)

        result = self._answered(api, api, send, free=free)
        if result in (b"", b"null"):
            raise BadAnswer(f"{api} answered without a result")
        return result

    def get(self, api: str, query: str, what: str) -> bytes:
        """Ask an API of the new host, like ``v1.0/datacenter/reportData``; returns the answer's body.

        :param what: what errors name.
        :raises SourceError: see the module's text.
        """

        def send(token: str) -> Answer:
            return self._send("GET", f"{self._api}/{api}?{query}", {"x-acs-dingtalk-access-token": token}, None)

        return self._answered(api, what, send)

    def _answered(self, api: str, what: str, send: _Sending, *, free: bool = False) -> bytes:
        for last in (False, True):
            token = self._valid_token()
            answer = self._calls.answered(api, partial(send, token), free=free)
            if answer.trouble is Trouble.NONE:
                return answer.result
            if answer.trouble is Trouble.TOKEN:
                self._held = None
            if answer.trouble is not Trouble.TOKEN or last:
                break
        raise self._error(api, what, answer)

    def _valid_token(self) -> str:
        """The token; it lies in memory only. A repeated call gives the same one at DingTalk, and is free."""
        if self._held is None or self._calls.now() >= self._held.until:
            body = msgspec.json.encode({"appKey": self._access.app_key, "appSecret": self._access.secret})
            answer = self._calls.answered(
                TOKEN, lambda: self._send("POST", f"{self._api}/{TOKEN}", {}, body), free=True
            )
            if answer.trouble is not Trouble.NONE:
                raise self._error(TOKEN, TOKEN, answer)
            try:
                found = _token.decode(answer.result)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Unavailable(f"{TOKEN} answered without a token") from error
            self._held = _Held(found.access_token, self._calls.now() + max(60.0, found.expire_in - _EARLY))
        return self._held.token

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, of_old_host: bool = False
    ) -> Answer:
        try:
            reply = self._transport.send(method, url, {**_JSON, **headers}, body)
        except Unreachable as error:
            self._hint = error.hint
            return Answer(Trouble.SETTINGS, "not sent", str(error), counted=False)
        except NotSent as error:
            return Answer(Trouble.FAULT, "not sent", str(error), counted=False)
        except NoAnswer as error:
            return Answer(Trouble.FAULT, "no answer", str(error))
        self._tell_time(reply.date)
        answer = (read_result if of_old_host else read_answer)(reply.status, reply.body)
        if answer.trouble in (Trouble.FAULT, Trouble.BUSY, Trouble.CROWDED):
            return answer._replace(wait=wait_of(reply.retry_after, reply.date))
        return answer

    def _tell_time(self, date: str) -> None:
        with suppress(ValueError):
            self._calls.heard(parsedate_to_datetime(date).timestamp())

    def _error(self, api: str, what: str, answer: Answer) -> SourceError:
        """The error of an answer that asking again does not mend."""
        call, failure, reason = what, answer.trouble.value, answer.code
        said = f"could not call {call}: {failure} ({reason})"
        message = self._quoted(answer.text)
        told = f"could not call {call}: {failure} ({reason}): {message}" if message else said
        match answer.trouble:
            case Trouble.SPENT:
                return BudgetSpent(said, "it goes on in the next month; see `reportdata budget`")
            case Trouble.CREDENTIALS:
                return BadCredentials(said, "compare them with the app's page on open-dev.dingtalk.com")
            case Trouble.TOKEN:
                hint = "see that the app is enabled and belongs to the organisation"
                return BadCredentials(f"{said}, though it is new", hint)
            case Trouble.PERMISSION:
                scope = answer.scope or SCOPES.get(api, "")
                apply = f"https://open-dev.dingtalk.com/appscope/apply?content={self._access.app_key}%23{scope}"
                return NotPermitted(f"{said}: {scope or 'its name is not told'}", f"apply for it at {apply}", scope)
            case Trouble.ADDRESS:
                return NotPermitted(told, "add it on the app's page on open-dev.dingtalk.com")
            case Trouble.SETTINGS:
                return SourceError(f"{what}: {answer.text}", self._hint)
            case Trouble.BANNED:
                return Unavailable(
                    told, f"it is over in about {count_of(round(answer.wait / 60), 'minute', 'minutes')}"
                )
            case Trouble.REJECTED:
                return Rejected(told, answer.code)
            case _:
                return Unavailable(told)

    def _quoted(self, text: str) -> str:
        """What an answer says, on one line, and without what is secret."""
        for secret in (self._access.secret, self._held.token if self._held else ""):
            if secret:
                text = text.replace(secret, "…")
        text = " ".join(text.split())
        return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def addresses(access: Access) -> tuple[str, str]:
    """The addresses of the new host and the old one.

    :raises BadValue: when one is no address.
    """
    found = access.endpoints.get("api", API), access.endpoints.get("oapi", OAPI)
    for address in found:
        try:
            parts = urlsplit(address)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise BadValue(f"{address!r} is no endpoint", f"write it like {API}")
    return found[0].rstrip("/"), found[1].rstrip("/")

"""DingTalk's own figures: a client of ``GET /v1.0/datacenter/reportData``, day by day.

| trouble | what is done |
|---|---|
| the token is not valid | it is renewed, once |
| too many calls in a second or a minute | wait a second or a minute, ever longer, and ask again, four times at most |
| DingTalk could not answer, or did not | wait as above, and ask again, three times at most |
| banned, spent, permission, address, credentials, request rejected | an error says so, and what to do |
"""

from __future__ import annotations

import http.client
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from reportdata.catalogue import Service
from reportdata.dingtalk.answers import Answer, Trouble, read_answer
from reportdata.dingtalk.clock import Clock
from reportdata.errors import BadCredentials, BadValue, BudgetSpent, NotPermitted, Rejected, SourceError, Unavailable

ENDPOINT = "https://api.dingtalk.com"
TIMEOUT = 10.0
"""Seconds without a byte after which an answer is given up; DingTalk's gateway itself gives up after 3."""
_LARGEST = 1 << 20
"""Bytes of an answer."""
_TRIES = {Trouble.TOKEN: 2, Trouble.FAULT: 4, Trouble.BUSY: 5, Trouble.CROWDED: 5}
"""How often a call is sent at most, by what was the matter."""
_FIRST_PAUSE = {Trouble.FAULT: 0.5, Trouble.BUSY: 1.0, Trouble.CROWDED: 60.0}
_TOKEN = "/v1.0/oauth2/accessToken"  # noqa: S105 - a path
_EARLY = 300
"""Seconds before its end that a token is used no more."""


class Access(NamedTuple):
    """Who asks, and where."""

    app_key: str
    secret: str
    endpoint: str = ENDPOINT


class _Token(msgspec.Struct, rename="camel"):
    access_token: str
    expire_in: int


class _Figures(msgspec.Struct):
    data: list[dict[str, int | str]] = msgspec.field(name="dataList")


_token = msgspec.json.Decoder(_Token)
_figures = msgspec.json.Decoder(_Figures)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token is sent to the endpoint, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


class OfficialClient:
    """Asks as one app. One thread at a time may use it.

    :param rate: calls a second at most.
    """

    def __init__(self, access: Access, service: Service, clock: Clock, rate: float) -> None:
        if urlsplit(access.endpoint).scheme not in ("http", "https") or not urlsplit(access.endpoint).netloc:
            raise BadValue(f"{access.endpoint!r} is no endpoint", f"write it like {ENDPOINT}")
        self._access = access
        self._service = service
        self._clock = clock
        self._between = 1 / rate
        self._next = 0.0
        self._held: tuple[str, float] | None = None

    def figures(self, corp_id: str, stat_day: str) -> Mapping[str, int] | None:
        """DingTalk's numbers of a day, by KPI id; None when it has none.

        :raises SourceError: see the module's text.
        """
        path = f"{self._service.path}?statDate={stat_day}"
        content = self._call(f"{self._service.path} for {stat_day}", path, None)
        try:
            rows = _figures.decode(content).data
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"{self._service.path} answered {stat_day} with something else: {error}") from error
        if not rows:
            return None
        return self._checked(rows[0], corp_id, stat_day)

    def _checked(self, row: Mapping[str, int | str], corp_id: str, stat_day: str) -> Mapping[str, int]:
        if row.get("corp_id") != corp_id:
            raise Rejected(
                f"the app belongs to the organisation {row.get('corp_id')}, not to {corp_id}", "another organisation"
            )
        values = {kpi.id: row.get(kpi.key) for kpi in self._service.kpis}
        if row.get("stat_date") != stat_day or not all(isinstance(value, int) for value in values.values()):
            raise Unavailable(f"{self._service.path} answered {stat_day} with another row: {dict(row)}")
        return {kpi: int(value or 0) for kpi, value in values.items()}

    def _call(self, what: str, path: str, body: bytes | None) -> bytes:
        met: dict[Trouble, int] = {}
        while True:
            headers = {} if body is not None else {"x-acs-dingtalk-access-token": self._valid_token()}
            answer = self._send(path, body, headers)
            trouble = answer.trouble
            if trouble is Trouble.NONE:
                return answer.result
            met[trouble] = met.get(trouble, 0) + 1
            if met[trouble] >= _TRIES.get(trouble, 1):
                raise _error(what, answer, self._access.app_key)
            if trouble is Trouble.TOKEN:
                self._held = None
            else:
                self._clock.sleep(_FIRST_PAUSE[trouble] * 2 ** (met[trouble] - 1))

    def _valid_token(self) -> str:
        if self._held is None or self._clock.now() >= self._held[1]:
            asked = msgspec.json.encode({"appKey": self._access.app_key, "appSecret": self._access.secret})
            content = self._call(_TOKEN, _TOKEN, asked)
            try:
                found = _token.decode(content)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise Unavailable(f"{_TOKEN} answered without a token") from error
            self._held = found.access_token, self._clock.now() + max(60, found.expire_in - _EARLY)
        return self._held[0]

    def _send(self, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        now = self._clock.now()
        if now < self._next <= now + self._between:
            self._clock.sleep(self._next - now)
        self._next = self._clock.now() + self._between
        url = self._access.endpoint.rstrip("/") + path
        headers = {"accept": "application/json", "content-type": "application/json", **headers}
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - the scheme was looked at
        try:
            with _opener.open(request, timeout=TIMEOUT) as response:
                return read_answer(response.status, response.read(_LARGEST))
        except urllib.error.HTTPError as error:
            with error:
                return read_answer(error.code, error.read(_LARGEST))
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                raise SourceError(
                    f"the certificate of {self._access.endpoint} is not trusted: {reason.verify_message}",
                    "name your CA's file in SSL_CERT_FILE",
                ) from error
            return Answer(Trouble.FAULT, type(reason).__name__, f"there is no answer: {reason}")


def _error(what: str, answer: Answer, app_key: str) -> SourceError:
    """The error of an answer that asking again does not mend."""
    said = f"{what}: {answer.trouble.value} ({answer.code})"
    again = "run the same command again: it goes on where it stopped"
    match answer.trouble:
        case Trouble.CREDENTIALS:
            return BadCredentials(said, "compare them with the app's page on open-dev.dingtalk.com")
        case Trouble.TOKEN:
            return BadCredentials(
                f"{said}, though it is new", "see that the app is enabled and belongs to the organisation"
            )
        case Trouble.PERMISSION:
            return NotPermitted(
                f"{said}: {answer.scope or 'its name is not told'}",
                "only apps that were granted 数据服务目录日志统计读权限 before 2023-09-01 have it; is "
                f"{app_key} one of them? Figures that were saved can be read with --file",
                answer.scope,
            )
        case Trouble.ADDRESS:
            return NotPermitted(f"{said}: {answer.text}", "add it on the app's page on open-dev.dingtalk.com")
        case Trouble.SPENT:
            return BudgetSpent(said, f"in the next month, {again}")
        case Trouble.BANNED:
            return Unavailable(said, f"after {answer.wait / 60:.0f} minutes, {again}, with a lower --rate")
        case Trouble.REJECTED:
            return Rejected(f"{said}: {answer.text}", answer.code)
        case _:
            return Unavailable(f"{said}: {answer.text}" if answer.text else said, f"later, {again}")

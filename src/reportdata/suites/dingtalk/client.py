"""The client of DingTalk's APIs: asks, and does what each trouble calls for, so that a call is either answered or known
to be useless for now. No call is repeated that cannot succeed.

| trouble | what is done |
|---|---|
| the token is not valid | it is renewed, once |
| too many calls in a second or a minute | wait, ever longer and by chance, and ask again; the booking is taken back |
| the address is banned | wait until that is over, and ask again, twice at most |
| DingTalk could not answer, or did not | wait as above, and ask again, three times at most |
| permission, address, credentials, month spent, request rejected | an error says so, at once |
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from reportdata.dingtalk.answers import Answer, Trouble, read_answer
from reportdata.dingtalk.budget import Budget
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.transport import HttpTransport, NoAnswer, NotSent, Transport
from reportdata.errors import (
    BadCredentials,
    BudgetSpent,
    NotPermitted,
    Rejected,
    ReportDataError,
    Unavailable,
)

API = "https://api.dingtalk.com"
OAPI = "https://oapi.dingtalk.com"

_TRIES = {Trouble.FAULT: 4, Trouble.BUSY: 8, Trouble.CROWDED: 3, Trouble.BANNED: 3, Trouble.TOKEN: 2}
"""How often a call is sent at most, by what was the matter."""
_NOT_COUNTED = (Trouble.BUSY, Trouble.CROWDED, Trouble.SPENT)
"""The documentation: calls that a limit refuses are not counted."""
_NOT_SENT = "not sent"
_FIRST_PAUSE = {Trouble.FAULT: 0.5, Trouble.BUSY: 1.0, Trouble.CROWDED: 60.0}
_LONGEST_PAUSE = 60.0
_EARLY = 300.0
"""Seconds before its end that a token is used no more."""

SCOPES = {
    "topapi/report/list": "qyapi_report_query",
    "topapi/report/simplelist": "qyapi_report_statistics",
    "topapi/report/comment/list": "qyapi_report_query",
    "topapi/v2/user/get": "qyapi_get_member",
    "topapi/v2/department/listsub": "qyapi_get_department_list",
}
"""The permission that an API needs, by its documentation, where an answer does not tell it."""

log = logging.getLogger("reportdata.dingtalk")


class Access(NamedTuple):
    """Who asks, and where."""

    app_key: str
    secret: str
    api: str = API
    oapi: str = OAPI


class _Token(msgspec.Struct, rename="camel"):
    access_token: str
    expire_in: int


_token = msgspec.json.Decoder(_Token)


class Client:
    """Asks as one app of one organisation. One thread at a time may use it.

    :param rng: makes pauses differ, so that many clients do not come back at the same moment.
    """

    def __init__(
        self,
        access: Access,
        budget: Budget,
        clock: Clock,
        transport: Transport | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._access = access
        self._budget = budget
        self._clock = clock
        self._rng = rng or random.Random()  # noqa: S311 - no secret depends on it
        self._transport = transport or HttpTransport()
        self._held: tuple[str, float] | None = None

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def call(self, api: str, body: Mapping[str, object], *, free: bool = False) -> bytes:
        """Ask an API of the old host, like ``topapi/report/list``; returns the answer's ``result``, as JSON.

        :param free: the call does not count by the month.
        :raises SourceError: see the module's text.
        """
        met: dict[Trouble, int] = {}
        while True:
            token = self._token()
            day = self._budget.book(api, free=free)
            answer = self._send(f"{self._access.oapi}/{api}?access_token={token}", body)
            if answer.trouble is Trouble.NONE:
                return answer.result
            if not free and (answer.trouble in _NOT_COUNTED or answer.code == _NOT_SENT):
                self._budget.give_back(api, day)
            if answer.trouble is Trouble.TOKEN:
                self._held = None
            met[answer.trouble] = met.get(answer.trouble, 0) + 1
            self._wait_or_raise(api, answer, met[answer.trouble])

    def _token(self) -> str:
        """The token; it lies in memory only. A repeated call gives the same one at DingTalk, and is free."""
        if self._held is None or self._clock.now() >= self._held[1]:
            body = {"appKey": self._access.app_key, "appSecret": self._access.secret}
            api = "v1.0/oauth2/accessToken"
            met: dict[Trouble, int] = {}
            while True:
                self._budget.book(api, free=True)
                answer = self._send(f"{self._access.api}/{api}", body)
                if answer.trouble is Trouble.NONE:
                    break
                met[answer.trouble] = met.get(answer.trouble, 0) + 1
                self._wait_or_raise(api, answer, met[answer.trouble])
            try:
                found = _token.decode(answer.result)
            except msgspec.DecodeError as error:
                raise Unavailable(f"{api} answered without a token") from error
            self._held = found.access_token, self._clock.now() + max(60.0, found.expire_in - _EARLY)
        return self._held[0]

    def _send(self, url: str, body: Mapping[str, object]) -> Answer:
        try:
            return read_answer(*self._transport.post(url, msgspec.json.encode(body)))
        except NotSent as error:
            return Answer(Trouble.FAULT, _NOT_SENT, str(error))
        except NoAnswer as error:
            return Answer(Trouble.FAULT, "no answer", str(error))

    def _wait_or_raise(self, api: str, answer: Answer, times: int) -> None:
        """Wait before the call is sent again; or raise what tells why it is not."""
        if times >= _TRIES.get(answer.trouble, 1):
            raise self._error(api, answer)
        if answer.trouble is Trouble.TOKEN:
            return
        if answer.trouble is Trouble.BANNED:
            log.warning("%s: %s; waiting %.0f s", api, answer.text, answer.wait)
            self._clock.sleep(answer.wait + self._rng.uniform(1, 10))
            return
        pause = min(_FIRST_PAUSE[answer.trouble] * 2 ** (times - 1), _LONGEST_PAUSE)
        self._clock.sleep(pause * self._rng.uniform(1, 1.5))

    def _error(self, api: str, answer: Answer) -> ReportDataError:
        trouble = answer.trouble
        said = f"{api}: {trouble.value} ({answer.code})"
        if trouble is Trouble.SPENT:
            self._budget.refused()
            return BudgetSpent(said, "it goes on in the next month; see `reportdata budget`")
        if trouble is Trouble.CREDENTIALS:
            return BadCredentials(said, "compare them with the app's page on open-dev.dingtalk.com")
        if trouble is Trouble.TOKEN:
            return BadCredentials(f"{said}, though it is new", "see that the app belongs to the organisation")
        if trouble is Trouble.PERMISSION:
            scope = answer.scope or SCOPES.get(api, "")
            apply = f"https://open-dev.dingtalk.com/appscope/apply?content={self._access.app_key}%23{scope}"
            return NotPermitted(f"{said}: {scope or 'its name is not told'}", f"apply for it at {apply}", scope)
        if trouble is Trouble.ADDRESS:
            return NotPermitted(said, "add it on the app's page on open-dev.dingtalk.com")
        if trouble is Trouble.REJECTED:
            return Rejected(said, answer.code)
        return Unavailable(f"{said}: {answer.text}" if answer.text else said)

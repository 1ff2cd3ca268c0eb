"""The two calls that issue tokens: ``POST /v1.0/oauth2/accessToken`` and the old ``GET /gettoken``.

The first fails with a status of 400 and a gateway's body; the second always answers 200 and tells errors by
``errcode``, as DingTalk's two families of APIs do.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reportdata.api.answers import (
    BODY_TOO_LARGE,
    INVALID_BODY,
    JSON,
    MISSING_BODY,
    WRONG_CREDENTIALS,
    Fault,
    missing_parameter,
)
from reportdata.errors import Refused
from reportdata.identity import TOKEN_LIFETIME, App, Token, issue

LARGEST_BODY = 16_384

_NAMES = (
    (("appkey", "appsecret"), {"errcode": 40096, "errmsg": "不合法的appKey或appSecret"}),
    (("corpid", "corpsecret"), {"errcode": 40089, "errmsg": "不合法的corpId或corpSecret"}),
)
"""What ``gettoken`` calls key and secret, and what it answers when they are wrong."""
_MISSING = {"errcode": 40035, "errmsg": "缺少参数 corpid or appkey"}


class Failed(Exception):
    """A call that is answered with an error; ``close`` ends the connection after it."""

    def __init__(self, fault: Fault, *, close: bool = False) -> None:
        super().__init__(fault.code)
        self.fault = fault
        self.close = close


Decide = Callable[[App | None, Token | None], tuple[str, Token]]


class Tokens:
    """Issues tokens.

    :param issue_token: as `reportdata.store.Store.issue_token`; it writes, and is called in threads.
    """

    def __init__(self, issue_token: Callable[[str, Decide], str], clock: Callable[[], float]) -> None:
        self._issue_token = issue_token
        self._clock = clock

    def routes(self) -> list[Route]:
        """Where the two calls are served."""
        return [
            Route("/v1.0/oauth2/accessToken", self._access_token, methods=["POST"]),
            Route("/gettoken", self._get_token, methods=["GET"]),
        ]

    async def _access_token(self, request: Request) -> Response:
        body = await _body(request)
        if not body.strip() or not _may_be_json(request):
            raise Failed(MISSING_BODY)
        try:
            fields = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Failed(INVALID_BODY) from None
        if not isinstance(fields, dict):
            raise Failed(INVALID_BODY)
        for name in ("appKey", "appSecret"):
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise Failed(missing_parameter(name))
        try:
            token = await self._issue(fields["appKey"], fields["appSecret"])
        except Refused:
            raise Failed(WRONG_CREDENTIALS) from None
        return _json({"expireIn": TOKEN_LIFETIME, "accessToken": token})

    async def _get_token(self, request: Request) -> Response:
        given = request.query_params
        for names, wrong in _NAMES:
            key, secret = (given.get(name) for name in names)
            if key and secret:
                try:
                    token = await self._issue(key, secret)
                except Refused:
                    return _json(wrong)
                return _json({"errcode": 0, "access_token": token, "errmsg": "ok", "expires_in": TOKEN_LIFETIME})
        return _json(_MISSING)

    async def _issue(self, app_key: str, secret: str) -> str:
        now = self._clock()

        def decide(app: App | None, current: Token | None) -> tuple[str, Token]:
            return issue(app, secret, current, now)

        return await run_in_threadpool(self._issue_token, app_key, decide)


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Failed(BODY_TOO_LARGE, close=True)
    return body


def _may_be_json(request: Request) -> bool:
    """A form is no body to the real service; a missing content type is let pass."""
    return "form" not in request.headers.get("content-type", "")


def _json(content: object) -> Response:
    return Response(msgspec.json.encode(content), media_type=JSON)

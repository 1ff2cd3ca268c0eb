"""The two calls that issue tokens: ``POST /v1.0/oauth2/accessToken`` and the old ``GET /gettoken``.

The first fails with a status of 400 and a gateway's body; the second always answers 200 and tells errors by
``errcode``, as DingTalk's two families of APIs do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from reportdata.errors import Refused
from reportdata.http.answers import (
    INVALID_BODY,
    JSON,
    MISSING_BODY,
    WRONG_CREDENTIALS,
    address_of,
    missing_parameter,
)
from reportdata.http.request_metrics import OUTCOME, Traffic
from reportdata.http.routes import Failed
from reportdata.identity import TOKEN_LIFETIME, App, Token, issue
from reportdata.limits import Guesses, MustWait

NAMES = (
    (("appkey", "appsecret"), {"errcode": 40096, "errmsg": "不合法的appKey或appSecret"}),
    (("corpid", "corpsecret"), {"errcode": 40089, "errmsg": "不合法的corpId或corpSecret"}),
)
"""What ``gettoken`` calls key and secret, and what it answers when they are wrong."""
MISSING = {"errcode": 40035, "errmsg": "缺少参数 corpid or appkey"}


Decide = Callable[[App | None, Token | None], tuple[str, Token]]


class Tokens:
    """Issues tokens.

    :param issue_token: as `reportdata.store.Store.issue_token`; it writes, and is called in threads.
    """

    def __init__(self, issue_token: Callable[[str, Decide], str], traffic: Traffic, clock: Callable[[], float]) -> None:
        self._issue_token = issue_token
        self._traffic = traffic
        self._clock = clock
        self._guesses = Guesses()

    def routes(self) -> list[Route]:
        """Where the two calls are served."""
        return [
            Route("/v1.0/oauth2/accessToken", self._access_token, methods=["POST"]),
            Route("/gettoken", self._get_token, methods=["GET"]),
        ]

    async def _access_token(self, request: Request) -> Response:
        body = await request.body()
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
            token = await self._issue(request, fields["appKey"], fields["appSecret"])
        except Refused as refused:
            raise Failed(WRONG_CREDENTIALS, _when_again(refused)) from None
        return _json({"expireIn": TOKEN_LIFETIME, "accessToken": token})

    async def _get_token(self, request: Request) -> Response:
        given = request.query_params
        for names, wrong in NAMES:
            key, secret = (given.get(name) for name in names)
            if key and secret:
                try:
                    token = await self._issue(request, key, secret)
                except Refused as refused:
                    request.scope[OUTCOME] = str(wrong["errcode"])
                    return _json(wrong, _when_again(refused))
                return _json({"errcode": 0, "access_token": token, "errmsg": "ok", "expires_in": TOKEN_LIFETIME})
        request.scope[OUTCOME] = str(MISSING["errcode"])
        return _json(MISSING)

    async def _issue(self, request: Request, app_key: str, secret: str) -> str:
        now = self._clock()
        address = address_of(request.scope)
        self._guesses.require_turn(app_key, address, now)

        def decide(app: App | None, current: Token | None) -> tuple[str, Token]:
            return issue(app, secret, current, now)

        try:
            token = await run_in_threadpool(self._issue_token, app_key, decide)
        except Refused:
            self._guesses.wrong(app_key, address, now)
            raise
        self._guesses.right(app_key, address)
        self._traffic.tokens_issued += 1
        return token


def _may_be_json(request: Request) -> bool:
    """A form is no body to the real service; a missing content type is let pass."""
    return "form" not in request.headers.get("content-type", "")


def _when_again(refused: Refused) -> dict[str, str] | None:
    """What tells a caller who guessed too often to wait; the body is the same as for any wrong secret."""
    return {"retry-after": str(refused.seconds)} if isinstance(refused, MustWait) else None


def _json(content: object, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), headers=headers, media_type=JSON)

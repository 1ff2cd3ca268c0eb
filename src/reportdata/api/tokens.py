"""The two calls that issue tokens: ``POST /v1.0/oauth2/accessToken`` and the old ``GET /gettoken``.

The first fails with a status of 400 and a gateway's body; the second always answers 200 and tells errors by
``errcode``, as DingTalk's two families of APIs do.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.bodies import json_object
from reportdata.api.faults import INVALID_BODY, MISSING_BODY, missing_parameter
from reportdata.api.guessing import when_again
from reportdata.api.openapi import (
    BY_THE_STORE,
    HEX,
    SAMPLE_TOKEN,
    TEXT,
    Json,
    Sample,
    answer,
    exactly,
    object_of,
    operation,
    parameter,
)
from reportdata.api.resource import Context, Operation, Resource
from reportdata.errors import Refused
from reportdata.http.answers import BODY_TOO_LARGE, Failed, Fault, address_of
from reportdata.http.request_metrics import OUTCOME
from reportdata.http.routes import json_response
from reportdata.identity import TOKEN_LIFETIME, App, Token, issue

NAMES = (
    (("appkey", "appsecret"), {"errcode": 40096, "errmsg": "不合法的appKey或appSecret"}),
    (("corpid", "corpsecret"), {"errcode": 40089, "errmsg": "不合法的corpId或corpSecret"}),
)
"""What ``gettoken`` calls key and secret, and what it answers when they are wrong."""
MISSING = {"errcode": 40035, "errmsg": "缺少参数 corpid or appkey"}
WRONG_CREDENTIALS = Fault(400, "invalidClientIdOrSecret", "无效的clientId或者clientSecret", by_service=True)
_BODY_FIELDS = ("appKey", "appSecret")


def resource(context: Context) -> Resource:
    """The two calls."""
    tokens = Tokens(context)
    return Resource(
        "tokens",
        [
            Operation("POST", "/v1.0/oauth2/accessToken", _access_token, tokens.access_token),
            Operation("GET", "/gettoken", _gettoken, tokens.get_token),
        ],
    )


class Tokens:
    """Issues tokens."""

    def __init__(self, context: Context) -> None:
        self._issue_token = context.writing.issue_token
        self._issued = context.metrics.counter("reportdata_tokens_issued", "Tokens issued.")
        self._clock = context.clock
        self._guessing = context.guessing

    async def access_token(self, request: Request) -> Response:
        """The new call."""
        fields = await json_object(request)
        for name in _BODY_FIELDS:
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise Failed(missing_parameter(name))
        try:
            token = await self._issue(request, fields["appKey"], fields["appSecret"])
        except Refused as refused:
            raise Failed(WRONG_CREDENTIALS, headers=when_again(refused)) from None
        return json_response({"expireIn": TOKEN_LIFETIME, "accessToken": token})

    async def get_token(self, request: Request) -> Response:
        """The old call."""
        given = request.query_params
        for names, wrong in NAMES:
            key, secret = (given.get(name) for name in names)
            if key and secret:
                try:
                    token = await self._issue(request, key, secret)
                except Refused as refused:
                    request.scope[OUTCOME] = str(wrong["errcode"])
                    return json_response(wrong, when_again(refused))
                return json_response(
                    {"errcode": 0, "access_token": token, "errmsg": "ok", "expires_in": TOKEN_LIFETIME}
                )
        request.scope[OUTCOME] = str(MISSING["errcode"])
        return json_response(MISSING)

    async def _issue(self, request: Request, app_key: str, secret: str) -> str:
        now = self._clock()
        address = address_of(request.scope)

        with self._guessing.guess(app_key, address, secret, now) as presented:

            def decide(app: App | None, current: Token | None) -> tuple[str, Token]:
                presented.exists = app is not None
                return issue(app, secret, current, now)

            token = await run_in_threadpool(self._issue_token, app_key, decide)
        self._issued.value += 1
        return token


def _access_token() -> Json:
    given = {name: TEXT | {"minLength": 1} for name in _BODY_FIELDS}
    body = {"type": "object", "properties": given, "required": list(given)}
    issued = {"expireIn": TOKEN_LIFETIME, "accessToken": SAMPLE_TOKEN}
    schema = object_of({"expireIn": exactly(TOKEN_LIFETIME), "accessToken": HEX})
    return operation(
        "getAccessToken",
        "Issue a token to an app",
        answer(schema, {"issued": issued}),
        (
            MISSING_BODY,
            INVALID_BODY,
            *map(missing_parameter, _BODY_FIELDS),
            Sample(WRONG_CREDENTIALS, waits=True),
            BODY_TOO_LARGE,
            *BY_THE_STORE,
        ),
        requestBody={"required": True, "content": {"application/json": {"schema": body}}},
    )


def _gettoken() -> Json:
    issued: Json = {"errcode": 0, "access_token": SAMPLE_TOKEN, "errmsg": "ok", "expires_in": TOKEN_LIFETIME}
    refused: list[Json] = [*(wrong for _, wrong in NAMES), MISSING]
    bodies = [{name: exactly(value) for name, value in body.items()} for body in (issued, *refused)]
    bodies[0]["access_token"] = HEX
    named = [(" with ".join(names), name) for names, _ in NAMES for name in names]
    samples = {"issued": issued} | {str(body["errcode"]): body for body in refused}
    return operation(
        "getToken",
        "Issue a token to an app, as older programs ask for it",
        answer({"oneOf": [object_of(body) for body in bodies]}, samples, "retry-after"),
        BY_THE_STORE,
        description="The status is 200 even for a refusal; errcode tells.",
        parameters=[parameter("query", name, pair) for pair, name in named],
    )

"""Tokens of both hosts: 32 hex digits that live for two hours; who asks again gets the same one, renewed."""

from __future__ import annotations

import hashlib

import msgspec

from reportdata.twin.answers import JSON_NEW, JSON_PLAIN, Answer, Request, failed_new, json_answer

LIFETIME = 7200
"""Seconds."""


class Tokens:
    """The tokens of one app."""

    def __init__(self, app_key: str, app_secret: str) -> None:
        self.app_key = app_key
        self.app_secret = app_secret
        self.issued: list[str] = []
        self._ends = 0.0

    def issue(self, now: float) -> str:
        """The app's token: the one it has, renewed, or a new one."""
        if now >= self._ends or not self.issued:
            text = f"{self.app_key} {self.app_secret} {len(self.issued)}"
            self.issued.append(hashlib.sha256(text.encode()).hexdigest()[:32])
        self._ends = now + LIFETIME
        return self.issued[-1]

    def lives(self, token: str, now: float) -> bool:
        """Whether a token may be used."""
        return bool(self.issued) and token == self.issued[-1] and now < self._ends

    def end(self) -> None:
        """End the token that the app has."""
        self._ends = 0.0

    def new(self, request: Request, now: float, request_id: str) -> Answer:
        """Answers ``POST /v1.0/oauth2/accessToken``."""
        if not request.body or "json" not in request.headers.get("content-type", ""):
            return failed_new(400, "Missingbody", "body is mandatory for this action.", request_id)
        try:
            asked = msgspec.json.decode(request.body, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError):
            text = "Specified parameter body is not valid. JSON parsing error"
            return failed_new(400, "Invalidbody", text, request_id)
        for name in ("appKey", "appSecret"):
            if not asked.get(name):
                return failed_new(400, f"Missing{name}", f"{name} is mandatory for this action.", request_id)
        if (asked["appKey"], asked["appSecret"]) != (self.app_key, self.app_secret):
            code, text = "invalidClientIdOrSecret", "无效的clientId或者clientSecret"
            return failed_new(400, code, text, request_id, by_service=True)
        return json_answer(200, {"expireIn": LIFETIME, "accessToken": self.issue(now)}, JSON_NEW)

    def old(self, request: Request, now: float) -> Answer:
        """Answers ``GET /gettoken``, whose errors are not wrapped."""
        asked = request.queried()
        if not asked.get("appkey") or not asked.get("appsecret"):
            return _failed(40035, "缺少参数 corpid or appkey")
        if (asked["appkey"], asked["appsecret"]) != (self.app_key, self.app_secret):
            return _failed(40096, "不合法的appKey或appSecret")
        token = self.issue(now)
        body = {"errcode": 0, "access_token": token, "errmsg": "ok", "expires_in": LIFETIME}
        return json_answer(200, body, JSON_PLAIN)


def _failed(code: int, message: str) -> Answer:
    return json_answer(200, {"errcode": code, "errmsg": message}, JSON_PLAIN, str(code))

"""How a client shows who it is: app key and secret with every request, or a token."""

from __future__ import annotations

import threading
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Protocol

from reportdata.client.errors import ClientError
from reportdata.client.transport import Transport

TOKEN_HEADER = "x-acs-dingtalk-access-token"  # noqa: S105 - a header's name
_EARLY = 300.0
"""Seconds before a token's end at which it is renewed."""


class SignIn(Protocol):
    """Shows who a client is."""

    def statistics(self) -> Mapping[str, str]:
        """The headers for statistics."""

    def contract(self) -> Mapping[str, str]:
        """The headers for the contract, which takes tokens alone."""

    def renew(self) -> bool:
        """Get a new token, since the last one is not valid; False when there is nothing to get it by."""


class Token:
    """A token that the caller got elsewhere."""

    def __init__(self, token: str) -> None:
        self._token = token

    def statistics(self) -> Mapping[str, str]:
        """See `SignIn`."""
        return {"authorization": f"Bearer {self._token}"}

    def contract(self) -> Mapping[str, str]:
        """See `SignIn`."""
        return {TOKEN_HEADER: self._token}

    def renew(self) -> bool:
        """See `SignIn`."""
        return False


class KeyAndSecret:
    """An app's key and secret. The contract's token is fetched with them when it is first needed, and again before it
    ends.

    :param basic: send them with each request for statistics, in place of a token.
    """

    def __init__(self, transport: Transport, key: str, secret: str, *, basic: bool) -> None:
        if ":" in key:
            raise ValueError("an app key has no colon")
        self._transport = transport
        self._key, self._secret = key, secret
        self._basic = basic
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0
        self._clock: Callable[[], float] = time.monotonic

    def statistics(self) -> Mapping[str, str]:
        """See `SignIn`."""
        if self._basic:
            return {"authorization": "Basic " + b64encode(f"{self._key}:{self._secret}".encode()).decode()}
        return {"authorization": f"Bearer {self._valid()}"}

    def contract(self) -> Mapping[str, str]:
        """See `SignIn`."""
        return {TOKEN_HEADER: self._valid()}

    def renew(self) -> bool:
        """See `SignIn`."""
        with self._lock:
            self._until = 0.0
        return True

    def _valid(self) -> str:
        with self._lock:
            now = self._clock()
            if now >= self._until:
                body = {"appKey": self._key, "appSecret": self._secret}
                given = self._transport.ask("POST", "/v1.0/oauth2/accessToken", {}, body).content
                lifetime = float(given.get("expireIn", 0))
                self._token = str(given.get("accessToken", ""))
                self._until = now + max(lifetime - _EARLY, lifetime / 2)
            return self._token


def sign_in_of(transport: Transport, key: str | None, secret: str | None, token: str | None, *, basic: bool) -> SignIn:
    """The way to sign in that was given.

    :raises ClientError: when none or two were.
    """
    if token and not (key or secret or basic):
        return Token(token)
    if key and secret and not token:
        return KeyAndSecret(transport, key, secret, basic=basic)
    raise ClientError("name key and secret of an app, or a token")

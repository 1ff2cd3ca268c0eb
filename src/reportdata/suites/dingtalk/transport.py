"""How a request gets to DingTalk and an answer back."""

from __future__ import annotations

from typing import Protocol

import urllib3

TIMEOUT = 10.0
"""Seconds without a byte after which an answer is given up; DingTalk's gateway itself gives up after 3."""
_LARGEST = 32 << 20
"""Bytes of an answer."""


class NotSent(Exception):
    """There is no connection: the request did not leave."""


class NoAnswer(Exception):
    """The request may have arrived, and there is no whole answer."""


class Transport(Protocol):
    """What takes requests to a server."""

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        """Send JSON; returns the answer's status and body.

        :raises NotSent: when the request did not leave.
        :raises NoAnswer: when there is no whole answer.
        """

    def close(self) -> None:
        """Let go of connections."""


class HttpTransport:
    """Over HTTP, on connections that are kept. Redirects are not followed: they would carry the token elsewhere."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(timeout), maxsize=1)

    def post(self, url: str, body: bytes) -> tuple[int, bytes]:
        headers = {"content-type": "application/json", "user-agent": "reportdata"}
        try:
            response = self._pool.request(
                "POST", url, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                content = response.read(_LARGEST)
                whole = not response.read(1)
            finally:
                response.close()
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise NotSent(f"there is no connection: {type(error).__name__}") from error
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(f"there is no whole answer: {type(error).__name__}") from error
        if not whole:
            raise NoAnswer("the answer is too large")
        return response.status, content

    def close(self) -> None:
        self._pool.clear()

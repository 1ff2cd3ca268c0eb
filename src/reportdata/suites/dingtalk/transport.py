"""How a request gets to a server and an answer back, as the client of DingTalk's APIs sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol


class NotSent(Exception):
    """There is no connection: the request did not leave."""


class Unreachable(NotSent):
    """The machine's settings keep the request from leaving: its proxy, or what certificates it trusts. ``hint`` says
    what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoAnswer(Exception):
    """The request may have arrived, and there is no whole answer."""


class Reply(NamedTuple):
    """An answer: its status and body, and what its ``Date`` and ``Retry-After`` say, empty without them."""

    status: int
    body: bytes
    date: str = ""
    retry_after: str = ""


class Transport(Protocol):
    """What takes requests to a server."""

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Send a request; returns the answer.

        :raises NotSent: when the request did not leave.
        :raises NoAnswer: when there is no whole answer.
        """

    def close(self) -> None:
        """Let go of connections."""

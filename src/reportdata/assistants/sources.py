"""Where the answers of tools come from: a server, asked over HTTP by the client; or a data folder, see
`reportdata.cli.assisting`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlencode

from reportdata.client import ApiError, Client, ClientError, NotAllowed, NotSignedIn, Unavailable

Pairs = Sequence[tuple[str, str]]


class Problem(Exception):
    """Why a tool has no answer, and what to do; for the assistant and who uses it."""


class Source(Protocol):
    """Answers what the API's paths answer. It is called in threads."""

    def ask(self, path: str, pairs: Pairs) -> Mapping[str, Any]:
        """The answer: ``data`` and ``meta``.

        :raises Problem: when there is none.
        """


_OF_THE_SERVER = 500
"""Statuses from this on are the server's own failures."""


class ServerSource:
    """A server, as an app that a client signs in as."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def ask(self, path: str, pairs: Pairs) -> Mapping[str, Any]:
        """See `Source`."""
        try:
            return self._client.get(f"{path}?{urlencode(pairs)}" if pairs else path)
        except ClientError as error:
            raise Problem(told(error)) from error


def told(error: ClientError) -> str:
    """What went wrong, and what to do."""
    if not isinstance(error, ApiError):
        return f"{error}. Check that the server runs at that address, then try again."
    said = f"{error.message.rstrip('.')} ({error.code}, request {error.request_id})."
    match error:
        case NotSignedIn():
            return f"{said} The app key or secret is wrong or has ended: ask the user for a valid one."
        case NotAllowed():
            scopes = error.detail.get("requiredScopes", []) if isinstance(error.detail, dict) else []
            needed = f" The app lacks the scope {' or '.join(map(str, scopes))}." if scopes else ""
            return f"{said}{needed} Ask without single people (no user), or have the app's permissions changed."
        case Unavailable():
            wait = f" in {error.retry_after:g} s" if error.retry_after is not None else " later"
            return f"{said} Try again{wait}, or ask for a shorter range or fewer groupings."
        case _ if error.status >= _OF_THE_SERVER:
            return f"{said} No other arguments mend that: tell the user."
        case _:
            return f"{said} Change the arguments as it says."

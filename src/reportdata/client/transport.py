"""Requests over HTTP on connections that are kept: time-outs, trust, and tries again while a server is busy."""

from __future__ import annotations

import copy
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportdata.client.errors import QPS_LIMIT, ApiError, Unavailable, Unreachable, kind_of

if TYPE_CHECKING:
    import urllib3

_LARGEST = 64 << 20
"""Bytes of an answer."""
_FIRST_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits.

    :ivar connecting: seconds for a connection.
    :ivar answering: seconds without a byte of an answer; a server computes for at most 60.
    :ivar tries: how often a request is sent at most. It is sent again when the server is too busy (429 or 503) or the
        connection was lost, never when it is refused.
    :ivar longest_pause: seconds between two tries at most; a server that asks for more is not asked again.
    """

    connecting: float = 10.0
    answering: float = 90.0
    tries: int = 4
    longest_pause: float = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its headers, by names in small letters, and what its JSON says."""

    headers: Mapping[str, str]
    content: Any


class Transport:
    """Sends requests to one server. It may be used by several threads.

    :param url: the server, like ``https://host:8080``; a path before those of the API is kept.
    :param ca: a file in PEM with the only certificates that are trusted; None for the machine's.
    :param sleep: waits for seconds.
    """

    def __init__(self, url: str, ca: str | None, patience: Patience, sleep: Callable[[float], None]) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is no address of a server; write it like https://host:8080")
        self._url = url.rstrip("/")
        self._patience = patience
        self._sleep = sleep
        self._pools = _Pools(ca, patience, secure=self._url.startswith("https:"))
        self._headers: Mapping[str, str] = {}

    def with_headers(self, headers: Mapping[str, str]) -> Transport:
        """The same connections, with headers that every request has."""
        found = copy.copy(self)
        found._headers = {**self._headers, **headers}
        return found

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: object = None) -> Reply:
        """The answer to a request.

        :param body: what is sent as JSON.
        :raises ApiError: when it is an error.
        :raises Unreachable: when there is none.
        """
        pause = _FIRST_PAUSE
        for left in range(self._patience.tries - 1, -1, -1):
            try:
                return self._once(method, path, headers, body)
            except (Unavailable, _Lost) as error:
                wait = pause * random.uniform(0.5, 1)  # noqa: S311 - spreads clients, hides nothing
                if isinstance(error, Unavailable):
                    wait = error.retry_after if error.retry_after is not None else wait
                    again = error.status in (429, 503) or error.code == QPS_LIMIT
                else:
                    again = True
                if not (again and left and wait <= self._patience.longest_pause):
                    raise
                self._sleep(wait)
                pause = min(pause * 2, self._patience.longest_pause)
        raise ValueError("a client tries at least once")

    def close(self) -> None:
        """Close the connections."""
        self._pools.close()

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: object) -> Reply:
        from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

        sent = None if body is None else json.dumps(body).encode()
        own = {"user-agent": "reportdata-client", "accept": "application/json"}
        own |= {"content-type": "application/json"} if sent is not None else {}
        try:
            response = self._pools.opened().request(
                method,
                self._url + path,
                body=sent,
                headers={**own, **self._headers, **headers},
                redirect=False,  # a secret would go along
                retries=False,
                preload_content=False,
            )
            try:
                content = response.read(_LARGEST, decode_content=True)
                whole = not response.read(1)
            finally:
                response.close()
        except SSLError as error:
            raise Unreachable(
                f"no connection to {self._url} that is trusted: {error}; name its CA's file with `ca`"
            ) from error
        except ReadTimeoutError as error:
            raise Unreachable(f"{self._url} did not answer within {self._patience.answering:g} s") from error
        except (HTTPError, OSError) as error:
            raise _Lost(f"no answer of {self._url}: {error}") from error
        if not whole:
            raise Unreachable(f"the answer has more than {_LARGEST} bytes; ask for smaller pages")
        return self._read(response.status, {name.lower(): value for name, value in response.headers.items()}, content)

    def _read(self, status: int, headers: Mapping[str, str], content: bytes) -> Reply:
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if status == 200 and isinstance(found, dict):
            return Reply(headers, found)
        said = found if isinstance(found, dict) else {}
        if status in (429, 502, 503, 504) or said.get("code"):
            raise error_of(status, headers, said)
        raise Unreachable(f"{self._url} answers {status} with what no `reportdata` server says; look at the address")


class _Pools:
    """Connections to a server, which are opened when they are first needed."""

    def __init__(self, ca: str | None, patience: Patience, *, secure: bool) -> None:
        self._ca = ca
        self._patience = patience
        self._secure = secure
        self._lock = threading.Lock()
        self._opened: urllib3.PoolManager | None = None

    def opened(self) -> urllib3.PoolManager:
        """The connections.

        :raises Unreachable: when the CA's file cannot be read.
        """
        with self._lock:
            if self._opened is None:
                import ssl

                import urllib3

                try:
                    context = ssl.create_default_context(cafile=self._ca) if self._secure else None
                except OSError as error:
                    raise Unreachable(f"the CA's file {self._ca} cannot be read: {error}") from error
                self._opened = urllib3.PoolManager(
                    ssl_context=context,
                    timeout=urllib3.Timeout(connect=self._patience.connecting, read=self._patience.answering),
                    maxsize=8,
                )
            return self._opened

    def close(self) -> None:
        """Close those that are open."""
        with self._lock:
            if self._opened is not None:
                self._opened.clear()


class _Lost(Unreachable):
    """The connection did not come about, or was lost: the request may be sent again."""


def error_of(status: int, headers: Mapping[str, str], said: Mapping[str, Any]) -> ApiError:
    """The error that an answer tells."""
    code = str(said.get("code") or "ServiceUnavailable")
    return kind_of(status, code)(
        status,
        code,
        str(said.get("message") or f"the server answers {status}"),
        str(said.get("requestid") or headers.get("x-acs-request-id", "")),
        retry_after=_seconds(headers.get("retry-after")),
        detail=said.get("accessdenieddetail"),
    )


def _seconds(text: str | None) -> float | None:
    """What ``retry-after`` says, as seconds or as a moment."""
    if text is None:
        return None
    try:
        return max(0.0, float(text)) if text.strip().isdigit() else max(0.0, _until(text))
    except (TypeError, ValueError):
        return None


def _until(text: str) -> float:
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(text).timestamp() - time.time()

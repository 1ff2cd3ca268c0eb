"""The writes that calls cause, one after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable

from reportdata.errors import StoreError
from reportdata.identity import App, Token
from reportdata.links import Holder, Link, NewSession
from reportdata.store import Store

Decide = Callable[[App | None, Token | None], tuple[str, Token]]
"""Given an app and its current token, the text of a token and what is kept of it."""

Open = Callable[[App | Link | None], NewSession]
"""Given whose a session is to be, the session."""

LONGEST_WAIT = 1.4
"""Seconds that a call waits for others before it; the store then waits as long for other processes."""


class Writing:
    """Writes to the store. It is called in threads; what waits longer than callers do is refused.

    :param store: another instance than the one that is read on the event loop.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = _Lock()

    def issue_token(self, app_key: str, decide: Decide) -> str:
        """As `reportdata.store.Store.issue_token`."""
        with self._lock:
            return self._store.issue_token(app_key, decide)

    def open_session(self, holder: Holder, decide: Open, now: float) -> NewSession:
        """As `reportdata.store.Store.open_session`."""
        with self._lock:
            return self._store.open_session(holder, decide, now)

    def end_session(self, session_hash: str) -> None:
        """As `reportdata.store.Store.end_session`."""
        with self._lock:
            self._store.end_session(session_hash)

    def claim(self, app_key: str, client_token: str, request: str, now: float) -> bool:
        """As `reportdata.store.Store.claim_client_token`."""
        with self._lock:
            return self._store.claim_client_token(app_key, client_token, request, now)


class _Lock:
    """Lets in one thread after the other, and keeps none waiting so long that its caller gives up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(timeout=LONGEST_WAIT):
            raise StoreError("the store is busy with other calls")

    def __exit__(self, *_: object) -> None:
        self._lock.release()

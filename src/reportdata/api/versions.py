"""Whether anything may have changed since a client last asked: a version of all that is served of an organisation."""

from __future__ import annotations

import hashlib
import secrets

from reportdata.store import Store

STEP = 600
"""Seconds after which a version ends: how certain a day is depends on the time, too."""


class Versions:
    """Versions of what a store has, which cost no more than a look at its own. They differ between processes and after
    a restart: then a client asks once more than it needs.

    :param store: is read on the event loop.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._own = secrets.token_bytes(16)

    def tag(self, corp_id: str, now: float) -> str:
        """The entity tag of what is served of an organisation at a time: the same only while nothing has changed."""
        text = f"{self._store.version_of_answers()} {int(now // STEP)} {corp_id}"
        return f'"{hashlib.blake2b(text.encode(), digest_size=12, key=self._own).hexdigest()}"'

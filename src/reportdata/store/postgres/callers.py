"""Whose tokens these are, asked of PostgreSQL with each call."""

from __future__ import annotations

from collections.abc import Sequence

from reportdata.identity import Caller
from reportdata.links import Viewer
from reportdata.store.identities import Identities
from reportdata.store.links import Links
from reportdata.store.postgres.counting import Counted
from reportdata.store.postgres.database import array
from reportdata.store.postgres.watching import Watch
from reportdata.store.rows import APP, app_of

_CALLERS = f"""
select token_hash, {", ".join(APP)}, expires_at from tokens join apps using (app_key) where token_hash = any($1)
"""


class Callers(Identities, Links):
    """The part of the store that knows who asks."""

    database: Counted
    watch: Watch | None

    def caller(self, token_hash: str) -> Caller | None:
        return self.callers([token_hash])[0]

    def callers(self, token_hashes: Sequence[str]) -> list[Caller | None]:
        self.require_reachable()
        found = {}
        for row in self.database.texts(b"callers", _CALLERS.encode(), [array(token_hashes)]):
            token_hash, *texts = (value.decode() if value is not None else None for value in row)
            numbers = (int(value) if value is not None else None for value in texts[8:])
            rate, disabled, zero_unknown, expires_at = numbers
            found[token_hash] = Caller(app_of((*texts[:8], rate, disabled, zero_unknown)), expires_at or 0)
        return [found.get(token_hash) for token_hash in token_hashes]

    def viewers(self, session_hashes: Sequence[str]) -> list[Viewer | None]:
        self.require_reachable()
        return super().viewers(session_hashes)

    def require_reachable(self) -> None:
        """:raises StoreError: when the store is known to be away, so that nobody waits for what will not come."""
        if self.watch is not None:
            self.watch.require_reachable()

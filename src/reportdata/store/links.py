"""View links and sessions in a store's database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from reportdata.errors import NotKnown
from reportdata.identity import App
from reportdata.links import MOST_SESSIONS, Holder, Link, NewSession, Viewer
from reportdata.store.damaged import reading
from reportdata.store.database import Database, Transaction
from reportdata.store.rows import APP, LINK, VIEWERS, app_of, link_of, places, row_of_link, viewer_of

_LINKS = f"select {', '.join(LINK)} from links"
_ROOM = """
delete from sessions where session_hash in (
    select session_hash from sessions where {of} = %s order by expires_at desc, session_hash limit 1000000 offset %s
)
"""


class Links:
    """The part of the store that knows view links and sessions."""

    database: Database

    @reading
    def links(self) -> list[Link]:
        return [link_of(row) for row in self.database.rows(f"{_LINKS} order by corp_id, name, link_id")]

    @reading
    def link(self, link_id: str) -> Link | None:
        row = self.database.row(f"{_LINKS} where link_id = %s", (link_id,))
        return link_of(row) if row is not None else None

    def add_link(self, link: Link, now: float) -> None:
        row = (*row_of_link(link), int(now * 1000))
        with self.database.changing_access() as transaction:
            transaction.execute(f"insert into links ({', '.join(LINK)}, created_at) values ({places(row)})", row)

    def revoke_link(self, link_id: str, now: float) -> Link:
        with self.database.changing_access() as transaction:
            transaction.execute(
                "update links set revoked_at = %s where link_id = %s and revoked_at is null", (int(now), link_id)
            )
            row = transaction.execute(f"{_LINKS} where link_id = %s", (link_id,)).fetchone()
            if row is None:
                raise NotKnown(f"there is no link {link_id!r}", "`reportdata link list` shows all")
        return link_of(row)

    def open_session(self, holder: Holder, decide: Callable[[App | Link | None], NewSession], now: float) -> NewSession:
        of, id_ = ("app_key", holder.app_key) if holder.app_key is not None else ("link_id", holder.link_id)
        with self.database.changing_access() as transaction:
            opened = decide(self._held(transaction, holder))
            transaction.execute("delete from sessions where expires_at <= %s", (int(now),))
            transaction.execute(_ROOM.format(of=of), (id_, MOST_SESSIONS - 1))
            transaction.execute("insert into sessions values (%s, %s, %s, %s)", msgspec.structs.astuple(opened.kept))
        return opened

    @reading
    def viewers(self, session_hashes: Sequence[str]) -> list[Viewer | None]:
        sql = f"{VIEWERS} where s.session_hash {self.database.among}"
        rows = self.database.rows(sql, (self.database.several(session_hashes),))
        found = {row[0]: viewer_of(row) for row in rows}
        return [found.get(session_hash) for session_hash in session_hashes]

    def end_session(self, session_hash: str) -> None:
        with self.database.changing_access() as transaction:
            transaction.execute("delete from sessions where session_hash = %s", (session_hash,))

    @reading
    def _held(self, transaction: Transaction, holder: Holder) -> App | Link | None:
        """Whose the session is to be, which nobody changes until it is opened."""
        if holder.app_key is not None:
            sql = f"select {', '.join(APP)} from apps where app_key = %s{self.database.locked}"
            row = transaction.execute(sql, (holder.app_key,)).fetchone()
            return app_of(row) if row is not None else None
        row = transaction.execute(f"{_LINKS} where link_id = %s{self.database.locked}", (holder.link_id,)).fetchone()
        return link_of(row) if row is not None else None

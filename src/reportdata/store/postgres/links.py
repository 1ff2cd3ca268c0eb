"""View links and sessions in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from reportdata.errors import NotKnown
from reportdata.identity import App
from reportdata.links import MOST_SESSIONS, Holder, Link, NewSession, Viewer
from reportdata.store.postgres.database import Database
from reportdata.store.postgres.identities import CHANGED_ACCESS
from reportdata.store.postgres.watching import Watch
from reportdata.store.rows import APP, LINK, VIEWERS, app_of, link_of, row_of_link, viewer_of

if TYPE_CHECKING:
    from psycopg import Cursor

_LINKS = f"select {', '.join(LINK)} from links"
_PLACES = ", ".join(["%s"] * len(LINK))
_ROOM = """
delete from sessions where session_hash in (
    select session_hash from sessions where app_key is not distinct from %s and link_id is not distinct from %s
    order by expires_at desc, session_hash offset %s
)
"""


class Links:
    """The part of the store that knows view links and sessions."""

    database: Database
    watch: Watch | None

    def links(self) -> list[Link]:
        return [link_of(row) for row in self.database.rows(f"{_LINKS} order by corp_id, name, link_id")]

    def link(self, link_id: str) -> Link | None:
        row = self.database.row(f"{_LINKS} where link_id = %s", [link_id])
        return link_of(row) if row is not None else None

    def add_link(self, link: Link, now: float) -> None:
        with self.database.writing() as cursor:
            cursor.execute(
                f"insert into links ({', '.join(LINK)}, created_at) values ({_PLACES}, %s)",
                (*row_of_link(link), int(now * 1000)),
            )
            cursor.execute(CHANGED_ACCESS)

    def revoke_link(self, link_id: str, now: float) -> Link:
        with self.database.writing() as cursor:
            cursor.execute(
                "update links set revoked_at = %s where link_id = %s and revoked_at is null", [int(now), link_id]
            )
            row = cursor.execute(f"{_LINKS} where link_id = %s", [link_id]).fetchone()
            if row is None:
                raise NotKnown(f"there is no link {link_id!r}", "`reportdata link list` shows all")
            cursor.execute(CHANGED_ACCESS)
        return link_of(row)

    def open_session(self, holder: Holder, decide: Callable[[App | Link | None], NewSession], now: float) -> NewSession:
        with self.database.writing() as cursor:
            opened = decide(_held(cursor, holder))
            cursor.execute("delete from sessions where expires_at <= %s", [int(now)])
            cursor.execute(_ROOM, (*holder, MOST_SESSIONS - 1))
            cursor.execute("insert into sessions values (%s, %s, %s, %s)", msgspec.structs.astuple(opened.kept))
            cursor.execute(CHANGED_ACCESS)
        return opened

    def viewers(self, session_hashes: Sequence[str]) -> list[Viewer | None]:
        if self.watch is not None:
            self.watch.require_reachable()
        rows = self.database.rows(f"{VIEWERS} where s.session_hash = any(%s)", [list(session_hashes)])
        found = {row[0]: viewer_of(row) for row in rows}
        return [found.get(session_hash) for session_hash in session_hashes]

    def end_session(self, session_hash: str) -> None:
        with self.database.writing() as cursor:
            cursor.execute("delete from sessions where session_hash = %s", [session_hash])
            cursor.execute(CHANGED_ACCESS)


def _held(cursor: Cursor, holder: Holder) -> App | Link | None:
    """Whose the session is to be, which nobody changes until it is opened."""
    if holder.app_key is not None:
        sql = f"select {', '.join(APP)} from apps where app_key = %s for update"
        row = cursor.execute(sql, [holder.app_key]).fetchone()
        return app_of(row) if row is not None else None
    row = cursor.execute(f"{_LINKS} where link_id = %s for update", [holder.link_id]).fetchone()
    return link_of(row) if row is not None else None

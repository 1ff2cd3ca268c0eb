"""View links and sessions in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from reportdata.errors import NotKnown
from reportdata.identity import App
from reportdata.links import MOST_SESSIONS, Holder, Link, NewSession, Viewer
from reportdata.store.rows import APP, LINK, VIEWERS, app_of, link_of, row_of_link, viewer_of
from reportdata.store.sqlite.damaged import reading
from reportdata.store.sqlite.numbers import Counted

_LINKS = f"select {', '.join(LINK)} from links"
_PLACES = ", ".join("?" * len(LINK))
_ROOM = """
delete from sessions where session_hash in (
    select session_hash from sessions where app_key is ? and link_id is ?
    order by expires_at desc, session_hash limit -1 offset ?
)
"""


class Links:
    """The part of the store that knows view links and sessions."""

    database: Counted

    @reading
    def links(self) -> list[Link]:
        return [link_of(row) for row in self.database.rows(f"{_LINKS} order by corp_id, name, link_id")]

    @reading
    def link(self, link_id: str) -> Link | None:
        row = self.database.row(f"{_LINKS} where link_id = ?", (link_id,))
        return link_of(row) if row is not None else None

    def add_link(self, link: Link, now: float) -> None:
        with self.database.writing_access() as connection:
            connection.execute(
                f"insert into links ({', '.join(LINK)}, created_at) values ({_PLACES}, ?)",
                (*row_of_link(link), int(now * 1000)),
            )

    def revoke_link(self, link_id: str, now: float) -> Link:
        with self.database.writing_access() as connection:
            connection.execute(
                "update links set revoked_at = ? where link_id = ? and revoked_at is null", (int(now), link_id)
            )
            row = connection.execute(f"{_LINKS} where link_id = ?", (link_id,)).fetchone()
            if row is None:
                raise NotKnown(f"there is no link {link_id!r}", "`reportdata link list` shows all")
            return link_of(row)

    def open_session(self, holder: Holder, decide: Callable[[App | Link | None], NewSession], now: float) -> NewSession:
        with self.database.writing_access() as connection:
            opened = decide(self._holder(holder))
            connection.execute("delete from sessions where expires_at <= ?", (int(now),))
            connection.execute(_ROOM, (*holder, MOST_SESSIONS - 1))
            connection.execute("insert into sessions values (?, ?, ?, ?)", msgspec.structs.astuple(opened.kept))
        return opened

    @reading
    def viewers(self, session_hashes: Sequence[str]) -> list[Viewer | None]:
        rows = (self.database.row(f"{VIEWERS} where s.session_hash = ?", (one,)) for one in session_hashes)
        return [viewer_of(row) if row is not None else None for row in rows]

    def end_session(self, session_hash: str) -> None:
        with self.database.writing_access() as connection:
            connection.execute("delete from sessions where session_hash = ?", (session_hash,))

    @reading
    def _holder(self, holder: Holder) -> App | Link | None:
        if holder.app_key is not None:
            row = self.database.row(f"select {', '.join(APP)} from apps where app_key = ?", (holder.app_key,))
            return app_of(row) if row is not None else None
        return self.link(holder.link_id or "")

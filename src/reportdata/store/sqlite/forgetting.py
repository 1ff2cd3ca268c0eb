"""Removing an organisation from SQLite, so that nothing of it can be read from the file."""

from __future__ import annotations

from reportdata.store.sqlite.numbers import Counted

_APPS = "(select app_key from apps where corp_id = ?1)"
_LINKS = "(select link_id from links where corp_id = ?1)"
_REMOVALS = (
    f"delete from sessions where app_key in {_APPS} or link_id in {_LINKS}",
    "delete from links where corp_id = ?1",
    f"delete from tokens where app_key in {_APPS}",
    f"delete from client_tokens where app_key in {_APPS}",
    "delete from apps where corp_id = ?1",
    "delete from kpis where corp_id = ?1",
    "delete from coverage where corp_id = ?1",
    "delete from day_states where corp_id = ?1",
    "delete from official_figures where corp_id = ?1",
    "delete from official_services where corp_id = ?1",
    "delete from coverage_history where corp_id = ?1",
    "delete from announced_causes where corp_id = ?1",
    "delete from import_organisations where corp_id = ?1",
    "delete from organisations where corp_id = ?1",
)
"""In an order in which nothing refers to what is gone."""


class Forgetting:
    """The part of the store that forgets."""

    database: Counted

    def forget(self, corp_id: str) -> int:
        with self.database.writing() as connection:
            removed = sum(connection.execute(sql, (corp_id,)).rowcount for sql in _REMOVALS)
        self.database.wipe()
        return removed

    def forgotten(self) -> frozenset[str]:
        return frozenset(digest for (digest,) in self.database.rows("select digest from forgotten"))

    def put_forgotten(self, digest: str) -> None:
        with self.database.writing() as connection:
            connection.execute("insert into forgotten values (?) on conflict do nothing", (digest,))

    def remember(self, digest: str) -> bool:
        with self.database.writing() as connection:
            return connection.execute("delete from forgotten where digest = ?", (digest,)).rowcount > 0

    def mentions(self, text: str) -> dict[str, int]:
        return self.database.mentions(text)

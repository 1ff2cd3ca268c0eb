"""Removing an organisation from a store's database, and people who were forgotten."""

from __future__ import annotations

from reportdata.store.database import Database

_APPS = "(select app_key from apps where corp_id = %s)"
_LINKS = "(select link_id from links where corp_id = %s)"
_REMOVALS = {
    "sessions": f"app_key in {_APPS} or link_id in {_LINKS}",
    "links": "corp_id = %s",
    "tokens": f"app_key in {_APPS}",
    "client_tokens": f"app_key in {_APPS}",
    **dict.fromkeys(
        (
            "apps",
            "kpis",
            "day_states",
            "official_figures",
            "official_services",
            "coverage",
            "coverage_history",
            "announced_causes",
            "import_organisations",
            "organisations",
        ),
        "corp_id = %s",
    ),
}
"""What goes of each table, in an order in which nothing refers to what is gone."""
TABLES = tuple(_REMOVALS)
"""The tables that hold something of organisations."""


class Forgetting:
    """The part of the store that forgets."""

    database: Database

    def remove(self, corp_id: str) -> int:
        """Remove the rows of an organisation; returns how many that were."""
        with self.database.changing() as transaction:
            return sum(
                transaction.execute(f"delete from {table} where {of}", (corp_id,) * of.count("%s")).rowcount
                for table, of in _REMOVALS.items()
            )

    def forgotten(self) -> frozenset[str]:
        return frozenset(digest for (digest,) in self.database.rows("select digest from forgotten"))

    def put_forgotten(self, digest: str) -> None:
        with self.database.changing() as transaction:
            transaction.execute("insert into forgotten values (%s) on conflict do nothing", (digest,))

    def remember(self, digest: str) -> bool:
        with self.database.changing() as transaction:
            return transaction.execute("delete from forgotten where digest = %s", (digest,)).rowcount > 0

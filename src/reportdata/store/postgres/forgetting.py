"""Removing an organisation from PostgreSQL."""

from __future__ import annotations

from reportdata.store.postgres.database import Database
from reportdata.store.postgres.identities import CHANGED

_APPS = "(select app_key from apps where corp_id = %(corp)s)"
_LINKS = "(select link_id from links where corp_id = %(corp)s)"
_REMOVALS = (
    f"delete from sessions where app_key in {_APPS} or link_id in {_LINKS}",
    "delete from links where corp_id = %(corp)s",
    f"delete from tokens where app_key in {_APPS}",
    f"delete from client_tokens where app_key in {_APPS}",
    "delete from apps where corp_id = %(corp)s",
    "delete from kpis where corp_id = %(corp)s",
    "delete from day_states where corp_id = %(corp)s",
    "delete from official_figures where corp_id = %(corp)s",
    "delete from official_services where corp_id = %(corp)s",
    "delete from coverage where corp_id = %(corp)s",
    "delete from coverage_history where corp_id = %(corp)s",
    "delete from announced_causes where corp_id = %(corp)s",
    "delete from import_organisations where corp_id = %(corp)s",
    "delete from organisations where corp_id = %(corp)s",
)
"""In an order in which nothing refers to what is gone."""
_COLUMNS = """
select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and a.attnum > 0 and not a.attisdropped
order by 1, 2
"""


class Forgetting:
    """The part of the store that forgets."""

    database: Database

    def forget(self, corp_id: str) -> int:
        with self.database.writing() as cursor:
            removed = sum(cursor.execute(sql, {"corp": corp_id}).rowcount for sql in _REMOVALS)
            cursor.execute(CHANGED)
        for sql in _REMOVALS:
            self.database.run(f"vacuum {sql.split()[2]}")
        return removed

    def forgotten(self) -> frozenset[str]:
        return frozenset(digest for (digest,) in self.database.rows("select digest from forgotten"))

    def put_forgotten(self, digest: str) -> None:
        with self.database.writing() as cursor:
            cursor.execute("insert into forgotten values (%s) on conflict do nothing", (digest,))
            cursor.execute(CHANGED)

    def remember(self, digest: str) -> bool:
        with self.database.writing() as cursor:
            found = cursor.execute("delete from forgotten where digest = %s", (digest,)).rowcount > 0
            cursor.execute(CHANGED)
        return found

    def mentions(self, text: str) -> dict[str, int]:
        found = {}
        for table, column in self.database.rows(_COLUMNS):
            row = self.database.row(f'select count(*) from "{table}" where strpos("{column}"::text, %s) > 0', [text])
            if row and row[0]:
                found[f"{table}.{column}"] = int(row[0])
        return found

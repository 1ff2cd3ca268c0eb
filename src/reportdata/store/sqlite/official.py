"""DingTalk's own figures in SQLite."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.sqlite import Database
from reportdata.store import Official
from reportdata.store.rows import json_text, official_of
from reportdata.store.sqlite.damaged import reading


class Figures:
    """The part of the store that keeps DingTalk's own figures."""

    database: Database

    @reading
    def official(self, service: str, corp_id: str, first_day: str, last_day: str) -> list[Official]:
        rows = self.database.rows(
            "select corp_id, stat_day, kpi_values, fetched_at from official_figures "
            "where service = ? and corp_id = ? and stat_day between ? and ? order by stat_day",
            (service, corp_id, first_day, last_day),
        )
        return [official_of(row) for row in rows]

    def put_official(self, service: str, figures: Iterable[Official]) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                "insert or replace into official_figures (service, corp_id, stat_day, kpi_values, fetched_at) "
                "values (?, ?, ?, ?, ?)",
                (
                    (service, f.corp_id, f.stat_day, None if f.values is None else json_text(f.values), f.fetched_at)
                    for f in figures
                ),
            )

"""DingTalk's own figures in SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reportdata.store import Official
from reportdata.store.rows import official_of, row_of_official
from reportdata.store.sqlite.damaged import reading
from reportdata.store.sqlite.numbers import Counted

_COLUMNS = "corp_id, stat_day, kpi_values, fetched_at, answer"


class Figures:
    """The part of the store that keeps DingTalk's own figures."""

    database: Counted

    @reading
    def official(self, service: str, corp_id: str, first_day: str, last_day: str) -> list[Official]:
        rows = self.database.rows(
            f"select {_COLUMNS} from official_figures "
            "where service = ? and corp_id = ? and stat_day between ? and ? order by stat_day",
            (service, corp_id, first_day, last_day),
        )
        return [official_of(row) for row in rows]

    @reading
    def newest_official(self, service: str, corp_id: str) -> Official | None:
        row = self.database.row(
            f"select {_COLUMNS} from official_figures where service = ? and corp_id = ? "
            "and kpi_values is not null order by stat_day desc limit 1",
            (service, corp_id),
        )
        return official_of(row) if row is not None else None

    def put_official(self, service: str, figures: Iterable[Official]) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                f"insert or replace into official_figures (service, {_COLUMNS}) values (?, ?, ?, ?, ?, ?)",
                (row_of_official(service, found) for found in figures),
            )

    def official_services(self) -> frozenset[tuple[str, str]]:
        return frozenset(self.database.rows("select corp_id, service from official_services"))

    def serve_official(self, corp_id: str, services: Collection[str], *, official: bool) -> None:
        sql = "delete from official_services where corp_id = ? and service = ?"
        if official:
            sql = "insert into official_services (corp_id, service) values (?, ?) on conflict do nothing"
        with self.database.writing() as connection:
            connection.executemany(sql, [(corp_id, service) for service in services])

"""DingTalk's own figures in a store's database."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reportdata.store import Official
from reportdata.store.damaged import reading
from reportdata.store.database import Database
from reportdata.store.rows import official_of, row_of_official

_COLUMNS = "corp_id, stat_day, kpi_values, fetched_at, answer"


class Figures:
    """The part of the store that keeps DingTalk's own figures."""

    database: Database

    @reading
    def official(self, service: str, corp_id: str, first_day: str, last_day: str) -> list[Official]:
        rows = self.database.rows(
            f"select {_COLUMNS} from official_figures "
            "where service = %s and corp_id = %s and stat_day between %s and %s order by stat_day",
            (service, corp_id, first_day, last_day),
        )
        return [official_of(row) for row in rows]

    @reading
    def newest_official(self, service: str, corp_id: str) -> Official | None:
        row = self.database.row(
            f"select {_COLUMNS} from official_figures where service = %s and corp_id = %s "
            "and kpi_values is not null order by stat_day desc limit 1",
            (service, corp_id),
        )
        return official_of(row) if row is not None else None

    def put_official(self, service: str, figures: Iterable[Official]) -> None:
        rows = [row_of_official(service, found) for found in figures]
        with self.database.changing() as transaction:
            transaction.executemany(
                f"insert into official_figures (service, {_COLUMNS}) "
                "values (%s, %s, %s, %s, %s, %s) on conflict (service, corp_id, stat_day) do update "
                "set (kpi_values, fetched_at, answer) = (excluded.kpi_values, excluded.fetched_at, excluded.answer)",
                rows,
            )

    def official_services(self) -> frozenset[tuple[str, str]]:
        rows = self.database.rows("select corp_id, service from official_services")
        return frozenset((corp_id, service) for corp_id, service in rows)

    def serve_official(self, corp_id: str, services: Collection[str], *, official: bool) -> None:
        sql = "delete from official_services where corp_id = %s and service = %s"
        if official:
            sql = "insert into official_services (corp_id, service) values (%s, %s) on conflict do nothing"
        with self.database.changing() as transaction:
            transaction.executemany(sql, [(corp_id, service) for service in services])

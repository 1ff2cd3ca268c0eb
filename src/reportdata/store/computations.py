"""What the days of a store's database were computed from, and which values they have had."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from reportdata.errors import Overtaken
from reportdata.store import Version
from reportdata.store.damaged import reading
from reportdata.store.database import Database
from reportdata.store.rows import json_text, names_of, values_of


class Computations:
    """The part of the store that knows computations."""

    database: Database

    @reading
    def history(self, service: str, corp_id: str, stat_day: str) -> list[Version]:
        rows = self.database.rows(
            "select kpi_values, computed_at, fingerprint from kpis k join computations c on c.id = k.computation "
            "where k.service = %s and k.stat_day = %s and k.corp_id = %s order by k.computation",
            (service, stat_day, corp_id),
        )
        return [Version(values_of(values), computed_at, fingerprint) for values, computed_at, fingerprint in rows]

    def fingerprints(self, service: str, days: Collection[str] | None = None) -> dict[str, str]:
        return dict(self._computed("fingerprint", service, days))

    @reading
    def computed_files(self, service: str, days: Collection[str]) -> dict[str, frozenset[str]]:
        return {day: names_of(files) for day, files in self._computed("files", service, days)}

    def _computed(self, column: str, service: str, days: Collection[str] | None) -> list[tuple[Any, ...]]:
        sql = f"select stat_day, {column} from computed_days where service = %s"
        if days is None:
            return self.database.rows(sql, (service,))
        return self.database.rows(f"{sql} and stat_day {self.database.among}", (service, self.database.several(days)))

    def computed(self, service: str) -> frozenset[str]:
        rows = self.database.rows("select kpi_id from computed_kpis where service = %s", (service,))
        return frozenset(kpi_id for (kpi_id,) in rows)

    def put_computed(self, service: str, kpi_ids: Collection[str]) -> None:
        rows = [(service, kpi_id) for kpi_id in sorted(kpi_ids)]
        with self.database.changing() as transaction:
            transaction.execute("delete from computed_kpis where service = %s", (service,))
            transaction.executemany("insert into computed_kpis values (%s, %s)", rows)

    def exchange_files(self, service: str, stat_day: str, was: str, fingerprint: str, files: Collection[str]) -> bool:
        with self.database.uncounted() as transaction:
            done = transaction.execute(
                "update computed_days set fingerprint = %s, files = %s "
                "where service = %s and stat_day = %s and fingerprint = %s",
                (fingerprint, json_text(sorted(files)), service, stat_day, was),
            ).rowcount
        return done > 0


def require_standing(expected: Mapping[str, str | None] | None, found: Mapping[str, str]) -> None:
    """:raises Overtaken: unless each day's fingerprint is the expected one."""
    for day, fingerprint in (expected or {}).items():
        if found.get(day) != fingerprint:
            raise Overtaken(f"somebody else computed {day} meanwhile, perhaps from more", "nothing was changed")

"""States of days in SQLite."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.sqlite import Database
from reportdata.states import DayState, State


class States:
    """The part of the store that knows how certain the numbers are."""

    database: Database

    def states(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayState]:
        rows = self.database.rows(
            "select corp_id, stat_day, kpi_id, state, as_of from day_states where service = ?1 "
            "and (?2 is null or corp_id = ?2) and stat_day between ?3 and ?4 order by stat_day, corp_id, kpi_id",
            (service, corp_id, first_day, last_day),
        )
        return [DayState(corp, day, kpi, State(state), as_of) for corp, day, kpi, state, as_of in rows]

    def put_states(self, service: str, states: Iterable[DayState]) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                "insert or replace into day_states (service, corp_id, stat_day, kpi_id, state, as_of) "
                "values (?, ?, ?, ?, ?, ?)",
                ((service, s.corp_id, s.stat_day, s.kpi_id, s.state.value, s.as_of) for s in states),
            )

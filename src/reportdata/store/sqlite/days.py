"""KPIs of days and coverage in SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from reportdata.days import Coverage, Observation, days_between, latest
from reportdata.measures import Number
from reportdata.sqlite import Database
from reportdata.states import DayState, State
from reportdata.store import FIRST_DAY, LAST_DAY, Day, DayKpis, Version
from reportdata.store.overtaking import require_standing
from reportdata.store.rows import json_text

_values = msgspec.json.Decoder(dict[str, int | float])
_looks = msgspec.json.Decoder(dict[str, int])
_names = msgspec.json.Decoder(frozenset[str])
_states = msgspec.json.Decoder(list[tuple[str, State, int]])

# One statement is one snapshot: a row and its coverage cannot come from different states.
_DAY = """
select (select kpi_values from kpis where service = ?1 and corp_id = ?2 and stat_day = ?3
        order by version desc limit 1),
       (select computed_at from kpis where service = ?1 and corp_id = ?2 and stat_day = ?3
        order by version desc limit 1),
       (select json_group_object(kind, observed_at) from coverage
        where corp_id = ?2 and first_day <= ?3 and last_day >= ?3),
       case when exists (select 1 from day_states where service = ?1 and corp_id = ?2 and stat_day = ?3) then
           (select json_group_array(json_array(kpi_id, state, as_of)) from
                (select * from day_states where service = ?1 and corp_id = ?2 and stat_day = ?3 order by kpi_id))
       end,
       (select time_zone from organisations where corp_id = ?2)
"""
_BETWEEN = """
select c.corp_id, max(c.first_day, ?3), min(c.last_day, ?4),
       (select json_group_object(stat_day, kpi_values) from (
            select stat_day, kpi_values, max(version) from kpis
            where service = ?1 and corp_id = c.corp_id
              and stat_day between max(c.first_day, ?3) and min(c.last_day, ?4)
            group by stat_day))
from (select distinct corp_id, first_day, last_day from coverage) c
where (?2 is null or c.corp_id = ?2) and c.first_day <= ?4 and c.last_day >= ?3
"""
# Rows are gathered in a temporary table, which locks nothing and spills to a file, so that others wait for the change
# alone, however long the rows are computed and however many they are.
_GATHERED = """
create temp table if not exists computed (
    stat_day text, corp_id text, kpi_values text, primary key (stat_day, corp_id)
) without rowid
"""
_APPEND = """
insert into kpis
select ?1, corp_id, ?2,
       (select coalesce(max(version), 0) + 1 from kpis k
        where service = ?1 and k.corp_id = new.corp_id and stat_day = ?2),
       kpi_values, ?3, ?4
from (
    select corp_id, kpi_values from temp.computed where stat_day = ?2
    union all
    select distinct corp_id, '{}' from kpis
    where service = ?1 and stat_day = ?2 and (?5 is null or corp_id in (select value from json_each(?5)))
      and not exists (select 1 from temp.computed c where c.stat_day = ?2 and c.corp_id = kpis.corp_id)
) new
where (select kpi_values from kpis k where service = ?1 and k.corp_id = new.corp_id and stat_day = ?2
       order by version desc limit 1) is not kpi_values
"""
"""A day's new values; an organisation that has no row any more gets an empty one."""


class Days:
    """The part of the store that knows the numbers."""

    database: Database

    def kpis(self, service: str, corp_id: str, stat_day: str) -> Mapping[str, Number] | None:
        return self.day(service, corp_id, stat_day).values

    def day(self, service: str, corp_id: str, stat_day: str) -> Day:
        found = self.database.row(_DAY, (service, corp_id, stat_day)) or (None, None, None, None, None)
        values, computed_at, observed, states, zone = found
        looks = _looks.decode(observed) if observed is not None else {}
        return Day(
            None if not looks else {} if values is None else _values.decode(values),
            computed_at or 0,
            looks,
            () if states is None else [DayState(corp_id, stat_day, *state) for state in _states.decode(states)],
            zone,
        )

    def days(self, service: str, wanted: Sequence[tuple[str, str]]) -> list[Day]:
        return [self.day(service, *one) for one in wanted]

    def kpis_between(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayKpis]:
        found: dict[tuple[str, str], DayKpis] = {}
        for corp, first, last, rows in self.database.rows(_BETWEEN, (service, corp_id, first_day, last_day)):
            known = msgspec.json.decode(rows, type=dict[str, str])
            for day in days_between(first, last):
                values = known.get(day)
                found[day, corp] = DayKpis(corp, day, _values.decode(values) if values is not None else {})
        return [row for _, row in sorted(found.items())]

    def history(self, service: str, corp_id: str, stat_day: str) -> list[Version]:
        rows = self.database.rows(
            "select kpi_values, computed_at, fingerprint from kpis "
            "where service = ? and corp_id = ? and stat_day = ? order by version",
            (service, corp_id, stat_day),
        )
        return [Version(_values.decode(values), computed_at, fingerprint) for values, computed_at, fingerprint in rows]

    def coverage(self) -> list[Coverage]:
        return [look.coverage for look in latest(look._replace(at=0, kind="") for look in self.observations())]

    def observations(
        self, corp_id: str | None = None, first_day: str = FIRST_DAY, last_day: str = LAST_DAY
    ) -> list[Observation]:
        rows = self.database.rows(
            "select corp_id, max(first_day, ?2), min(last_day, ?3), observed_at, kind from coverage "
            "where (?1 is null or corp_id = ?1) and first_day <= ?3 and last_day >= ?2 "
            "order by corp_id, kind, first_day",
            (corp_id, first_day, last_day),
        )
        return [Observation(*row) for row in rows]

    def fingerprints(self, service: str, days: Collection[str] | None = None) -> dict[str, str]:
        if days is None:
            rows = self.database.rows("select stat_day, fingerprint from computed_days where service = ?", (service,))
            return dict(rows)
        return dict(self._computed("fingerprint", service, days))

    def computed_files(self, service: str, days: Collection[str]) -> dict[str, frozenset[str]]:
        return {day: _names.decode(files) for day, files in self._computed("files", service, days)}

    def _computed(self, column: str, service: str, days: Collection[str]) -> list[tuple[str, str]]:
        sql = f"select stat_day, {column} from json_each(?2) join computed_days on service = ?1 and stat_day = value"
        return [(day, found) for day, found in self.database.rows(sql, (service, json_text(sorted(days))))]

    def applied_withdrawals(self, service: str) -> set[str]:
        rows = self.database.rows("select file from applied_withdrawals where service = ?", (service,))
        return {file for (file,) in rows}

    def put_days(
        self,
        service: str,
        fingerprints: Mapping[str, str],
        rows: Iterable[DayKpis],
        now: float,
        *,
        files: Mapping[str, Collection[str]] | None = None,
        only: Mapping[str, Collection[str]] | None = None,
        was: Mapping[str, str | None] | None = None,
    ) -> int:
        at, files, only = int(now * 1000), files or {}, only or {}
        with self.database.aside(_GATHERED) as connection:
            connection.execute("delete from temp.computed")
            connection.executemany(
                "insert into temp.computed values (?, ?, ?)",
                ((row.stat_day, row.corp_id, json_text(row.values)) for row in rows),
            )
        with self.database.writing() as connection:
            require_standing(was, dict(self._computed("fingerprint", service, was or ())))
            before = connection.total_changes
            for day, fingerprint in fingerprints.items():
                replaced = json_text(sorted(only[day])) if day in only else None
                connection.execute(_APPEND, (service, day, at, fingerprint, replaced))
            changed = connection.total_changes - before
            connection.executemany(
                "insert or replace into computed_days (service, stat_day, fingerprint, files, computed_at) "
                "values (?, ?, ?, ?, ?)",
                (
                    (service, day, found, json_text(sorted(files.get(day, ()))), at)
                    for day, found in fingerprints.items()
                ),
            )
        return changed

    def exchange_files(self, service: str, stat_day: str, was: str, fingerprint: str, files: Collection[str]) -> bool:
        with self.database.writing() as connection:
            done = connection.execute(
                "update computed_days set fingerprint = ?, files = ? "
                "where service = ? and stat_day = ? and fingerprint = ?",
                (fingerprint, json_text(sorted(files)), service, stat_day, was),
            )
        return done.rowcount > 0

    def put_coverage(self, service: str, observed: Iterable[Observation], withdrawals: Iterable[str]) -> None:
        added: dict[str, list[Observation]] = {}
        for look in observed:
            added.setdefault(look.corp_id, []).append(look)
        with self.database.writing() as connection:
            for corp_id, looks in added.items():
                known = connection.execute(
                    "select corp_id, first_day, last_day, observed_at, kind from coverage where corp_id = ?", (corp_id,)
                ).fetchall()
                connection.execute("delete from coverage where corp_id = ?", (corp_id,))
                connection.executemany(
                    "insert into coverage (corp_id, first_day, last_day, observed_at, kind) values (?, ?, ?, ?, ?)",
                    latest([*(Observation(*row) for row in known), *looks]),
                )
            connection.executemany(
                "insert or ignore into applied_withdrawals values (?, ?)",
                ((service, file) for file in withdrawals),
            )

    def exchange_withdrawals(self, service: str, was: Collection[str], merged: str | None) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                "delete from applied_withdrawals where service = ? and file = ?", ((service, file) for file in was)
            )
            if merged is not None:
                connection.execute("insert or ignore into applied_withdrawals values (?, ?)", (service, merged))

"""KPIs of days in SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import attrgetter

from reportdata.days import days_between
from reportdata.measures import Number
from reportdata.store import Day, DayKpis
from reportdata.store.changing import causes_of_day
from reportdata.store.computations import Computations, require_standing
from reportdata.store.damaged import UNREADABLE, reading
from reportdata.store.database import next_number
from reportdata.store.rows import json_text, values_of
from reportdata.store.sqlite.counting import Counted
from reportdata.store.sqlite.surroundings import Cache

# The number of the last change tells which state of the store the row is of, or is none of.
_DAY = """
select kpi_values, (select computed_at from computations where id = computation) as at, (select number from changes)
from kpis where service = ?1 and stat_day = ?3 and corp_id = ?2 order by computation desc limit 1
"""
_PERHAPS = f"select k.kpi_values, k.at, (select number from changes) from (select 1) left join ({_DAY}) k"
_COVERED = """
select distinct corp_id, max(first_day, ?2), min(last_day, ?3) from coverage
where (?1 is null or corp_id = ?1) and first_day <= ?3 and last_day >= ?2
"""
_OF_ONE = """
select value, ?2, (
    select kpi_values from kpis where service = ?1 and stat_day = value and corp_id = ?2
    order by computation desc limit 1) as found
from json_each(?3) where found is not null
"""
_OF_ALL = """
select stat_day, corp_id, kpi_values, max(computation) from kpis
where service = ?1 and stat_day between ?2 and ?3 group by stat_day, corp_id
"""
# Rows are gathered in a temporary table, which locks nothing and spills to a file, so that others wait for the change
# alone, however long the rows are computed and however many they are.
_GATHERED = """
create temp table if not exists computed (
    stat_day text, corp_id text, kpi_values text, primary key (stat_day, corp_id)
) without rowid
"""
_GATHER = "insert into temp.computed select ?1, key, value from json_each(?2)"
_THERE = "select 1 from kpis where service = ?1 and stat_day = ?2 limit 1"
_GONE = """
insert or ignore into temp.computed
select distinct stat_day, corp_id, '{}' from kpis where service = ?1 and stat_day = ?2
"""
_GONE_OF_SOME = """
insert or ignore into temp.computed
select ?2, value, '{}' from json_each(?3)
where exists (select 1 from kpis where service = ?1 and stat_day = ?2 and corp_id = value)
"""
"""An organisation that has no row any more gets an empty one."""
_SAME = """
delete from temp.computed as new
where stat_day = ?2 and kpi_values = (
    select kpi_values from kpis where service = ?1 and stat_day = ?2 and corp_id = new.corp_id
    order by computation desc limit 1)
"""
_APPEND = """
insert into kpis (service, stat_day, corp_id, computation, kpi_values, causes)
select ?1, stat_day, corp_id, ?3, kpi_values, ?4 from temp.computed where stat_day = ?2 order by corp_id
"""
_CAUSED = "update kpis set causes = ?5 where service = ?1 and stat_day = ?2 and computation = ?3 and corp_id = ?4"
_ANNOUNCED = "select corp_id, cause from announced_causes where service = ? and stat_day = ?"
_TAKEN_OVER = "delete from announced_causes where service = ? and stat_day = ?"
_COMPUTATION = """
insert into computations (id, service, stat_day, fingerprint, computed_at, change) values (?, ?, ?, ?, ?, ?)
"""


_CHUNK = 1000
"""Rows that are given to SQLite at once, as a JSON object: one by one takes twice as long."""


class Days(Computations):
    """The part of the store that knows the numbers."""

    database: Counted
    _around: Cache

    def kpis(self, service: str, corp_id: str, stat_day: str) -> Mapping[str, Number] | None:
        return self.day(service, corp_id, stat_day).values

    def day(self, service: str, corp_id: str, stat_day: str) -> Day:
        while True:  # until numbers and what is around them are of one state
            place = service, corp_id, stat_day
            found = self.database.row(_DAY, place) or self.database.row(_PERHAPS, place)
            assert found is not None  # noqa: S101 - a select without a table has a row
            values, computed_at, number = found
            try:
                around = self._around.get(self.database, service, corp_id, stat_day, number)
                if around is None:
                    continue
                looks = around.looks_at(stat_day)
                return Day(
                    None if not looks else {} if values is None else values_of(values),
                    int(computed_at or 0),
                    looks,
                    around.states.get(stat_day, ()),
                    around.time_zone,
                    around.computed,
                    stat_day in around.damaged,
                )
            except UNREADABLE as error:
                raise self.database.unreadable(error) from error

    def days(self, service: str, wanted: Sequence[tuple[str, str]]) -> list[Day]:
        return [self.day(service, *one) for one in wanted]

    @reading
    def kpis_between(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayKpis]:
        with self.database.snapshot() as connection:
            covered = connection.execute(_COVERED, (corp_id, first_day, last_day)).fetchall()
            wanted = {(day, corp) for corp, first, last in covered for day in days_between(first, last)}
            if corp_id is None:
                rows = connection.execute(_OF_ALL, (service, first_day, last_day))
            else:
                rows = connection.execute(_OF_ONE, (service, corp_id, json_text(sorted(day for day, _ in wanted))))
            known = {(day, corp): values for day, corp, values, *_ in rows}
        return [
            DayKpis(corp, day, values_of(known[day, corp]) if (day, corp) in known else {})
            for day, corp in sorted(wanted)
        ]

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
        causes: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    ) -> int:
        at, files, only, causes = int(now * 1000), files or {}, only or {}, causes or {}
        with self.database.aside(_GATHERED) as connection:
            connection.execute("delete from temp.computed")
            connection.executemany(_GATHER, _chunks(rows))
        changed = 0
        with self.database.changing() as connection:
            require_standing(was, dict(self._computed("fingerprint", service, was or ())))
            (last,) = connection.execute("select coalesce(max(id), 0) from computations").fetchone()
            change = next_number(self.database, connection)
            for number, (day, fingerprint) in enumerate(fingerprints.items(), last + 1):
                if connection.execute(_THERE, (service, day)).fetchone():
                    if day in only:
                        connection.execute(_GONE_OF_SOME, (service, day, json_text(sorted(only[day]))))
                    else:
                        connection.execute(_GONE, (service, day))
                    connection.execute(_SAME, (service, day))
                announced = [] if day in only else connection.execute(_ANNOUNCED, (service, day)).fetchall()
                everybodys, own = causes_of_day(causes.get(day), announced)
                if appended := connection.execute(_APPEND, (service, day, number, everybodys)).rowcount:
                    connection.execute(_COMPUTATION, (number, service, day, fingerprint, at, change))
                    connection.executemany(_CAUSED, ((service, day, number, *of) for of in own.items()))
                    changed += appended
                if announced:
                    connection.execute(_TAKEN_OVER, (service, day))
            connection.executemany(
                "insert or replace into computed_days (service, stat_day, fingerprint, files, computed_at) "
                "values (?, ?, ?, ?, ?)",
                (
                    (service, day, found, json_text(sorted(files.get(day, ()))), at)
                    for day, found in fingerprints.items()
                ),
            )
        return changed


def _chunks(rows: Iterable[DayKpis]) -> Iterator[tuple[str, str]]:
    """Days, and what some of their organisations have, by id."""
    for day, found in groupby(rows, key=attrgetter("stat_day")):
        while chunk := list(islice(found, _CHUNK)):
            values = {row.corp_id: row.values for row in chunk}
            if len(values) < len(chunk):
                raise ValueError(f"an organisation has two rows of {day}")
            yield day, json_text(values)

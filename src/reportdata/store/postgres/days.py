"""KPIs of days in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from reportdata.days import days_between
from reportdata.measures import Number
from reportdata.store import Day, DayKpis
from reportdata.store.changing import causes_of_day
from reportdata.store.computations import Computations, require_standing
from reportdata.store.database import next_number
from reportdata.store.postgres.counting import Counted
from reportdata.store.postgres.database import LONG, MANY, array
from reportdata.store.postgres.months import make_months
from reportdata.store.postgres.watching import Watch
from reportdata.store.rows import day_of, json_text, values_of

# One statement is one snapshot: a row and its coverage cannot come from different states.
_DAYS = b"""
select k.kpi_values, (select computed_at from computations where id = k.computation),
       (select json_object_agg(kind, observed_at) from coverage
        where corp_id = w.corp_id and first_day <= w.stat_day and last_day >= w.stat_day),
       (select json_agg(json_build_array(kpi_id, state, as_of) order by kpi_id) from day_states
        where service = $1 and corp_id = w.corp_id and stat_day = w.stat_day),
       (select time_zone from organisations where corp_id = w.corp_id),
       (select json_agg(kpi_id) from computed_kpis where service = $1),
       (select true from damage where service = $1 and stat_day = w.stat_day limit 1)
from unnest($2::text[], $3::text[]) with ordinality as w (corp_id, stat_day, place)
left join lateral (
    select kpi_values, computation from kpis
    where service = $1 and stat_day = w.stat_day and corp_id = w.corp_id order by computation desc limit 1) k on true
order by w.place
"""
_COVERED = """
select distinct corp_id, greatest(first_day, %(first)s), least(last_day, %(last)s) from coverage
where (%(corp)s::text is null or corp_id = %(corp)s) and first_day <= %(last)s and last_day >= %(first)s
"""
_OF_ONE = """
select stat_day, %(corp)s, kpi_values from unnest(%(days)s::text[]) as d (stat_day) cross join lateral (
    select kpi_values from kpis where service = %(service)s and stat_day = d.stat_day and corp_id = %(corp)s
    order by computation desc limit 1) k
"""
_OF_ALL = """
select distinct on (stat_day, corp_id) stat_day, corp_id, kpi_values from kpis
where service = %(service)s and stat_day between %(first)s and %(last)s order by stat_day, corp_id, computation desc
"""
_INCOMING = """
create temporary table if not exists incoming (
    stat_day text collate "C" not null, corp_id text collate "C" not null, kpi_values text collate "C" not null)
"""
_STORED = """
select stat_day from unnest(%(days)s::text[]) as d (stat_day)
where exists (
    select 1 from kpis where service = %(service)s and stat_day = d.stat_day and stat_day = any(%(days)s::text[]))
"""
"""Days that have rows. What seems to be said twice lets PostgreSQL plan for the partitions of these days alone."""
_GONE = """
insert into incoming
select distinct stat_day, corp_id, '{}' from kpis k where service = %(service)s and stat_day = any(%(days)s)
and not exists (select 1 from incoming i where i.stat_day = k.stat_day and i.corp_id = k.corp_id)
"""
_GONE_OF_SOME = """
insert into incoming
select %(day)s, corp_id, '{}' from unnest(%(corps)s::text[]) as w (corp_id)
where exists (select 1 from kpis where service = %(service)s and stat_day = %(day)s and corp_id = w.corp_id)
  and not exists (select 1 from incoming i where i.stat_day = %(day)s and i.corp_id = w.corp_id)
"""
"""An organisation that has no row any more gets an empty one."""
_SAME = """
delete from incoming i
where stat_day = any(%(days)s) and kpi_values = (
    select kpi_values from kpis
    where service = %(service)s and stat_day = i.stat_day and stat_day = any(%(days)s) and corp_id = i.corp_id
    order by computation desc limit 1)
"""
_APPEND = """
insert into kpis (service, stat_day, corp_id, computation, kpi_values, causes)
select %(service)s, i.stat_day, i.corp_id, c.id, i.kpi_values, c.causes
from incoming i join unnest(%(days)s::text[], %(ids)s::bigint[], %(causes)s::text[]) as c (stat_day, id, causes)
  on c.stat_day = i.stat_day
"""
_CAUSED = """
update kpis set causes = %s where service = %s and stat_day = %s and computation = %s and corp_id = %s
"""
_ANNOUNCED = "select stat_day, corp_id, cause from announced_causes where service = %s and stat_day = any(%s)"
_TAKEN_OVER = "delete from announced_causes where service = %s and stat_day = any(%s)"
_COMPUTATIONS = """
insert into computations (id, service, stat_day, fingerprint, computed_at, change)
select c.id, %(service)s, c.stat_day, c.fingerprint, %(at)s, %(number)s
from unnest(%(days)s::text[], %(ids)s::bigint[], %(fingerprints)s::text[]) as c (stat_day, id, fingerprint)
where exists (select 1 from incoming i where i.stat_day = c.stat_day)
"""
_COMPUTED = """
insert into computed_days (service, stat_day, fingerprint, files, computed_at)
select %(service)s, d.stat_day, d.fingerprint, d.files, %(at)s
from unnest(%(days)s::text[], %(fingerprints)s::text[], %(files)s::text[]) as d (stat_day, fingerprint, files)
on conflict (service, stat_day) do update
set (fingerprint, files, computed_at) = (excluded.fingerprint, excluded.files, excluded.computed_at)
"""


class Days(Computations):
    """The part of the store that knows the numbers."""

    database: Counted
    watch: Watch | None
    months: set[bytes]
    """Months that have a partition, which is read by its name: that spares PostgreSQL a look at all others."""

    def kpis(self, service: str, corp_id: str, stat_day: str) -> Mapping[str, Number] | None:
        return self.day(service, corp_id, stat_day).values

    def day(self, service: str, corp_id: str, stat_day: str) -> Day:
        return self.days(service, [(corp_id, stat_day)])[0]

    def days(self, service: str, wanted: Sequence[tuple[str, str]]) -> list[Day]:
        if self.watch is not None:
            self.watch.require_reachable()
        month = wanted[0][1][:6].encode()
        alone = all(stat_day[:6].encode() == month for _, stat_day in wanted)
        name, sql = (b"days " + month, _of_month(month)) if alone and month in self.months else (b"days", _DAYS)
        corp_ids, stat_days = array(corp_id for corp_id, _ in wanted), array(stat_day for _, stat_day in wanted)
        rows = self.database.texts(name, sql, [service.encode(), corp_ids, stat_days])
        if alone and rows[0][1] is not None:
            self.months.add(month)
        return [day_of(*one, row) for one, row in zip(wanted, rows, strict=True)]

    def kpis_between(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayKpis]:
        asked = {"service": service, "corp": corp_id, "first": first_day, "last": last_day}
        with self.database.writing(snapshot=True) as cursor:
            covered = cursor.execute(_COVERED, asked).fetchall()
            wanted = {(day, corp) for corp, first, last in covered for day in days_between(first, last)}
            days = sorted(day for day, _ in wanted) if corp_id is not None else []
            rows = cursor.execute(_OF_ALL if corp_id is None else _OF_ONE, {**asked, "days": days})
            known = {(day, corp): values for day, corp, values in rows}
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
        at, files, only, days = int(now * 1000), files or {}, only or {}, sorted(fingerprints)
        causes = causes or {}
        there: set[str] = set()
        with self.database.writing(LONG) as cursor:  # aside, so that nobody waits however long the rows take
            cursor.execute(_INCOMING)
            cursor.execute("delete from incoming")
            with cursor.copy("copy incoming from stdin") as copy:
                for row in rows:
                    copy.write_row((row.stat_day, row.corp_id, json_text(row.values)))
                    there.add(row.stat_day)
            many = cursor.rowcount > MANY
        make_months(self.database, {day[:6] for day in there})
        with self.database.changing(long=True) as cursor:
            self.database.alone(cursor)
            found = cursor.execute(
                "select stat_day, fingerprint from computed_days where service = %s and stat_day = any(%s) for update",
                (service, sorted(was or ())),
            )
            require_standing(was, dict(found.fetchall()))
            last = cursor.execute("select coalesce(max(id), 0) from computations").fetchone()
            given: dict[str, Any] = {"service": service, "at": at, "days": days}
            given["ids"] = [last[0] + number for number, _ in enumerate(days, 1)] if last else []
            given["fingerprints"] = [fingerprints[day] for day in days]
            whole = [day for day in days if day not in only]
            stored = {day for (day,) in cursor.execute(_STORED, {**given, "days": whole})} if whole else set()
            if stored:
                cursor.execute(_GONE, {"service": service, "days": sorted(stored)})
            for day in only.keys() & fingerprints.keys():
                cursor.execute(_GONE_OF_SOME, {"service": service, "day": day, "corps": sorted(only[day])})
                stored.add(day)
            if stored:
                cursor.execute(_SAME, {"service": service, "days": sorted(stored)})
            announced: dict[str, list[tuple[str, str]]] = {}
            for day, corp_id, cause in cursor.execute(_ANNOUNCED, (service, whole)).fetchall() if whole else ():
                announced.setdefault(day, []).append((corp_id, cause))
            caused = {day: causes_of_day(causes.get(day), announced.get(day, ())) for day in days}
            given["causes"] = [caused[day][0] for day in days]
            changed = cursor.execute(_APPEND, given).rowcount
            own = [
                (text, service, day, number, corp_id)
                for day, number in zip(days, given["ids"], strict=True)
                for corp_id, text in caused[day][1].items()
            ]
            if own:
                cursor.executemany(_CAUSED, own)
            if announced:
                cursor.execute(_TAKEN_OVER, (service, sorted(announced)))
            given["number"] = next_number(self.database, cursor)
            cursor.execute(_COMPUTATIONS, given)
            given["files"] = [json_text(sorted(files.get(day, ()))) for day in days]
            cursor.execute(_COMPUTED, given)
            if many:
                cursor.execute("truncate incoming")
        return changed


@cache
def _of_month(month: bytes) -> bytes:
    return _DAYS.replace(b" from kpis ", b" from kpis_%06d " % int(month))

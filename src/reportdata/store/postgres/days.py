"""KPIs of days and coverage in PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from reportdata.days import Coverage, Observation, days_between, latest
from reportdata.measures import Number
from reportdata.states import DayState, State
from reportdata.store import FIRST_DAY, LAST_DAY, Day, DayKpis, Version
from reportdata.store.overtaking import require_standing
from reportdata.store.postgres.database import DAYS, LOCKS, LONG, PARTITIONS, THERE, Database, array
from reportdata.store.postgres.identities import CHANGED
from reportdata.store.postgres.watching import Watch
from reportdata.store.rows import json_text

if TYPE_CHECKING:
    from psycopg import Cursor

_values = msgspec.json.Decoder(dict[str, int | float])
_looks = msgspec.json.Decoder(dict[str, int])
_names = msgspec.json.Decoder(frozenset[str])
_states = msgspec.json.Decoder(list[tuple[str, State, int]])

# One statement is one snapshot: a row and its coverage cannot come from different states.
_DAYS = b"""
select k.kpi_values, k.computed_at,
       (select json_object_agg(kind, observed_at) from coverage
        where corp_id = w.corp_id and first_day <= w.stat_day and last_day >= w.stat_day),
       (select json_agg(json_build_array(kpi_id, state, as_of) order by kpi_id) from day_states
        where service = $1 and corp_id = w.corp_id and stat_day = w.stat_day),
       (select time_zone from organisations where corp_id = w.corp_id)
from unnest($2::text[], $3::text[]) with ordinality as w (corp_id, stat_day, place)
left join lateral (
    select kpi_values, computed_at from kpis
    where service = $1 and corp_id = w.corp_id and stat_day = w.stat_day order by version desc limit 1) k on true
order by w.place
"""
_BETWEEN = """
select c.corp_id, greatest(c.first_day, %(first)s), least(c.last_day, %(last)s), k.stat_day, k.kpi_values
from (select distinct corp_id, first_day, last_day from coverage) c left join lateral (
    select distinct on (stat_day) stat_day, kpi_values from kpis
    where service = %(service)s and corp_id = c.corp_id
      and stat_day between greatest(c.first_day, %(first)s) and least(c.last_day, %(last)s)
    order by stat_day, version desc) k on true
where (%(corp)s::text is null or c.corp_id = %(corp)s) and c.first_day <= %(last)s and c.last_day >= %(first)s
"""
_INCOMING = """
create temporary table if not exists incoming (
    corp_id text collate "C" not null,
    stat_day text collate "C" not null,
    kpi_values text collate "C" not null,
    primary key (corp_id, stat_day))
"""
_GONE = """
insert into incoming
select distinct corp_id, stat_day, '{}' from kpis
where service = %(service)s and stat_day = any(%(days)s)
  and (not (%(scopes)s::jsonb ? stat_day) or %(scopes)s::jsonb -> stat_day ? corp_id)
on conflict do nothing
"""
_APPEND = """
insert into kpis
select %(service)s, i.corp_id, i.stat_day, coalesce(k.version, 0) + 1, i.kpi_values, %(at)s,
       %(fingerprints)s::jsonb ->> i.stat_day
from incoming i left join lateral (
    select version, kpi_values from kpis
    where service = %(service)s and corp_id = i.corp_id and stat_day = i.stat_day
    order by version desc limit 1) k on true
where k.kpi_values is distinct from i.kpi_values
"""
_MONTHS = """
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'kpis'::regclass
"""
_COMPUTED = """
insert into computed_days (service, stat_day, fingerprint, files, computed_at)
select %(service)s, d.stat_day, d.fingerprint, d.files, %(at)s
from unnest(%(days)s::text[], %(fingerprints)s::text[], %(files)s::text[]) as d (stat_day, fingerprint, files)
on conflict (service, stat_day) do update
set (fingerprint, files, computed_at) = (excluded.fingerprint, excluded.files, excluded.computed_at)
"""


class Days:
    """The part of the store that knows the numbers."""

    database: Database
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
        return [_day(*one, row) for one, row in zip(wanted, rows, strict=True)]

    def kpis_between(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayKpis]:
        asked = {"service": service, "corp": corp_id, "first": first_day, "last": last_day}
        pieces: dict[tuple[str, str, str], dict[str, str]] = {}
        for corp, first, last, day, values in self.database.rows(_BETWEEN, asked):
            known = pieces.setdefault((corp, first, last), {})
            if day is not None:
                known[day] = values
        found = {
            (day, corp): DayKpis(corp, day, _values.decode(known[day]) if day in known else {})
            for (corp, first, last), known in pieces.items()
            for day in days_between(first, last)
        }
        return [row for _, row in sorted(found.items())]

    def history(self, service: str, corp_id: str, stat_day: str) -> list[Version]:
        rows = self.database.rows(
            "select kpi_values, computed_at, fingerprint from kpis "
            "where service = %s and corp_id = %s and stat_day = %s order by version",
            (service, corp_id, stat_day),
        )
        return [Version(_values.decode(values), computed_at, fingerprint) for values, computed_at, fingerprint in rows]

    def coverage(self) -> list[Coverage]:
        return [look.coverage for look in latest(look._replace(at=0, kind="") for look in self.observations())]

    def observations(
        self, corp_id: str | None = None, first_day: str = FIRST_DAY, last_day: str = LAST_DAY
    ) -> list[Observation]:
        rows = self.database.rows(
            "select corp_id, greatest(first_day, %(first)s), least(last_day, %(last)s), observed_at, kind "
            "from coverage where (%(corp)s::text is null or corp_id = %(corp)s) "
            "and first_day <= %(last)s and last_day >= %(first)s order by corp_id, kind, first_day",
            {"corp": corp_id, "first": first_day, "last": last_day},
        )
        return [Observation(*row) for row in rows]

    def fingerprints(self, service: str, days: Collection[str] | None = None) -> dict[str, str]:
        return dict(self._computed("fingerprint", service, days))

    def computed_files(self, service: str, days: Collection[str]) -> dict[str, frozenset[str]]:
        return {day: _names.decode(files) for day, files in self._computed("files", service, days)}

    def _computed(self, column: str, service: str, days: Collection[str] | None) -> list[tuple[Any, ...]]:
        return self.database.rows(
            f"select stat_day, {column} from computed_days"
            " where service = %s and (%s::text[] is null or stat_day = any(%s::text[]))",
            (service, *[sorted(days) if days is not None else None] * 2),
        )

    def applied_withdrawals(self, service: str) -> set[str]:
        rows = self.database.rows("select file from applied_withdrawals where service = %s", [service])
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
        at, files, days = int(now * 1000), files or {}, sorted(fingerprints)
        with self.database.writing(LONG) as cursor:  # aside, so that nobody waits however long the rows take
            cursor.execute(_INCOMING)
            cursor.execute("truncate incoming")
            with cursor.copy("copy incoming from stdin") as copy:
                for row in rows:
                    copy.write_row((row.corp_id, row.stat_day, json_text(row.values)))
        self._make_months({month for (month,) in self.database.rows("select distinct left(stat_day, 6) from incoming")})
        with self.database.writing(LONG) as cursor:
            _alone(cursor)
            found = cursor.execute(
                "select stat_day, fingerprint from computed_days where service = %s and stat_day = any(%s) for update",
                (service, sorted(was or ())),
            )
            require_standing(was, dict(found.fetchall()))
            scopes = json_text({day: sorted(corp_ids) for day, corp_ids in (only or {}).items()})
            cursor.execute(_GONE, {"service": service, "days": days, "scopes": scopes})
            appended = {"service": service, "at": at, "fingerprints": json_text(dict(fingerprints))}
            changed = cursor.execute(_APPEND, appended).rowcount
            computed = {
                "service": service,
                "at": at,
                "days": days,
                "fingerprints": [fingerprints[day] for day in days],
                "files": [json_text(sorted(files.get(day, ()))) for day in days],
            }
            cursor.execute(_COMPUTED, computed)
            cursor.execute(CHANGED)
        return changed

    def exchange_files(self, service: str, stat_day: str, was: str, fingerprint: str, files: Collection[str]) -> bool:
        with self.database.writing() as cursor:
            done = cursor.execute(
                "update computed_days set fingerprint = %s, files = %s "
                "where service = %s and stat_day = %s and fingerprint = %s",
                (fingerprint, json_text(sorted(files)), service, stat_day, was),
            ).rowcount
        return done > 0

    def put_coverage(self, service: str, observed: Iterable[Observation], withdrawals: Iterable[str]) -> None:
        added: dict[str, list[Observation]] = {}
        for look in observed:
            added.setdefault(look.corp_id, []).append(look)
        with self.database.writing() as cursor:
            _alone(cursor)
            for corp_id, looks in added.items():
                columns = "corp_id, first_day, last_day, observed_at, kind"
                known = cursor.execute(f"select {columns} from coverage where corp_id = %s", [corp_id]).fetchall()
                cursor.execute("delete from coverage where corp_id = %s", [corp_id])
                cursor.executemany(
                    f"insert into coverage ({columns}) values (%s, %s, %s, %s, %s)",
                    latest([*(Observation(*row) for row in known), *looks]),
                )
            cursor.executemany(
                "insert into applied_withdrawals values (%s, %s) on conflict do nothing",
                [(service, file) for file in withdrawals],
            )
            cursor.execute(CHANGED)

    def exchange_withdrawals(self, service: str, was: Collection[str], merged: str | None) -> None:
        with self.database.writing() as cursor:
            cursor.execute(
                "delete from applied_withdrawals where service = %s and file = any(%s)", (service, sorted(was))
            )
            if merged is not None:
                cursor.execute(
                    "insert into applied_withdrawals values (%s, %s) on conflict do nothing", (service, merged)
                )

    def _make_months(self, months: Collection[str]) -> None:
        """Make the partitions of these months. They are filled later, so that no reader waits: attaching an empty table
        locks out no one."""
        there = {name for (name,) in self.database.rows(_MONTHS)}
        for month in sorted(month for month in months if f"kpis_{month}" not in there):
            with self.database.writing() as cursor:
                make_month(cursor, month)


def make_month(cursor: Cursor, month: str) -> None:
    """Make the partition of a month, yyyyMM, if it is not there."""
    cursor.execute("select pg_advisory_xact_lock(%s, %s)", (LOCKS, PARTITIONS))
    name = f"kpis_{int(month):06}"
    if not cursor.execute(THERE, [name]).fetchone():
        cursor.execute(f"create table {name} (like kpis including all)")
        cursor.execute(f"alter table kpis attach partition {name} for values from ('{name[5:]}') to ('{name[5:]}~')")


def _day(corp_id: str, stat_day: str, row: list[bytes | None]) -> Day:
    values, computed_at, observed, states, zone = row
    looks = _looks.decode(observed) if observed is not None else {}
    return Day(
        None if not looks else {} if values is None else _values.decode(values),
        int(computed_at or 0),
        looks,
        () if states is None else [DayState(corp_id, stat_day, *state) for state in _states.decode(states)],
        None if zone is None else zone.decode(),
    )


@cache
def _of_month(month: bytes) -> bytes:
    return _DAYS.replace(b" from kpis ", b" from kpis_%06d " % int(month))


def _alone(cursor: Cursor) -> None:
    """One at a time replaces days or coverage."""
    cursor.execute("select pg_advisory_xact_lock(%s, %s)", (LOCKS, DAYS))

"""KPIs of days and coverage in SQLite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from reportdata.days import Coverage, days_between, to_date
from reportdata.store import DayKpis, Version
from reportdata.store.sqlite.database import Database

_values = msgspec.json.Decoder(dict[str, int])

# One statement is one snapshot: a row and its coverage cannot come from different states.
_DAY = """
select (select kpi_values from kpis where service = ?1 and corp_id = ?2 and stat_day = ?3
        order by version desc limit 1),
       exists (select 1 from coverage where corp_id = ?2 and first_day <= ?3 and last_day >= ?3)
"""
_BETWEEN = """
select c.corp_id, max(c.first_day, ?3), min(c.last_day, ?4),
       (select json_group_object(stat_day, kpi_values) from (
            select stat_day, kpi_values, max(version) from kpis
            where service = ?1 and corp_id = c.corp_id
              and stat_day between max(c.first_day, ?3) and min(c.last_day, ?4)
            group by stat_day))
from coverage c
where (?2 is null or c.corp_id = ?2) and c.first_day <= ?4 and c.last_day >= ?3
"""
_APPEND = """
insert into kpis
select ?1, ?2, ?3,
       (select coalesce(max(version), 0) + 1 from kpis where service = ?1 and corp_id = ?2 and stat_day = ?3),
       ?4, ?5, ?6
where (select kpi_values from kpis where service = ?1 and corp_id = ?2 and stat_day = ?3
       order by version desc limit 1) is not ?4
"""


class Days:
    """The part of the store that knows the numbers."""

    database: Database

    def kpis(self, service: str, corp_id: str, stat_day: str) -> Mapping[str, int] | None:
        values, covered = self.database.row(_DAY, (service, corp_id, stat_day)) or (None, False)
        if not covered:
            return None
        return _values.decode(values) if values is not None else {}

    def kpis_between(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayKpis]:
        found = []
        for corp, first, last, rows in self.database.rows(_BETWEEN, (service, corp_id, first_day, last_day)):
            known = msgspec.json.decode(rows, type=dict[str, str])
            for day in days_between(first, last):
                values = known.get(day)
                found.append(DayKpis(corp, day, _values.decode(values) if values is not None else {}))
        return sorted(found, key=lambda row: (row.stat_day, row.corp_id))

    def history(self, service: str, corp_id: str, stat_day: str) -> list[Version]:
        rows = self.database.rows(
            "select kpi_values, computed_at, fingerprint from kpis "
            "where service = ? and corp_id = ? and stat_day = ? order by version",
            (service, corp_id, stat_day),
        )
        return [Version(_values.decode(values), computed_at, fingerprint) for values, computed_at, fingerprint in rows]

    def coverage(self) -> list[Coverage]:
        rows = self.database.rows("select corp_id, first_day, last_day from coverage order by corp_id, first_day")
        return [Coverage(*row) for row in rows]

    def fingerprints(self, service: str) -> dict[str, str]:
        return dict(self.database.rows("select stat_day, fingerprint from computed_days where service = ?", (service,)))

    def applied_withdrawals(self, service: str) -> set[str]:
        rows = self.database.rows("select file from applied_withdrawals where service = ?", (service,))
        return {file for (file,) in rows}

    def put_days(self, service: str, fingerprints: Mapping[str, str], rows: Sequence[DayKpis], now: float) -> int:
        at = int(now * 1000)
        with self.database.writing() as connection:
            have = {(row.corp_id, row.stat_day) for row in rows}
            gone: list[DayKpis] = []
            for day in fingerprints:
                current = connection.execute(
                    "select distinct corp_id from kpis where service = ? and stat_day = ?", (service, day)
                )
                gone += [DayKpis(corp_id, day, {}) for (corp_id,) in current if (corp_id, day) not in have]
            before = connection.total_changes
            connection.executemany(
                _APPEND,
                (
                    (
                        service,
                        row.corp_id,
                        row.stat_day,
                        msgspec.json.encode(row.values, order="sorted").decode(),
                        at,
                        fingerprints[row.stat_day],
                    )
                    for row in (*rows, *gone)
                ),
            )
            changed = connection.total_changes - before
            connection.executemany(
                "insert or replace into computed_days values (?, ?, ?, ?)",
                ((service, day, fingerprint, at) for day, fingerprint in fingerprints.items()),
            )
        return changed

    def put_coverage(self, service: str, coverage: Iterable[Coverage], withdrawals: Iterable[str]) -> None:
        pieces: dict[str, list[tuple[str, str]]] = {}
        for corp_id, first_day, last_day in coverage:
            pieces.setdefault(corp_id, []).append((first_day, last_day))
        with self.database.writing() as connection:
            for corp_id, added in pieces.items():
                known = connection.execute("select first_day, last_day from coverage where corp_id = ?", (corp_id,))
                merged = _merged([*known, *added])
                connection.execute("delete from coverage where corp_id = ?", (corp_id,))
                connection.executemany(
                    "insert into coverage values (?, ?, ?)",
                    ((corp_id, first, last) for first, last in merged),
                )
            connection.executemany(
                "insert or ignore into applied_withdrawals values (?, ?)",
                ((service, file) for file in withdrawals),
            )


def _merged(pieces: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same days in as few pieces as possible."""
    merged: list[tuple[str, str]] = []
    for first, last in sorted(pieces):
        if merged and to_date(first).toordinal() <= to_date(merged[-1][1]).toordinal() + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged

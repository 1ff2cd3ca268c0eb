"""What changed numbers, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.days import days_between
from reportdata.store import Announced, DayValue, Story
from reportdata.store.changing import causes_in, known_change
from reportdata.store.postgres.database import Database
from reportdata.store.rows import values_of

_KNOWN = """
select kind, greatest(first_day, %(first)s), least(last_day, %(last)s), changed_at, covered, cause from coverage_history
where corp_id = %(corp)s and first_day <= %(last)s and last_day >= %(first)s order by changed_at, covered
"""
_DAYS = """
select distinct stat_day from computations
where service = %(service)s and computed_at > %(after)s and stat_day between %(first)s and %(last)s
"""
_VALUES = """
select k.stat_day, k.kpi_values, c.computed_at, k.causes
from kpis k join computations c on c.id = k.computation
where k.service = %(service)s and k.stat_day = any(%(days)s) and k.corp_id = %(corp)s
order by k.stat_day, k.computation
"""


class Stories:
    """The part of the store that knows what changed numbers."""

    database: Database

    def story(self, service: str, corp_id: str, first_day: str, last_day: str, after: int = -1) -> Story:
        asked = {"service": service, "corp": corp_id, "first": first_day, "last": last_day, "after": after}
        with self.database.writing(snapshot=True) as cursor:
            known = [known_change(row) for row in cursor.execute(_KNOWN, asked)]
            days = {day for (day,) in cursor.execute(_DAYS, asked)}
            for change in known:
                if change.at > after:
                    days.update(days_between(change.first_day, change.last_day))
            found = cursor.execute(_VALUES, {**asked, "days": sorted(days)}).fetchall()
        values = [DayValue(day, values_of(values), at, causes_in(causes)) for day, values, at, causes in found]
        return Story(values, known)

    def announce(self, service: str, announced: Iterable[Announced]) -> None:
        with self.database.writing() as cursor:
            cursor.executemany(
                "insert into announced_causes values (%s, %s, %s, %s) on conflict do nothing",
                [(service, one.stat_day, one.corp_id, one.cause) for one in announced],
            )

"""What changed numbers, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reportdata.days import days_between
from reportdata.store import Announced, Story
from reportdata.store.changing import day_value, is_later, known_change
from reportdata.store.postgres.database import Database
from reportdata.store.postgres.numbers import begin_story, notice_restore, reached

_KNOWN = """
select kind, greatest(first_day, %(first)s), least(last_day, %(last)s), changed_at, covered, cause, change
from coverage_history
where corp_id = %(corp)s and first_day <= %(last)s and last_day >= %(first)s
order by change, changed_at, covered
"""
_DAYS = """
select distinct stat_day from computations
where service = %(service)s and computed_at > %(after)s and stat_day between %(first)s and %(last)s
"""
_DAYS_BEYOND = _DAYS.replace("computed_at > %(after)s", "change > %(beyond)s")
_VALUES = """
select k.stat_day, k.kpi_values, c.computed_at, k.causes, c.change
from kpis k join computations c on c.id = k.computation
where k.service = %(service)s and k.stat_day = any(%(days)s) and k.corp_id = %(corp)s
order by k.stat_day, k.computation
"""


class Stories:
    """The part of the store that knows what changed numbers."""

    database: Database

    def story(
        self,
        service: str,
        corp_id: str,
        first_day: str,
        last_day: str,
        after: int = -1,
        beyond: int | None = None,
    ) -> Story:
        asked: dict[str, Any] = {"service": service, "corp": corp_id, "first": first_day, "last": last_day}
        asked |= {"after": after, "beyond": beyond}
        notice_restore(self.database)
        with self.database.writing(snapshot=True) as cursor:
            known = [known_change(row) for row in cursor.execute(_KNOWN, asked)]
            days = {day for (day,) in cursor.execute(_DAYS if beyond is None else _DAYS_BEYOND, asked)}
            for change in known:
                if is_later(change, after, beyond):
                    days.update(days_between(change.first_day, change.last_day))
            found = cursor.execute(_VALUES, {**asked, "days": sorted(days)}).fetchall()
            until = reached(cursor)
        return Story([day_value(*row) for row in found], known, until)

    def begin_story(self) -> None:
        with self.database.writing() as cursor:
            begin_story(cursor)

    def announce(self, service: str, announced: Iterable[Announced]) -> None:
        with self.database.writing() as cursor:
            cursor.executemany(
                "insert into announced_causes values (%s, %s, %s, %s) on conflict do nothing",
                [(service, one.stat_day, one.corp_id, one.cause) for one in announced],
            )

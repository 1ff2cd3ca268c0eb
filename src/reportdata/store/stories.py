"""What changed numbers, in a store's database."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.days import days_between
from reportdata.store import Announced, Story
from reportdata.store.changing import day_value, is_later, known_change
from reportdata.store.damaged import reading
from reportdata.store.database import Database, begin_story, reached

_KNOWN = """
select kind, first_day, last_day, changed_at, covered, cause, change from coverage_history
where corp_id = %s and first_day <= %s and last_day >= %s order by change, changed_at, covered
"""
_DAYS = """
select distinct stat_day from computations where service = %s and stat_day between %s and %s and {column} > %s
"""
_VALUES = """
select k.stat_day, k.kpi_values, c.computed_at, k.causes, c.change
from kpis k join computations c on c.id = k.computation
where k.service = %s and k.corp_id = %s and k.stat_day {among}
order by k.stat_day, k.computation
"""


class Stories:
    """The part of the store that knows what changed numbers."""

    database: Database

    @reading
    def story(
        self,
        service: str,
        corp_id: str,
        first_day: str,
        last_day: str,
        after: int = -1,
        beyond: int | None = None,
    ) -> Story:
        self.database.notice_restore()
        with self.database.reading() as transaction:
            rows = transaction.execute(_KNOWN, (corp_id, last_day, first_day)).fetchall()
            known = [
                known_change((kind, max(first, first_day), min(last, last_day), *more))
                for kind, first, last, *more in rows
            ]
            column, last = ("computed_at", after) if beyond is None else ("change", beyond)
            found = transaction.execute(_DAYS.format(column=column), (service, first_day, last_day, last)).fetchall()
            days = {day for (day,) in found}
            for change in known:
                if is_later(change, after, beyond):
                    days.update(days_between(change.first_day, change.last_day))
            sql = _VALUES.format(among=self.database.among)
            values = transaction.execute(sql, (service, corp_id, self.database.several(days))).fetchall()
            until = reached(transaction)
        return Story([day_value(*row) for row in values], known, until)

    def begin_story(self) -> None:
        with self.database.uncounted() as transaction:
            begin_story(self.database, transaction)

    def announce(self, service: str, announced: Iterable[Announced]) -> None:
        rows = [(service, one.stat_day, one.corp_id, one.cause) for one in announced]
        with self.database.uncounted() as transaction:
            transaction.executemany("insert into announced_causes values (%s, %s, %s, %s) on conflict do nothing", rows)

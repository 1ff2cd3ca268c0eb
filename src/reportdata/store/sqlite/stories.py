"""What changed numbers, in SQLite."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.days import days_between
from reportdata.store import Announced, Story
from reportdata.store.changing import day_value, is_later, known_change
from reportdata.store.rows import json_text
from reportdata.store.sqlite.damaged import reading
from reportdata.store.sqlite.numbers import Counted, begin_story, reached

_KNOWN = """
select kind, max(first_day, ?2), min(last_day, ?3), changed_at, covered, cause, change from coverage_history
where corp_id = ?1 and first_day <= ?3 and last_day >= ?2 order by change, changed_at, covered
"""
_DAYS = """
select distinct stat_day from computations where service = ?1 and computed_at > ?4 and stat_day between ?2 and ?3
"""
_DAYS_BEYOND = _DAYS.replace("computed_at", "change")
_VALUES = """
select k.stat_day, k.kpi_values, c.computed_at, k.causes, c.change from json_each(?3) d
join kpis k on k.service = ?1 and k.stat_day = d.value and k.corp_id = ?2
join computations c on c.id = k.computation
order by k.stat_day, k.computation
"""


class Stories:
    """The part of the store that knows what changed numbers."""

    database: Counted

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
        with self.database.snapshot() as connection:
            rows = connection.execute(_KNOWN, (corp_id, first_day, last_day))
            known = [known_change(row) for row in rows]
            sql, last = (_DAYS, after) if beyond is None else (_DAYS_BEYOND, beyond)
            days = {day for (day,) in connection.execute(sql, (service, first_day, last_day, last))}
            for change in known:
                if is_later(change, after, beyond):
                    days.update(days_between(change.first_day, change.last_day))
            found = connection.execute(_VALUES, (service, corp_id, json_text(sorted(days)))).fetchall()
            until = reached(connection)
        return Story([day_value(*row) for row in found], known, until)

    def begin_story(self) -> None:
        with self.database.writing() as connection:
            begin_story(connection)

    def announce(self, service: str, announced: Iterable[Announced]) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                "insert or ignore into announced_causes values (?, ?, ?, ?)",
                ((service, one.stat_day, one.corp_id, one.cause) for one in announced),
            )

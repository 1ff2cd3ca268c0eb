"""Coverage in PostgreSQL: what was observed, and which withdrawals were applied."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping

from reportdata.coverage import Coverage, Observation, latest
from reportdata.services.service import is_official
from reportdata.store import FIRST_DAY, LAST_DAY
from reportdata.store.changing import HISTORY, known_rows
from reportdata.store.looks import (
    ADD,
    ADD_HISTORY,
    COLUMNS,
    COLUMNS_OF_LOOKS,
    MEETING,
    MET,
    Spans,
    coverage_of,
    gathered,
    merged,
    place_of,
    row_of,
    rows_of,
)
from reportdata.store.postgres.database import LONG, MANY, Database, one_at_a_time
from reportdata.store.postgres.identities import CHANGED
from reportdata.store.postgres.numbers import next_number

_GATHERED = """
create temporary table if not exists looks (corp_id text collate "C" not null, span bigint not null);
create temporary table if not exists spans (
    id bigint not null, kind text collate "C" not null, first_day text collate "C" not null,
    last_day text collate "C" not null, observed_at bigint not null,
    day_before text collate "C" not null, day_after text collate "C" not null);
delete from looks;
delete from spans
"""
_ADD_HISTORY = f"insert into coverage_history ({HISTORY}) values (%s, %s, %s, %s, %s, %s, %s, %s)"
_PLACE = "corp_id = %s and kind = %s and first_day = %s"


class Covering:
    """The part of the store that knows what was observed."""

    database: Database

    def coverage(self) -> list[Coverage]:
        return coverage_of(look for look in self.observations() if not is_official(look.kind))

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

    def applied_withdrawals(self, service: str) -> set[str]:
        rows = self.database.rows("select file from applied_withdrawals where service = %s", [service])
        return {file for (file,) in rows}

    def put_coverage(
        self, service: str, observed: Iterable[Observation], withdrawals: Iterable[str], now: float | None = None
    ) -> None:
        spans: Spans = {}
        at = int((time.time() if now is None else now) * 1000)
        with self.database.writing(LONG) as cursor:
            cursor.execute(_GATHERED)
            with cursor.copy("copy looks from stdin") as copy:
                for id_, corp_ids in gathered(observed, spans):
                    for corp_id in corp_ids:
                        copy.write_row((corp_id, id_))
            many = cursor.rowcount > MANY
            with cursor.copy("copy spans from stdin") as copy:
                for span in rows_of(spans):
                    copy.write_row(span)
        with self.database.writing(LONG) as cursor:
            one_at_a_time(cursor)
            number = next_number(cursor)
            meeting = {Observation(*row): (row[0], span) for *row, span in cursor.execute(MEETING)}
            if meeting:
                gone, new = merged([Observation(*row) for row in cursor.execute(MET)], meeting)
                cursor.executemany("delete from looks where corp_id = %s and span = %s", meeting.values())
                cursor.executemany(f"delete from coverage where {_PLACE}", map(place_of, gone))
                cursor.executemany(f"insert into coverage ({COLUMNS}) values (%s, %s, %s, %s, %s)", map(row_of, new))
                cursor.executemany(_ADD_HISTORY, known_rows(gone, new, at, None, number))
            cursor.execute(ADD)
            cursor.execute(ADD_HISTORY.format(at="%s", number="%s"), [at, number])
            if many:
                cursor.execute("truncate looks")
            cursor.executemany(
                "insert into applied_withdrawals values (%s, %s) on conflict do nothing",
                [(service, file) for file in withdrawals],
            )
            cursor.execute(CHANGED)

    def replace_coverage(
        self,
        observed: Mapping[tuple[str, str], Iterable[Observation]],
        now: float | None = None,
        cause: str | None = None,
    ) -> None:
        at = int((time.time() if now is None else now) * 1000)
        with self.database.writing() as cursor:
            one_at_a_time(cursor)
            number = next_number(cursor)
            for (corp_id, kind), looks in observed.items():
                covered = f"select {COLUMNS_OF_LOOKS} from coverage where corp_id = %s and kind = %s"
                was = [Observation(*row) for row in cursor.execute(covered, [corp_id, kind])]
                cursor.execute("delete from coverage where corp_id = %s and kind = %s", [corp_id, kind])
                new = latest(looks)
                cursor.executemany(f"insert into coverage ({COLUMNS}) values (%s, %s, %s, %s, %s)", map(row_of, new))
                cursor.executemany(_ADD_HISTORY, known_rows(was, new, at, cause, number))
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

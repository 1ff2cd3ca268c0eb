"""Coverage in SQLite: what was observed, and which withdrawals were applied."""

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
from reportdata.store.rows import json_text
from reportdata.store.sqlite.numbers import Counted, next_number

_LOOKS = "create temp table if not exists looks (corp_id text, span integer, primary key (corp_id, span)) without rowid"
_SPANS = """
create temp table if not exists spans (
    id integer primary key, kind text, first_day text, last_day text, observed_at integer,
    day_before text, day_after text)
"""
_ADD_HISTORY = f"insert into coverage_history ({HISTORY}) values (?, ?, ?, ?, ?, ?, ?, ?)"
_PLACE = "corp_id = ? and kind = ? and first_day = ?"


class Covering:
    """The part of the store that knows what was observed."""

    database: Counted

    def coverage(self) -> list[Coverage]:
        return coverage_of(look for look in self.observations() if not is_official(look.kind))

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

    def applied_withdrawals(self, service: str) -> set[str]:
        rows = self.database.rows("select file from applied_withdrawals where service = ?", (service,))
        return {file for (file,) in rows}

    def put_coverage(
        self, service: str, observed: Iterable[Observation], withdrawals: Iterable[str], now: float | None = None
    ) -> None:
        spans: Spans = {}
        at = int((time.time() if now is None else now) * 1000)
        with self.database.aside(_LOOKS) as connection:
            connection.execute(_SPANS)
            connection.execute("delete from looks")
            connection.execute("delete from spans")
            connection.executemany(
                "insert into looks select value, ?1 from json_each(?2)",
                ((span, json_text(corp_ids)) for span, corp_ids in gathered(observed, spans)),
            )
            connection.executemany("insert into spans values (?, ?, ?, ?, ?, ?, ?)", rows_of(spans))
        with self.database.writing() as connection:
            number = next_number(connection)
            meeting = {Observation(*row): (row[0], span) for *row, span in connection.execute(MEETING)}
            if meeting:
                gone, new = merged((Observation(*row) for row in connection.execute(MET)), meeting)
                connection.executemany("delete from looks where corp_id = ? and span = ?", meeting.values())
                connection.executemany(f"delete from coverage where {_PLACE}", map(place_of, gone))
                connection.executemany(f"insert into coverage ({COLUMNS}) values (?, ?, ?, ?, ?)", map(row_of, new))
                connection.executemany(_ADD_HISTORY, known_rows(gone, new, at, None, number))
            connection.execute(ADD)
            connection.execute(ADD_HISTORY.format(at="?", number="?"), (at, number))
            connection.executemany(
                "insert or ignore into applied_withdrawals values (?, ?)",
                ((service, file) for file in withdrawals),
            )

    def replace_coverage(
        self,
        observed: Mapping[tuple[str, str], Iterable[Observation]],
        now: float | None = None,
        cause: str | None = None,
    ) -> None:
        at = int((time.time() if now is None else now) * 1000)
        with self.database.writing() as connection:
            number = next_number(connection)
            for (corp_id, kind), looks in observed.items():
                covered = f"select {COLUMNS_OF_LOOKS} from coverage where corp_id = ? and kind = ?"
                was = [Observation(*row) for row in connection.execute(covered, (corp_id, kind))]
                connection.execute("delete from coverage where corp_id = ? and kind = ?", (corp_id, kind))
                new = latest(looks)
                connection.executemany(f"insert into coverage ({COLUMNS}) values (?, ?, ?, ?, ?)", map(row_of, new))
                connection.executemany(_ADD_HISTORY, known_rows(was, new, at, cause, number))

    def exchange_withdrawals(self, service: str, was: Collection[str], merged: str | None) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                "delete from applied_withdrawals where service = ? and file = ?", ((service, file) for file in was)
            )
            if merged is not None:
                connection.execute("insert or ignore into applied_withdrawals values (?, ?)", (service, merged))

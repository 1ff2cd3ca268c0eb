"""How SQLite gathers what was observed."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.coverage import Observation
from reportdata.store.covering import Covering
from reportdata.store.looks import Spans, gathered, rows_of
from reportdata.store.rows import json_text
from reportdata.store.sqlite.counting import Counted

_LOOKS = "create temp table if not exists looks (corp_id text, span integer, primary key (corp_id, span)) without rowid"
_SPANS = """
create temp table if not exists spans (
    id integer primary key, kind text, first_day text, last_day text, observed_at integer,
    day_before text, day_after text)
"""


class Gathering(Covering):
    """The part of the store that knows what was observed."""

    database: Counted

    def gather(self, observed: Iterable[Observation]) -> bool:
        spans: Spans = {}
        with self.database.aside(_LOOKS) as connection:
            connection.execute(_SPANS)
            connection.execute("delete from looks")
            connection.execute("delete from spans")
            connection.executemany(
                "insert into looks select value, ?1 from json_each(?2)",
                ((span, json_text(corp_ids)) for span, corp_ids in gathered(observed, spans)),
            )
            connection.executemany("insert into spans values (?, ?, ?, ?, ?, ?, ?)", rows_of(spans))
        return False

"""How PostgreSQL gathers what was observed."""

from __future__ import annotations

from collections.abc import Iterable

from reportdata.coverage import Observation
from reportdata.store.covering import Covering
from reportdata.store.looks import Spans, gathered, rows_of
from reportdata.store.postgres.counting import Counted
from reportdata.store.postgres.database import LONG, MANY

_TABLES = """
create temporary table if not exists looks (corp_id text collate "C" not null, span bigint not null);
create temporary table if not exists spans (
    id bigint not null, kind text collate "C" not null, first_day text collate "C" not null,
    last_day text collate "C" not null, observed_at bigint not null,
    day_before text collate "C" not null, day_after text collate "C" not null);
delete from looks;
delete from spans
"""


class Gathering(Covering):
    """The part of the store that knows what was observed."""

    database: Counted

    def gather(self, observed: Iterable[Observation]) -> bool:
        spans: Spans = {}
        with self.database.writing(LONG) as cursor:
            cursor.execute(_TABLES)
            with cursor.copy("copy looks from stdin") as copy:
                for id_, corp_ids in gathered(observed, spans):
                    for corp_id in corp_ids:
                        copy.write_row((corp_id, id_))
            many = cursor.rowcount > MANY
            with cursor.copy("copy spans from stdin") as copy:
                for span in rows_of(spans):
                    copy.write_row(span)
        return many

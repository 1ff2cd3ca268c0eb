"""States of days in PostgreSQL, and what is noted of damage and imports."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reportdata.states import DayState, State
from reportdata.store import Damage, ImportedFile, ImportNote
from reportdata.store.postgres.database import Database
from reportdata.store.postgres.identities import CHANGED

_files = msgspec.json.Decoder(tuple[ImportedFile, ...])


class States:
    """The part of the store that knows how certain the numbers are."""

    database: Database

    def states(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayState]:
        rows = self.database.rows(
            "select corp_id, stat_day, kpi_id, state, as_of from day_states where service = %(service)s "
            "and (%(corp)s::text is null or corp_id = %(corp)s) and stat_day between %(first)s and %(last)s "
            "order by stat_day, corp_id, kpi_id",
            {"service": service, "corp": corp_id, "first": first_day, "last": last_day},
        )
        return [DayState(corp, day, kpi, State(state), as_of) for corp, day, kpi, state, as_of in rows]

    def put_states(self, service: str, states: Iterable[DayState]) -> None:
        rows = [(service, s.corp_id, s.stat_day, s.kpi_id, s.state.value, s.as_of) for s in states]
        with self.database.writing() as cursor:
            cursor.executemany(
                "insert into day_states (service, corp_id, stat_day, kpi_id, state, as_of) "
                "values (%s, %s, %s, %s, %s, %s) on conflict (service, corp_id, stat_day, kpi_id) do update "
                "set (state, as_of) = (excluded.state, excluded.as_of)",
                sorted(rows),
            )
            cursor.execute(CHANGED)

    def damage(self) -> list[Damage]:
        rows = self.database.rows("select service, stat_day, file from damage order by service, stat_day, file")
        return [Damage(*row) for row in rows]

    def put_damage(self, damage: Iterable[Damage]) -> None:
        with self.database.writing() as cursor:
            cursor.execute("delete from damage")
            cursor.executemany(
                "insert into damage (service, stat_day, file) values (%s, %s, %s) on conflict do nothing",
                sorted(set(damage)),
            )
            cursor.execute(CHANGED)

    def put_import(self, note: ImportNote) -> None:
        files = msgspec.json.encode(note.files).decode()
        with self.database.writing() as cursor:
            cursor.execute(
                "insert into imports (import_id, began_at, files, reversible, taken_back_at) "
                "values (%s, %s, %s, %s, %s) on conflict (import_id) do update set "
                "(began_at, files, reversible, taken_back_at) "
                "= (excluded.began_at, excluded.files, excluded.reversible, excluded.taken_back_at)",
                [note.id, note.at, files, int(note.reversible), note.taken_back_at],
            )
            cursor.execute("delete from import_organisations where import_id = %s", [note.id])
            cursor.executemany(
                "insert into import_organisations (import_id, corp_id) values (%s, %s)",
                [(note.id, corp_id) for corp_id in note.corp_ids],
            )

    def imports(self) -> list[ImportNote]:
        rows = self.database.rows(
            "select import_id, began_at, files, reversible, taken_back_at, "
            "array(select corp_id from import_organisations told where told.import_id = imports.import_id order by 1) "
            "from imports order by began_at, import_id"
        )
        return [
            ImportNote(id_, at, _files.decode(files), bool(kept), gone, tuple(corp_ids))
            for id_, at, files, kept, gone, corp_ids in rows
        ]

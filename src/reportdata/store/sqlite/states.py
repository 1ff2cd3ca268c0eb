"""States of days in SQLite."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reportdata.states import DayState, State
from reportdata.store import Damage, ImportedFile, ImportNote
from reportdata.store.sqlite.damaged import reading
from reportdata.store.sqlite.numbers import Counted

_files = msgspec.json.Decoder(tuple[ImportedFile, ...])


class States:
    """The part of the store that knows how certain the numbers are, and what was imported."""

    database: Counted

    @reading
    def states(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayState]:
        rows = self.database.rows(
            "select corp_id, stat_day, kpi_id, state, as_of from day_states where service = ?1 "
            "and (?2 is null or corp_id = ?2) and stat_day between ?3 and ?4 order by stat_day, corp_id, kpi_id",
            (service, corp_id, first_day, last_day),
        )
        return [DayState(corp, day, kpi, State(state), as_of) for corp, day, kpi, state, as_of in rows]

    def put_states(self, service: str, states: Iterable[DayState]) -> None:
        with self.database.writing() as connection:
            connection.executemany(
                "insert or replace into day_states (service, corp_id, stat_day, kpi_id, state, as_of) "
                "values (?, ?, ?, ?, ?, ?)",
                ((service, s.corp_id, s.stat_day, s.kpi_id, s.state.value, s.as_of) for s in states),
            )

    def damage(self) -> list[Damage]:
        rows = self.database.rows("select service, stat_day, file from damage order by service, stat_day, file")
        return [Damage(*row) for row in rows]

    def put_damage(self, damage: Iterable[Damage]) -> None:
        with self.database.writing() as connection:
            connection.execute("delete from damage")
            connection.executemany("insert or ignore into damage (service, stat_day, file) values (?, ?, ?)", damage)

    def put_import(self, note: ImportNote) -> None:
        files = msgspec.json.encode(note.files).decode()
        with self.database.writing() as connection:
            connection.execute(
                "insert or replace into imports (import_id, began_at, files, reversible, taken_back_at) "
                "values (?, ?, ?, ?, ?)",
                (note.id, note.at, files, int(note.reversible), note.taken_back_at),
            )
            connection.execute("delete from import_organisations where import_id = ?", (note.id,))
            connection.executemany(
                "insert into import_organisations (import_id, corp_id) values (?, ?)",
                ((note.id, corp_id) for corp_id in note.corp_ids),
            )

    @reading
    def imports(self) -> list[ImportNote]:
        rows = self.database.rows(
            "select import_id, began_at, files, reversible, taken_back_at from imports order by began_at, import_id"
        )
        told: dict[str, tuple[str, ...]] = {}
        for id_, corp_id in self.database.rows("select import_id, corp_id from import_organisations order by corp_id"):
            told[id_] = (*told.get(id_, ()), corp_id)
        return [
            ImportNote(id_, at, _files.decode(files), bool(kept), gone, told.get(id_, ()))
            for id_, at, files, kept, gone in rows
        ]

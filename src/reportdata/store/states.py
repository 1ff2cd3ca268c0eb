"""States of days in a store's database, and what is noted of damage and imports."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from reportdata.states import DayState, State
from reportdata.store import Damage, ImportedFile, ImportNote
from reportdata.store.damaged import reading
from reportdata.store.database import Database

_files = msgspec.json.Decoder(tuple[ImportedFile, ...])


class States:
    """The part of the store that knows how certain the numbers are, and what was imported."""

    database: Database

    @reading
    def states(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayState]:
        one, corp_ids = ("", []) if corp_id is None else (" and corp_id = %s", [corp_id])
        rows = self.database.rows(
            "select corp_id, stat_day, kpi_id, state, as_of from day_states "
            f"where service = %s and stat_day between %s and %s{one} order by stat_day, corp_id, kpi_id",
            (service, first_day, last_day, *corp_ids),
        )
        return [DayState(corp, day, kpi, State(state), as_of) for corp, day, kpi, state, as_of in rows]

    def put_states(self, service: str, states: Iterable[DayState]) -> None:
        rows = [(service, s.corp_id, s.stat_day, s.kpi_id, s.state.value, s.as_of) for s in states]
        with self.database.changing() as transaction:
            transaction.executemany(
                "insert into day_states (service, corp_id, stat_day, kpi_id, state, as_of) "
                "values (%s, %s, %s, %s, %s, %s) on conflict (service, corp_id, stat_day, kpi_id) do update "
                "set (state, as_of) = (excluded.state, excluded.as_of)",
                sorted(rows),
            )

    def damage(self) -> list[Damage]:
        rows = self.database.rows("select service, stat_day, file from damage order by service, stat_day, file")
        return [Damage(*row) for row in rows]

    def put_damage(self, damage: Iterable[Damage], was: Iterable[Damage] | None = None) -> None:
        found = set(damage)
        with self.database.changing() as transaction:
            if was is None:
                transaction.execute("delete from damage")
            else:
                over = sorted(set(was) - found)
                transaction.executemany("delete from damage where service = %s and stat_day = %s and file = %s", over)
            transaction.executemany(
                "insert into damage (service, stat_day, file) values (%s, %s, %s) on conflict do nothing", sorted(found)
            )

    def put_import(self, note: ImportNote) -> None:
        files = msgspec.json.encode(note.files).decode()
        with self.database.uncounted() as transaction:
            transaction.execute(
                "insert into imports (import_id, began_at, files, reversible, taken_back_at) "
                "values (%s, %s, %s, %s, %s) on conflict (import_id) do update set "
                "(began_at, files, reversible, taken_back_at) "
                "= (excluded.began_at, excluded.files, excluded.reversible, excluded.taken_back_at)",
                (note.id, note.at, files, int(note.reversible), note.taken_back_at),
            )
            transaction.execute("delete from import_organisations where import_id = %s", (note.id,))
            transaction.executemany(
                "insert into import_organisations (import_id, corp_id) values (%s, %s)",
                [(note.id, corp_id) for corp_id in note.corp_ids],
            )

    @reading
    def imports(self) -> list[ImportNote]:
        rows = self.database.rows(
            "select i.import_id, began_at, files, reversible, taken_back_at, corp_id from imports i "
            "left join import_organisations o on o.import_id = i.import_id order by began_at, i.import_id, corp_id"
        )
        told: dict[str, list[str]] = {}
        for id_, *_, corp_id in rows:
            told.setdefault(id_, []).extend([] if corp_id is None else [corp_id])
        return [
            ImportNote(id_, at, _files.decode(files), bool(kept), gone, tuple(told[id_]))
            for id_, at, files, kept, gone in dict.fromkeys(row[:-1] for row in rows)
        ]

"""Coverage in a store's database: what was observed, and which withdrawals were applied."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping

from reportdata.coverage import Coverage, Observation, latest
from reportdata.services.service import is_official
from reportdata.store import FIRST_DAY, LAST_DAY
from reportdata.store.changing import HISTORY, known_rows
from reportdata.store.database import Database, Transaction, next_number
from reportdata.store.looks import (
    ADD,
    ADD_HISTORY,
    COLUMNS,
    COLUMNS_OF_LOOKS,
    MEETING,
    MET,
    coverage_of,
    merged,
    place_of,
    row_of,
)

_ADD = f"insert into coverage ({COLUMNS}) values (%s, %s, %s, %s, %s)"
_ADD_CHANGES = f"insert into coverage_history ({HISTORY}) values (%s, %s, %s, %s, %s, %s, %s, %s)"
_APPLY = "insert into applied_withdrawals values (%s, %s) on conflict do nothing"


class Covering:
    """The part of the store that knows what was observed."""

    database: Database

    def coverage(self) -> list[Coverage]:
        return coverage_of(look for look in self.observations() if not is_official(look.kind))

    def observations(
        self, corp_id: str | None = None, first_day: str = FIRST_DAY, last_day: str = LAST_DAY
    ) -> list[Observation]:
        one, corp_ids = ("", []) if corp_id is None else (" and corp_id = %s", [corp_id])
        rows = self.database.rows(
            f"select {COLUMNS_OF_LOOKS} from coverage where first_day <= %s and last_day >= %s{one} "
            "order by corp_id, kind, first_day",
            (last_day, first_day, *corp_ids),
        )
        return [
            Observation(corp, max(first, first_day), min(last, last_day), at, kind)
            for corp, first, last, at, kind in rows
        ]

    def applied_withdrawals(self, service: str) -> set[str]:
        rows = self.database.rows("select file from applied_withdrawals where service = %s", (service,))
        return {file for (file,) in rows}

    def put_coverage(
        self, service: str, observed: Iterable[Observation], withdrawals: Iterable[str], now: float | None = None
    ) -> None:
        at = int((time.time() if now is None else now) * 1000)
        many = self.gather(observed)
        with self.database.changing(long=True) as transaction:
            self.database.alone(transaction)
            number = next_number(self.database, transaction)
            meeting = {Observation(*row): (row[0], span) for *row, span in transaction.execute(MEETING).fetchall()}
            if meeting:
                met = transaction.execute(MET).fetchall()
                gone, new = merged((Observation(*row) for row in met), meeting)
                transaction.executemany("delete from looks where corp_id = %s and span = %s", list(meeting.values()))
                _replace(transaction, gone, new)
                transaction.executemany(_ADD_CHANGES, known_rows(gone, new, at, None, number))
            transaction.execute(ADD)
            transaction.execute(ADD_HISTORY, (at, number))
            if many:
                transaction.execute("truncate looks")
            transaction.executemany(_APPLY, [(service, file) for file in withdrawals])

    def gather(self, observed: Iterable[Observation]) -> bool:
        """Put looks into the temporary tables ``looks`` and ``spans`` (`reportdata.store.looks`), in place of others,
        so that nobody waits meanwhile. Returns whether ``looks`` had better be truncated after its use."""
        raise NotImplementedError

    def replace_coverage(
        self,
        observed: Mapping[tuple[str, str], Iterable[Observation]],
        now: float | None = None,
        cause: str | None = None,
    ) -> None:
        at = int((time.time() if now is None else now) * 1000)
        covered = f"select {COLUMNS_OF_LOOKS} from coverage where corp_id = %s and kind = %s"
        with self.database.changing() as transaction:
            self.database.alone(transaction)
            number = next_number(self.database, transaction)
            for place, looks in observed.items():
                was = [Observation(*row) for row in transaction.execute(covered, place).fetchall()]
                new = latest(looks)
                _replace(transaction, was, new)
                transaction.executemany(_ADD_CHANGES, known_rows(was, new, at, cause, number))

    def exchange_withdrawals(self, service: str, was: Collection[str], merged: str | None) -> None:
        with self.database.uncounted() as transaction:
            transaction.executemany(
                "delete from applied_withdrawals where service = %s and file = %s", [(service, file) for file in was]
            )
            if merged is not None:
                transaction.execute(_APPLY, (service, merged))


def _replace(transaction: Transaction, gone: Iterable[Observation], new: Iterable[Observation]) -> None:
    """Let pieces stand in place of others."""
    sql = "delete from coverage where corp_id = %s and kind = %s and first_day = %s"
    transaction.executemany(sql, list(map(place_of, gone)))
    transaction.executemany(_ADD, list(map(row_of, new)))

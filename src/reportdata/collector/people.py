"""Departments of people, from a suite's directory, remembered in the ledger: a person's for a week, the names of
departments for a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reportdata.collector.clock import Clock
from reportdata.collector.ledger import Ledger
from reportdata.collector.suite import Suite
from reportdata.errors import Rejected, SourceError
from reportdata.values import read_names

_FRESH = 7 * 86_400_000
"""Milliseconds for which a person's departments are believed."""
_NAMES_FRESH = 86_400_000
"""Milliseconds for which the names of departments are believed."""
_SILENT = 3600.0
"""Seconds for which a directory that does not answer is not asked again."""


class People:
    """Departments of people of one source. Where the directory does not answer, a report's own department names have to
    do."""

    def __init__(self, suite: Suite, ledger: Ledger, source: int, clock: Clock) -> None:
        self._suite = suite
        self._ledger = ledger
        self._source = source
        self._clock = clock
        self._silent_until = 0.0

    def departments(self, user_ids: Iterable[str]) -> dict[str, str]:
        """The names of the departments of each of these people that the directory knows of, with commas between."""
        found: dict[str, str] = {}
        for user_id in sorted(set(user_ids)):
            names = self._departments_of(user_id)
            if names:
                found[user_id] = names
        return found

    def _departments_of(self, user_id: str) -> str | None:
        now = int(self._clock.now() * 1000)
        row = self._ledger.row(
            "select departments, looked_at from people where source = ? and user_id = ?", (self._source, user_id)
        )
        known: str | None = row[0] if row else None
        if (row and now - row[1] < _FRESH) or self._clock.now() < self._silent_until:
            return known
        try:
            known = self._ask(user_id)
        except Rejected:
            pass  # a person who has left: what was known last
        except SourceError:
            self._silent_until = self._clock.now() + _SILENT
            return known
        self._ledger.write(
            "insert into people values (?, ?, ?, ?) on conflict do update set "
            "departments = excluded.departments, looked_at = excluded.looked_at",
            (self._source, user_id, known, now),
        )
        return known

    def _ask(self, user_id: str) -> str | None:
        names = self._names()
        return read_names("departments", [names[own] for own in self._suite.departments_of(user_id) if own in names])

    def _names(self) -> Mapping[str, str]:
        now = int(self._clock.now() * 1000)
        known = self._ledger.rows(
            "select department_id, name from departments where source = ? and looked_at between ? and ?",
            (self._source, now - _NAMES_FRESH, now),
        )
        if known:
            return dict(known)
        names = self._suite.departments()
        with self._ledger.writing() as connection:
            connection.execute("delete from departments where source = ?", (self._source,))
            connection.executemany(
                "insert into departments values (?, ?, ?, ?)",
                [(self._source, number, name, now) for number, name in (names or {"": ""}).items()],
            )
        return names

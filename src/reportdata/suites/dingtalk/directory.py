"""Whose departments are which, from the directory: calls that do not count by the month.

What is kept of a person is the names of the departments; the answers' other fields are passed over while they are
decoded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from reportdata.dingtalk.client import Client
from reportdata.dingtalk.clock import Clock
from reportdata.dingtalk.ledger import Ledger
from reportdata.errors import Rejected, SourceError, Unavailable
from reportdata.facts import read_departments

USER = "topapi/v2/user/get"
DEPARTMENTS = "topapi/v2/department/listsub"
ROOT = 1
"""The id of the department that is the whole organisation."""
_FRESH = 7 * 86_400_000
"""Milliseconds for which a person's departments are believed."""
_TREE = 86_400_000
"""Milliseconds for which the tree of departments is believed."""
_SILENT = 3600.0
"""Seconds for which a directory that does not answer is not asked again."""


class _User(msgspec.Struct):
    dept_id_list: list[int] = []


class _Department(msgspec.Struct):
    dept_id: int
    name: str


_T = TypeVar("_T")
_user = msgspec.json.Decoder(_User)
_departments = msgspec.json.Decoder(list[_Department])


class Directory:
    """Departments of people, remembered in the ledger for a week. Where the directory does not answer, a report's own
    department names have to do."""

    def __init__(self, client: Client, ledger: Ledger, corp_id: str, clock: Clock) -> None:
        self._client = client
        self._ledger = ledger
        self._corp_id = corp_id
        self._clock = clock
        self._silent_until = 0.0

    def departments(self, user_ids: Iterable[str]) -> dict[str, str]:
        """The names of the departments of each of these people that the directory knows of."""
        found: dict[str, str] = {}
        for user_id in sorted(set(user_ids)):
            names = self._departments_of(user_id)
            if names:
                found[user_id] = names
        return found

    def _departments_of(self, user_id: str) -> str | None:
        now = int(self._clock.now() * 1000)
        row = self._ledger.row(
            "select departments, looked_at from people where corp_id = ? and user_id = ?", (self._corp_id, user_id)
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
            (self._corp_id, user_id, known, now),
        )
        return known

    def _ask(self, user_id: str) -> str | None:
        names = self._names()
        user = _decoded(_user, self._client.call(USER, {"userid": user_id}, free=True), USER)
        return read_departments([names[number] for number in user.dept_id_list if number in names])

    def _names(self) -> dict[int, str]:
        """The names of all departments, read anew each day."""
        now = int(self._clock.now() * 1000)
        known = self._ledger.rows(
            "select dept_id, name from departments where corp_id = ? and looked_at between ? and ?",
            (self._corp_id, now - _TREE, now),
        )
        if known:
            return dict(known)
        names = self._tree()
        with self._ledger.writing() as connection:
            connection.execute("delete from departments where corp_id = ?", (self._corp_id,))
            connection.executemany(
                "insert into departments values (?, ?, ?, ?)",
                [(self._corp_id, number, name, now) for number, name in (names or {ROOT: ""}).items()],
            )
        return names

    def _tree(self) -> dict[int, str]:
        """The names of all departments below the root, which is the organisation itself and has no name to tell."""
        names: dict[int, str] = {}
        waiting = [ROOT]
        while waiting:
            content = self._client.call(DEPARTMENTS, {"dept_id": waiting.pop()}, free=True)
            for department in _decoded(_departments, content, DEPARTMENTS):
                if department.dept_id not in names:
                    names[department.dept_id] = department.name
                    waiting.append(department.dept_id)
        return names


def _decoded(decoder: msgspec.json.Decoder[_T], content: bytes, api: str) -> _T:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unavailable(f"{api} answered with something else than its documentation says: {error}") from error

"""The numbers of transactions that change something, in SQLite, where one writes at a time."""

from __future__ import annotations

from sqlite3 import Connection

from reportdata.store import Reached

_STORY = "lower(hex(randomblob(4)))"
_NEXT = f"""
insert into change_numbers (id, story, last) values (1, {_STORY}, 1)
on conflict (id) do update set last = last + 1 returning last
"""
_BEGUN = f"update change_numbers set story = {_STORY}"


def next_number(connection: Connection) -> int:
    """The number of this transaction."""
    (number,) = connection.execute(_NEXT).fetchone()
    return int(number)


def reached(connection: Connection) -> Reached:
    """How far changes go that this transaction sees."""
    found = connection.execute("select last, story from change_numbers").fetchone()
    return Reached(*found) if found is not None else Reached()


def begin_story(connection: Connection) -> None:
    """Tell numbers from now on apart from those that were given so far."""
    connection.execute(_BEGUN)

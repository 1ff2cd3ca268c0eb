"""The numbers of transactions that change something, in SQLite, where one writes at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from sqlite3 import Connection

from reportdata.sqlite import Database
from reportdata.store import Reached

_STORY = "lower(hex(randomblob(4)))"
_NEXT = f"""
insert into change_numbers (id, story, last) values (1, {_STORY}, 1)
on conflict (id) do update set last = last + 1 returning last
"""
_BEGUN = f"update change_numbers set story = {_STORY}"
_CHANGED = "update changes set number = number + 1"


class Counted(Database):
    """The connection of a store, which counts the transactions that change what answers rest on."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        with super().writing() as connection:
            yield connection
            connection.execute(_CHANGED)

    @contextmanager
    def writing_access(self) -> Iterator[Connection]:
        """As `writing`, of who may ask alone: apps, tokens, links and sessions. No answer rests on these."""
        with super().writing() as connection:
            yield connection


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

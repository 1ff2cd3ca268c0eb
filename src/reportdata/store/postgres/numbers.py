"""The numbers of transactions that change something, in PostgreSQL. Who takes one keeps a row until the end of the
transaction: the next one is taken after that, so it is committed later, which numbers of a sequence need not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportdata.store import Reached

if TYPE_CHECKING:
    from psycopg import Cursor

_STORY = "substr(md5(random()::text || clock_timestamp()::text), 1, 8)"
_NEXT = f"""
insert into change_numbers (id, story, last) values (1, {_STORY}, 1)
on conflict (id) do update set last = change_numbers.last + 1 returning last
"""
_BEGUN = f"update change_numbers set story = {_STORY}"


def next_number(cursor: Cursor) -> int:
    """The number of this transaction; another one that takes one waits for its end."""
    found = cursor.execute(_NEXT).fetchone()
    assert found is not None  # noqa: S101 - the statement returns a row
    return int(found[0])


def reached(cursor: Cursor) -> Reached:
    """How far changes go that this transaction sees."""
    found = cursor.execute("select last, story from change_numbers").fetchone()
    return Reached(*found) if found is not None else Reached()


def begin_story(cursor: Cursor) -> None:
    """Tell numbers from now on apart from those that were given so far."""
    cursor.execute(_BEGUN)

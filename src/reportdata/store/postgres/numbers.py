"""The numbers of transactions that change something, in PostgreSQL. Who takes one keeps a row until the end of the
transaction: the next one is taken after that, so it is committed later, which numbers of a sequence need not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reportdata.store import Reached

if TYPE_CHECKING:
    from psycopg import Cursor

    from reportdata.store.postgres.database import Database

_STORY = "substr(md5(random()::text || clock_timestamp()::text), 1, 8)"
_NEXT = f"""
insert into change_numbers (id, story, last) values (1, {_STORY}, 1)
on conflict (id) do update set last = change_numbers.last + 1 returning last
"""
_BEGUN = f"update change_numbers set story = {_STORY}"


_MAY_ASK = "select has_function_privilege('pg_control_system()', 'execute')"
_CLUSTER = "select system_identifier::text from pg_control_system()"
_PLACE = """
select left(pg_walfile_name(pg_current_wal_lsn()), 8) || '.' || oid || '.' || 'change_numbers'::regclass::oid
from pg_database where datname = current_database() and not pg_is_in_recovery()
"""
_KNOWN = "select place from change_places"
_MOVED = "update change_places set place = %s where place <> %s returning id"
_FIRST = "insert into change_places values (1, %s) on conflict do nothing"


def notice_restore(database: Database) -> None:
    """Begin another story when the tables were brought back by PostgreSQL's own means, or a standby took over: perhaps
    not all that was told is there any more, and the numbers of what was lost are given again."""
    place = database.row(_PLACE)
    if place is None:  # a standby, where nothing can be begun
        return
    may_ask = database.row(_MAY_ASK)
    cluster = database.row(_CLUSTER) if may_ask is not None and may_ask[0] else None
    here = f"{cluster[0] if cluster else ''}.{place[0]}"
    known = database.row(_KNOWN)
    if known is not None and known[0] == here:
        return
    with database.writing() as cursor:
        if cursor.execute(_MOVED, [here, here]).fetchone() is not None:
            begin_story(cursor)
        else:  # there is none, or another process noticed it
            cursor.execute(_FIRST, [here])


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

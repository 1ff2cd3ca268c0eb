"""The partitions of the KPIs, one a month."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from reportdata.store.postgres.database import LOCKS, PARTITIONS, THERE, Database

if TYPE_CHECKING:
    from psycopg import Cursor

_MONTHS = """
select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'kpis'::regclass
"""


def make_months(database: Database, months: Collection[str]) -> None:
    """Make the partitions of months, yyyyMM, that are not there. They are filled later, so that no reader waits:
    attaching an empty table locks out no one."""
    there = {name for (name,) in database.rows(_MONTHS)}
    for month in sorted(month for month in months if f"kpis_{month}" not in there):
        with database.writing() as cursor:
            make_month(cursor, month)


def make_month(cursor: Cursor, month: str) -> None:
    """Make the partition of a month, yyyyMM, if it is not there."""
    cursor.execute("select pg_advisory_xact_lock(%s, %s)", (LOCKS, PARTITIONS))
    name = f"kpis_{int(month):06}"
    if not cursor.execute(THERE, [name]).fetchone():
        cursor.execute(f"create table {name} (like kpis including all)")
        cursor.execute(f"alter table kpis attach partition {name} for values from ('{name[5:]}') to ('{name[5:]}~')")

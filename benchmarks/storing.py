"""Storing beside its limit: the rows that a refresh stored, inserted in bulk into the same tables of a new store."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from reportdata.cli.places import store_of
from reportdata.settings import Settings
from reportdata.store.postgres import PostgresStore
from reportdata.store.postgres.months import make_month
from reportdata.store.sqlite import SQLiteStore
from tests.support import postgres_server

_TABLES = ("computations", "kpis", "computed_days", "coverage", "applied_withdrawals")
"""What a refresh writes to."""


@contextmanager
def server() -> Iterator[postgres_server.PostgreSQL | None]:
    """A PostgreSQL server for a run; None where there is none."""
    programs = postgres_server.programs()
    if programs is None:
        yield None
        return
    with postgres_server.running(programs) as found:
        yield found


def address(found: postgres_server.PostgreSQL, schema: str) -> str:
    """The address of a new store on that server."""
    base = f"postgresql:///postgres?host={quote(str(found.socket), safe='')}&user={postgres_server.ROLE}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"create schema {schema}".encode())
    return f"{base}&options={quote(f'-csearch_path={schema}')}"


def used_by(groups: Sequence[int]) -> tuple[float, int]:
    """Seconds on all cores that groups of processes have used, and the most bytes that each held, added up. A process
    that leads no group, as a database server, stands for itself and its children."""
    seconds, held = 0.0, 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text("utf-8").rsplit(")", 1)[1].split()
            if not {os.getpgid(int(process.name)), int(process.name), int(fields[1])}.isdisjoint(groups):
                seconds += sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # its ended children's, too
                held += int((process / "status").read_text("utf-8").split("VmHWM:")[1].split()[0]) * 1024
        except (ProcessLookupError, FileNotFoundError, IndexError):
            continue
    return seconds, held


def insert_bare(source: Settings, target: Settings, others: Sequence[int]) -> tuple[float, float, int]:
    """Insert what the source's store has of a refresh into the target's: by ``executemany`` with SQLite and ``copy``
    with PostgreSQL, in the order of the keys, in one transaction. The rows lie in memory before.

    :param others: processes whose time counts, besides this one's group.
    :returns: seconds, seconds on all cores, and how many rows that were.
    """
    given = SQLiteStore(source.store)
    with given.tables() as tables:
        columns = tables.columns()
        rows = {table: (columns[table], list(tables.rows(table, columns[table]))) for table in _TABLES}
    given.close()
    store = store_of(target)
    groups = [os.getpgid(0), *others]
    began, used = time.perf_counter(), used_by(groups)[0]
    if isinstance(store, SQLiteStore):
        _insert(store, rows)
    elif isinstance(store, PostgresStore):
        _copy(store, rows)
    took = time.perf_counter() - began, used_by(groups)[0] - used
    store.close()
    return *took, sum(len(content) for _, content in rows.values())


_Rows = dict[str, tuple[Sequence[str], list[tuple[Any, ...]]]]


def _insert(store: SQLiteStore, rows: _Rows) -> None:
    with store.database.writing() as connection:
        for table, (columns, content) in rows.items():
            places = ", ".join("?" * len(columns))
            connection.executemany(f"insert into {table} ({', '.join(columns)}) values ({places})", content)


def _copy(store: PostgresStore, rows: _Rows) -> None:
    with store.database.writing(3600) as cursor:
        for table, (columns, content) in rows.items():
            if table == "kpis":
                for month in {row[columns.index("stat_day")][:6] for row in content}:
                    make_month(cursor, month)
            with cursor.copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
                for row in content:
                    copy.write_row(row)

"""Why leases are rows that name their holder, and not locks of a session."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from reportdata.store.postgres.leases import PostgresLeases
from tests.support import postgres
from tests.support.folders import Folder

pytestmark = pytest.mark.postgres

HOLDER = """
import sys
from reportdata.store.postgres import PostgresStore
from reportdata.store.postgres.leases import PostgresLeases
store = PostgresStore(sys.argv[1])
with PostgresLeases(sys.argv[1]).holding("refresh.lock"), store.database.writing() as cursor:
    cursor.execute("lock table computed_days, changes")
    cursor.execute("create temporary table copied (line text)")
    with cursor.copy("copy copied from stdin") as copy:
        copy.write(b"a line" + bytes([10]))
        store.database.connection.pgconn.flush()
        print("copying", flush=True)
        sys.stdin.readline()
"""
"""Holds a lease and is in the middle of a copy, with locks on tables."""


def test_a_holder_that_was_stopped_within_a_copy_locks_nobody_out(tmp_path: Path) -> None:
    """Its session is active to the server, so no time limit of idle sessions ends it: neither its transaction's locks
    nor a lock that was the lease. Whoever takes the lease finds the holder by its name, and ends its sessions."""
    import psycopg  # takes long; most processes of the tests do not need it

    address = postgres.address()
    folder = Folder(tmp_path / "data", address)
    command = [sys.executable, "-c", HOLDER, address]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder,
        psycopg.connect(address, autocommit=True) as looking,
        ExitStack() as ending,
    ):
        ending.callback(holder.kill)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "copying\n"
        holder.send_signal(signal.SIGSTOP)
        copying = "select pid from pg_stat_activity where query like 'copy copied%' and state = 'active'"
        (found,) = looking.execute(copying).fetchall()
        looking.execute("set lock_timeout = '10ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            looking.execute("select 1 from computed_days")
        with PostgresLeases(address).holding("refresh.lock"):
            folder.store.put_days("s", {"20240101": "f"}, [], 1)
        assert looking.execute("select 1 from pg_stat_activity where pid = %s", found).fetchall() == []
    folder.store.close()


def test_a_process_takes_a_lease_again_that_it_could_not_give_back(tmp_path: Path) -> None:
    import psycopg

    address = postgres.address()
    Folder(tmp_path / "data", address).store.close()
    leases = PostgresLeases(address)
    with psycopg.connect(address, autocommit=True) as looking:
        with leases.holding("refresh.lock"):
            looking.execute(
                "insert into leases select 'work.lock', holder, shared, clock_timestamp() - interval '1 second' "
                "from leases where name = 'refresh.lock'"
            )
        with leases.holding("work.lock"):
            held = looking.execute("select count(*) from leases where name = 'work.lock'").fetchone()
            assert held == (1,)

"""How many threads a database computes with, alone and beside others."""

from __future__ import annotations

from contextlib import closing

import pytest

from reportdata.engines.duckdb.connection import Database, threads_of


@pytest.mark.parametrize("opened", [False, True])
def test_a_database_shares_the_cores_and_has_them_all_again_when_it_is_alone(opened: bool) -> None:
    with closing(Database()) as alone, closing(Database()) as database:
        usual = threads_of(alone.connection())
        if opened:
            database.connection()
        for among in (1, 2, usual, usual + 1, 3, 1):
            database.share(among)
            assert threads_of(database.connection()) == max(1, usual // among)


def test_what_a_database_keeps_and_who_reads_it_are_not_disturbed() -> None:
    with closing(Database()) as database:
        database.connection().execute("create temp table kept as select range as one from range(100000)")
        reading = database.session()
        rows = reading.execute("select range from range(300000)")
        assert len(rows.fetchmany(10)) == 10
        for among in (2, 1, 64, 1):
            database.share(among)
            ((found,),) = database.connection().execute("select sum(one) from kept").fetchall()
            assert found == 4_999_950_000
        assert len(rows.fetchall()) == 299_990

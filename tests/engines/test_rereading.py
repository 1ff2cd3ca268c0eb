"""What files say of themselves is kept for the next question, and never of a file that is another one since."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.connection import connect

_KEPT = "select coalesce(sum(memory_usage_bytes), 0) from duckdb_memory() where tag = 'OBJECT_CACHE'"


def write(path: Path, rows: int) -> None:
    """Write a file of so many rows, which takes the place of another."""
    aside = path.with_suffix(".new")
    with closing(connect()) as connection:
        connection.execute(f"copy (select range as number from range({rows})) to '{aside}' (format parquet)")
    aside.replace(path)


def test_a_file_that_was_replaced_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "one.parquet"
    with closing(DuckDBEngine(tmp_path, rereading=True)) as engine:
        for rows in (10, 20, 5_000, 20):
            write(path, rows)
            for _ in range(2):
                found = engine.all_rows(f"select count(*), max(number) from read_parquet('{path}')")
                assert found == [(rows, rows - 1)]


def test_what_is_kept_of_many_files_makes_room(tmp_path: Path) -> None:
    write(tmp_path / "one.parquet", 10)
    with closing(DuckDBEngine(tmp_path, memory=5_000_000, rereading=True)) as engine:
        for number in range(30):
            paths = [tmp_path / f"{number}-{other}.parquet" for other in range(100)]
            for path in paths:
                path.hardlink_to(tmp_path / "one.parquet")
            ((rows,),) = engine.all_rows(f"select count(*) from read_parquet({[str(path) for path in paths]})")
            assert rows == 1_000
        ((kept,),) = engine.all_rows(_KEPT)
        # Without a limit they take more than ten million; the engine lets go of others after the last one came in.
        assert kept < 6_000_000

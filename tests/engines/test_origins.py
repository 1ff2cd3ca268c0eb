"""Where the facts in files are from, as far as these tell."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb

from reportdata.engines import Brought
from reportdata.engines.duckdb import DuckDBEngine
from tests.support.services import KINDS

SENT = KINDS["sent"]


def test_origins_of_facts_and_of_whole_files(tmp_path: Path) -> None:
    def written(name: str, *rows: tuple[str, str, str | None], told: bool = True) -> Path:
        values = ", ".join(
            f"('{corp}', date '{day}', 'r', 'u', make_timestamptz(0), '', '', make_timestamptz(0), "
            f"{'cast(null as varchar)' if origin is None else repr(origin)})"
            for corp, day, origin in rows
        )
        names = "corp_id, stat_day, report_id, user_id, sent_at, template, departments, known_at, origin"
        columns = "*" if told else "* exclude (known_at, origin)"
        path = tmp_path / f"{name}.parquet"
        duckdb.execute(f"copy (select {columns} from (values {values}) as rows_({names})) to '{path}' (format parquet)")
        return path

    one = written("one", ("c1", "2024-01-01", "a/0"), ("c2", "2024-01-02", "a/0"))
    mixed = written("mixed", ("c1", "2024-01-01", "a/1"), ("c1", "2024-01-01", "push"))
    partly = written("partly", ("c1", "2024-01-03", "push"), ("c1", "2024-01-03", None))
    old = written("old", ("c2", "2024-01-02", "a/0"), told=False)
    with closing(DuckDBEngine()) as engine:
        assert engine.sole_origins([one, mixed, partly, old]) == {one: "a/0"}
        assert engine.sole_origins([]) == {}
        assert set(engine.brought({SENT: [one, mixed, partly, old]})) == {
            Brought("c1", "20240101", "a/0"),
            Brought("c2", "20240102", "a/0"),
            Brought("c1", "20240101", "a/1"),
            Brought("c1", "20240101", "push"),
            Brought("c1", "20240103", "push"),
            Brought("c1", "20240103", ""),
            Brought("c2", "20240102", ""),
        }
        assert list(engine.brought({})) == []

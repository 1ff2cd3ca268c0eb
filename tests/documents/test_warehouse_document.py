"""docs/warehouse.md: its jobs run, and its dictionary is that of the files and tables that are written."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from reportdata.states import State
from tests.support.asked import asked
from tests.support.documents import blocks, document, environment, lines
from tests.support.folders import Folder, run

TEXT = document("docs/warehouse.md")
CORP = "dingsample"


def dictionary(first: str) -> list[list[str]]:
    """The rows of the table whose first column has that heading; code without its marks."""
    (block,) = re.findall(rf"^\| {first} \|.*\n\|[-:| ]+\|\n((?:\|.*\|\n)+)", TEXT, re.MULTILINE)
    return [[cell.strip().strip("`") for cell in row[1:-1].split(" | ")] for row in block.splitlines()]


@pytest.fixture
def filled(folder: Folder, tmp_path: Path) -> Folder:
    """A data folder with facts of all kinds, of yesterday."""
    folder.add_organisation(CORP)
    day = f"{date.today() - timedelta(days=1):%Y-%m-%d}"
    for name, text in {
        "reports.csv": f"report_id,user_id,sent_at\nr1,u1,{day} 09:00\nr2,u2,{day} 09:30\n",
        "comments.csv": f"report_id,user_id,commented_at\nr1,u2,{day} 10:00\n",
        "withdrawals.csv": f"report_id,withdrawn_at\nr2,{day} 11:00\n",
    }.items():
        (tmp_path / name).write_text(text)
        assert not folder.import_(tmp_path / name, corp_id=CORP).failures
    return folder


@pytest.mark.whole
def test_rows_of_statistics_are_as_described(filled: Folder, tmp_path: Path) -> None:
    words = lines(TEXT)[0].split()
    result = run(filled, *words[1:-1], tmp_path / words[-1])
    assert result.exit_code == 0, result.output
    assert described(tmp_path / words[-1]) == [row[:2] for row in dictionary("column")]


def described(file: object) -> list[list[str]]:
    """The columns of Parquet files, and their types."""
    with closing(duckdb.connect()) as connection:
        found = connection.execute(
            f"select column_name, column_type from (describe from read_parquet('{file}', hive_partitioning = false))"
        ).fetchall()
    return [list(row) for row in found]


@pytest.mark.whole
def test_files_of_the_lake_are_as_described(filled: Folder) -> None:
    written = {}
    for kind in ("sent", "commented", "withdrawn"):
        written[kind] = described(filled.settings.lake / kind / "stat_day=*" / "*.parquet")
    rows = dictionary("kind")
    assert {kind: [row[1:3] for row in rows if row[0] == kind] for kind in written} == written
    assert {row[0] for row in rows} == written.keys()


def test_tables_of_the_store_are_as_described(filled: Folder) -> None:
    import sqlite3

    with closing(sqlite3.connect(filled.settings.store)) as store:
        found: dict[str, set[str]] = {
            kind: {name for (name,) in store.execute("select name from sqlite_master where type = ?", (kind,))}
            for kind in ("table", "view")
        }
        columns = {
            (view, column)
            for view in found["view"]
            for (column,) in store.execute("select name from pragma_table_info(?)", (view,))
        }
    assert {row[0] for row in dictionary("table")} == {
        name for name in found["table"] if not name.startswith("sqlite_")
    }
    assert {(row[0], row[1]) for row in dictionary("view")} == columns


@pytest.mark.slow
@pytest.mark.whole
def test_the_job_of_each_night_brings_each_change_once(filled: Folder, tmp_path: Path) -> None:
    _, job = blocks(TEXT)
    assert "cd /srv/reportdata\n" in job
    variables = {**environment(), "REPORTDATA_DATA": str(filled.path)}
    changed = []
    for _ in range(2):
        job_here = job.replace("/srv/reportdata", str(tmp_path))
        done = subprocess.run(["sh", "-c", job_here], env=variables, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        changed.append(len(json.loads((tmp_path / "changes.json").read_text())["data"]))
    assert changed[0] >= 3
    assert changed[1] == 0
    assert described(tmp_path / "numbers.parquet")


@pytest.mark.whole
def test_the_program_writes_the_days_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (program, dag) = blocks(TEXT, "python")
    ast.parse(dag)  # Airflow itself is not among what tests install
    assert "from nightly import load" in dag
    names: dict[str, object] = {}
    exec(compile(program, "nightly.py", "exec"), names)
    load = names["load"]
    assert callable(load)
    with asked(tmp_path_factory.mktemp("nightly") / "data") as sample:
        key, secret = sample.key().split(":")
        for name, value in (("URL", sample.served.url), ("APP_KEY", key), ("APP_SECRET", secret)):
            monkeypatch.setenv(f"REPORTDATA_{name}", value)
        (tmp_path / "since").write_text("2025-01-01")
        assert load(tmp_path) > 0
        written = [json.loads(line) for line in (tmp_path / "numbers.jsonl").read_text().splitlines()]
        assert written
        assert {"day", "reports", "senders", "commenters", "state"} <= written[0].keys()
        assert load(tmp_path) == 0


def test_the_source_for_dbt_names_columns_and_states_that_there_are() -> None:
    (source,) = yaml.safe_load(blocks(TEXT, "yaml")[0])["sources"]
    (table,) = source["tables"]
    known = {row[0] for row in dictionary("column")}
    assert {column["name"] for column in table["columns"]} <= known
    (column,) = [column for column in table["columns"] if column["name"] == "state"]
    assert set(column["data_tests"][0]["accepted_values"]["values"]) == {state.value for state in State}

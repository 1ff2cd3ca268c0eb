"""Spark as an extra: what is said without it, and that nothing else needs it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from reportdata.settings import Settings
from tests.support.folders import Folder, run
from tests.support.paths import ROOT

WITHOUT = """
import sys
sys.modules["pyspark"] = None  # as if it were not installed
from reportdata.cli import main
main()
"""


def test_a_plain_installation_has_no_spark() -> None:
    needed = [line for line in requires("reportdata") or () if "spark" in line]
    assert needed
    assert all("extra ==" in line for line in needed)
    for name in ("run", "dev"):
        assert "pyspark" not in (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
    assert "pyspark==4.3" in (ROOT / "requirements" / "spark.txt").read_text("utf-8")


@pytest.mark.whole
def test_a_refresh_without_spark_imports_none(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c1")
    path = tmp_path / "reports.csv"
    path.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\n")
    code = (
        "import sys; from reportdata.cli import cli; cli(standalone_mode=False); "
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('pyspark', 'py4j')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "import", str(path), "--data", str(folder.path)], capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


@pytest.mark.whole
def test_spark_that_is_not_installed_is_said(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c1")
    path = tmp_path / "reports.csv"
    path.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\n")
    command = [sys.executable, "-c", WITHOUT, "import", str(path), "--engine", "spark", "--data", str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert "pyspark" in done.stderr
    assert "pip install 'reportdata[spark]'" in done.stderr
    # What was imported is in the lake, and the next refresh computes it.
    assert run(folder, "refresh").output == "Computed 1 day; 1 value changed.\n"


@pytest.mark.parametrize("given", ["spark.executor.memory", "=4g", ""])
def test_a_setting_of_spark_has_a_name_and_a_value(folder: Folder, given: str) -> None:
    folder.add_organisation("c1")
    done = run(folder, "refresh", "--engine", "spark", "--spark-conf", given)
    assert done.exit_code == 2
    assert "spark.executor.memory=4g" in done.output


def test_the_engine_is_that_of_this_process_unless_it_is_said(tmp_path: Path) -> None:
    assert Settings(tmp_path).engine == "duckdb"

"""What Spark alone can do wrong: its command, object storage, its types, and a driver that dies."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.coverage import Observation
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.connection import columns_of
from reportdata.engines.spark import SparkEngine
from reportdata.engines.spark.session import open_session
from reportdata.errors import EngineError
from reportdata.pipeline.asking import Asking
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.statistics.words import read_question
from tests.support.cluster import LOCAL, SHORT, Cluster
from tests.support.facts_files import ZONES, Writer, measured
from tests.support.folders import Folder
from tests.support.known_lake import KnownLake
from tests.support.oracle import Commented, Sent
from tests.support.paths import DATA, ROOT
from tests.support.platform_facts import DAY, write_platform
from tests.support.question_oracle import Known, rows_of
from tests.support.questions import put, told
from tests.support.services import COMMENTED, KINDS, SENT, SERVICE, WITHDRAWN
from tests.support.spark_asked import SparkAsked
from tests.support.tools import REQUIRED, require_tool
from tests.support.worlds import BEGIN, worlds
from tests.support.worlds import ZONES as ZONES_

pytestmark = pytest.mark.spark

CONF = {**LOCAL, **SHORT}
AT = datetime(2024, 3, 1, 12, tzinfo=UTC)
CELLS = int(os.environ.get("REPORTDATA_TESTS_CELLS", "40"))
"""Cells of answers on Spark that are compared with the oracle's, at least."""
LEAST_ROWS = 6
"""Rows of a question that Spark is asked."""
PLATFORM = 10_000_000 if os.environ.get("REPORTDATA_TESTS_FULL") else 20_000


@pytest.fixture
def platform(folder: Folder, tmp_path: Path) -> Folder:
    """A folder with a day of a platform, which DuckDB has computed."""
    source = tmp_path / "platform"
    source.mkdir()
    done = folder.import_(*write_platform(source, PLATFORM), add_in=ZONES["c1"])
    assert (done.failures, done.added) == ([], PLATFORM)
    return folder


def test_the_command_on_a_cluster_computes_the_same_rows(spark_cluster: Cluster, platform: Folder) -> None:
    rows = platform.store.kpis_between(REPORT_DATA, None, DAY, DAY)
    (command,) = re.findall(r"^reportdata refresh .*spark.*$", (ROOT / "docs" / "scale.md").read_text("utf-8"), re.M)
    command = re.sub(r"spark://\S+", spark_cluster.master, command)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "REPORTDATA_DATA": str(platform.path),
        "REPORTDATA_SPARK_CONF": " ".join(f"{name}={value}" for name, value in CONF.items()),
    }
    # The store loses what it knows of the day, and most rows of it; then the day is computed though it is not stale.
    platform.store.put_days(REPORT_DATA, {DAY: "lost"}, rows[:10], 0)
    for period, right in (("", False), (f" --from {DAY} --to {DAY}", True)):
        run = subprocess.run(
            ["bash", "-ec", f"{command}{period} --json"], env=environment, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        done = json.loads(run.stdout)
        assert (done["days"], done["changed"] == 0) == ([DAY], right)
        assert platform.store.kpis_between(REPORT_DATA, None, DAY, DAY) == rows


@pytest.fixture(scope="module")
def s3a(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What Spark needs to read object storage, as its setting ``spark.jars`` wants it."""
    place = tmp_path_factory.mktemp("s3a")
    pom = DATA / "s3a" / "pom.xml"
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={place}")
    done = subprocess.run([require_tool("mvn"), "-B", "-q", "-f", pom, *goal], capture_output=True, text=True)
    if done.returncode:
        (pytest.fail if "mvn" in REQUIRED else pytest.skip)(f"hadoop-aws could not be fetched: {done.stdout[-500:]}")
    return ",".join(str(path) for path in sorted(place.iterdir()) if not path.name.startswith("slf4j-"))


def test_spark_computes_the_same_rows_from_object_storage(
    spark_cluster: Cluster, s3a: str, storage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "scale.md").read_text("utf-8")
    (given,) = re.findall(r'^export REPORTDATA_SPARK_CONF="(.*s3a.*)"$', text, re.MULTILINE)
    packages, *others = given.split()
    assert packages.startswith("spark.jars.packages=org.apache.hadoop:hadoop-aws:3.5.0")
    conf = {**CONF, "spark.jars": s3a, **dict(setting.split("=", 1) for setting in others)}
    monkeypatch.setenv("REPORTDATA_LAKE", storage)
    monkeypatch.setenv("REPORTDATA_SPARK_CONF", " ".join(f"{name}={value}" for name, value in conf.items()))
    remote = Folder(tmp_path / "remote", lake_at=storage)
    with closing(remote.store):
        (tmp_path / "platform").mkdir()
        done = remote.import_(*write_platform(tmp_path / "platform", 20_000), add_in=ZONES["c1"])
        assert (done.failures, done.added) == ([], 20_000)
        rows = remote.store.kpis_between(REPORT_DATA, None, DAY, DAY)
        remote.store.put_days(REPORT_DATA, {DAY: "lost"}, rows[:10], 0)
        # Nothing of the lake is on this machine's disk that the cluster could read instead.
        shutil.rmtree(remote.settings.lake)
        options = ["--engine", "spark", "--spark-master", spark_cluster.master, "--data", str(remote.path), "--json"]
        command = [sys.executable, "-m", "reportdata", "refresh", *options]
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout)["days"] == [DAY]
        assert remote.store.kpis_between(REPORT_DATA, None, DAY, DAY) == rows
        assert not list(remote.settings.lake.rglob("*.parquet"))


def test_spark_reads_every_column_as_it_was_written(
    spark_cluster: Cluster, platform: Folder, writer: Writer, tmp_path: Path
) -> None:
    types = {"varchar": "string", "date": "date", "timestamptz": "timestamp"}
    odd = writer.file(Sent, [Sent("c1", "日志'1 \U0001f600", "U1", AT, "", ("研发部",)), Sent("c1", "r", "u", AT)])
    with closing(DuckDBEngine()) as here, closing(SparkEngine(here, spark_cluster.master, CONF)):
        session = open_session(spark_cluster.master, CONF)
        for kind in (SENT, COMMENTED, WITHDRAWN):
            merged, paths = tmp_path / f"{kind.name}.parquet", platform.lake.paths(kind.name)
            here.merge(kind, dict.fromkeys([*paths, *([odd] if kind is SENT else [])], 0.0), merged)
            schema = ", ".join(f"{name} {types[type_]}" for name, type_ in columns_of(kind).items())
            for path in (merged, paths[0]):
                texts = [
                    f"epoch_us({name})" if type_ == "timestamptz" else f"{name}::varchar"
                    for name, type_ in columns_of(kind).items()
                ]
                expected = duckdb.execute(
                    f"select {', '.join(texts)} from read_parquet('{path}') order by all limit 500"
                )
                texts = [text.replace("epoch_us", "unix_micros").replace("::varchar", "") for text in texts]
                texts[1] = "cast(stat_day as string)"
                found = session.read.schema(schema).parquet(str(path)).selectExpr(*texts).collect()
                assert sorted(map(tuple, found), key=_nulls_last)[:500] == expected.fetchall()


def _nulls_last(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((cell is None, cell) for cell in row)


@pytest.mark.slow
def test_questions_have_the_rows_of_the_oracle_on_spark_too(spark_cluster: Cluster, tmp_path: Path) -> None:
    """Ranges, groupings, filters and moments, by the text that DuckDB answers by."""
    asked = 0
    with closing(SparkAsked(spark_cluster.master, CONF)) as engine:

        @settings(max_examples=25, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(worlds(), st.data())
        def check(world: tuple[datetime, list[Known]], data: st.DataObject) -> None:
            nonlocal asked
            around, batches = world
            now = BEGIN + timedelta(days=1)
            question, corp_id, until = data.draw(put(around, now))
            expected = rows_of(question, corp_id, ZONES_[corp_id], batches, until)
            if asked >= CELLS or len(expected) < LEAST_ROWS:  # to plan a question takes longer than many of its cells
                return
            with tempfile.TemporaryDirectory(dir=tmp_path) as folder, closing(KnownLake(Path(folder), ZONES_)) as made:
                for batch in batches:
                    made.add(batch.at, batch.facts, batch.looks)
                asking = Asking(made.lake, made.store, engine, SERVICE, KINDS)
                found = asking.answer(question, corp_id, now.timestamp())
                assert told(found.data, expected) == told(expected, expected)
                asked += len(expected) * len(question.metrics)

        _borrow(engine, tmp_path / "borrowing")
        while asked < CELLS:
            check()


def _borrow(engine: SparkAsked, folder: Path) -> None:
    """Comments have the departments of their writers, which few questions ask for."""
    at = datetime(2026, 1, 1, 4, tzinfo=UTC)
    sent = [Sent("shanghai", f"r{n}", "u1", at + timedelta(days=n), "日报", (f"d{n}",)) for n in range(2)]
    comments = [Commented("shanghai", "r0", "u1", at + timedelta(days=n, hours=1)) for n in range(2)]
    looks = [Observation("shanghai", "20260101", "20260102", 1_800_000_000_000, kind) for kind in ("sent", "commented")]
    batches = [Known(BEGIN, (*sent, *comments), tuple(looks))]
    pairs = [("from", "20260101"), ("to", "20260102"), ("by", "department"), ("metrics", "commenters")]
    question = read_question(pairs, SERVICE)
    folder.mkdir()
    with closing(KnownLake(folder, ZONES_)) as made:
        made.add(BEGIN, batches[0].facts, batches[0].looks)
        found = Asking(made.lake, made.store, engine, SERVICE, KINDS).answer(question, "shanghai", 1_800_000_000.0)
    expected = rows_of(question, "shanghai", ZONES_["shanghai"], batches, None)
    assert told(found.data, expected) == told(expected, expected)
    assert {row["department"]: row["commenters"] for row in found.data} == {"d0": 1, "d1": 1}


def children_of(process: int) -> list[Path]:
    """The processes that a process has started, as folders of ``/proc``."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            found += [path] * (f"\nPPid:\t{process}\n" in (path / "status").read_text("utf-8"))
    return found


def test_spark_begins_anew_when_its_driver_has_died(spark_cluster: Cluster, writer: Writer) -> None:
    with closing(DuckDBEngine()) as here, closing(SparkEngine(here, spark_cluster.master, CONF)) as engine:
        _assert_it_begins_anew(engine, writer)


def _assert_it_begins_anew(engine: SparkEngine, writer: Writer) -> None:
    sent = writer.file(Sent, [Sent("c1", "r1", "u1", AT)])
    expected = {("c1", "20240301"): (1, 1, 0)}
    assert measured(engine, {Sent: [sent]}) == expected
    (jvm,) = [child for child in children_of(os.getpid()) if b"SparkSubmit" in (child / "cmdline").read_bytes()]
    os.kill(int(jvm.name), signal.SIGKILL)
    with pytest.raises(EngineError, match="Spark") as raised:
        measured(engine, {Sent: [sent]})
    assert raised.value.hint
    assert measured(engine, {Sent: [sent]}) == expected

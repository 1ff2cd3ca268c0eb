"""What every engine owes: the oracle's numbers, from whatever files hold the facts."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.catalogue import REPORT_DATA
from reportdata.engines import Engine, Place, Subject
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.connection import COLUMNS as DUCKDB_COLUMNS
from reportdata.engines.spark import SparkEngine
from reportdata.engines.spark.session import open_session
from reportdata.errors import EngineError, LakeError
from reportdata.facts import KINDS as KIND_NAMES
from reportdata.facts import Kind
from tests.support.cluster import LOCAL, SHORT, Cluster
from tests.support.facts_files import ZONES, Writer, corps, facts, fresh, users
from tests.support.folders import Folder
from tests.support.oracle import Commented, Days, Fact, Sent, Withdrawn, days_of
from tests.support.paths import DATA, ROOT
from tests.support.platform_facts import DAY, write_platform
from tests.support.tools import REQUIRED, require_tool

ENGINES = ("duckdb", "spark")
KINDS: tuple[type[Fact], ...] = (Sent, Commented, Withdrawn)
CONF = {**LOCAL, **SHORT}
MANY, FEW = 80, 40 if os.environ.get("REPORTDATA_TESTS_FULL") else 2
"""Examples of each property in this process, and on a cluster, where each takes as long as a hundred here."""


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    here = DuckDBEngine(tmp_path_factory.mktemp("engine") / "spill")
    if request.param == "duckdb":
        made: Engine = here
    else:
        made = SparkEngine(here, request.getfixturevalue("spark_cluster").master, CONF)
    yield made
    made.close()


@pytest.fixture
def examples(engine: Engine) -> settings:
    """How many examples of a property are tried."""
    return settings(max_examples=MANY if isinstance(engine, DuckDBEngine) else FEW, deadline=None)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer(tmp_path)
    yield made
    made.close()


def measured(engine: Engine, files: dict[type[Fact], Sequence[Path]]) -> Days:
    """What the engine says, once its rows are found to be in order and each there once."""
    rows = list(engine.kpis(files.get(Sent, ()), files.get(Commented, ()), files.get(Withdrawn, ())))
    order = [(row.stat_day, row.corp_id) for row in rows]
    assert order == sorted(set(order))
    names = ("reports", "senders", "commenters")
    return {(row.corp_id, row.stat_day): tuple(row.measures[name] for name in names) for row in rows}  # type: ignore[misc]


def found_once(places: Iterator[Place]) -> set[Place]:
    """The places, once they are found to be there once each."""
    listed = list(places)
    assert len(listed) == len(set(listed))
    return set(listed)


spread_facts = st.lists(st.tuples(facts, st.lists(st.integers(0, 2), min_size=1, max_size=3)), max_size=40)


def test_facts_give_the_oracles_days_however_they_are_spread(
    engine: Engine, writer: Writer, examples: settings
) -> None:
    @examples
    @given(spread=spread_facts, mirrored=st.booleans())
    def check(spread: list[tuple[Fact, list[int]]], mirrored: bool) -> None:
        files: dict[type[Fact], Sequence[Path]] = {}
        for kind in KINDS:
            numbers = {number for fact, into in spread if isinstance(fact, kind) for number in into}
            paths = [
                writer.file(
                    kind, [fact for fact, into in spread if isinstance(fact, kind) for n in into if n == number]
                )
                for number in sorted(numbers)
            ]
            files[kind] = paths[::-1] if mirrored else paths
        expected = days_of([fact for fact, _ in spread], ZONES)
        assert measured(engine, files) == expected
        assert measured(engine, {kind: [*paths, *paths] for kind, paths in files.items()}) == expected

    check()


def test_days_are_computed_alike_alone_and_together(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30), chosen=st.sets(st.integers(0, 3)))
    def check(found: list[Fact], chosen: set[int]) -> None:
        by_day: dict[str, list[Fact]] = {}
        for fact in found:
            by_day.setdefault(f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}", []).append(fact)
        days = [day for number, day in enumerate(sorted(by_day)) if number in chosen]
        files: dict[type[Fact], Sequence[Path]] = {
            kind: [writer.file(kind, [fact for fact in by_day[day] if isinstance(fact, kind)]) for day in days]
            for kind in (Sent, Commented)
        }
        files[Withdrawn] = [writer.file(Withdrawn, [fact for fact in found if isinstance(fact, Withdrawn)])]
        expected = {key: numbers for key, numbers in days_of(found, ZONES).items() if key[1] in days}
        assert measured(engine, files) == expected

    check()


def test_the_days_of_withdrawn_reports_are_found(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30))
    def check(found: list[Fact]) -> None:
        gone = {(fact.corp_id, fact.report_id) for fact in found if isinstance(fact, Withdrawn)}
        places = {
            (fact.corp_id, f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}")
            for fact in found
            if isinstance(fact, Sent) and (fact.corp_id, fact.report_id) in gone
        }
        halves = found[::2], found[1::2]
        withdrawn, sent = (
            [writer.file(kind, [fact for fact in half if isinstance(fact, kind)]) for half in halves]
            for kind in (Withdrawn, Sent)
        )
        assert found_once(engine.places_of_reports(withdrawn, sent)) == places
        assert found_once(engine.places_of_reports(withdrawn, [])) == set()
        assert found_once(engine.places_of_reports([], sent)) == set()

    check()


def test_some_organisations_are_computed_as_all_are(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30), chosen=st.sets(corps))
    def check(found: list[Fact], chosen: set[str]) -> None:
        sent, commented, withdrawn = (
            [writer.file(kind, [fact for fact in half if isinstance(fact, kind)]) for half in (found[::2], found[1::2])]
            for kind in KINDS
        )
        rows = list(engine.kpis(sent, commented, withdrawn))
        assert list(engine.kpis(sent, commented, withdrawn, chosen)) == [row for row in rows if row.corp_id in chosen]
        places = {
            (fact.corp_id, f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}")
            for fact in found
            if not isinstance(fact, Withdrawn)
        }
        assert found_once(engine.places(sent, commented)) == places

    check()


subjects = st.builds(Subject, corps, st.none() | users)


def is_of(fact: Fact, subject: Subject) -> bool:
    own = subject.user_id is None or getattr(fact, "user_id", None) == subject.user_id
    return fact.corp_id == subject.corp_id and own


def test_merged_files_hold_each_fact_once_by_organisation(
    engine: Engine, writer: Writer, tmp_path: Path, examples: settings
) -> None:
    @examples
    @given(
        spread=spread_facts,
        kind=st.sampled_from(list(zip(KINDS, KIND_NAMES, strict=True))),
        subject=subjects,
        leave_out=st.booleans(),
    )
    def check(
        spread: list[tuple[Fact, list[int]]], kind: tuple[type[Fact], Kind], subject: Subject, leave_out: bool
    ) -> None:
        type_, name = kind
        parts = [
            [fact for fact, into in spread if isinstance(fact, type_) for n in into if n == number]
            for number in (0, 1, 2)
        ]
        files = [writer.file(type_, part) for part in parts]
        target = tmp_path / f"merged {next(fresh)}' [1].parquet"
        kept = {fact for part in parts for fact in part if not (leave_out and is_of(fact, subject))}
        assert engine.merge(name, files, target, subject if leave_out else None) == len(kept)
        texts = f"select columns(*)::varchar from read_parquet('{escaped(target)}')"
        merged = duckdb.sql(texts).fetchall()
        sources = {
            row for path in files for row in duckdb.sql(texts.replace(escaped(target), escaped(path))).fetchall()
        }
        assert len(merged) == len(set(merged)) == len(kept)
        assert set(merged) <= sources
        if not leave_out:
            assert set(merged) == sources
        assert [row[0] for row in merged] == sorted(row[0] for row in merged)
        held = [path for path, part in zip(files, parts, strict=True) if any(is_of(fact, subject) for fact in part)]
        assert engine.holding(name, files, subject) == held
        assert engine.holding(name, [target, files[0]], subject) == (
            [target] * any(is_of(fact, subject) for fact in kept) + [files[0]] * (files[0] in held)
        )
        assert engine.holding(name, [], subject) == []

    check()


def escaped(path: Path) -> str:
    """The path as DuckDB wants it in a text."""
    return str(path).replace("'", "''").replace("[", "[[]")


def test_a_merged_file_has_row_groups_of_few_organisations(engine: Engine, tmp_path: Path) -> None:
    source, target = tmp_path / "source.parquet", tmp_path / "target.parquet"
    columns = "'c' || (i % 100) as corp_id, date '2024-03-01' as stat_day, 'r' || i as report_id, 'u' as user_id"
    sql = f"select {columns}, now() as sent_at, null::varchar as template, null::varchar as departments"
    duckdb.sql(f"copy ({sql} from range(100_000) numbers(i)) to '{source}' (format parquet)")
    assert engine.merge("sent", [source, source], target) == 100_000
    spans = duckdb.sql(
        f"select stats_min_value, stats_max_value from parquet_metadata('{target}') "
        "where path_in_schema = 'corp_id' order by row_group_id"
    ).fetchall()
    assert len(spans) > 5
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


def test_no_files_give_no_days(engine: Engine, writer: Writer) -> None:
    gone = writer.file(Withdrawn, [Withdrawn("c1", "r1", AT)])
    assert list(engine.kpis([], [], [])) == list(engine.kpis([], [], [gone])) == []
    assert list(engine.places_of_reports([], [])) == []


def test_files_without_facts_give_no_days(engine: Engine, writer: Writer) -> None:
    files: dict[type[Fact], Sequence[Path]] = {kind: [writer.file(kind, [])] for kind in KINDS}
    assert measured(engine, files) == {}


def test_a_withdrawal_long_after_takes_the_report_out_of_its_own_day(engine: Engine, writer: Writer) -> None:
    sent = writer.file(Sent, [Sent("c1", "r1", "u1", AT), Sent("c1", "r2", "u1", AT), Sent("c2", "r1", "u1", AT)])
    commented = writer.file(Commented, [Commented("c1", "r1", "u2", AT)])
    gone = writer.file(Withdrawn, [Withdrawn("c1", "r1", AT + timedelta(days=400))])
    assert measured(engine, {Sent: [sent], Commented: [commented], Withdrawn: [gone]}) == {
        ("c1", "20240301"): (1, 1, 1),
        ("c2", "20240301"): (1, 1, 0),
    }
    assert found_once(engine.places_of_reports([gone], [sent])) == {("c1", "20240301")}


def test_many_facts_of_many_days_give_the_oracles_days(engine: Engine, writer: Writer) -> None:
    chance = random.Random(4100)
    corps, base = sorted(ZONES), datetime(2024, 2, 28, 15, 59, 59, tzinfo=UTC)
    found: list[Fact] = []
    for _ in range(3000):
        corp, report, user = chance.choice(corps), f"r{chance.randrange(900)}", f"u{chance.randrange(40)}"
        at = base + timedelta(minutes=chance.randrange(6000))
        match chance.randrange(10):
            case 0:
                found.append(Withdrawn(corp, report, at))
            case 1 | 2 | 3:
                found.append(Commented(corp, report, user, at))
            case _:
                found.append(Sent(corp, report, user, at))
    files = {
        kind: [writer.file(kind, [fact for fact in found[n::2] if isinstance(fact, kind)]) for n in (0, 1, 0)]
        for kind in KINDS
    }
    days = measured(engine, files)
    assert days == days_of(found, ZONES)
    assert len(days) > 10


def test_folders_may_be_called_anything(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "it's [1]* {a,b}?" / "stat_day=2020-01-01" / "corp_id=c9"
    folder.mkdir(parents=True)
    plain = Writer(tmp_path)
    sent = plain.file(Sent, [Sent("c1", "r1", "u1", AT)]).rename(folder / "a.parquet")
    gone = plain.file(Withdrawn, [Withdrawn("c1", "r1", AT)]).rename(folder / "b.parquet")
    plain.close()
    assert measured(engine, {Sent: [sent]}) == {("c1", "20240301"): (1, 1, 0)}
    assert found_once(engine.places_of_reports([gone], [sent])) == {("c1", "20240301")}


def test_many_files_are_no_obstacle(engine: Engine, writer: Writer) -> None:
    files = [writer.file(Sent, [Sent("c1", f"r{n}", f"u{n % 7}", AT)]) for n in range(300)]
    assert measured(engine, {Sent: files}) == {("c1", "20240301"): (300, 7, 0)}


def test_a_file_that_cannot_be_read_is_a_lake_error(engine: Engine, writer: Writer, tmp_path: Path) -> None:
    good = writer.file(Sent, [Sent("c1", "r1", "u1", AT)])
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(good.read_bytes()[:-20])
    for bad in (damaged, tmp_path / "absent.parquet"):
        with pytest.raises(LakeError, match="lake"):
            list(engine.kpis([good, bad], [], []))
        with pytest.raises(LakeError, match="lake"):
            list(engine.places_of_reports([bad], [good]))
        with pytest.raises(LakeError, match="lake"):
            engine.merge("sent", [good, bad], tmp_path / "merged.parquet")
        with pytest.raises(LakeError, match="lake"):
            engine.holding("sent", [bad], Subject("c1"))
    assert measured(engine, {Sent: [good]}) == {("c1", "20240301"): (1, 1, 0)}


# What Spark alone can do wrong.

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
        options = ["--engine", "spark", "--spark-master", spark_cluster.master, "--data", remote.path, "--json"]
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
        for kind in KIND_NAMES:
            merged = tmp_path / f"{kind}.parquet"
            here.merge(kind, [*platform.lake.paths(kind), *([odd] if kind == "sent" else [])], merged)
            schema = ", ".join(f"{name} {types[type_]}" for name, type_ in DUCKDB_COLUMNS[kind].items())
            for path in (merged, platform.lake.paths(kind)[0]):
                texts = [
                    f"epoch_us({name})" if type_ == "timestamptz" else f"{name}::varchar"
                    for name, type_ in DUCKDB_COLUMNS[kind].items()
                ]
                expected = duckdb.sql(f"select {', '.join(texts)} from read_parquet('{path}') order by all limit 500")
                texts = [text.replace("epoch_us", "unix_micros").replace("::varchar", "") for text in texts]
                texts[1] = "cast(stat_day as string)"
                found = session.read.schema(schema).parquet(str(path)).selectExpr(*texts).collect()
                assert sorted(map(tuple, found), key=_nulls_last)[:500] == expected.fetchall()


def _nulls_last(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple((cell is None, cell) for cell in row)


def children_of(process: int) -> list[Path]:
    """The processes that a process has started, as folders of ``/proc``."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
            found += [path] * (f"\nPPid:\t{process}\n" in (path / "status").read_text("utf-8"))
    return found


def test_spark_begins_anew_when_its_driver_has_died(engine: Engine, writer: Writer) -> None:
    if not isinstance(engine, SparkEngine):
        pytest.skip("DuckDB has no cluster")
    sent = writer.file(Sent, [Sent("c1", "r1", "u1", AT)])
    expected = {("c1", "20240301"): (1, 1, 0)}
    assert measured(engine, {Sent: [sent]}) == expected
    (jvm,) = [child for child in children_of(os.getpid()) if b"SparkSubmit" in (child / "cmdline").read_bytes()]
    os.kill(int(jvm.name), signal.SIGKILL)
    with pytest.raises(EngineError, match="Spark") as raised:
        measured(engine, {Sent: [sent]})
    assert raised.value.hint
    assert measured(engine, {Sent: [sent]}) == expected

"""The lake in object storage: shared by machines, through trouble, with a bounded cache, and all commands on it."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from reportdata.catalogue import REPORT_DATA
from reportdata.cli import cli
from reportdata.days import Coverage
from reportdata.engines import Subject
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.errors import LakeError
from reportdata.facts import KINDS
from reportdata.facts import Fact as Pushed
from reportdata.inbox.folder import FolderWriter
from reportdata.lake.local import LocalLake
from reportdata.lake.s3 import DAY, S3Lake
from tests.support.folders import Folder, run
from tests.support.killing import ZONES, Killing
from tests.support.lakes import Later, add, contents, read, replace
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.paths import ROOT
from tests.support.storage import Trouble, client
from tests.support.writing import write

AT = datetime(2024, 3, 5, 4, tzinfo=UTC)


def facts_of(number: int) -> set[Fact]:
    """Some facts of several days and two organisations, one of them withdrawn."""
    rng = random.Random(number)
    found: set[Fact] = set()
    for _ in range(40):
        corp, at = rng.choice(["c1", "c2"]), AT + timedelta(hours=rng.randrange(96))
        report = f"r{rng.randrange(30)}"
        found.add(rng.choice([Sent, Commented])(corp, report, f"user-{rng.randrange(6)}-x", at))
    sent = sorted((fact for fact in found if isinstance(fact, Sent)), key=str)[0]
    return found | {Withdrawn(sent.corp_id, sent.report_id, sent.at + timedelta(days=1))}


@pytest.fixture
def remote(tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """A data folder whose lake is in object storage; commands find that in their environment."""
    monkeypatch.setenv("REPORTDATA_LAKE", storage)
    made = Folder(tmp_path / "data", lake_at=storage)
    for corp_id, zone in ZONES.items():
        made.add_organisation(corp_id, str(zone))
    yield made
    made.store.close()


def said(folder: Folder, *arguments: object) -> Any:
    done = run(folder, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def files_of(facts: set[Fact], place: Path) -> list[Path]:
    return [path for path, _ in write(place, sorted(facts, key=str), "jsonl", "iso", ZONES)]


def keys(endpoint: str, address: str) -> list[str]:
    """All keys below an address, as another client sees them."""
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    pages = client(endpoint).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/")
    return [found["Key"].removeprefix(f"{prefix}/") for page in pages for found in page.get("Contents", [])]


def test_every_command_works_on_it(remote: Folder, storage: str, storage_server: str, tmp_path: Path) -> None:
    everything = facts_of(1) | facts_of(2)
    for number in (1, 2):
        done = said(remote, "import", *files_of(facts_of(number), tmp_path / str(number)))
    assert done["added"] == len(facts_of(2) - facts_of(1))
    assert remote.days() == days_of(everything, ZONES)
    assert not (remote.path / "lake").exists()
    assert {key.partition("/")[0] for key in keys(storage_server, storage)} == {*KINDS, "coverage", "log"}
    # Again: nothing is added; and an empty cache is filled anew.
    shutil.rmtree(remote.settings.lake)
    assert said(remote, "import", *files_of(facts_of(1), tmp_path / "1"))["added"] == 0
    status = said(remote, "status")
    assert (status["staleDays"], status["lakeBytes"]) == ([], remote.lake.size())
    assert said(remote, "refresh", "--from", "20240301")["changed"] == 0

    packed = said(remote, "compact", "--all")
    assert packed["filesAfter"] < packed["filesBefore"]
    assert packed["filesToRemove"] > 0  # for a day
    assert remote.days() == days_of(everything, ZONES)
    assert said(remote, "status")["staleDays"] == []
    checks = {check["check"]: check for check in said(remote, "doctor")["checks"]}
    assert (checks["lake"]["state"], checks["stale days"]["state"]) == ("ok", "ok")

    said(remote, "backup", tmp_path / "backup")
    command = ["restore", str(tmp_path / "backup"), "--data", str(tmp_path / "new"), "--json"]
    restored = CliRunner().invoke(cli, command)
    assert restored.exit_code == 0, restored.output
    assert json.loads(restored.stdout)["daysComputed"] == []
    local = Folder(tmp_path / "new")
    with closing(local.store):
        assert isinstance(local.lake, LocalLake)
        assert local.days() == days_of(everything, ZONES)
        assert local.lake.size() == remote.lake.size()

    forgotten = said(remote, "forget", "--corp", "c1", "--user", "user-1-x", "--yes")
    assert forgotten["found"] == []
    left = {fact for fact in everything if (fact.corp_id, getattr(fact, "user_id", "")) != ("c1", "user-1-x")}
    assert remote.days() == days_of(left, ZONES)
    forgotten = said(remote, "forget", "--corp", "c2", "--yes")
    assert forgotten["found"] == []
    assert {corp for corp, _ in remote.days()} == {"c1"}
    # What was replaced is gone at once, here and there.
    assert remote.lake.replaced() == []
    kept = {key for key in keys(storage_server, storage) if not key.startswith("log/")}
    assert kept == {
        path.relative_to(remote.settings.lake / "copies").as_posix()
        for paths in (*(remote.lake.paths(kind) for kind in KINDS), remote.lake.observations())
        for path in paths
    }


def test_what_is_pushed_is_taken_up_by_a_worker(remote: Folder, tmp_path: Path) -> None:
    at = int(AT.timestamp() * 1e6)
    fact = Pushed(kind="sent", corp_id="c1", report_id="r1", user_id="u1", at=at, stat_day="20240305")
    with closing(FolderWriter(remote.settings.inbox, time.time)) as inbox:
        inbox.append(msgspec.json.encode(fact) + b"\n").result(timeout=30)
    done = run(remote, "work", "--once")
    assert done.exit_code == 0, done.output
    assert remote.days() == {("c1", "20240305"): (1, 1, 0)}


def test_an_engine_computes_the_same_from_it(remote: Folder, folder: Folder, tmp_path: Path) -> None:
    files = files_of(facts_of(3), tmp_path / "3")
    local = Folder(tmp_path / "local")
    with closing(local.store):
        for corp_id, zone in ZONES.items():
            local.add_organisation(corp_id, str(zone))
        for each in (local, remote):
            each.import_(*files, refresh=False)
        answers = []
        for each in (local, remote):
            paths = [each.lake.paths(kind) for kind in KINDS]
            with closing(DuckDBEngine(tmp_path / "spill", each.lake)) as engine:
                holding = engine.holding("sent", paths[0], Subject("c1"))
                merged = tmp_path / "merged.parquet"
                count = engine.merge("sent", paths[0], merged)
                merged.unlink()
                answers.append(
                    (
                        list(engine.kpis(*paths)),
                        list(engine.kpis(*paths, ["c1"])),
                        set(engine.places(paths[0], paths[1])),
                        set(engine.places_of_reports(paths[2], paths[0])),
                        {path.parent.name for path in holding},
                        count,
                    )
                )
        assert answers[0] == answers[1]
        assert all(answers[0])


def test_programs_elsewhere_are_told_uris(remote: Folder, storage: str, storage_server: str) -> None:
    add(remote.lake, ("sent", "20240101", b"one"))
    (path,) = remote.lake.paths("sent")
    uri = remote.lake.uri(path)
    assert uri.startswith(storage.replace("s3://", "s3a://") + "/sent/stat_day=2024-01-01/")
    bucket, _, key = uri.removeprefix("s3a://").partition("/")
    assert client(storage_server).get_object(Bucket=bucket, Key=key)["Body"].read() == b"one"


@pytest.fixture
def machines(tmp_path: Path, storage: str) -> tuple[S3Lake, S3Lake, Later]:
    """The same lake as two machines see it."""
    clock = Later()
    one, other = (S3Lake(tmp_path / name / "lake", storage, clock=clock) for name in ("one", "other"))
    return one, other, clock


def sweep(lake: S3Lake) -> int | None:
    with lake.refreshing():
        return lake.sweep()


def test_what_one_machine_acknowledged_all_see(machines: tuple[S3Lake, S3Lake, Later]) -> None:
    one, other, clock = machines
    for number in range(3):
        add(one, ("sent", "20240101", b"%d" % number))
        assert len(other.paths("sent")) == number + 1
        other.observe([Coverage("c1", "20240101", f"2024010{number + 1}")])
        assert len(one.coverage()) == number + 1
    with other.reading():
        old = other.paths("sent")
        merged = replace(one, one.paths("sent"), b"all")
        assert merged is not None
        # One listing holds until the reader is done, and what it names can be read for a day.
        assert other.paths("sent") == old
        assert sweep(one) == 0
        assert sorted(read(other, old)) == [b"0", b"1", b"2"]
    assert contents(other, other.files("sent")) == {"20240101": [b"all"]}
    with pytest.raises(LakeError, match="another machine merged them"):
        replace(other, old, b"more")
    clock.ahead = DAY + 60
    assert sweep(one) == 3
    assert sweep(other) == 0
    assert [path.name for path in (other.root / "copies").rglob("*.parquet")] == [merged.name]
    with other.reading(), pytest.raises(LakeError, match="was removed meanwhile"):
        read(other, old)
    assert contents(other, other.files("sent")) == {"20240101": [b"all"]}


def test_what_a_dead_import_uploaded_never_counts_and_goes_after_a_day(
    machines: tuple[S3Lake, S3Lake, Later], storage: str, storage_server: str
) -> None:
    one, other, clock = machines
    add(one, ("sent", "20240101", b"one"))
    with one.incoming() as incoming:
        place = incoming.folder / "sent" / "stat_day=2024-01-02"
        place.mkdir(parents=True)
        (place / "a.parquet").write_bytes(b"never finished")
        one._upload({place / "a.parquet": "sent/stat_day=2024-01-02/left.parquet"})
    left = "sent/stat_day=2024-01-02/left.parquet"
    assert sweep(other) == 0
    assert left in keys(storage_server, storage)
    assert (list(other.days()), other.size()) == (["20240101"], 3)
    clock.ahead = DAY + 60
    assert sweep(other) == 0
    assert left not in keys(storage_server, storage)
    assert contents(one, one.files("sent")) == {"20240101": [b"one"]}


def test_the_cache_is_bounded_and_nothing_that_is_read_leaves_it(tmp_path: Path, storage: str) -> None:
    lake = S3Lake(tmp_path / "lake", storage, cache=4000)
    for number in range(10):
        add(lake, ("sent", f"202401{number + 10}", b"%d" % number * 1000))

    def kept() -> int:
        return sum(path.stat().st_size for path in (tmp_path / "lake" / "copies").rglob("*") if path.is_file())

    assert kept() <= 4000
    paths = lake.paths("sent")
    parts = [list(part) for part in lake.parts(paths)]
    assert list(itertools.chain(*parts)) == list(paths)
    assert max(map(len, parts)) == 1
    with ExitStack() as held:
        places = [held.enter_context(lake.located([path]))[0] for path in paths]
        assert kept() <= 4000
        assert [place.read_bytes() for place in places] == [b"%d" % number * 1000 for number in range(10)]
    # What was used last is what stays.
    read(lake, paths[:1])
    read(lake, paths[5:7])
    assert {path.name for path in (tmp_path / "lake" / "copies").rglob("*.parquet")} >= {
        path.name for path in (*paths[:1], *paths[5:7])
    }


@pytest.mark.parametrize("damage", [b"ones", b"oni", b"", None])
def test_an_object_that_is_not_what_was_added_is_refused(
    tmp_path: Path, storage: str, storage_server: str, damage: bytes | None
) -> None:
    lake = S3Lake(tmp_path / "lake", storage)
    add(lake, ("sent", "20240101", b"one"))
    shutil.rmtree(lake.root / "copies")
    (path,) = lake.paths("sent")
    bucket, _, key = lake.uri(path).removeprefix("s3a://").partition("/")
    if damage is None:
        client(storage_server).delete_object(Bucket=bucket, Key=key)
    else:
        client(storage_server).put_object(Bucket=bucket, Key=key, Body=damage)
    with pytest.raises(LakeError, match=r"is not (what was added|there)"):
        read(lake, [path])
    assert lake.damaged() == ([] if damage == b"oni" else [f"s3://{bucket}/{key}"])
    assert not list((lake.root / "copies").rglob("*.parquet"))


@pytest.mark.parametrize("actions", [["500", "503", "cut", "lose"], ["half", "slow"]])
def test_trouble_that_passes_is_not_noticed(
    tmp_path: Path, storage: str, storage_server: str, monkeypatch: pytest.MonkeyPatch, actions: list[str]
) -> None:
    rng = random.Random(5)

    def next_action(method: str, path: str) -> str:
        action = rng.choice([*actions, "pass", "pass"])
        if action == "slow":
            time.sleep(rng.uniform(0, 0.5))
        return "pass" if action == "slow" or (action == "half" and method != "GET") else action

    with Trouble(storage_server, next_action) as trouble:
        monkeypatch.setenv("AWS_ENDPOINT_URL", trouble.endpoint)
        lake = S3Lake(tmp_path / "lake", storage)
        for number in range(4):
            add(lake, ("sent", "20240101", b"%d" % number * 1000), ("commented", "20240101", b"c%d" % number))
        lake.observe([Coverage("c1", "20240101", "20240102")])
        replace(lake, lake.paths("sent"), b"all")
        shutil.rmtree(lake.root / "copies")
        expected = {"20240101": [b"all"]}, {"20240101": [b"c0", b"c1", b"c2", b"c3"]}
        assert (contents(lake, lake.files("sent")), contents(lake, lake.files("commented"))) == expected
        assert lake.coverage() == {Coverage("c1", "20240101", "20240102")}
    assert all(trouble.seen[action] for action in actions if action != "slow")


@pytest.mark.parametrize("action", ["500", "503", "cut", "lose", "403"])
def test_trouble_that_stays_is_a_clear_error_and_nothing_acknowledged_is_lost(
    tmp_path: Path, storage: str, storage_server: str, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    troubled: list[str] = []

    def next_action(method: str, path: str) -> str:
        return action if troubled and troubled[0] in f"{method} {path}" else "pass"

    with Trouble(storage_server, next_action) as trouble:
        monkeypatch.setenv("AWS_ENDPOINT_URL", trouble.endpoint)
        lake = S3Lake(tmp_path / "lake", storage, patience=1.0)
        add(lake, ("sent", "20240101", b"one"))
        for place in ("PUT /facts/", "log/"):
            troubled[:] = [place]
            began = time.monotonic()
            with pytest.raises(LakeError, match=r"s3://facts/.* cannot be (written|listed|read): ") as caught:
                add(lake, ("sent", "20240101", b"two"))
            assert time.monotonic() - began < 60
            assert "\n" not in caught.value.message
            assert "AWS_" in caught.value.hint
            assert "Debug" not in caught.value.message
            troubled.clear()
            # A write whose answer was lost may be there: facts are a set, so that it does no harm.
            assert b"one" in contents(lake, lake.files("sent"))["20240101"]
        add(lake, ("sent", "20240101", b"two"))
        assert set(contents(lake, lake.files("sent"))["20240101"]) == {b"one", b"two"}


def test_a_bucket_that_is_not_there_is_named(tmp_path: Path, storage: str) -> None:
    lake = S3Lake(tmp_path / "lake", "s3://nowhere/prefix", patience=2.0)
    with pytest.raises(LakeError, match=r"s3://nowhere/prefix cannot be listed: .*NoSuchBucket") as caught:
        lake.days()
    assert "make the bucket" in caught.value.hint


def test_commands_say_what_is_wrong_with_an_address(folder: Folder) -> None:
    for address, reason in (("gs://a/b", "is not known"), ("s3://", "s3://BUCKET/PREFIX")):
        done = run(folder, "status", "--lake", address)
        assert done.exit_code != 0
        assert reason in done.output + done.stderr


def test_a_lake_may_lie_in_another_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", lake_at=str(tmp_path / "shared" / "facts"))
    with closing(folder.store):
        folder.add_organisation("c1")
        path = tmp_path / "sent.jsonl"
        path.write_text('{"corp_id":"c1","report_id":"r1","user_id":"u1","sent_at":"2024-03-05T10:00:00+08:00"}\n')
        done = run(folder, "import", path, "--lake", tmp_path / "shared" / "facts")
        assert done.exit_code == 0, done.output
        assert folder.days() == {("c1", "20240305"): (1, 1, 0)}
        assert not (tmp_path / "data" / "lake").exists()
        done = run(folder, "backup", tmp_path / "backup", "--lake", tmp_path / "shared" / "facts")
        assert done.exit_code == 0, done.output


# Each command is a fork of this process, so that it starts at once; it kills itself before the request of that number
# that changes something, 0 for none.
STEPPING = """
import faulthandler, json, os, signal, sys, threading
import duckdb, obstore, obstore.store, obstore.exceptions, msgspec
import reportdata.cli.importing, reportdata.cli.compaction, reportdata.lake.s3, reportdata.engines.duckdb
from reportdata.cli import cli
faulthandler.enable()
REQUESTS = {id(call) for call in (obstore.put, obstore.delete)}
for line in sys.stdin:
    left, out, command = json.loads(line)
    child = os.fork()
    if child == 0:
        def count(_frame, event, called):
            global left
            if event == "c_call" and id(called) in REQUESTS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.stdout = open(out, "w")
        if left:
            threading.setprofile(count)
            sys.setprofile(count)
        try:
            cli(command)
        finally:  # the interpreter ends as it does without counting
            threading.setprofile(None)
            sys.setprofile(None)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def test_a_kill_before_any_step_of_an_import_or_a_compaction_loses_and_spoils_nothing(
    remote: Folder, tmp_path: Path, storage: str, storage_server: str
) -> None:
    killing = Killing(remote, tmp_path, 20261126, ["jsonl"])
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", STEPPING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    ) as forks:

        def steps(command: list[str], step: int) -> bool:
            """Run a command that is killed before a step; whether it was."""
            print(json.dumps([step, str(out), command]), file=forks.stdin, flush=True)
            status = int(forks.stdout.readline())  # type: ignore[union-attr]
            assert status in ((0, 9) if step else (0,)), out.read_text()
            killing.killed += status != 0
            return status != 0

        killing.settle(killing.next_batch(), lambda batch: _imported(steps, killing, batch, out))
        batch = killing.next_batch(2)
        for step in itertools.count(1):
            before, shown, observed = killing.lake(), killing.numbers(), remote.lake.coverage()
            killed = steps(killing.command("import", *batch.files), step)
            if said := out.read_text():
                killing.report(said, batch)
            killing.check(before, shown, *batch.parts)
            if (killing.lake(), remote.lake.coverage()) != (before, observed):
                killing.settle(batch, lambda batch: _imported(steps, killing, batch, out))
                batch = killing.next_batch(2)
            if not killed:
                break
        assert killing.killed > 5
        facts, numbers = killing.lake(), killing.numbers()
        for step in itertools.count(1):
            killed = steps(killing.command("compact", "--all"), step)  # type: ignore[arg-type]
            assert killing.lake() == facts
            assert killing.numbers() == numbers
            if not killed:
                break
    remote.refresh()
    assert killing.numbers() == numbers
    assert remote.days() == days_of(facts, ZONES)
    # Nothing has to be repaired; what was uploaded for nothing goes by itself.
    lake = S3Lake(remote.settings.lake, storage, clock=lambda: time.time() + 3 * DAY)
    with lake.refreshing():
        lake.sweep()
    whole = {path.name for kind in KINDS for path in lake.paths(kind)} | {path.name for path in lake.observations()}
    assert {Path(key).name for key in keys(storage_server, storage) if not key.startswith("log/")} == whole
    assert killing.lake() == facts


def _imported(steps: Any, killing: Killing, batch: Any, out: Path) -> str:
    assert not steps(killing.command("import", *batch.files), 0)
    return out.read_text()


def test_machines_that_add_and_merge_at_once_lose_nothing(tmp_path: Path, storage: str) -> None:
    """Without any lock between them."""
    over = threading.Event()
    failed: list[BaseException] = []

    def adding(name: str) -> None:
        lake = S3Lake(tmp_path / name, storage)
        for number in range(12):
            add(lake, ("sent", "20240101", f"{name}-{number}\n".encode()))

    def merging(name: str) -> None:
        lake = S3Lake(tmp_path / name, storage)
        while not over.is_set():
            with lake.reading():
                files = lake.paths("sent")[:4]
                if len(files) < 2:
                    continue
                lines = {line for content in read(lake, files) for line in content.splitlines(keepends=True)}
                try:
                    replace(lake, files, b"".join(sorted(lines)))
                except LakeError as error:
                    assert "another machine" in error.message  # noqa: PT017

    def noting(work: Any, name: str) -> None:
        try:
            work(name)
        except BaseException as error:
            failed.append(error)

    writers = [threading.Thread(target=noting, args=(adding, f"w{number}")) for number in range(3)]
    mergers = [threading.Thread(target=noting, args=(merging, f"m{number}")) for number in range(2)]
    for thread in (*writers, *mergers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in mergers:
        thread.join()
    assert not failed
    lake = S3Lake(tmp_path / "reader", storage)
    found = {line for content in read(lake, lake.paths("sent")) for line in content.decode().splitlines()}
    assert found == {f"w{writer}-{number}" for writer in range(3) for number in range(12)}


def test_without_the_extra_nothing_of_it_is_imported_and_it_is_named(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c1")
    path = tmp_path / "sent.jsonl"
    path.write_text('{"corp_id":"c1","report_id":"r1","user_id":"u1","sent_at":"2024-03-05T10:00:00+08:00"}\n')
    program = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in ('obstore', 'boto3', 'botocore', 'moto'):\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "from reportdata.cli import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run([*command, "import", path, "--data", folder.path], capture_output=True, text=True)
    assert (done.returncode, folder.days()) == (0, {("c1", "20240305"): (1, 1, 0)}), done.stderr
    remote = [*command, "status", "--data", str(folder.path), "--lake", "s3://bucket/facts"]
    done = subprocess.run(remote, capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs the package obstore" in done.stderr
    assert "pip install 'reportdata[s3]'" in done.stderr


def test_only_the_extra_needs_an_s3_library() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [name for name in project["dependencies"] if name.startswith(("obstore", "boto", "s3"))]
    assert [name.partition(">")[0] for name in project["optional-dependencies"]["s3"]] == ["obstore"]
    assert REPORT_DATA

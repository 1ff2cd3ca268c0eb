"""All commands on a lake in object storage, and what is said without the package for it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.engines import Subject
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.inbox.folder import FolderWriter
from reportdata.lake.local import LocalLake
from reportdata.services import REPORTS as REPORT_DATA
from tests.support.folders import Folder, run
from tests.support.lakes import add, all_paths
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.paths import ROOT
from tests.support.services import COMMENTED, SENT, WITHDRAWN, fact, kpis, lines_of
from tests.support.services import NAMES as KINDS
from tests.support.storage import client, keys
from tests.support.waiting import SOON
from tests.support.witness import ZONES
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


def said(folder: Folder, *arguments: object) -> Any:
    done = run(folder, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def files_of(facts: set[Fact], place: Path) -> list[Path]:
    return [path for path, _ in write(place, sorted(facts, key=str), "jsonl", "iso", ZONES)]


@pytest.mark.slow
def test_every_command_works_on_it(remote: Folder, storage: str, storage_server: str, tmp_path: Path) -> None:
    everything = facts_of(1) | facts_of(2)
    for number in (1, 2):
        done = said(remote, "import", *files_of(facts_of(number), tmp_path / str(number)))
    assert done["added"] == len(facts_of(2) - facts_of(1))
    assert remote.days() == days_of(everything, ZONES)
    assert not (remote.path / "lake").exists()
    folders = {key.partition("/")[0] for key in keys(storage_server, storage)}
    assert folders == {*KINDS, "coverage", "coverage-repeats", "log"}
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
    assert kept == {path.relative_to(remote.settings.lake / "copies").as_posix() for path in all_paths(remote.lake)}


def test_a_damaged_object_makes_no_number_and_is_brought_back(
    remote: Folder, storage: str, storage_server: str, tmp_path: Path
) -> None:
    said(remote, "import", *files_of(facts_of(1), tmp_path / "1"))
    said(remote, "backup", tmp_path / "backup")
    before = remote.days()
    bucket, _, prefix = storage.removeprefix("s3://").partition("/")
    key = next(key for key in keys(storage_server, storage) if key.startswith("sent/"))
    objects = client(storage_server)
    content = objects.get_object(Bucket=bucket, Key=f"{prefix}/{key}")["Body"].read()
    objects.put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=content[:99] + b"x" + content[100:])
    (remote.settings.lake / "copies" / key).write_bytes(content[:-1])  # the copy is damaged, too
    done = run(remote, "refresh", "--from", "20240301")
    assert (done.exit_code, f"{storage}/{key}" in done.output) == (1, True)
    assert remote.days() == before
    assert {one.file for one in remote.store.damage()} == {f"{storage}/{key}"}
    assert f"{storage}/{key}" in run(remote, "doctor", "--thorough", "--json").stdout
    assert said(remote, "repair", "--from", tmp_path / "backup")["broughtBack"] == [f"{storage}/{key}"]
    assert said(remote, "refresh", "--from", "20240301")["changed"] == 0
    assert remote.days() == before
    assert remote.store.damage() == []


def test_what_is_pushed_is_taken_up_by_a_worker(remote: Folder, tmp_path: Path) -> None:
    at = int(AT.timestamp() * 1e6)
    pushed = fact("sent", "c1", at, "20240305", report_id="r1", user_id="u1")
    with closing(FolderWriter(remote.settings.inbox, time.time)) as inbox:
        inbox.append(lines_of([pushed])).result(SOON)
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
            sent, commented, withdrawn = (each.lake.paths(kind) for kind in KINDS)
            with closing(DuckDBEngine(tmp_path / "spill", each.lake)) as engine:
                holding = engine.holding(SENT, sent, Subject("c1"))
                merged = tmp_path / "merged.parquet"
                count = engine.merge(SENT, dict.fromkeys(sent, 0.0), merged)
                merged.unlink()
                answers.append(
                    (
                        kpis(engine, sent, commented, withdrawn),
                        kpis(engine, sent, commented, withdrawn, ["c1"]),
                        set(engine.places({SENT: sent, COMMENTED: commented})),
                        set(engine.retracted(WITHDRAWN, SENT, withdrawn, sent)),
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


@pytest.mark.whole
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

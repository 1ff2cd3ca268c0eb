"""How ``doctor`` tells what it finds."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from reportdata.cli.doctor import examine
from reportdata.cli.doctor.findings import Examined, Finding, State
from reportdata.settings import Settings
from tests.support.examining import look, one
from tests.support.folders import Folder, run


def test_all_is_well_and_nothing_is_changed(healthy: Folder) -> None:
    def state() -> dict[Path, bytes | None]:
        paths = [path for path in healthy.path.rglob("*") if not path.name.endswith("-shm")]
        return {path: path.read_bytes() if path.is_file() else None for path in paths}

    before = state()
    result = run(healthy, "doctor", "--json")
    found = json.loads(result.stdout)
    assert state() == before
    names = "data folder, rights, owner, disk, inodes, lake, leftovers, backups, store, time zones, organisations"
    names += ", stale days, corrections, identities, collecting, apps"
    assert [check["check"] for check in found["checks"]] == [*names.split(", "), "clock", "open files"]
    of_machine = {"disk", "inodes", "open files"}
    assert {check["state"] for check in found["checks"] if check["check"] not in of_machine} == {"ok"}, found
    assert found["ok"] == (result.exit_code == 0)


def test_only_what_does_not_work_makes_it_exit_with_1(healthy: Folder) -> None:
    failing = any(finding.state is State.FAIL for own in look(healthy).values() for finding in own)
    assert run(healthy, "doctor").exit_code == int(failing)
    healthy.path.chmod(0o755)
    warned = run(healthy, "doctor")
    assert warned.exit_code == int(failing)
    assert "chmod 700" in " ".join(warned.output.split())
    healthy.store.close()
    healthy.settings.store.unlink()
    assert run(healthy, "doctor").exit_code == 1
    assert json.loads(run(healthy, "doctor", "--json").stdout)["ok"] is False


@pytest.mark.whole
def test_states_are_coloured_on_a_terminal_only(healthy: Folder) -> None:
    plain = run(healthy, "doctor").output
    assert "\x1b" not in plain
    assert " ok " in plain
    command = [sys.executable, "-m", "reportdata", "doctor", "--data", str(healthy.path)]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    environment = {name: value for name, value in environment.items() if name not in ("NO_COLOR", "CI")}
    with subprocess.Popen(command, stdout=theirs, env=environment):
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65_536):
                shown += part
    os.close(ours)
    assert re.search(rb"\x1b\[32mok *\x1b\[0m", shown)


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path, said in ((tmp_path / "nowhere", "there is no folder"), (tmp_path / "file", "is a file")):
        found = look(path)
        assert said in one(found, "data folder", State.FAIL).found
        assert set(found) == {"data folder", "clock", "open files"}


def test_a_database_is_looked_at_where_there_is_no_folder(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "nowhere", database="postgresql://nobody@127.0.0.1:1/none")
    found: dict[str, list[Finding]] = {}
    for name, finding in examine(Examined(settings, time.time())):
        found.setdefault(name, []).append(finding)
    assert "mkdir -m 700" in one(found, "data folder", State.FAIL).advice
    assert "org add" not in one(found, "data folder", State.FAIL).advice
    assert "127.0.0.1" in one(found, "store", State.FAIL).found


def test_pipes_in_the_place_of_files_are_told_and_not_waited_for(healthy: Folder) -> None:
    os.mkfifo(healthy.path / "backups.jsonl")
    healthy.settings.audit.mkdir(exist_ok=True)
    os.mkfifo(healthy.settings.audit / "2020-01-01.jsonl")
    healthy.settings.inbox.mkdir(exist_ok=True)
    os.mkfifo(healthy.settings.inbox / "20200101T000000-a.jsonl")
    found = look(healthy, thorough=True)
    for name in ("backups", "reads", "inbox"):
        assert any("no regular file" in finding.found for finding in found[name]), found[name]

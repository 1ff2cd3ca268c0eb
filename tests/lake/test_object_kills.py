"""Imports into object storage, and compactions of it, that are killed before any of their steps."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from reportdata.lake import DAY
from reportdata.lake.s3 import S3Lake
from tests.support.folders import Folder
from tests.support.lakes import all_paths
from tests.support.oracle import days_of
from tests.support.storage import keys
from tests.support.witness import ZONES, Witness

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


@pytest.mark.parametrize("every", [16, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_before_any_step_of_an_import_or_a_compaction_loses_and_spoils_nothing(
    remote: Folder, tmp_path: Path, storage: str, storage_server: str, every: int
) -> None:
    killing = Witness(remote, tmp_path, 20261126, ["jsonl"])
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
        for step in itertools.count(1, every):
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
        assert killing.killed > 5 // every
        facts, numbers = killing.lake(), killing.numbers()
        for step in itertools.count(1, every):
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
    whole = {path.name for path in all_paths(lake)}
    assert {Path(key).name for key in keys(storage_server, storage) if not key.startswith("log/")} == whole
    assert killing.lake() == facts


def _imported(steps: Any, killing: Witness, batch: Any, out: Path) -> str:
    assert not steps(killing.command("import", *batch.files), 0)
    return out.read_text()

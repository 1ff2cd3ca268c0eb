"""Killed at any moment, an import or a refresh loses nothing that was reported, shows nothing that the facts do not
say, and leaves nothing to repair."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.folders import Folder
from tests.support.witness import STEPPING, Batch, Killing

ROUNDS = 25
AHEAD = 2  # days that a killed import is ahead of the next one, which thus does not cover the same


@pytest.mark.parametrize("seed", [20261122, 20261123])
def test_a_kill_at_any_moment_loses_and_spoils_nothing(folder: Folder, tmp_path: Path, seed: int) -> None:
    killing = Killing(folder, tmp_path, seed)
    killing.settle(killing.next_batch(), killing.run)
    for number in range(ROUNDS):
        try:
            batch, before, shown = killing.next_batch(AHEAD), killing.lake(), killing.numbers()
            if killing.rng.random() < 0.3:
                folder.import_(*batch.files, refresh=False)
                killing.reported |= batch.facts
                killing.kill("refresh")
            else:
                killing.kill("import", batch)
            killing.check(before, shown, *batch.parts)
            killing.settle(batch if killing.rng.random() < 0.5 else killing.next_batch(), killing.run)
        except BaseException as error:
            error.add_note(f"in round {number} of seed {seed}, killed after {killing.delay:.3f} s")
            raise
    assert killing.killed > ROUNDS // 5
    killing.finish()


def test_a_kill_before_any_step_of_an_import_loses_and_spoils_nothing(folder: Folder, tmp_path: Path) -> None:
    killing = Killing(folder, tmp_path, 20261124, ["jsonl"])
    out = tmp_path / "out"
    command = [sys.executable, "-c", STEPPING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None

        def run(batch: Batch, step: int = 0) -> str:
            asked = json.dumps([step, str(out), killing.command("import", *batch.files)])
            print(asked, file=forks.stdin, flush=True)
            status = int(forks.stdout.readline())  # type: ignore[union-attr]
            assert status in ((0, signal.SIGKILL) if step else (0,))
            killing.killed += status != 0
            return out.read_text()

        killing.settle(killing.next_batch(), run)
        step, whole, batch = 0, 0, killing.next_batch(AHEAD)
        while whole < 3:  # batches differ a little in their steps
            step += 1
            try:
                before, shown, observed = killing.lake(), killing.numbers(), folder.lake.coverage()
                killed = killing.killed
                if said := run(batch, step):
                    killing.report(said, batch)
                whole += killing.killed == killed
                killing.check(before, shown, *batch.parts)
                if (killing.lake(), folder.lake.coverage()) != (before, observed):
                    killing.settle(batch if step % 2 else killing.next_batch(), run)
                    batch = killing.next_batch(AHEAD)
            except BaseException as error:
                error.add_note(f"killed before step {step}")
                raise
    assert killing.killed > 50

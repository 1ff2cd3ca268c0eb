"""Killed at any moment, an import or a refresh loses nothing that was reported, shows nothing that the facts do not
say, and leaves nothing to repair."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.effort import tried
from tests.support.folders import Folder
from tests.support.forks import Forks, every, forking
from tests.support.witness import Witness

pytestmark = pytest.mark.whole

AHEAD = 2  # days that a killed import is ahead of the next one, which thus does not cover the same


@pytest.fixture
def forks(tmp_path: Path) -> Iterator[Forks]:
    """Commands that begin at once."""
    with forking(tmp_path / "forks") as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "kills"), [(20261122, tried(2, 100)), (20261123, 25)])
def test_a_kill_at_any_moment_loses_and_spoils_nothing(
    folder: Folder, tmp_path: Path, forks: Forks, seed: int, kills: int
) -> None:
    witness, rng = Witness(folder, tmp_path, seed), random.Random(seed)
    witness.settle(witness.next_batch())
    killed = dict.fromkeys(("import", "refresh"), 0)
    while min(killed.values()) < min(2, kills // 2) or sum(killed.values()) < kills:
        batch, before, shown = witness.next_batch(AHEAD), witness.lake(), witness.numbers()
        verb = "refresh" if rng.random() < 0.3 else "import"
        share = rng.uniform(0, 1.05)
        try:
            if verb == "refresh":
                folder.import_(*batch.files, refresh=False)
                witness.reported |= batch.facts
                ended = forks.run_for(share, *witness.command("refresh"))
            else:
                ended = forks.run_for(share, *witness.command("import", *batch.files))
                if ended.out.endswith("\n"):
                    witness.report(ended.out, batch)
            witness.check(before, shown, *batch.parts)
            witness.settle(batch if rng.random() < 0.5 else witness.next_batch())
        except BaseException as error:
            error.add_note(f"{verb} of seed {seed} after {killed}, for {share:.3f} of its time")
            raise
        killed[verb] += ended.killed
    witness.finish()


@pytest.mark.parametrize("stride", every(24))
def test_a_kill_before_any_step_of_an_import_loses_and_spoils_nothing(
    folder: Folder, tmp_path: Path, forks: Forks, stride: int
) -> None:
    witness = Witness(folder, tmp_path, 20261124, ["jsonl"])

    witness.settle(witness.next_batch())
    batch = witness.next_batch(AHEAD)
    steps = forks.steps_of(*witness.command("import", *batch.files))[::stride]
    witness.reported |= batch.facts
    witness.covered |= batch.days
    batch = witness.next_batch(AHEAD)
    for number, step in enumerate(steps):
        try:
            before, shown, observed = witness.lake(), witness.numbers(), folder.lake.coverage()
            ended = forks.run(*witness.command("import", *batch.files), before=step)
            witness.killed += ended.killed
            if ended.out:
                witness.report(ended.out, batch)
            witness.check(before, shown, *batch.parts)
            if (witness.lake(), folder.lake.coverage()) != (before, observed):
                witness.settle(batch if number % 2 else witness.next_batch())
                batch = witness.next_batch(AHEAD)
        except BaseException as error:
            error.add_note(f"killed before {step}")
            raise
    assert witness.killed > len(steps) // 2, "batches differ a little in their steps"
    witness.finish()

"""Every command that writes, killed before any of its system calls, or by a power failure after any of them: what was
acknowledged is there, no number is another than before or after, and the command, run again, ends what it began."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportdata.twin import Server
from tests.support.forks import Forks, forking
from tests.support.interrupted import Interruptions
from tests.support.tools import require_tool
from tests.support.writers import NAMES, SEED, Writing

pytestmark = [pytest.mark.tool, pytest.mark.slow]

KILLS, FAILURES = (int(os.environ.get(f"REPORTDATA_TESTS_{name}", "2")) for name in ("KILLS", "POWER_FAILURES"))
"""How many are tried of each command."""


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory, suite: Server) -> Iterator[Forks]:
    """Commands that begin at once, and may collect."""
    require_tool("strace")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REPORTDATA_DINGTALK_APP_SECRET", suite.twin.app_secret)
        with forking(tmp_path_factory.mktemp("forks") / "own") as found:
            yield found


@pytest.fixture(autouse=True)
def _secret(suite: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTDATA_DINGTALK_APP_SECRET", suite.twin.app_secret)


@pytest.mark.parametrize("name", NAMES)
def test_what_was_acknowledged_survives_and_the_rest_is_ended_by_the_same_command(
    forks: Forks, commands: dict[str, Writing], tmp_path: Path, name: str
) -> None:
    interruptions, rng = Interruptions(forks, tmp_path), random.Random(f"{SEED} {name}")
    traced = interruptions.trace(*commands[name])
    kills = interruptions.kill(traced, KILLS, rng)
    failures = interruptions.fail(traced, FAILURES, rng)
    print(f"{name}: {len(traced.trace.steps)} steps; kills {dict(kills)}; power failures {dict(failures)}")
    assert kills.total() == KILLS
    assert failures.total() == FAILURES

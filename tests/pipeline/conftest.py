"""What commands that are interrupted are tried on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from reportdata.twin import Habits, Server, Twin, running
from tests.support.writers import FIRST, LAST, Organisations, Writing, writing


@pytest.fixture(scope="module")
def suite() -> Iterator[Server]:
    """An organisation to collect."""
    habits = Habits(reports_per_day=5, popular=0.05)
    twin = Twin(people=8, habits=habits, first_day=FIRST, last_day=LAST, now=time.time(), rate=0, budget=0)
    twin.clock.set(speed=1.0)  # the clocks of collector and suite have to agree all the time
    with running(twin) as found:
        yield found


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, suite: Server) -> dict[str, Writing]:
    """All commands that write, by their names."""
    return writing(Organisations(tmp_path_factory.mktemp("files") / "own"), suite)

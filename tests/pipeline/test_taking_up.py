"""A worker that is killed before or after any durable step of taking up what was pushed loses nothing."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from reportdata.inbox.folder import FolderWriter
from reportdata.pipeline.working import Worker
from tests.support.folders import Folder
from tests.support.forks import every
from tests.support.services import fact, lines_of, working
from tests.support.steps import OF_FILES, killed_at, moments_of

AT = datetime.fromisoformat("2026-09-21T09:00:00+08:00")


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("stride", every(5))
def test_what_was_pushed_is_counted_whenever_the_worker_is_killed(tmp_path: Path, stride: int) -> None:
    pushed = Folder(tmp_path / "pushed")
    pushed.add_organisation("ding1")
    at = int(AT.timestamp() * 1_000_000)
    facts = [fact("sent", "ding1", at, "20260921", report_id=f"r{n}", user_id=f"u{n}") for n in range(3)]
    with closing(FolderWriter(pushed.settings.inbox, time.time)) as writer:
        writer.append(lines_of(facts)).result()
    pushed.store.close()

    def take_up(folder: Folder) -> None:
        with working(folder) as work:
            worker = Worker(work)
            while worker.step(time.time()):
                pass

    def copied(name: str) -> Folder:
        return Folder(shutil.copytree(pushed.path, tmp_path / name))

    with closing((counted := copied("counted")).store):
        moments = moments_of(lambda: take_up(counted), OF_FILES)
    assert moments > 10
    for moment in range(1, moments + 1, stride):
        folder = copied(f"killed-{moment}")
        with closing(folder.store):
            killed_at(moment, lambda folder=folder: take_up(folder), OF_FILES)  # type: ignore[misc]
            take_up(folder)
            assert folder.days() == {("ding1", "20260921"): (3, 3, 0)}, f"killed at {moment}"

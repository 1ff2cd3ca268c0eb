"""What changed a number whose files were damaged, and came back or were given up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportdata.errors import Damaged
from reportdata.pipeline.repairing import repair
from tests.support.changes import OTHER, changes_in, explained, sent, told
from tests.support.folders import Folder, run
from tests.support.services import working
from tests.support.taking_back import (
    Bring,
    Import,
    play,
)


def test_a_file_that_is_given_up(folder: Folder, played: Any) -> None:
    played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    lost = max(folder.lake.paths("sent"), key=lambda path: folder.lake.info(path).added)
    lost.unlink()
    with working(folder) as work:
        repair(work, give_up=[folder.lake.name(lost)])
    folder.refresh()
    assert told(folder.store)[-1] == (2, None, "repair")


def newest(folder: Folder) -> Path:
    return max(folder.lake.paths("sent"), key=lambda path: (folder.lake.info(path).added, path.name))


@pytest.mark.whole
def test_a_damaged_day_changes_once_it_is_whole_again_and_by_what_came_meanwhile(
    folder: Folder, played: Any, tmp_path: Path
) -> None:
    done = played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    before = changes_in(folder.store)
    assert run(folder, "backup", tmp_path / "backup").exit_code == 0
    lost = newest(folder)
    lost.unlink()
    with pytest.raises(Damaged):
        play(folder, [Bring([sent(3), sent(3, OTHER)], pushed=False)], tmp_path / "more")
    with working(folder) as work:
        repair(work)
    assert changes_in(folder.store) == before, "a damaged day keeps its number"
    found = explained(folder, "reports")
    assert (found["value"], found["state"]) == (2, "damaged")
    assert [version["cause"] for version in found["history"]] == [f"import {done.ids[0]} file 1", "push"]
    assert any("damaged files" in note for note in found["notes"])
    assert (found["counted"], found["rows"]) == (None, [])
    assert found["emptyReason"] == "the records are in files that are gone or damaged"
    assert told(folder.store, corp_id=OTHER) == []
    assert run(folder, "repair", "--from", tmp_path / "backup").exit_code == 0
    folder.refresh()
    assert told(folder.store)[1:] == [(1, 2, "push"), (2, 3, "collection")]
    assert told(folder.store, corp_id=OTHER) == [(None, 1, "collection")]
    found = explained(folder, "reports")
    assert (found["value"], found["counted"], found["history"][-1]["cause"]) == (3, 3, "collection")
    assert not any("damaged files" in note for note in found["notes"])


@pytest.mark.whole
def test_a_damaged_file_that_is_given_up_and_brought_again(folder: Folder, played: Any, tmp_path: Path) -> None:
    done = played(Import([[sent(1)]]), Bring([sent(2)], pushed=True))
    lost = newest(folder)
    lost.unlink()
    assert run(folder, "repair", "--give-up", folder.lake.name(lost)).exit_code == 0
    folder.refresh()
    again = play(folder, [Import([[sent(2)]])], tmp_path / "again").ids[0]
    causes = [f"import {done.ids[0]} file 1", "push", "repair", f"import {again} file 1"]
    assert told(folder.store) == [(None, 1, causes[0]), (1, 2, causes[1]), (2, None, causes[2]), (None, 2, causes[3])]
    found = explained(folder, "senders")
    assert [version["cause"] for version in found["history"]] == causes
    assert (found["value"], found["counted"]) == (2, 2)

"""Folders that are backed up, and commands that are killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.backups import ZONES, said, small
from tests.support.folders import Folder
from tests.support.forks import Forks, forking


@pytest.fixture
def filled(folder: Folder, tmp_path: Path) -> Folder:
    """A data folder with two imports, of which the days of the second are stale."""
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    folder.import_(small(tmp_path, 0).file)
    folder.import_(small(tmp_path, 2).file, refresh=False)
    return folder


@pytest.fixture
def little(folder: Folder, tmp_path: Path) -> Folder:
    """A data folder with few files, of which one day is stale."""
    folder.add_organisation("c1")
    folder.import_(small(tmp_path, 0, 1).file)
    folder.import_(small(tmp_path, 2, 1).file, refresh=False)
    return folder


@pytest.fixture
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    """Commands that begin at once."""
    with forking(tmp_path_factory.mktemp("forks") / "commands") as found:
        yield found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup, to be copied before it is damaged."""
    place = tmp_path_factory.mktemp("whole")
    folder = Folder(place / "data")
    folder.add_organisation("c1")
    folder.import_(small(place, 0).file)
    folder.import_(small(place, 2).file)
    said("backup", place / "backup", "--data", folder.path)
    folder.store.close()
    return place / "backup"

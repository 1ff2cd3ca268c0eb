"""Every lake there is, and data folders whose lake is in object storage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reportdata.lake import Lake
from reportdata.lake.local import LocalLake
from reportdata.lake.s3 import S3Lake
from tests.support.folders import Folder
from tests.support.lakes import later
from tests.support.witness import ZONES


@pytest.fixture
def local(tmp_path: Path) -> Lake:
    """The lake in a folder, for what is said of folders alone."""
    return LocalLake(tmp_path / "data" / "lake")


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def lake(request: pytest.FixtureRequest, tmp_path: Path, local: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Every lake there is."""
    if request.param == "folder":
        return local
    monkeypatch.setattr(later, "ahead", 0.0)
    return S3Lake(tmp_path / "data" / "lake", request.getfixturevalue("storage"), clock=later)


@pytest.fixture
def remote(tmp_path: Path, storage: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """A data folder whose lake is in object storage; commands find that in their environment."""
    monkeypatch.setenv("REPORTDATA_LAKE", storage)
    made = Folder(tmp_path / "data", lake_at=storage)
    for corp_id, zone in ZONES.items():
        made.add_organisation(corp_id, str(zone))
    yield made
    made.store.close()

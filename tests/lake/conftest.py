"""Every lake there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportdata.lake import Lake
from reportdata.lake.local import LocalLake
from reportdata.lake.s3 import S3Lake
from tests.support.lakes import later


@pytest.fixture
def local(tmp_path: Path) -> Lake:
    """The lake in a folder, for what is said of folders alone."""
    return LocalLake(tmp_path / "data" / "lake")


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path, local: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Every lake there is."""
    if request.param == "folder":
        return local
    monkeypatch.setattr(later, "ahead", 0.0)
    return S3Lake(tmp_path / "data" / "lake", request.getfixturevalue("storage"), clock=later)

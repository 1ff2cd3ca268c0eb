"""Data folders that nothing is wrong with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from reportdata.days import time_zone
from tests.support.folders import Folder


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of which each test gets a copy."""
    place = tmp_path_factory.mktemp("model")
    made = Folder(place / "data")
    made.add_organisation("c1")
    today = datetime.now(time_zone("Asia/Shanghai"))
    path = place / "reports.csv"
    path.write_text(f"report_id,user_id,sent_at\nr1,u1,{today - timedelta(days=1):%Y-%m-%d} 09:00:00\n")
    made.import_(path, corp_id="c1")
    made.add_app("c1")
    made.store.close()
    return made.path


@pytest.fixture
def healthy(model: Path, tmp_path: Path) -> Iterator[Folder]:
    """A data folder in which all is well."""
    made = Folder(shutil.copytree(model, tmp_path / "data"))
    yield made
    made.store.close()

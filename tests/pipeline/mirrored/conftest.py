"""An organisation whose figures are mirrored."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reportdata.twin import Server, running
from tests.support.folders import Folder
from tests.support.mirrored import a_twin


@pytest.fixture
def twin() -> Iterator[Server]:
    with running(a_twin()) as server:
        yield server


@pytest.fixture
def known(folder: Folder, twin: Server) -> Folder:
    folder.add_organisation(twin.twin.corp_id)
    return folder

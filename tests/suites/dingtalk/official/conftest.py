"""A month of a made-up organisation with figures of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from reportdata.twin import Server, running
from tests.support.folders import Folder
from tests.support.official import Imported, a_month, import_all


@pytest.fixture
def twin() -> Iterator[Server]:
    """An organisation with a month of reports, two months later."""
    with running(a_month()) as server:
        yield server


@pytest.fixture
def known(folder: Folder, twin: Server) -> Folder:
    """A data folder that knows the organisation."""
    folder.add_organisation(twin.twin.corp_id)
    return folder


@pytest.fixture(scope="package")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """The month of an organisation. What differs from test to test is what DingTalk says of it."""
    place = tmp_path_factory.mktemp("imported")
    folder = Folder(place / "data")
    with closing(folder.store), running(a_month()) as server:
        folder.add_organisation(server.twin.corp_id)
        import_all(folder, server, place)
        yield Imported(folder, server)

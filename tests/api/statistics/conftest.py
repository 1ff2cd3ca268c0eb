"""A server of a made-up year."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.asking import RECORDS, TOTALS, Server
from tests.support.calling import import_organisation
from tests.support.folders import Folder
from tests.support.serving import serving


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = Folder(tmp_path_factory.mktemp("statistics"))
    with closing(folder.store):
        corp_id, days = import_organisation(folder, "sample")
        folder.add_organisation("another")
        apps = {
            scope: folder.add_app(corp_id, scopes=(scope,)) for scope in (TOTALS, RECORDS, "DataCenter.Report.Read")
        }
        with serving(folder) as served:
            yield Server(served, folder, corp_id, days, apps)

"""Schemathesis calls every operation of the served description with valid and invalid data: nothing is answered that is
not described."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest

from reportdata.services import read_services
from tests.support.calling import CORP, PATH, add_sample
from tests.support.folders import Folder
from tests.support.serving import serving

EXAMPLES = int(os.environ.get("REPORTDATA_TESTS_EXAMPLES", "100"))
"""Generated requests for each operation and token, besides those that are derived from the description."""


SERVICES = read_services()
ONE_OF_FIGURES = "/v1.0/datacenter/onlineUserData"


class Target(NamedTuple):
    """A running server of the sample organisation, and a token for it."""

    url: str
    token: str


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = Folder(tmp_path_factory.mktemp("schemathesis"))
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    with closing(folder.store), serving(folder) as served:
        yield Target(served.url, token)


@pytest.mark.slow
@pytest.mark.parametrize("which", ["good", "wrong", None])
def test_nothing_is_answered_that_is_not_described(target: Target, which: str | None) -> None:
    from tests.support.exploring import explore  # takes long; most processes of the tests do not need it

    alike = [service.path for service in SERVICES if service.path not in (PATH, ONE_OF_FIGURES)]
    alike += [one.path for one in SERVICES.relayed[1:]]  # one endpoint answers all of them
    wrong, statuses = explore(target.url, target.token if which == "good" else which, EXAMPLES, alike)
    assert not wrong
    assert len(statuses) == 32
    assert len(alike) == 22 + 34
    numbers = statuses[f"GET {PATH}"]
    assert numbers[400] > 1
    assert which != "good" or (numbers[200] > 1 and numbers[500] > 1)

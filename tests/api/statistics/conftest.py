"""A server of a made-up year."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.asked import Asked, asked


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asked(tmp_path_factory.mktemp("statistics"), answering=0) as found:
        yield found

"""What the tests of tools share: one server, and one data folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.asked import Asked, asked


@pytest.fixture(scope="package")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server of the sample organisation."""
    with asked(tmp_path_factory.mktemp("assistants") / "data") as found:
        yield found

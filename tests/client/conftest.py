"""What the tests of the client share: one server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.asked import Asked, asked


@pytest.fixture(scope="package")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """A server of the sample organisation."""
    with asked(tmp_path_factory.mktemp("client") / "data") as found:
        yield found

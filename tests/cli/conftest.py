"""What tests of commands share."""

from __future__ import annotations

import pytest

from tests.support.folders import Folder


@pytest.fixture
def known(folder: Folder) -> Folder:
    """A data folder with one organisation, ding1."""
    folder.add_organisation("ding1")
    return folder

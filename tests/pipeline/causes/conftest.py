"""What happens to a folder, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.folders import Folder
from tests.support.taking_back import (
    Played,
    Step,
    play,
)


@pytest.fixture
def played(folder: Folder, tmp_path: Path) -> Any:
    """Does steps, and tells the ids of imports by the numbers of the steps."""

    def do(*sequence: Step) -> Played:
        return play(folder, sequence, tmp_path / "files", after=lambda _number, _done: None)

    return do

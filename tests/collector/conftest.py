"""What tests of the collector share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder for what is made durable many thousand times, where a disk would be waited for most of the time: in
    memory, if the machine has such a place."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(prefix="reportdata-", dir=MEMORY) as folder:
        yield Path(folder)

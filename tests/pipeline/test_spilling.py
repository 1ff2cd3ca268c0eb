"""What the database that stages pushes cannot hold in memory has a place on the disk."""

from __future__ import annotations

from pathlib import Path

from reportdata.pipeline.working import Worker
from tests.support.folders import Folder
from tests.support.services import working


def test_pushes_spill_beside_the_lake(tmp_path: Path) -> None:
    """DuckDB makes the folder, but none that it lies in; and no other database has the same one."""
    folder = Folder(tmp_path / "data")
    with working(folder) as work, work.lake.incoming():
        spill = Worker(work)._database._spill
        assert spill is not None
        assert spill.parent.is_dir()
        assert spill != folder.settings.lake / "spill"
    folder.store.close()

"""What a page is told of a file that was brought is what the command line says of it, for every file of the trials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reportdata.cli.bringing import carried_out
from reportdata.cli.import_process import Job
from tests.support.folders import Folder, run

INPUTS = Path(__file__).parent / "inputs"
NAMES = sorted(path.name for path in INPUTS.iterdir())
PARTS = 4


@pytest.mark.whole
@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_preview_says_what_the_dry_run_says(folder: Folder, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    folder.add_organisation("ding1")
    monkeypatch.chdir(INPUTS)
    for name in NAMES[part::PARTS]:
        told = json.loads(run(folder, "import", "--dry-run", "--json", name).stdout)
        found = carried_out(folder.settings, Job("preview", "ding1", str(INPUTS), (name,)), lambda *_: None)
        assert found.pop("skippedRecords") == []
        assert json.loads(json.dumps(found, default=str)) == told, name
    assert not Path(name).with_suffix(".bad.jsonl").exists()

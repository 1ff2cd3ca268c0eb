"""Events of what changed in a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.folders import Folder, run

RECORD = {"report_id": "r1", "user_id": "u1", "sent_at": "2024-01-05 08:00"}
OTHER = {"report_id": "r2", "user_id": "u2", "sent_at": "2024-01-05 08:00"}
MADE = {"op": "c", "before": None, "after": OTHER}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"op": "d", "before": RECORD, "after": None}, "op: says that the record was deleted"),
        ({"payload": {"op": "d", "before": RECORD, "after": None}}, "op: says that the record was deleted"),
        ({"type": "DELETE", "database": "oa", "data": [RECORD]}, "type: says that the record was deleted"),
        ({"type": "delete", "table": "reports", "data": RECORD}, "type: says that the record was deleted"),
        ({**RECORD, "op": "d"}, "op: says that the record was deleted"),
        ({"rows": [OTHER], "deleted": [RECORD]}, "deleted: lists records that do not stand"),
        ({"op": "u", "before": RECORD, "after": RECORD}, "before: is what the record was before it changed"),
    ],
)
def test_records_that_were_deleted_or_changed_are_told(
    folder: Folder, tmp_path: Path, event: dict[str, object], reason: str
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [MADE, event])))
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert (refused.exit_code, f"line 2: {reason}" in refused.output) == (1, True)
    run(folder, "import", path, "--skip-bad", "--bad-file", tmp_path / "bad.jsonl")
    (found,) = json.loads(run(folder, "query", "20240105", "--json").output)
    assert (found["4100_DAY"], found["states"]["4100"]) == (1, "partial")


@pytest.mark.parametrize("event", [MADE, {**OTHER, "op": "c"}, {"type": "INSERT", "data": [OTHER], "old": None}])
def test_records_that_were_made_are_read(folder: Folder, tmp_path: Path, event: dict[str, object]) -> None:
    (path := tmp_path / "events.jsonl").write_text(json.dumps(event))
    folder.add_organisation("ding1")
    assert run(folder, "import", path).exit_code == 0
    (found,) = json.loads(run(folder, "query", "20240105", "--json").output)
    assert found["4100_DAY"] == 1

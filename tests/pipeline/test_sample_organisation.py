"""An organisation as DingTalk delivers it, against its true numbers: the one in this folder, and a larger one when it
lies beside the project."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.support.folders import Folder, run
from tests.support.paths import DATA, LARGER

pytestmark = pytest.mark.whole

SAMPLES = {"own": DATA, "larger": LARGER}
EXCHANGES = ("report_list.jsonl", "comment_list.jsonl")
TABLES = ("reports.csv", "comments.csv")
SHUFFLED = tuple(f"shuffled {name}" for name in EXCHANGES)


@pytest.fixture(params=SAMPLES)
def sample(request: pytest.FixtureRequest) -> Path:
    """A folder with an organisation's files."""
    path = SAMPLES[request.param]
    if not path.exists():
        pytest.skip("the larger sample organisation is not beside the project")
    return path


def _shuffled(sample: Path, name: str, folder: Path) -> Path:
    lines = (sample / name.removeprefix("shuffled ")).read_text("utf-8").splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    path = folder / name
    path.write_text("".join(lines), "utf-8")
    return path


@pytest.mark.parametrize(
    "imports",
    [[EXCHANGES, EXCHANGES, TABLES], [TABLES, EXCHANGES, TABLES], [SHUFFLED]],
    ids=["exchanges", "tables", "shuffled"],
)
def test_the_true_numbers_come_out_of_each_import(
    sample: Path, folder: Folder, tmp_path: Path, imports: list[tuple[str, ...]]
) -> None:
    truth = json.loads((sample / "truth.json").read_text("utf-8"))
    corp_id, days = truth["corp_id"], sorted(truth["days"])
    run(folder, "org", "add", corp_id, "--time-zone", truth["time_zone"])
    expected = [{"stat_date": day, "corp_id": corp_id, **values} for day, values in sorted(truth["days"].items())]
    for names in imports:
        files = [
            sample / name if name in (*EXCHANGES, *TABLES) else _shuffled(sample, name, tmp_path) for name in names
        ]
        assert run(folder, "import", *files, "--from", days[0], "--to", days[-1]).exit_code == 0
        rows = json.loads(run(folder, "query", days[0], "--to", days[-1], "--corp", corp_id, "--format", "json").stdout)
        certain = [{key: row.pop(key) for key in ("state", "as_of", "states")} for row in rows]
        assert rows == expected
        assert {day["state"] for day in certain} == {"final"}
    outside = json.loads(run(folder, "query", "20000101", "--to", "20991231", "--format", "json").stdout)
    assert outside == [{**row, **day} for row, day in zip(expected, certain, strict=True)]

"""All bad records of a file are named, up to a number, whatever its form and however it is taken apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reportdata.errors import BadRecord
from tests.support.folders import Folder, run

NAMED = 20


def written(path: Path, count: int, bad: set[int]) -> Path:
    """A file of records from 0, of which some have no time; line numbers are one more, or two more below a heading."""
    rows = [
        {"report_id": f"r{at}", "user_id": "u", "sent_at": "soon" if at in bad else "2026-09-21 08:00:00"}
        for at in range(count)
    ]
    if path.suffix == ".csv":
        path.write_text("\n".join(["report_id,user_id,sent_at", *(",".join(row.values()) for row in rows), ""]))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = Folder(tmp_path_factory.mktemp("bad") / "data")
    folder.add_organisation("ding1")
    return folder


@pytest.mark.slow
@pytest.mark.whole
@given(st.sampled_from(["csv", "jsonl"]), st.sets(st.integers(0, 59)), st.sampled_from([None, 500]))
@example("csv", set(range(60)), 500)
@example("jsonl", {3, 58}, 500)
def test_the_first_are_named_and_the_others_counted(
    organisation: Folder, form: str, bad: set[int], part_size: int | None
) -> None:
    path = written(organisation.path.parent / f"records.{form}", 60, bad)
    done = organisation.import_(path, corp_id="ding1", refresh=False, part_size=part_size)
    lines = [at + (2 if form == "csv" else 1) for at in sorted(bad)]
    found = [one.line for one in done.failures if isinstance(one, BadRecord)]
    assert found == lines[:NAMED]
    left = len(lines) - NAMED
    told = [one.message for one in done.failures if not isinstance(one, BadRecord)]
    more = "1 more record is bad" if left == 1 else f"{left} more records are bad"
    assert told == ([f"{path}: {more}"] if left > 0 else [])
    assert done.read == (0 if bad else 60)


def test_a_file_of_nothing_else_is_not_read_to_its_end(organisation: Folder, tmp_path: Path) -> None:
    path = written(tmp_path / "records.jsonl", 3_000, set(range(3_000)))
    done = organisation.import_(path, corp_id="ding1", refresh=False)
    assert len(done.failures) == NAMED + 1
    assert done.failures[-1].message == f"{path}: 980 more records are bad, and what follows was not looked at"


def test_the_command_names_them_and_says_once_what_to_do(organisation: Folder, tmp_path: Path) -> None:
    path = written(tmp_path / "records.csv", 60, set(range(3, 60, 2)))
    result = run(organisation, "import", path)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line for line in lines if line.startswith("Error: ")] == [
        *(f"Error: {path}, line {at + 2}: sent_at: 'soon' is not a time" for at in range(3, 43, 2)),
        f"Error: {path}: 9 more records are bad",
    ]
    assert sum("YYYY" in line or "write it" in line for line in lines) <= 1
    told = json.loads(run(organisation, "import", path, "--json").stdout)
    assert len(told["failures"]) == len(told["hints"]) == NAMED + 1

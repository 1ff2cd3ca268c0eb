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


SENT = {"report_id": "r1", "user_id": "u1", "sent_at": "2026-09-21 08:00:00"}
COMMENT = {"report_id": "r1", "user_id": "u2", "commented_at": "2026-09-21 09:00:00"}
WITHIN = json.dumps([{"userid": "u2", "create_time": "soon"}])


@pytest.mark.parametrize(
    "lines",
    [
        [json.dumps(SENT), json.dumps(COMMENT | {"commented_at": "soon"})],
        [json.dumps(SENT), json.dumps(COMMENT)[:-9]],
        [json.dumps(SENT | {"comments": json.loads(WITHIN)})],
        ["report_id;user_id;sent_at;comments", f"r1;u1;2026-09-21 08:00:00;{WITHIN}"],
        ["report_id;user_id;sent_at;comments", "r1;u1;2026-09-21 08:00:00;", f"r2;u1;2026-09-21 09:00:00;{WITHIN};x"],
    ],
)
def test_what_is_skipped_is_no_zero_whatever_is_said_to_be_covered(tmp_path: Path, lines: list[str]) -> None:
    folder = Folder(tmp_path / "data")
    folder.add_organisation("ding1")
    (path := tmp_path / "records").write_text("\n".join([*lines, ""]))
    days = "--from", "20260921", "--to", "20260921"
    done = run(folder, "import", path, "--skip-bad", "--bad-file", tmp_path / "bad", "--covers", "commented", *days)
    assert "commented facts are missing: 1 bad record was skipped" in done.output
    (day,) = json.loads(run(folder, "query", "20260921", "--json").output)
    assert (day["4100_DAY"], day["states"]["4102"]) == (1, "partial")


def test_who_covers_a_kind_is_believed_where_other_kinds_have_bad_records(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.add_organisation("ding1")
    path = written(tmp_path / "records.csv", 3, {1})
    days = "--from", "20260921", "--to", "20260921"
    run(folder, "import", path, "--skip-bad", "--bad-file", tmp_path / "bad", "--covers", "commented", *days)
    (day,) = json.loads(run(folder, "query", "20260921", "--json").output)
    assert (day["4102_DAY"], day["states"]) == (0, {"4100": "partial", "4101": "partial", "4102": "final"})


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

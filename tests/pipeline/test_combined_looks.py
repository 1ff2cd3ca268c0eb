"""Files of one import, of which one lacks facts: the others do not make its days whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.folders import Folder, run

DAY = "20240105"
SAID = ("--covers", "commented", "--from", DAY, "--to", DAY)
COMMENT = ["r1", "u3", "2024-01-05 19:30"]
COMMENTS = ["report_id", "评论人id", "评论时间"]


def reports(path: Path, number: int, *others: tuple[str, object]) -> Path:
    """A file of one report, with other columns."""
    record = {"report_id": f"r{number}", "user_id": f"u{number}", "sent_at": "2024-01-05 08:03:00", **dict(others)}
    path.write_text(json.dumps(record))
    return path


def table(path: Path, *rows: Sequence[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def numbers(folder: Folder, day: str = DAY) -> list[tuple[object, str]]:
    """4100 and 4102 of a day, each with its state."""
    (found,) = json.loads(run(folder, "query", day, "--json").output)
    return [(found.get(f"{kpi}_DAY"), found["states"][kpi]) for kpi in ("4100", "4102")]


@pytest.mark.parametrize("turned", [False, True])
def test_comments_that_one_file_says_there_are_are_no_zeros_of_another(
    folder: Folder, tmp_path: Path, turned: bool
) -> None:
    files = [reports(tmp_path / "a.jsonl", 1, ("comments", 3)), reports(tmp_path / "b.jsonl", 2)]
    folder.add_organisation("ding1")
    assert "--covers covers no days" in run(folder, "import", *files[:: -1 if turned else 1], *SAID).output
    assert numbers(folder) == [(2, "final"), (None, "missing")]
    own = table(tmp_path / "own.csv", COMMENTS, COMMENT)  # as the note says
    run(folder, "import", *files, own, *SAID)
    assert numbers(folder) == [(2, "final"), (1, "final")]


def test_comments_within_one_file_are_not_all_where_another_says_that_there_are_some(
    folder: Folder, tmp_path: Path
) -> None:
    comments = [{"userid": "u3", "create_time": "2024-01-05 19:30:00"}]
    files = [
        reports(tmp_path / "a.jsonl", 1, ("comments", 3)),
        reports(tmp_path / "b.jsonl", 2, ("comments", comments)),
    ]
    folder.add_organisation("ding1")
    run(folder, "import", *files, *SAID)
    assert numbers(folder) == [(2, "final"), (1, "partial")]


@pytest.mark.parametrize(
    "rows",
    [
        [COMMENTS, COMMENT, ["r1", "", "2024-01-05 19:31"]],  # one is skipped
        [["共 100 条"], COMMENTS, COMMENT],
    ],
)
def test_comments_that_one_file_lacks_are_lacking_beside_reports(
    folder: Folder, tmp_path: Path, rows: Sequence[Sequence[str]]
) -> None:
    files = [reports(tmp_path / "a.jsonl", 1), table(tmp_path / "b.csv", *rows)]
    folder.add_organisation("ding1")
    result = run(folder, "import", *files, *SAID, "--skip-bad", "--bad-file", tmp_path / "bad.jsonl")
    assert "b.csv: commented facts are missing" in result.output
    assert numbers(folder) == [(1, "final"), (1, "partial")]


def test_a_day_of_which_one_file_lacks_reports_is_not_whole_by_another(folder: Folder, tmp_path: Path) -> None:
    heading = ["report_id", "user_id", "sent_at"]
    first = table(tmp_path / "a.csv", heading, ["r1", "u1", "2024-01-05 08:03"], ["r2", "", "2024-01-05 08:04"])
    days = [[f"s{day}", "u2", f"2024-01-0{day} 09:00"] for day in (4, 5, 6)]
    second = table(tmp_path / "b.csv", heading, *days)
    options = ("--skip-bad", "--bad-file", tmp_path / "bad.jsonl", "--to", "20240106")
    folder.add_organisation("ding1")
    run(folder, "import", first, second, "--skip-bad", "--bad-file", tmp_path / "bad.jsonl")
    assert [numbers(folder, day)[0] for day in ("20240104", DAY)] == [(1, "final"), (2, "partial")]
    run(folder, "import", second, *options)  # by itself, it has all that there is
    assert [numbers(folder, day)[0] for day in ("20240104", DAY, "20240106")] == [
        (1, "final"),
        (2, "final"),
        (1, "final"),
    ]


def test_what_a_file_lacks_of_a_kind_that_it_has_nothing_of_may_be_of_any_day(folder: Folder, tmp_path: Path) -> None:
    files = [
        table(tmp_path / "a.csv", COMMENTS, COMMENT),
        table(tmp_path / "b.csv", COMMENTS, ["r1", "", "2024-01-05 8:00"]),
    ]
    options = ("--skip-bad", "--bad-file", tmp_path / "bad.jsonl", "--exported-at", "2024-01-09 08:00")
    folder.add_organisation("ding1")
    run(folder, "import", *files, *options)
    assert numbers(folder)[1] == (1, "partial")
    run(folder, "import", files[0], *options)
    assert numbers(folder)[1] == (1, "final")


def test_reports_are_not_final_where_a_withdrawal_was_skipped(folder: Folder, tmp_path: Path) -> None:
    sent = [["report_id", "user_id", "sent_at"], *([f"r{n}", f"u{n}", "2024-01-05 08:00"] for n in (1, 2))]
    withdrawn = [["report_id", "withdrawn_at"], ["r1", "2024-01-05 09:00"], ["r2", "soon"]]
    files = [table(tmp_path / "a.csv", *sent), table(tmp_path / "b.csv", *withdrawn)]
    folder.add_organisation("ding1")
    options = ("--to", DAY, "--skip-bad", "--bad-file", tmp_path / "bad.jsonl")
    result = run(folder, "import", *files, *options)
    assert "b.csv: withdrawn facts are missing: 1 bad record was skipped: what they take back" in result.output
    assert numbers(folder)[0] == (1, "partial")


def test_a_table_without_rows_that_says_that_it_has_some_is_no_zero(folder: Folder, tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ["共 5 条"], ["日志ID", "发送人ID", "提交时间"])
    folder.add_organisation("ding1")
    result = run(folder, "import", path, "--from", DAY, "--to", DAY)
    assert "the file says that it has 5 records, and 0 were read" in result.output
    assert numbers(folder) == [(0, "partial"), (None, "missing")]
    page = tmp_path / "b.json"
    page.write_text('{"data": {"list": [], "total": 5}}')
    run(folder, "import", page, *SAID)
    assert numbers(folder) == [(0, "partial"), (0, "partial")]


def test_records_of_people_who_were_forgotten_are_not_lacking(folder: Folder, tmp_path: Path) -> None:
    rows = [[f"r{number}", f"u{number}", "2024-01-05 08:00"] for number in (1, 2)]
    path = table(tmp_path / "a.csv", ["共 2 条"], ["日志ID", "发送人ID", "提交时间"], *rows)
    folder.add_organisation("ding1")
    run(folder, "forget", "--corp", "ding1", "--user", "u1", "--yes")
    run(folder, "import", path, "--from", DAY, "--to", DAY)
    assert numbers(folder)[0] == (1, "final")


def test_covering_without_days_is_told(folder: Folder, tmp_path: Path) -> None:
    path = reports(tmp_path / "a.jsonl", 1)
    folder.add_organisation("ding1")
    note = "a.jsonl: it has no commented facts, and --covers covers no days of theirs without --from, --to"
    assert note in run(folder, "import", path, *SAID[:2]).output
    folder.add_organisation("ding2")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"corp_id": "ding1"}))
    assert "no days of theirs without --corp" in run(folder, "import", path, *SAID).output
    assert numbers(folder)[1] == (None, "missing")
    assert "no days of theirs" not in run(folder, "import", path, *SAID, "--corp", "ding1").output
    assert numbers(folder)[1] == (0, "final")


def test_a_time_of_export_is_of_one_zone_or_the_earliest(folder: Folder, tmp_path: Path) -> None:
    for corp_id, zone in (("ding1", "Asia/Shanghai"), ("ding2", "Asia/Tokyo")):
        folder.add_organisation(corp_id, zone)
    rows = [[corp_id, f"r{corp_id}", "u1", "2024-01-05 08:00"] for corp_id in ("ding1", "ding2")]
    heading = ["corp_id", "日志ID", "发送人ID", "提交时间"]
    path = table(tmp_path / "a.csv", heading, *rows)
    at = ("--to", DAY, "--exported-at")
    refused = run(folder, "import", path, *at, "2024-01-05 23:30")
    assert "is not the same moment in the zones Asia/Shanghai and Asia/Tokyo" in refused.output
    run(folder, "import", path, *at, "2024-01-05T23:30:00+09:00")  # as the refusal says
    states = {row["corp_id"]: row["states"]["4100"] for row in json.loads(run(folder, "query", DAY, "--json").output)}
    assert states == {"ding1": "provisional", "ding2": "provisional"}
    titled = table(tmp_path / "b.csv", ["导出时间：2024-01-06 00:30"], heading, *rows)
    run(folder, "import", titled, "--to", DAY)
    states = {row["corp_id"]: row["states"]["4100"] for row in json.loads(run(folder, "query", DAY, "--json").output)}
    assert states == {"ding1": "provisional", "ding2": "final"}
    run(folder, "import", titled, *at, "2024-01-06 00:30", "--corp", "ding1")  # each of its zone
    states = {row["corp_id"]: row["states"]["4100"] for row in json.loads(run(folder, "query", DAY, "--json").output)}
    assert states == {"ding1": "final", "ding2": "final"}


def test_a_table_without_rows_was_looked_at_when_it_says(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("ding1")
    path = table(tmp_path / "a.csv", ["导出时间：2024-01-05 12:00"], ["日志ID", "发送人ID", "提交时间"])
    run(folder, "import", path, "--from", "20240104", "--to", "20240106")
    assert numbers(folder, "20240104")[0] == (0, "final")
    assert numbers(folder)[0] == (0, "provisional")
    assert json.loads(run(folder, "query", "20240106", "--json").output) == []

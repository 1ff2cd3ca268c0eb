"""Comments that stand as JSON in the cells of a table of reports: in CSV, in spreadsheets, in Parquet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from tests.support.folders import Folder, run

DAY = "20240105"
SAID = ("--covers", "commented", "--from", DAY, "--to", DAY)
HEADING = ["report_id", "user_id", "sent_at", "template", "comments"]
Cells = Sequence[str]


def row(number: int, comments: str) -> list[str]:
    return [f"r{number}", f"u{number}", "2024-01-05 08:03:00", "日报", comments]


def listed(*numbers: int, **others: object) -> str:
    return json.dumps([{"userid": f"u{n}", "create_time": "2024-01-05 19:30:00", **others} for n in numbers])


def write_csv(path: Path, heading: Cells, rows: Sequence[Cells]) -> Path:
    with (path := path.with_suffix(".csv")).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([heading, *rows])
    return path


def write_xlsx(path: Path, heading: Cells, rows: Sequence[Cells]) -> Path:
    with xlsxwriter.Workbook(path := path.with_suffix(".xlsx")) as book:
        sheet = book.add_worksheet()
        for number, cells in enumerate([heading, *rows]):
            sheet.write_row(number, 0, cells)
    return path


def write_parquet(path: Path, heading: Cells, rows: Sequence[Cells], last: str = "{}") -> Path:
    names = [f'"{name}"' for name in heading]
    shown = ", ".join([*names[:-1], f"{last.format(names[-1])} as {names[-1]}"])
    source = f"read_csv('{write_csv(path, heading, rows)}', all_varchar = true, header = true)"
    duckdb.execute(f"copy (select {shown} from {source}) to '{path}.parquet' (format parquet)")
    return path.with_name(f"{path.name}.parquet")


def write_nested_parquet(path: Path, heading: Cells, rows: Sequence[Cells]) -> Path:
    of = "cast(json({}) as struct(userid varchar, create_time timestamp)[])"
    return write_parquet(path, heading, rows, of)


def write_binary_parquet(path: Path, heading: Cells, rows: Sequence[Cells]) -> Path:
    return write_parquet(path, heading, rows, "encode({})")


def commenters(folder: Folder) -> tuple[object, str]:
    """The number of the day, and its state."""
    (found,) = json.loads(run(folder, "query", DAY, "--json").output)
    assert found["4100_DAY"] == 2
    return found.get("4102_DAY"), found["states"]["4102"]


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_parquet, write_nested_parquet, write_binary_parquet])
def test_comments_in_cells_are_read_and_their_days_partial(
    folder: Folder, tmp_path: Path, write: Callable[[Path, Cells, Sequence[Cells]], Path]
) -> None:
    path = write(tmp_path / "reports", HEADING, [row(1, "[]"), row(2, listed(3, 4))])
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert "commented facts are missing: they stand within records" in result.output
    assert commenters(folder) == (2, "partial")
    assert "are missing" not in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (2, "final")


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_parquet])
@pytest.mark.parametrize(
    "form",
    [
        '{{"total": 1, "list": {0}}}',
        '{{"images": [], "list": {0}, "at": ["u9"]}}',
        "{1}",
        " {1}",
        "\ufeff{0}",
        "\u200b {1}",
    ],
)
def test_comments_in_an_object_or_in_a_text_of_json_are_read(
    folder: Folder, tmp_path: Path, write: Callable[[Path, Cells, Sequence[Cells]], Path], form: str
) -> None:
    comments = form.format(listed(3, 4), json.dumps(listed(3, 4)))
    path = write(tmp_path / "reports", HEADING, [row(1, ""), row(2, comments)])
    folder.add_organisation("ding1")
    assert run(folder, "import", path, *SAID).exit_code == 0
    assert commenters(folder) == (2, "final")


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_parquet])
@pytest.mark.parametrize(
    ("comments", "reason"),
    [
        (str(json.loads(listed(3))), "comments: is no JSON, or is cut off"),  # as data frames write lists
        (listed(3)[:-9], "comments: is no JSON, or is cut off"),  # as spreadsheets cut long cells
        (json.dumps([{"content": "secret"}]), "kind: no column holds a time"),
        (json.dumps(["secret"]), "comments: is no object"),
        (f'{{"list": {listed(3)}, "likes": {listed(4)}}}', "comments: is an object with several lists of objects"),
    ],
)
def test_comments_that_were_not_read_are_told_and_are_no_zero(
    folder: Folder,
    tmp_path: Path,
    write: Callable[[Path, Cells, Sequence[Cells]], Path],
    comments: str,
    reason: str,
) -> None:
    path = write(tmp_path / "reports", HEADING, [row(1, "[]"), row(2, comments)])
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert f"what stands in 'comments' within records was not read (1): {reason}" in result.output
    assert "secret" not in result.output
    assert commenters(folder) == (None, "missing")
    assert "--covers covers no days of theirs" in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (None, "missing")
    own = write_csv(tmp_path / "own", ["report_id", "评论人id", "评论时间"], [["r2", "u3", "2024-01-05 19:30"]])
    assert run(folder, "import", own, "--from", DAY, "--to", DAY).exit_code == 0  # as the note says
    assert commenters(folder)[0] == 1


def test_a_part_of_the_comments_leaves_their_days_partial(folder: Folder, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "reports", HEADING, [row(1, listed(3)), row(2, '[{"content": "secret"}]')])
    folder.add_organisation("ding1")
    assert "some stand within records and were not read" in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (1, "partial")


@pytest.mark.parametrize(
    "comments", ["", "[]", "{}", "3", "good", "[赞] good", '"good"', '"[赞] good"', '"a" b', '{"count": 0}', "null"]
)
def test_other_cells_tell_of_no_comments(folder: Folder, tmp_path: Path, comments: str) -> None:
    path = write_csv(tmp_path / "reports", HEADING, [row(1, comments), row(2, comments)])
    folder.add_organisation("ding1")
    assert "Note" not in run(folder, "import", path, "--from", DAY, "--to", DAY).output
    assert commenters(folder) == (None, "missing")


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_parquet])
@pytest.mark.parametrize(
    "comments",
    ["3", "good secret", '"good secret"', "\ufeffgood secret", '{"total": 2, "list": []}', '{"count": 1}', "true"],
)
def test_cells_that_speak_of_comments_are_no_zero_where_all_are_said_to_be_there(
    folder: Folder, tmp_path: Path, write: Callable[[Path, Cells, Sequence[Cells]], Path], comments: str
) -> None:
    path = write(tmp_path / "reports", HEADING, [row(1, ""), row(2, comments)])
    folder.add_organisation("ding1")
    result = run(folder, "import", path, *SAID)
    assert result.exit_code == 0, result.output
    assert "what stands in 'comments' within records was not read (1): comments: is no list" in result.output
    assert "--covers covers no days of theirs" in result.output
    assert "secret" not in result.output
    assert commenters(folder) == (None, "missing")
    other = write(tmp_path / "renamed", [*HEADING[:-1], "remark"], [row(1, ""), row(2, comments)])  # as the note says
    assert "Note" not in run(folder, "import", other, *SAID).output
    assert commenters(folder) == (0, "final")


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_parquet])
@pytest.mark.parametrize(
    "comments",
    ["", "0", "0.0", "[]", "{}", "null", "无", "否", "false", '{"total": 0, "message": "ok", "list": []}', '"[]"'],
)
def test_cells_that_say_of_no_comments_are_zeros_where_all_are_said_to_be_there(
    folder: Folder, tmp_path: Path, write: Callable[[Path, Cells, Sequence[Cells]], Path], comments: str
) -> None:
    path = write(tmp_path / "reports", HEADING, [row(1, ""), row(2, comments)])
    folder.add_organisation("ding1")
    assert "Note" not in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (0, "final")


def test_a_count_of_comments_does_not_matter_beside_the_comments_themselves(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.jsonl"
    report = {"report_id": "r1", "user_id": "u1", "sent_at": "2024-01-05 08:03:00", "comments": 2}
    said = json.loads(listed(3, 4))
    path.write_text("\n".join(json.dumps(one) for one in [report, report | {"report_id": "r2", "comment_list": said}]))
    folder.add_organisation("ding1")
    assert "Note" not in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (2, "final")


@pytest.mark.parametrize("write", [write_csv, write_xlsx, write_parquet])
@pytest.mark.parametrize(
    ("heading", "comments"),
    [
        ("comment_count", "5"),
        ("评论数", "2"),
        ("评论人", "secret"),
        ("评论内容", "secret"),
        ("评论时间", "2024-01-05 19:30"),
    ],
)
def test_columns_that_say_that_there_are_comments_are_no_zero(
    folder: Folder,
    tmp_path: Path,
    write: Callable[[Path, Cells, Sequence[Cells]], Path],
    heading: str,
    comments: str,
) -> None:
    folder.add_organisation("ding1")
    options = ("--kind", "sent", *SAID)
    path = write(tmp_path / "reports", [*HEADING[:-1], heading], [row(1, ""), row(2, comments)])
    result = run(folder, "import", path, *options)
    assert f"'{heading}' within records was not read (1): {heading}: says that there are some" in result.output
    assert "secret" not in result.output
    assert commenters(folder) == (None, "missing")
    path = write(tmp_path / "none", [*HEADING[:-1], heading], [row(1, ""), row(2, "")])
    assert "Note" not in run(folder, "import", path, *options).output
    assert commenters(folder) == (0, "final")


@pytest.mark.parametrize(
    ("of_report", "found"),
    [
        ({"comments": {"list": [{}], "total": 1}, "comment_count": 1}, (1, "final")),
        ({"comments": {"list": [{}], "total": "5"}}, (1, "partial")),
        ({"comments": {"list": [{}], "has_more": True}}, (1, "partial")),
        ({"comments": {"edges": [{"node": {}}], "pageInfo": {"hasNextPage": True}}}, (1, "partial")),
        ({"comments": [{}], "comment_count": 2}, (1, "partial")),
        ({"comments": {"content": "good", "images": []}}, (None, "missing")),
        ({"comments": {"list": [], "total": "3"}}, (None, "missing")),
        ({"comments": {"list": [], "has_more": "true"}}, (None, "missing")),
        ({"comments": {"code": 200, "page": 1, "pageSize": 20, "total": 0, "list": []}}, (0, "final")),
        ({"comments": "暂无评论"}, (0, "final")),
    ],
)
def test_lists_that_say_that_there_are_more_are_not_all(
    folder: Folder, tmp_path: Path, of_report: dict[str, object], found: tuple[object, str]
) -> None:
    (comment,) = json.loads(listed(3))
    path = tmp_path / "reports.jsonl"
    report = {"user_id": "u1", "sent_at": "2024-01-05 08:03:00"}
    said = json.loads(json.dumps(of_report).replace("{}", json.dumps(comment)))
    path.write_text(
        "\n".join(json.dumps(one) for one in [{"report_id": "r1", **report}, {"report_id": "r2", **report, **said}])
    )
    folder.add_organisation("ding1")
    assert run(folder, "import", path, *SAID).exit_code == 0
    assert commenters(folder) == found


@pytest.mark.parametrize(
    ("around", "found"),
    [
        ({"comments": 3}, (None, "missing")),
        ({"comment_count": "3"}, (None, "missing")),
        ({"comments": 0}, (0, "final")),
        ({"comments": []}, (0, "final")),
        ({"comments": [{}]}, (1, "final")),
        ({"comments": [{}], "has_more": True}, (1, "partial")),
    ],
)
@pytest.mark.parametrize("form", ["{}", '{{"result": {}}}'])
def test_what_stands_around_reports_says_of_comments_too(
    folder: Folder, tmp_path: Path, around: dict[str, object], found: tuple[object, str], form: str
) -> None:
    comment = {"report_id": "r1", "user_id": "u3", "commented_at": "2024-01-05 19:30:00"}
    reports = [dict(zip(HEADING, row(number, ""), strict=True)) for number in (1, 2)]
    path = tmp_path / "reports.json"
    path.write_text(form.format(json.dumps({"reports": reports, **around}).replace("{}", json.dumps(comment))))
    folder.add_organisation("ding1")
    assert run(folder, "import", path, *SAID).exit_code == 0
    assert commenters(folder) == found


def test_a_comment_that_stands_alone_is_read_beside_its_empty_lists(folder: Folder, tmp_path: Path) -> None:
    (comment,) = json.loads(listed(3, images=[]))
    path = write_csv(tmp_path / "reports", HEADING, [row(1, ""), row(2, json.dumps(comment))])
    folder.add_organisation("ding1")
    assert "Note" not in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (1, "final")


def test_a_text_among_lists_of_comments_leaves_their_days_partial(folder: Folder, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "reports", HEADING, [row(1, listed(3)), row(2, "good")])
    folder.add_organisation("ding1")
    assert "some stand within records and were not read" in run(folder, "import", path, *SAID).output
    assert commenters(folder) == (1, "partial")


def test_comments_of_a_report_without_an_id_are_told(folder: Folder, tmp_path: Path) -> None:
    heading = ["发送人ID", "提交时间", "模板", "评论"]
    path = write_xlsx(tmp_path / "reports", heading, [row(number, listed(3))[1:] for number in (1, 2)])
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert "what stands in '评论' within records was not read (2): report_id: no column holds it" in result.output
    assert commenters(folder) == (None, "missing")


def test_the_columns_that_a_person_chose_hold_for_the_comments(folder: Folder, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "reports", ["no", *HEADING[1:]], [row(1, listed(3)), row(2, listed(3, 4))])
    folder.add_organisation("ding1")
    assert run(folder, "import", path, "--column", "report_id=no").exit_code == 0
    assert commenters(folder) == (2, "partial")


def test_a_bad_comment_is_named_with_its_line_and_bad_records_keep_no_comments(folder: Folder, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "reports", HEADING, [row(1, ""), row(2, listed(3, create_time="soon"))])
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert (refused.exit_code, "line 3: commented_at: 'soon'" in refused.output) == (1, True)
    bad = tmp_path / "bad.jsonl"
    path = write_csv(tmp_path / "reports", HEADING, [row(1, listed(3)), ["", *row(2, listed(3, content="secret"))[1:]]])
    run(folder, "import", path, "--skip-bad", "--bad-file", bad)
    assert "secret" not in bad.read_text()

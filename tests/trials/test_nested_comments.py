"""Comments that stand in lists within their reports: in records, in saved answers, and in pushes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.folders import Folder, run
from tests.support.pushing import pushing

DAY = "20240105"


def report(number: int, **others: object) -> dict[str, object]:
    return {"report_id": f"r{number}", "creator_id": f"u{number}", "create_time": 1704412980000, **others}


def comment(number: int, **others: object) -> dict[str, object]:
    return {"userid": f"u{number}", "create_time": "2024-01-05 19:30:00", "content": "secret", **others}


def commenters(folder: Folder) -> tuple[object, str]:
    """The number of the day, and its state."""
    (row,) = json.loads(run(folder, "query", DAY, "--json").output)
    return row.get("4102_DAY"), row["states"]["4102"]


CHINESE = {"日志ID": "r1", "发送人ID": "u1", "提交时间": "2024-01-05 08:03:00"}
READ: dict[str, object] = {
    "records": [report(1, comments=[comment(2), comment(3)]), report(2, comments=[])],
    "another name": [report(1, commentList=[comment(2)]), report(2, commentList=[comment(3)])],
    "a list in an object": [report(1, comments={"count": 2, "list": [comment(2), comment(3)]})],
    "a list as text": [report(1, comments=json.dumps([comment(2), comment(3)]))],
    "answers": {"errcode": 0, "result": {"data_list": [report(1, comment_list=[comment(2), comment(3)])]}},
    "a page of a service": {"data": {"records": [report(1, comments=[comment(2), comment(3)])], "total": 1}},
    "Chinese": [CHINESE | {"评论": [{"评论人ID": f"u{n}", "评论时间": "2024-01-05 19:30"} for n in (2, 3)]}],
    "names": [CHINESE | {"评论列表": [{"评论人": f"张{n}", "评论时间": "2024-01-05 19:30"} for n in "一二"]}],
    "nothing but comments": [
        {"report_id": "r1", "comments": [comment(2), comment(3)], "count": 2},
        {"report_id": "r2", "comments": [], "count": 0},
    ],
    "their own ids": [report(1, comments=[comment(2, report_id="r1"), comment(3, report_id=None)])],
    "answers to comments": [report(1, comments=[comment(2, replies=[comment(3)])])],
    "nodes": [report(1, comments={"edges": [{"node": comment(2)}, {"node": comment(3)}], "pageInfo": {}})],
    "deleted ones": [report(1, comments=[comment(n, is_deleted=n == 4) for n in (2, 3, 4)])],
}


@pytest.mark.parametrize("case", READ)
def test_comments_within_reports_are_read_and_their_days_partial(folder: Folder, tmp_path: Path, case: str) -> None:
    (path := tmp_path / "reports.json").write_text(json.dumps(READ[case], ensure_ascii=False), "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert "commented facts are missing: they stand within records" in result.output
    assert commenters(folder) == (2, "partial")
    said = ("--covers", "commented", "--from", DAY, "--to", DAY)  # as the note says
    assert "are missing" not in run(folder, "import", path, *said).output
    assert commenters(folder) == (2, "final")


@pytest.mark.parametrize(
    "comments", [[], None, "", 0, {"count": 0, "list": []}, {}, {"count": 3, "href": "/comments"}, {"text": "good"}]
)
def test_an_empty_list_tells_of_no_comments(folder: Folder, tmp_path: Path, comments: object) -> None:
    records = [report(1, comments=comments), CHINESE | {"日志ID": "r2", "comments": comments, "result": "done"}]
    path = tmp_path / "reports.json"
    folder.add_organisation("ding1")
    path.write_text(json.dumps({"errcode": 0, "result": {"data_list": records[:1]}}))
    run(folder, "import", path, "--from", DAY, "--to", DAY)
    path.write_text(json.dumps(records))
    result = run(folder, "import", path, "--from", DAY, "--to", DAY)
    assert re.search("read +2", result.output), result.output
    assert "Note" not in result.output
    assert commenters(folder) == (None, "missing")
    (row,) = json.loads(run(folder, "query", DAY, "--json").output)
    assert row["4100_DAY"] == 2


@pytest.mark.parametrize(
    ("comments", "reason"),
    [
        (["good", "thanks"], "(2): comments: is no object"),
        ([{"who": "u2", "said": "good"}], "(1): kind: no column holds"),
    ],
)
def test_what_is_not_understood_is_told(folder: Folder, tmp_path: Path, comments: object, reason: str) -> None:
    (path := tmp_path / "reports.json").write_text(json.dumps([report(1, comments=comments)]))
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert f"what stands in 'comments' within records was not read {reason}" in result.output
    assert "good" not in result.output
    assert commenters(folder) == (None, "missing")


def test_a_bad_comment_is_named_with_its_line(folder: Folder, tmp_path: Path) -> None:
    records = [report(1), report(2, comments=[comment(3), comment(4, create_time="soon")])]
    (path := tmp_path / "reports.jsonl").write_text("\n".join(map(json.dumps, records)))
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert "line 2: commented_at: 'soon'" in result.output


@pytest.mark.parametrize("as_text", [False, True])
def test_a_comment_that_has_a_name_twice_is_refused(folder: Folder, tmp_path: Path, as_text: bool) -> None:
    twice = json.dumps([comment(2)], indent=1).replace('"userid": "u2"', '"userid": "u2",\n"userid": "u3"')
    whole = json.dumps(report(2, comments="x")).replace('"x"', json.dumps(twice) if as_text else twice)
    (path := tmp_path / "reports.json").write_text(f"[{json.dumps(report(1))},\n{whole}]")
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert refused.exit_code == 1
    assert f"line {1 if as_text else 5}: userid: stands twice in one object" in refused.output


def test_comments_do_not_stand_for_reports_that_are_missing(folder: Folder, tmp_path: Path) -> None:
    page = {"data": {"records": [report(1, comments=[comment(n) for n in range(2, 9)])], "total": 5}}
    (path := tmp_path / "page.json").write_text(json.dumps(page))
    folder.add_organisation("ding1")
    assert (
        "sent facts are missing: the file says that it has 5 records, and 1 was read"
        in run(folder, "import", path).output
    )


@pytest.mark.whole
def test_a_push_does_not_lose_comments_within_a_report(folder: Folder) -> None:
    reports = [{"report_id": f"r{n}", "user_id": "u1", "sent_at": "2026-09-01 08:00:00"} for n in (1, 2)]
    with pushing(folder) as pushed:
        answer = pushed.push([{**reports[0], "comments": [comment(2)]}, {**reports[1], "comments": []}])
        assert (answer.body["added"], answer.body["refused"]) == (1, 1)
        (refused,) = answer.body["records"]
        assert (refused["record"], refused["field"]) == (0, "comments")
        assert "push each by itself" in refused["reason"]
        one = {**comment(2), "images": []}
        assert pushed.push([{**reports[0], "comments": one}]).body["records"][0]["field"] == "comments"
        twice = json.dumps([{**reports[0], "comments": [comment(2)]}]).replace("create_time", "userid")
        assert pushed.push(twice.encode()).body["records"][0]["field"] == "userid"
        alone = {"report_id": "r1", "user_id": "u2", "commented_at": "2026-09-01 19:30:00"}
        assert pushed.push([reports[0], alone]).body["added"] == 2

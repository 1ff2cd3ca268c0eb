"""``reportdata import`` as people use it: what it takes, what it says, and what it refuses."""

from __future__ import annotations

import gzip
import json
import os
import pty
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.folders import Folder, run

CORP = "ding1"
REPORTS = "report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\nr2,u2,2026-09-22 23:59:59\nr3,u2,2026-09-23 00:00:00\n"


def summary(folder: Folder, *arguments: object) -> dict[str, Any]:
    """Import and return what is reported."""
    result = run(folder, "import", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_summary_counts_records(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(REPORTS + "r1,u1,2026-09-21 09:00:00\n")
    first = summary(known, path)
    assert (first["read"], first["added"], first["alreadyKnown"], first["skipped"]) == (4, 3, 1, 0)
    assert first["daysTouched"] == first["daysComputed"] == ["20260921", "20260922", "20260923"]
    again = summary(known, path)
    assert (again["read"], again["added"], again["alreadyKnown"]) == (4, 0, 4)
    assert again["daysTouched"] == again["daysComputed"] == []
    text = run(known, "import", path).output
    assert [line.split()[-1] for line in text.splitlines()[:4]] == ["4", "0", "4", "0"]


def test_a_second_before_midnight_and_midnight_are_different_days(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_text(REPORTS)
    summary(known, "reports.csv")
    assert known.days() == {(CORP, f"2026092{n}"): (1, 1, 0) for n in (1, 2, 3)}


def test_an_unknown_organisation_is_refused_with_the_way_out(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text("corp_id,report_id,user_id,sent_at\nding9,r1,u1,2026-09-21 09:00:00\n")
    refused = run(folder, "import", path)
    assert refused.exit_code == 1
    assert "line 2: corp_id: the organisation 'ding9' is not known" in refused.output
    assert "reportdata org add ding9" in refused.output
    assert "--add-orgs" in refused.output
    assert folder.lake.kinds() == ()
    assert "reportdata org add ding9" in run(folder, "import", path, "--corp", "ding9").output
    assert summary(folder, path, "--add-orgs")["organisationsAdded"] == ["ding9"]
    assert folder.days() == {("ding9", "20260921"): (1, 1, 0)}


def test_added_organisations_may_be_given_a_time_zone(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text("corp_id,report_id,user_id,sent_at\nding9,r1,u1,2026-09-21T23:00:00Z\n")
    summary(folder, path, "--add-orgs", "--time-zone", "Europe/Berlin")
    assert folder.days() == {("ding9", "20260922"): (1, 1, 0)}
    assert "is not a time zone" in run(folder, "import", path, "--add-orgs", "--time-zone", "Mars/Base").output


BAD_ROWS = [
    ("r9,u9,yesterday", "sent_at", "'yesterday' depends on when it was written, which is not known"),
    ("r9,u9,2026-09-21", "sent_at", "has no time of day"),
    ("r9,u9,1970-01-01 00:00:01", "sent_at", "is outside the years 2000 to 2099"),
    ("r9,,2026-09-21 09:00:00", "user_id", "is missing"),
    (",u9,2026-09-21 09:00:00", "report_id", "is missing"),
    ("r9,4.03E+17,2026-09-21 09:00:00", "user_id", "was shortened by a spreadsheet program"),
    ("r9,u9", "line", "has 2 cells, the heading has 3"),
    (f"{'x' * 129},u9,2026-09-21 09:00:00", "report_id", "has 129 characters"),
]


@pytest.mark.whole
def test_a_bad_record_is_named_and_adds_nothing(known: Folder, tmp_path: Path) -> None:
    bad = [f"bad{number}.csv" for number in range(len(BAD_ROWS))]
    for name, (row, _, _) in zip(bad, BAD_ROWS, strict=True):
        (tmp_path / name).write_text(REPORTS + row + "\n")
    (tmp_path / "good.csv").write_text("report_id,user_id,commented_at\nr1,u1,2026-09-21 10:00:00\n")
    result = run(known, "import", *bad, "good.csv")
    assert result.exit_code == 1
    for name, (_, field, reason) in zip(bad, BAD_ROWS, strict=True):
        (said,) = re.findall(rf"{name}, line 5: {field}: (.*)", result.output)
        assert reason in said
    assert "No day counts as covered" in result.output
    assert (known.lake.files("sent"), list(known.lake.files("commented"))) == ({}, ["20260921"])
    assert known.store.coverage() == [], "what the bad file lacks is not taken for zeros"
    assert summary(known, "good.csv")["added"] == 0
    assert known.days() == {(CORP, "20260921"): (0, 0, 1)}


def test_bad_records_can_be_skipped_to_a_file(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_text(REPORTS + "r9,u9,yesterday\nr9,u9\nr4,u4,2026-09-23 08:00:00\n")
    found = summary(known, "reports.csv", "--skip-bad")
    assert (found["read"], found["added"], found["skipped"]) == (6, 4, 2)
    assert found["badRecords"] == ["reports.csv.bad.jsonl"]
    bad = [json.loads(line) for line in (tmp_path / "reports.csv.bad.jsonl").read_text().splitlines()]
    assert [(line["line"], line["field"]) for line in bad] == [(5, "sent_at"), (6, "line")]
    assert bad[0]["record"] == {"report_id": "r9", "user_id": "u9", "sent_at": "yesterday"}
    assert "depends on when it was written" in bad[0]["reason"]


def test_lines_are_counted_as_an_editor_counts_them(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_text(
        'report_id,user_id,sent_at,remark\nr1,u1,2026-09-21 09:00:00,"two\nlines"\n\nr2,u2,never,x\n'
    )
    assert "reports.csv, line 5: sent_at" in run(known, "import", "reports.csv").output


def test_a_sheet_with_chinese_headings_keeps_no_names(known: Folder, tmp_path: Path) -> None:
    text = (
        "发送人,提交时间,日志模板,部门,今日完成工作\n"
        "张三,2026年9月21日 17:05,日报,研发部,很多\n"
        '李四,2026/9/21 18:05:01,日报,"研发部，市场部",更多\n'
        "张三,2026-09-21 19:00,周报,研发部,\n"
    )
    (tmp_path / "sheet.csv").write_bytes(text.encode("gb18030"))
    assert summary(known, "sheet.csv")["added"] == 3
    assert known.days() == {(CORP, "20260921"): (3, 2, 0)}
    assert summary(known, "sheet.csv")["added"] == 0


def test_dingtalks_own_names_are_understood(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_text(
        "report_id,creator_id,creator_name,create_time,dept_name,template_name\nr1,u1,张三,1790069565000,研发部,日报\n"
    )
    (tmp_path / "comments.csv").write_text("report_id,userid,comment_time\nr1,u2,2026-09-22 20:00:00\n")
    summary(known, "reports.csv", "comments.csv")
    assert known.days() == {(CORP, "20260922"): (1, 1, 1)}


@pytest.mark.whole
def test_a_table_whose_kind_cannot_be_told_is_refused(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("report_id,user_id,create_time\nr1,u1,1790069565000\n")
    (tmp_path / "b.csv").write_text("report_id,user_id\nr1,u1\n")
    (tmp_path / "c.csv").write_text("report_id,user_id,sent_at,commented_at\nr1,u1,1,2\n")
    (tmp_path / "d.csv").write_text("report_id,sent_at\nr1,2026-09-21 09:00:00\n")
    (tmp_path / "f.csv").write_text("report_id,report_id,user_id,sent_at\nr1,r1,u1,2026-09-21 09:00:00\n")
    output = run(known, "import", *sorted(tmp_path.glob("?.csv"))).output
    told = "the columns are: 'report_id', 'user_id', 'create_time'"
    assert f"a.csv, line 1: kind: 'create_time' may be the time of sent or commented; {told}" in output
    assert "say which with --kind sent or --kind commented; or name it sent_at (sent) or commented_at" in output
    assert "b.csv, line 1: kind: no column holds a time; the columns are: 'report_id', 'user_id'" in output
    assert "name the column sent_at (sent) or commented_at (commented), or" in output
    assert "c.csv, line 1: kind: 'sent_at' and 'commented_at' are both here" in output
    assert "d.csv, line 1: user_id: no column holds it; the columns are: 'report_id', 'sent_at'" in output
    assert "f.csv, line 1: report_id: 'report_id' and 'report_id (2)' may both be it" in output
    assert "of a column that is there twice, delete one" in output


def test_answers_of_dingtalk_are_read_with_and_without_their_exchange(known: Folder, tmp_path: Path) -> None:
    report = {"create_time": 1790069565000, "creator_id": "u1", "report_id": "r1", "template_name": "日报"}
    body = {"errcode": 0, "result": {"data_list": [report], "has_more": False, "next_cursor": 3000000000}}
    comment = {"content": "ok", "create_time": "2026-09-22 20:00:00", "userid": "u2"}
    exchanges = [
        {"api": "gettoken", "request": {}, "response": {"errcode": 0, "access_token": "never kept"}},
        {"api": "topapi/report/simplelist", "request": {"cursor": 0}, "response": {"errcode": 88, "sub_code": "90018"}},
        {"api": "topapi/report/simplelist", "request": {"cursor": 0}, "response": {**body, "errcode": "0"}},
        {
            "api": "topapi/report/comment/list",
            "request": {"report_id": "r1"},
            "response": {"errcode": 0, "result": {"comments": [comment, comment]}},
        },
    ]
    (tmp_path / "exchanges.jsonl").write_text("".join(json.dumps(line) + "\n" for line in exchanges))
    (tmp_path / "body.json").write_text(json.dumps(body))
    (tmp_path / "pretty.json").write_text(json.dumps(body, indent=2))
    assert summary(known, "exchanges.jsonl")["added"] == 2
    assert summary(known, "body.json", "pretty.json")["alreadyKnown"] == 2
    assert known.days() == {(CORP, "20260922"): (1, 1, 1)}
    (tmp_path / "failed.jsonl").write_text(json.dumps(exchanges[1]) + "\n")
    assert (
        "failed.jsonl, line 1: response: is an error (errcode 88, sub_code 90018)"
        in run(known, "import", "failed.jsonl").output
    )
    (tmp_path / "bad.jsonl").write_text('{"api": "topapi/report/list", "response": {"errcode": 0}}\n')
    assert "bad.jsonl, line 1: result: is missing" in run(known, "import", "bad.jsonl").output


def test_days_between_are_covered_and_others_are_not(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 09:00:00\n")
    summary(known, "reports.csv", "--from", "20260920", "--to", "2026-09-22")
    assert [known.store.kpis("reportData", CORP, f"202609{day}") for day in (19, 20, 23)] == [None, {}, None]
    summary(known, "reports.csv", "--corp", CORP, "--from", "20260901", "--to", "20260902")
    assert [(piece.first_day, piece.last_day) for piece in known.store.coverage()] == [
        ("20260901", "20260902"),
        ("20260920", "20260922"),
    ]
    assert "is before" in run(known, "import", "reports.csv", "--from", "20260902", "--to", "20260901").output


def test_a_withdrawal_takes_its_report_from_its_day_and_covers_no_other(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_text(REPORTS)
    (tmp_path / "gone.csv").write_text("report_id,withdrawn_at\nr2,2026-10-05 09:00:00\nr9,2026-10-06 09:00:00\n")
    summary(known, "gone.csv")
    assert known.store.coverage() == []
    summary(known, "reports.csv")
    assert known.days() == {(CORP, "20260921"): (1, 1, 0), (CORP, "20260923"): (1, 1, 0)}
    assert [piece.last_day for piece in known.store.coverage()] == ["20260923"]


def test_an_organisation_that_is_named_and_added_may_have_no_records(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").write_text("")
    period = ("--from", "20260901", "--to", "20260902")
    refused = run(folder, "import", "none.jsonl", "--corp", "ding7", "--add-orgs", *period)
    assert "none.jsonl: is empty" in refused.output, "of which kind of facts there were none, nobody has said"
    assert "--covers sent --from" in refused.output
    assert [organisation.corp_id for organisation in folder.store.organisations()] == ["ding7"]
    assert folder.store.coverage() == []
    summary(folder, "none.jsonl", "--corp", "ding7", "--covers", "sent", *period)
    assert [look.kind for look in folder.store.observations()] == ["sent"]
    assert folder.store.kpis("reportData", "ding7", "20260901") == {}
    (tmp_path / "none.csv").write_text("report_id,user_id,commented_at\n")
    summary(folder, "none.csv", "--corp", "ding7", *period)
    assert [look.kind for look in folder.store.observations()] == ["commented", "sent"]
    refused = run(folder, "import", "none.csv", "--covers", "withdrawn")
    assert "'withdrawn' is no kind of facts that covers days" in refused.output


WRONG_FILES = [
    ("sheet.xlsx", b"PK\x03\x04", "is a damaged archive or spreadsheet"),
    ("empty.csv", b"", "is empty"),
    ("broken.csv.gz", gzip.compress(b"report_id,user_id,sent_at\n" * 99, mtime=0)[:-9], "cannot be read"),
    ("broken.parquet", b"PAR1 but not really", "cannot be read as Parquet"),
    ("text.csv", b"report_id,user_id,sent_at\n\xff\xff,u,1", "line 2: report_id: '\ufffd+' has bytes that are no text"),
    ("quote.csv", b'report_id,user_id,sent_at\n"r1,u1,2026-09-21 09:00:00\n', "line 2 is not CSV"),
    ("list.jsonl", b"[1, 2]\n", "line 1: json: is a number, not an object"),
    ("text.jsonl", b'{"report_id": \n', "line 1: json: is not JSON"),
]


def test_a_file_that_is_not_what_it_says_is_refused(known: Folder, tmp_path: Path) -> None:
    for name, content, _ in WRONG_FILES:
        (tmp_path / name).write_bytes(content)
    result = run(known, "import", *(name for name, _, _ in WRONG_FILES))
    assert result.exit_code == 1
    for name, _, reason in WRONG_FILES:
        assert re.search(rf"{name}\b.*{reason}", result.output), result.output
    assert known.lake.kinds() == ()


def test_utf_16_and_semicolons_are_read(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "reports.csv").write_bytes(REPORTS.replace(",", ";").encode("utf-16"))
    assert summary(known, "reports.csv")["added"] == 3


@pytest.mark.whole
def test_progress_is_shown_on_a_terminal(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "facts.jsonl").write_text('{"report_id":"r1","user_id":"u1","sent_at":1790069565}\n' * 2000)
    command = [sys.executable, "-m", "reportdata", "import", "facts.jsonl", "--data", str(known.path)]
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, command)
    shown = b""
    try:
        while chunk := os.read(terminal, 65_536):
            shown += chunk
    except OSError:  # how a terminal says that its program has ended
        pass
    assert os.waitpid(child, 0)[1] == 0
    assert b"reading facts.jsonl" in shown
    assert b"2,000" in shown


def test_of_many_lines_of_one_kind_a_person_sees_the_first(folder: Folder, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "corp_id,report_id,user_id,sent_at\n" + "".join(f"c{n:02},r{n},u1,2026-09-21 09:00\n" for n in range(13))
    )
    output = run(folder, "import", path, "--add-orgs").output
    assert [line for line in output.splitlines() if line.startswith("Added")] == [
        f"Added the organisation c{number:02}." for number in range(10)
    ]
    assert "… and 3 more such lines; --json has them all." in output


def test_an_import_that_read_nothing_shows_its_errors_alone(known: Folder, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("name,age\nx,1\n")
    told = run(known, "import", tmp_path / "bad.csv")
    assert told.exit_code == 1
    assert "days touched" not in told.output
    assert "bad.csv, line 1: kind: no column holds a time" in told.output


def test_the_next_step_asks_for_what_came(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "counted", services=(Path("counted/checkins"),))
    folder.add_organisation("ding1")
    for name, content, step in (
        ("a.csv", "user_id,签到时间\nu1,2026-09-10 09:00\n", "query 20260910 --service checkinData\n"),
        ("b.csv", "report_id,user_id,sent_at\nr1,u1,2026-09-21 18:03\nr2,u1,2026-09-22 18:03\n", "--to 20260922\n"),
    ):
        (tmp_path / name).write_text(content)
        done = run(folder, "import", tmp_path / name, "--services", "counted/checkins")
        assert done.stdout.endswith(step), done.stdout

"""Records that a table itself says were never sent, or are there no more, are not counted; what is said of something
else does not matter."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import xlsxwriter

from reportdata.standing import denied, may_deny
from tests.support.folders import Folder, run
from tests.support.numbers import ONE, TWO, Numbers, numbers

HEADING = "日志ID,发送人,部门,提交时间,{}\n"
FIRST = "r1,张一,研发部,2024-01-05 08:00,{}\n"
SECOND = "r2,李二,研发部,2024-01-05 09:00,{}\n"

COUNTED: dict[tuple[str, str, str], Numbers] = {
    ("状态", "正常", "已撤回"): ONE,
    ("日志状态", "已提交", "已删除"): ONE,
    ("状态", "已读", "未读"): TWO,
    ("状态", "已完成", "未完成"): TWO,
    ("提交状态", "已提交", "草稿"): ONE,
    ("状态（日志）", "", "【已撤回】"): ONE,
    ("is_deleted", "0", "1"): ONE,
    ("is_deleted", "false", "true"): ONE,
    ("del_flag", "0", "2"): ONE,
    ("是否撤回", "否", "是"): ONE,
    ("是否已提交", "是", "否"): ONE,
    ("status", "normal", "Withdrawn"): ONE,
    ("status", "1", "2"): TWO,
    ("审批状态", "审批中", "已撤销"): ONE,
    ("审批结果", "同意", "拒绝"): TWO,
    ("客户状态", "正常", "已删除"): TWO,
    ("状态", "出勤", "请假"): TWO,
}


@pytest.mark.parametrize("case", COUNTED, ids=" ".join)
def test_a_record_that_does_not_stand_is_not_counted(
    folder: Folder, tmp_path: Path, case: tuple[str, str, str]
) -> None:
    heading, first, second = case
    (path := tmp_path / "日志.csv").write_text(
        HEADING.format(heading) + FIRST.format(first) + SECOND.format(second), "utf-8"
    )
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": COUNTED[case]}
    assert ("records whose" in result.output) == (COUNTED[case] == ONE)


def test_whole_columns_are_looked_at_as_records_are(folder: Folder, tmp_path: Path) -> None:
    rows = [f"r{number},u{number},2024-01-05 08:00:00,{int(number == 7)}" for number in range(10)]
    (path := tmp_path / "dump.csv").write_text("\n".join(["report_id,user_id,sent_at,is_deleted", *rows, ""]))
    folder.add_organisation("ding1")
    run(folder, "import", path)
    assert numbers(folder) == {"20240105": (9, 9, None)}


def test_a_person_who_did_not_submit_has_no_time_to_fill_in(folder: Folder, tmp_path: Path) -> None:
    (path := tmp_path / "名单.csv").write_text(
        "日期,姓名,部门,提交状态,提交时间\n2024-01-05,张一,研发部,已提交,2024-01-05 18:00\n"
        "2024-01-05,李二,研发部,未提交,\n2024-01-05,王三,研发部,未提交,--\n"
        "2024-01-05,赵四,研发部,缺交,\n2024-01-05,钱五,研发部,请假,-\n2024-01-05,孙六,研发部,未交,\n",
        "utf-8",
    )
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": ONE}


def test_a_word_in_place_of_a_time_says_that_nothing_was_sent(folder: Folder, tmp_path: Path) -> None:
    (path := tmp_path / "名单.csv").write_text(
        "姓名,部门,提交时间\n张一,研发部,2024-01-05 18:00\n李二,研发部,未提交\n王三,研发部,请假\n", "utf-8"
    )
    folder.add_organisation("ding1")
    assert "records whose '提交时间' says '未提交' were left out: 1" in run(folder, "import", path).output
    assert numbers(folder) == {"20240105": ONE}


ANSWERS: dict[tuple[str, str, str], int] = {
    ("类型", "评论", "点赞"): 1,
    ("操作类型", "回复", "已读"): 1,
    ("type", "comment", "like"): 1,
    ("类型", "文字", "图片"): 2,
    ("状态", "正常", "已删除"): 1,
    ("评论状态", "", "已撤回"): 1,
    ("is_deleted", "0", "1"): 1,
    ("日志状态", "正常", "已撤回"): 2,
    ("提交状态", "已提交", "未提交"): 2,
}


@pytest.mark.parametrize("case", ANSWERS, ids=" ".join)
def test_likes_and_deleted_comments_are_no_comments(folder: Folder, tmp_path: Path, case: tuple[str, str, str]) -> None:
    heading, first, second = case
    (path := tmp_path / "评论.csv").write_text(
        f"日志ID,评论人,评论时间,{heading}\nr1,张一,2024-01-05 08:00,{first}\nr1,李二,2024-01-05 09:00,{second}\n",
        "utf-8",
    )
    folder.add_organisation("ding1")
    assert run(folder, "import", path).exit_code == 0
    assert numbers(folder) == {"20240105": (None, None, ANSWERS[case])}


@pytest.mark.parametrize(
    "said", [{"deleted": True}, {"is_deleted": 1}, {"status": "已撤回"}, {"delete_time": 1704416580000}]
)
def test_records_of_saved_answers_say_so_too(folder: Folder, tmp_path: Path, said: dict[str, object]) -> None:
    reports = [{"report_id": f"r{n}", "creator_id": f"u{n}", "create_time": 1704412980000} for n in (1, 2)]
    answer = {"errcode": 0, "result": {"data_list": [reports[0] | said, reports[1]], "has_more": False}}
    (path := tmp_path / "answers.json").write_text(json.dumps(answer))
    folder.add_organisation("ding1")
    assert run(folder, "import", path).exit_code == 0
    assert numbers(folder) == {"20240105": ONE}


def test_a_table_of_likes_is_not_offered_as_one_of_withdrawals(folder: Folder, tmp_path: Path) -> None:
    (path := tmp_path / "点赞.csv").write_text("日志ID,点赞人,点赞时间\nr1,张一,2024-01-05 08:00\n", "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert "withdrawn_at" not in result.output


def test_sheets_and_json_are_read_alike(folder: Folder, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "日志.xlsx")) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate((HEADING.format("状态"), FIRST.format("正常"), SECOND.format("已撤回"))):
            sheet.write_row(place, 0, row.strip().split(","))
    records = [
        {"report_id": "r3", "user_id": "u3", "sent_at": "2024-01-06 08:00", "is_deleted": deleted}
        for deleted in (True, False)
    ]
    (tmp_path / "a.json").write_text(json.dumps(records))
    folder.add_organisation("ding1")
    run(folder, "import", tmp_path / "日志.xlsx", tmp_path / "a.json")
    assert numbers(folder) == {"20240105": ONE, "20240106": ONE}


def test_a_withdrawal_says_so_and_counts(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "sent.csv").write_text(HEADING.format("备注") + FIRST.format("") + SECOND.format(""), "utf-8")
    (tmp_path / "gone.csv").write_text("日志ID,撤回时间,状态\nr2,2024-01-06 08:00,已撤回\n", "utf-8")
    folder.add_organisation("ding1")
    run(folder, "import", tmp_path / "sent.csv", tmp_path / "gone.csv")
    assert numbers(folder) == {"20240105": ONE}


def test_a_table_that_says_when_reports_were_withdrawn_takes_them_back(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "before.csv").write_text(HEADING.format("备注") + FIRST.format("") + SECOND.format(""), "utf-8")
    (tmp_path / "after.csv").write_text(
        HEADING.format("撤回时间") + FIRST.format("0000-00-00 00:00:00") + SECOND.format("2024-01-06 08:00"), "utf-8"
    )
    folder.add_organisation("ding1")
    assert run(folder, "import", tmp_path / "after.csv").exit_code == 0
    assert numbers(folder) == {"20240105": ONE}
    run(folder, "import", tmp_path / "before.csv")
    assert numbers(folder) == {"20240105": ONE}


def test_reports_without_ids_that_were_withdrawn_are_left_out(folder: Folder, tmp_path: Path) -> None:
    (path := tmp_path / "日志.csv").write_text(
        "发送人,提交时间,撤回时间\n张一,2024-01-05 08:00,\n李二,2024-01-05 08:00,2024-01-05 09:00\n", "utf-8"
    )
    folder.add_organisation("ding1")
    assert "records whose '撤回时间'" in run(folder, "import", path).output
    assert numbers(folder) == {"20240105": ONE}


WORDS = [
    "1",
    "2",
    "true",
    "TRUE",
    "t",
    "yes",
    "Y",
    "是",
    "已删除",
    "已",
    "0",
    "false",
    "F",
    "no",
    "N",
    "否",
    "未提交",
    "未",
    "撤回",
    "已撤销",
    "删除",
    "withdrawn",
    "was",
    "recalled",
    "revoked",
    "deleted",
    "草稿",
    "已存草稿",
    "暂存",
    "尚未发送",
    "待提交",
    "待填写",
    "draft",
    "unsent",
    "unsubmitted",
    "not_submitted",
    "not_yet_sent",
    "点赞",
    "已读",
    "like",
    "unliked",
    "view",
    "正常",
    "同意",
    "active",
]


@pytest.mark.parametrize(
    "heading", ["状态", "审批结果", "is_deleted", "是否删除", "is_submitted", "是否已提交", "类型"]
)
def test_whoever_looks_at_whole_columns_misses_no_word(heading: str) -> None:
    for word in (word.replace("_", " ") for word in WORDS):
        if denied({heading: word}, [heading]) is not None:
            assert re.search(may_deny(heading), word, re.IGNORECASE), word
    stands = {"is_deleted": ("0", "false", "否"), "是否已提交": ("1", "true", "是", "已提交")}.get(heading, ())
    assert not any(re.search(may_deny(heading), word, re.IGNORECASE) for word in stands)

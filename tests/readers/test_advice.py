"""What a refusal advises helps: each of its options, followed to the letter, leads to a table that is read."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.choices import Choices
from reportdata.columns import Columns, read_columns
from reportdata.errors import BadField
from tests.support.services import KINDS

OPTION = re.compile(r"--(?:kind \w+|column (?:'[^']*'|[^\s,;]+))")


def options(hint: str) -> list[str]:
    """The options in a hint, each as a shell would take it."""
    return OPTION.findall(hint)


def following(choices: Choices, advised: str) -> Choices:
    """The choices with an advised option."""
    name, value = shlex.split(advised)
    if name == "--kind":
        return Choices(value, choices.columns)
    field, _, heading = value.partition("=")
    return Choices(choices.kind, {**choices.columns, field: heading})


def refusal(headings: list[str], choices: Choices) -> BadField | None:
    """Why a sheet with these headings is refused; None when it is not."""
    try:
        read_columns(headings, KINDS, sheet=True, choices=choices)
    except BadField as error:
        return error
    return None


CASES = [
    "report_id userid create_time",
    "日志ID 发送人 评论人 创建时间",
    "日志ID 发送人 发送时间 评论人 评论时间",
    "日志ID 发送人 发送时间 评论时间",
    "发送人 填写人 提交时间",
    "发送人 提交时间 填写时间",
    "工号 userid 提交时间",
    "report_id 日志编号 发送人 提交时间",
    "发送人 部门 日期",
    "姓名 部门 完成时间",
    "创建人 部门 修改时间",
    "发送人 提交时闻",
    "日志ID 评论人 日期",
    "reporter|how sent|提交时间 (1)|提交时间",
    "部门 员工号码 提交时间",
    "部门 经办人 提交时间",
    "评论人 评论时间 日志号码",
    "report_id created_at create_time creator_id",
]


@pytest.mark.parametrize("case", CASES)
def test_following_each_option_that_is_advised_succeeds(case: str) -> None:
    headings = case.split("|") if "|" in case else case.split()
    refused = refusal(headings, Choices())
    assert refused is not None
    advised = [found for found in options(refused.hint) if "HEADING" not in found]
    assert advised, refused.hint
    for found in advised:
        again = refusal(headings, following(Choices(), found))
        assert again is None, f"{found}: {again}"


WORDS = [
    "发送人", "填写人", "工号", "userid", "评论人", "姓名", "提交时间", "填写时间", "评论时间", "创建时间",
    "create_time", "日志ID", "日志编号", "日期", "完成时间", "部门", "模板", "备注", "客户编号", "经办人",
]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8, unique=True))
def test_following_advice_ends(headings: list[str]) -> None:
    choices = Choices()
    for _ in range(len(headings) + 1):
        refused = refusal(headings, choices)
        if refused is None:
            return
        assert refused.hint
        advised = [found for found in options(refused.hint) if "HEADING" not in found]
        if not advised:
            return
        following_ = following(choices, advised[0])
        assert following_ != choices, "the same again"
        choices = following_
    raise AssertionError(f"{headings}: {choices}")


@pytest.mark.parametrize(
    ("choices", "reason", "hint"),
    [
        (Choices(columns={"user_id": "x"}), "column 'x' is not there; the columns are: '工 号码'", "HEADING"),
        (Choices(columns={"user_id": "工号码x"}), "is not there", "--column 'user_id=工 号码'"),
        (Choices(columns={"user_id": "名", "user_name": "名"}), "'名' is chosen for user_id, too", "leave one out"),
        (Choices(kind="commented"), "no column holds it", "--column 'user_id=工 号码', where ids are"),
    ],
)  # fmt: skip
def test_a_choice_that_cannot_be_kept_is_refused(choices: Choices, reason: str, hint: str) -> None:
    refused = refusal(["工 号码", "名", "评论时间" if choices.kind else "提交时间"], choices)
    assert refused is not None
    assert reason in str(refused)
    assert hint in refused.hint


def read(headings: str, **said: object) -> Columns:
    """The columns of a sheet of which something was said."""
    return read_columns(headings.split(), KINDS, sheet=True, choices=Choices(**said))  # type: ignore[arg-type]


def test_a_chosen_column_is_found_however_it_is_decorated() -> None:
    found = read("工号（必填） *完成时间 发送人", columns={"user_id": "工号", "sent_at": "完成时间"})
    assert (found.kind.name, found.fields["user_id"], found.at) == ("sent", "工号（必填）", "*完成时间")


def test_of_a_chosen_kind_only_its_own_fields_are_looked_for() -> None:
    both = "日志ID 发送人 发送时间 评论人 评论时间"
    sent, commented = read(both, kind="sent"), read(both, kind="commented")
    assert (sent.at, sent.person_name) == ("发送时间", "发送人")
    assert (commented.at, commented.person_name) == ("评论时间", "评论人")
    assert read("report_id userid create_time", kind="commented").at == "create_time"
    named = read("user_id 提交时间", columns={"user_name": "user_id"})
    assert (named.fields, named.person_name) == ({}, "user_id")
